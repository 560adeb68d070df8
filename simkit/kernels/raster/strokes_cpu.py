"""Strokes of a pen in Numba.

Bound: the pixels within reach of a segment. A row of them is computed a whole vector at a time, also where a part of
the vector is out of reach, since a loop of fixed length becomes a few instructions and one of any length does not.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from simkit.kernels.compiling import CALLED, INNER, stamped
from simkit.kernels.raster import F32, LEAST_SQUARE, U8

#: pixels of a vector
_LANES = 8

#: pixels by which rounding may shift an edge
_SLACK = np.float32(0.0625)

_LEAST = np.float32(LEAST_SQUARE)
_0, _HALF, _1, _255 = np.float32(0), np.float32(0.5), np.float32(1), np.float32(255)


@nb.njit(**INNER)
def blend(under, over, opacity):
    """Return what is seen of a colour under another one of some opacity, 0..255."""
    total = np.uint32(under) * np.uint32(np.uint32(255) - opacity) + np.uint32(over) * np.uint32(opacity)
    return np.uint8((np.uint32(total) + np.uint32(127)) // np.uint32(255))


@nb.njit(nogil=True, cache=True, error_model="numpy", **CALLED)
@stamped
def _strokes(images, segments, widths, colours):
    n_channels, height, width = images.shape[1:]
    n_vectors = (width + _LANES - 1) // _LANES
    middles = np.arange(n_vectors * _LANES).astype(np.float32) + _HALF
    cover = np.zeros((height, n_vectors * _LANES), np.float32)
    for i in range(images.shape[0]):
        top, bottom = height, 0
        for s in range(segments.shape[1]):
            x0, y0, x1, y1 = segments[i, s, 0], segments[i, s, 1], segments[i, s, 2], segments[i, s, 3]
            if x0 != x0:
                continue
            half = widths[i, s]
            reach = half + _HALF + _SLACK
            # the first pixel and the one after the last whose middles are within reach
            left, right = min(x0, x1) - reach + _HALF, max(x0, x1) + reach + _HALF
            low, high = min(y0, y1) - reach + _HALF, max(y0, y1) + reach + _HALF
            if not (right > _0 and left < width and high > _0 and low < height and reach > _0):
                continue
            first = int(max(left, _0)) // _LANES * _LANES
            last = (int(min(right, np.float32(width))) + _LANES - 1) // _LANES * _LANES
            row, end = int(max(low, _0)), int(min(high, np.float32(height)))
            top, bottom = min(top, row), max(bottom, end)
            dx, dy = x1 - x0, y1 - y0
            square = dx * dx + dy * dy
            inverse = _1 / square if square > _LEAST else _0
            here = middles[first:last]
            for y in range(row, end):
                py = (np.float32(y) + _HALF) - y0
                part = py * dy
                line = cover[y, first:last]
                for x in range(len(line)):
                    px = here[x] - x0
                    along = (px * dx + part) * inverse
                    along = _0 if along < _0 else along
                    along = _1 if along > _1 else along
                    ex, ey = px - along * dx, py - along * dy
                    found = (half - np.sqrt(ex * ex + ey * ey)) + _HALF
                    line[x] = found if found > line[x] else line[x]
        for y in range(top, bottom):
            line = cover[y]
            for channel in range(n_channels):
                pixels, over = images[i, channel, y], np.uint32(colours[i, channel])
                for x in range(len(pixels)):
                    found = _1 if line[x] > _1 else line[x]
                    pixels[x] = blend(pixels[x], over, np.uint32(np.int32(found * _255 + _HALF)))
            line[:] = _0


def strokes(images: U8, segments: F32, widths: F32, colours: U8) -> U8:
    """Paint segments with round ends; see the package's docstring."""
    _strokes(images, *(np.ascontiguousarray(array) for array in (segments, widths, colours)))
    return images
