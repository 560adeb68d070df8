"""Orbits that are carried along a path of maps, in Numba, one after another: a path is seldom followed by many."""

from __future__ import annotations

import numba as nb
import numpy as np

from simkit.kernels.compiling import CALLED, stamped
from simkit.kernels.orbit import F64, Carried


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _carry(maps, states, limit, n, found, boxes):
    """Write states and boxes."""
    for orbit in range(len(states)):
        x, y = states[orbit, 0], states[orbit, 1]
        for k in range(len(maps)):
            a, b = maps[k, 0], maps[k, 1]
            a0, a1, a2, a3, a4, a5 = a[0], a[1], a[2], a[3], a[4], a[5]
            b0, b1, b2, b3, b4, b5 = b[0], b[1], b[2], b[3], b[4], b[5]
            left, right, low, high = np.inf, -np.inf, np.inf, -np.inf
            is_kept = True
            for i in range(n):
                is_kept = is_kept and x * x + y * y <= limit
                if not is_kept:
                    break
                x, y = (
                    (a0 + x * (a1 + (a3 * x + a4 * y))) + y * (a2 + a5 * y),
                    (b0 + x * (b1 + (b3 * x + b4 * y))) + y * (b2 + b5 * y),
                )
                if i >= n // 2:
                    left, right, low, high = min(left, x), max(right, x), min(low, y), max(high, y)
            if not (is_kept and x * x + y * y <= limit):
                found[orbit, k:] = np.nan
                boxes[orbit, k:] = np.nan
                break
            found[orbit, k, 0], found[orbit, k, 1] = x, y
            boxes[orbit, k, 0], boxes[orbit, k, 1], boxes[orbit, k, 2], boxes[orbit, k, 3] = left, right, low, high


def carry(maps: F64, states: F64, limit: float, n: int) -> Carried:
    """Iterate n times under each map in turn; see the package's docstring."""
    found, boxes = np.empty((len(states), len(maps), 2)), np.empty((len(states), len(maps), 4))
    path, start = (np.ascontiguousarray(array, np.float64) for array in (maps, states))
    _carry(path, start, np.float64(limit), np.int64(n), found, boxes)
    return Carried(found, boxes)
