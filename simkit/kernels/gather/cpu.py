"""Gathering rows in Numba, without the GIL.

Bound: memory, of which rows at random places get less than rows in a line, since the processor cannot guess the next
one. So it is told: a row is fetched while those before it are copied.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

#: rows fetched ahead, and bytes that are fetched at a time
_AHEAD, _LINE = 2, 64


@intrinsic
def _prefetch(_context: Any, rows: Any, row: Any, byte: Any) -> Any:
    """Bring the cache line at ``rows[row, byte]`` into the first cache."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = cgutils.get_item_pointer(context, builder, signature.args[0], array, arguments[1:])
        pointer = ir.IntType(8).as_pointer()
        number = ir.IntType(32)
        prefetch = builder.module.declare_intrinsic(
            "llvm.prefetch", [pointer], ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        )
        builder.call(prefetch, [builder.bitcast(place, pointer), number(0), number(3), number(1)])  # to read data soon
        return context.get_dummy_value()

    return types.void(rows, row, byte), code


@nb.njit(nogil=True, cache=True)
def _gather(rows, places, out):
    n, n_bytes = places.shape[0], rows.shape[1]
    for i in range(n):
        if i + _AHEAD < n:
            for byte in range(0, n_bytes, _LINE):
                _prefetch(rows, places[i + _AHEAD], byte)
        source, target = rows[places[i]], out[i]
        for byte in range(n_bytes):
            target[byte] = source[byte]


def gather(rows: npt.NDArray[np.uint8], places: npt.NDArray[np.int64], out: npt.NDArray[np.uint8]) -> None:
    """Write rows into `out`; see the package's docstring."""
    _gather(rows, places, out)
