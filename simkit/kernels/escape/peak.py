"""The rate at which points are iterated that no region ever holds: that of `cpu` if no pixel were ever finished."""

from __future__ import annotations

from collections.abc import Callable

import numba as nb
import numpy as np

from simkit.kernels.compiling import CALLED, stamped
from simkit.kernels.escape.cases import JULIA
from simkit.kernels.escape.cpu import BLOCK, LANES
from simkit.kernels.escape.simd import advance


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _advance(times, numbers, xs, ys, ns):
    for _ in range(times):
        advance(LANES, BLOCK, numbers, xs, ys, ns)


def advancing(precision: str) -> tuple[Callable[[int], None], int]:
    """Return what advances LANES points n times by BLOCK iterations, and how many iterations that is for n = 1."""
    dtype = np.dtype(precision)
    numbers = np.concatenate((JULIA.ravel(), [0, 0, np.nan, 0, 0, np.inf])).astype(dtype)
    xs, ys, ns = np.full(LANES, 0.1, dtype), np.zeros(LANES, dtype), np.zeros(LANES, f"int{8 * dtype.itemsize}")
    numbers[[1, 8]] = 1  # a rotation: the points neither go to 0, where subnormal numbers are slow, nor to infinity
    numbers[[2, 3, 5, 7, 10]] = 0
    return lambda times: _advance(times, numbers, xs, ys, ns), LANES * BLOCK
