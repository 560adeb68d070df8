"""Rows of a large array put together in another order, which is what shuffling is.

Every backend module has one function.

``gather(rows, places, out)``
    Write row ``places[i]`` of `rows` into ``out[i]``.

Arguments: `rows` uint8 of shape (row, byte); `places` int64, 0 <= place < row; `out` uint8 of shape (place, byte).
"""

from __future__ import annotations

from simkit.backends import Kernel

KERNEL = Kernel("gather", ("cpu", "reference"))
