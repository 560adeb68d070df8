"""Gathering rows and images in Numba, without the GIL.

Bound: memory, of which rows at random places get less than rows in a line, since the processor cannot guess the next
one. So it is told: a row is fetched while those before it are copied. Images whose channels come last are put in that
order as bytes, in a buffer that stays in the first cache, and then divided: a cache line of floats is written at a
time.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from simkit.kernels.compiling import stamped

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
@stamped
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


@nb.njit(nogil=True, cache=True)
@stamped
def _turn(image, target):
    """Write an image (channel, pixel) pixel by pixel into `target`, which is flat."""
    n_channels = image.shape[0]
    if n_channels == 3:  # one pass, which becomes shuffles of vectors
        red, green, blue = image[0], image[1], image[2]
        for i in range(red.shape[0]):
            target[3 * i], target[3 * i + 1], target[3 * i + 2] = red[i], green[i], blue[i]
    else:
        for channel in range(n_channels):
            plane, first = image[channel], target[channel:]
            for i in range(plane.shape[0]):
                first[n_channels * i] = plane[i]


@nb.njit(nogil=True, cache=True)
@stamped
def _turned(images, places, out):
    for i in range(places.shape[0]):
        _turn(images[places[i]], out[i])


@nb.njit(nogil=True, cache=True)
@stamped
def _fractions(images, places, full, channels_last, out):
    """Write images into `out`, of shape (place, value); a loop over a view, which becomes vector instructions."""
    buffer = np.empty(out.shape[1], np.uint8)
    for i in range(places.shape[0]):
        image, target = images[places[i]], out[i]
        if channels_last:
            _turn(image, buffer)
            source = buffer
        else:
            source = image.reshape(-1)
        for k in range(target.shape[0]):
            target[k] = np.float32(source[k]) / full


def pixels(
    images: npt.NDArray[np.uint8],
    places: npt.NDArray[np.int64],
    full: int,
    channels_last: bool,
    out: npt.NDArray[Any],
) -> None:
    """Write images into `out`; see the package's docstring."""
    flat = out.view()
    flat.shape = (len(out), images.shape[1] * images.shape[2])  # an error if `out` is not contiguous
    is_turned = channels_last and images.shape[1] > 1
    if out.dtype == np.float32:
        _fractions(images, places, np.float32(full), is_turned, flat)
    elif is_turned:
        _turned(images, places, flat)
    else:
        _gather(images.reshape(len(images), flat.shape[1]), places, flat)
