"""Rows of a large array put together in another order, which is what shuffling is; images as networks take them.

Every backend module has two functions.

``gather(rows, places, out)``
    Write row ``places[i]`` of `rows` into ``out[i]``.

``pixels(images, places, full, channels_last, out)``
    Write image ``places[i]`` of `images` into ``out[i]``: the values as they are if `out` is uint8, divided by `full`
    and rounded to the nearest float32 if it is float32. `out` is ``(place, channel, pixel)`` or, with `channels_last`,
    ``(place, pixel, channel)``.

Arguments: `rows` uint8 of shape (row, byte); `images` uint8 of shape (image, channel, pixel); `places` int64,
0 <= place < row or image; `full` 1..255; `out` of ``gather`` uint8 of shape (place, byte).
"""

from __future__ import annotations

from simkit.backends import Kernel

KERNEL = Kernel("gather", ("cpu", "reference"))
