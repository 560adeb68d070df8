"""A bound of the lattice kernels: how fast a core rewrites the words that a step changes."""

from __future__ import annotations

import time

import numba as nb
import numpy as np

from simkit.kernels.lattice.planes import CODE, allocate
from simkit.kernels.life.simd import LANES, differing, load, splat, store


@nb.njit(nogil=True, cache=True)
def _rewrite(room, mask, times, _code=CODE):
    turned = splat(mask)
    for _ in range(times):
        for i in range(0, len(room), LANES):
            store(room, i, differing(load(room, i), turned))


def rewrite_rate(n_words: int, seconds: float = 0.1) -> float:
    """Return the words of an array that this core loads, changes and stores in place in a second of CPU time."""
    n_words = -(-n_words // LANES) * LANES
    room = allocate(n_words)
    _rewrite(room, np.uint64(5), 1)
    times, spent = 1, 0.0
    while spent < seconds:
        times *= 2
        started = time.thread_time()
        _rewrite(room, np.uint64(5), times)
        spent = time.thread_time() - started
    return times * n_words / spent
