"""A bound of the lattice kernels: how fast a core copies the words that a step changes."""

from __future__ import annotations

import time

import numba as nb

from simkit.kernels.lattice.planes import CODE, allocate
from simkit.kernels.life.simd import LANES, load, store


@nb.njit(nogil=True, cache=True)
def _copy(room, n_words, times, _code=CODE):
    for t in range(times):
        source, target = (0, n_words) if t % 2 == 0 else (n_words, 0)
        for i in range(0, n_words, LANES):
            store(room, target + i, load(room, source + i))


def copy_rate(n_words: int, seconds: float = 0.1) -> float:
    """Return the words that this core loads and stores in a second of CPU time, to and fro between two arrays."""
    n_words = -(-n_words // LANES) * LANES
    room = allocate(2 * n_words)
    _copy(room, n_words, 1)
    times, spent = 1, 0.0
    while spent < seconds:
        times *= 2
        started = time.thread_time()
        _copy(room, n_words, times)
        spent = time.thread_time() - started
    return times * n_words / spent
