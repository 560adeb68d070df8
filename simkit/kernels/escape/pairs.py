"""Pairs of neighbours in pictures of classes, in Numba: a row of flags at a time, which vectors hold."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.compiling import CALLED, INNER, stamped
from simkit.kernels.escape import CONVERGED, CONVERGED_HEURISTIC, ESCAPED, QUANTITIES


@nb.njit(**INNER)
def _n_pairs(first, second):
    """Return how many neighbours are of the first kind and of the second: flags (y, x), 0 or 1."""
    height, width = first.shape
    n = 0
    for i in range(height):
        of_row: Any = np.int32(0)
        for j in range(width - 1):
            of_row += first[i, j] & second[i, j + 1] | second[i, j] & first[i, j + 1]
        if i + 1 < height:
            for j in range(width):
                of_row += first[i, j] & second[i + 1, j] | second[i, j] & first[i + 1, j]
        n += of_row
    return n


@nb.njit(**INNER)
def _around(flags, rows, sums):
    """Set how many of the 3 x 3 pixels around each are set, those at an edge repeated."""
    height, width = flags.shape
    for i in range(height):
        for j in range(1, width - 1):
            rows[i, j] = flags[i, j - 1] + flags[i, j] + flags[i, j + 1]
        last = width - 1
        rows[i, 0] = flags[i, 0] + flags[i, 0] + flags[i, min(1, last)]
        rows[i, last] = flags[i, max(0, last - 1)] + flags[i, last] + flags[i, last]
        if width == 1:
            rows[i, 0] = 3 * flags[i, 0]
    for i in range(height):
        above, below = max(0, i - 1), min(height - 1, i + 1)
        for j in range(width):
            sums[i, j] = rows[above, j] + rows[i, j] + rows[below, j]


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _count(classes, found):
    n_maps, height, width = classes.shape
    converged, escaped, is_any, is_none, rows, low, high = np.empty((7, height, width), np.uint8)
    for k in range(n_maps):
        n_known = 0
        for i in range(height):
            of_row: Any = np.int32(0)
            for j in range(width):
                what = classes[k, i, j]
                converged[i, j], escaped[i, j] = what == CONVERGED, what == ESCAPED
                is_any[i, j] = (what == CONVERGED) | (what == CONVERGED_HEURISTIC)
                is_none[i, j] = 1 - is_any[i, j]
                of_row += converged[i, j] | escaped[i, j]
            n_known += of_row
        found[k, 0], found[k, 1] = _n_pairs(is_any, is_none), _n_pairs(converged, escaped)
        found[k, 3] = height * width - n_known
        _around(converged, rows, low)
        _around(escaped, rows, high)
        for i in range(height):
            for j in range(width):
                low[i, j], high[i, j] = low[i, j] > 4, high[i, j] > 4
        found[k, 2] = _n_pairs(low, high)


def boundaries(classes: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Count pairs; see the package's docstring."""
    found = np.zeros((len(classes), len(QUANTITIES)), np.int32)
    if classes.size:
        _count(np.ascontiguousarray(classes), found)
    return found
