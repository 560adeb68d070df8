"""The bound of the philox kernel: how many 32x32-bit multiplications a core can do in a second."""

from __future__ import annotations

import time

import numba as nb
import numpy as np

_LANES = 64


@nb.njit(nogil=True, cache=True)
def _multiply(factors, sums, n):
    for i in range(n):
        low = np.uint64(i & 0xFFFFFFFF)
        for lane in range(_LANES):
            sums[lane] ^= (sums[lane] & np.uint64(0xFFFFFFFF)) * (factors[lane] ^ low)


def multiplication_rate(seconds: float = 0.2) -> float:
    """Return the multiplications that this core does in a second of CPU time, measured over about `seconds`."""
    factors, sums = np.arange(_LANES, dtype=np.uint64), np.ones(_LANES, np.uint64)
    _multiply(factors, sums, 1)
    n, spent = 1000, 0.0
    while spent < seconds:
        n *= 2
        started = time.thread_time()
        _multiply(factors, sums, n)
        spent = time.thread_time() - started
    return n * _LANES / spent
