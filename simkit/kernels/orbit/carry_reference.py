"""Orbits that are carried along a path of maps, in NumPy."""

from __future__ import annotations

import numpy as np

from simkit.kernels.orbit import F64, Carried


def carry(maps: F64, states: F64, limit: float, n: int) -> Carried:
    """Iterate n times under each map in turn; see the package's docstring."""
    x, y = states.T.copy()
    found = np.empty((len(x), len(maps), 2))
    boxes = np.empty((len(x), len(maps), 4))
    with np.errstate(all="ignore"):
        for k, (a, b) in enumerate(maps):
            low, high = np.full((2, len(x)), np.inf), np.full((2, len(x)), -np.inf)
            for i in range(n):
                is_kept = x * x + y * y <= limit
                x, y = np.where(is_kept, (x, y), np.nan)
                x, y = (
                    (a[0] + x * (a[1] + (a[3] * x + a[4] * y))) + y * (a[2] + a[5] * y),
                    (b[0] + x * (b[1] + (b[3] * x + b[4] * y))) + y * (b[2] + b[5] * y),
                )
                if i >= n // 2:
                    low, high = np.minimum(low, (x, y)), np.maximum(high, (x, y))
            is_kept = x * x + y * y <= limit
            x, y = np.where(is_kept, (x, y), np.nan)
            found[:, k] = np.stack((x, y), axis=1)
            boxes[:, k] = np.where(is_kept, np.stack((low[0], high[0], low[1], high[1])), np.nan).T
    return Carried(found, boxes)
