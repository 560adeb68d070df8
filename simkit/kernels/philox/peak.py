"""The bound of the philox kernel: how many 32x32-bit multiplications a core can do in a second."""

from __future__ import annotations

import numba as nb
import numpy as np

from simkit.kernels.compiling import stamped
from simkit.kernels.life.simd import CODE, LANES, load, multiply, store

#: independent vectors, enough to hide the latency of a multiplication
_CHAINS = 8

#: multiplications of a repetition
N_MULTIPLICATIONS = _CHAINS * LANES


@nb.njit(nogil=True, cache=True)
@stamped
def _multiply(room, n, _code=CODE):
    a, b, c, d = load(room, 0), load(room, LANES), load(room, 2 * LANES), load(room, 3 * LANES)
    e, f, g, h = load(room, 4 * LANES), load(room, 5 * LANES), load(room, 6 * LANES), load(room, 7 * LANES)
    for _ in range(n):  # each takes the next one's value, so that no compiler finds a shorter way
        a, b, c, d = multiply(a, b), multiply(b, c), multiply(c, d), multiply(d, e)
        e, f, g, h = multiply(e, f), multiply(f, g), multiply(g, h), multiply(h, a)
    for i, vector in enumerate((a, b, c, d, e, f, g, h)):
        store(room, i * LANES, vector)


def repeat(n: int) -> None:
    """Do ``n * N_MULTIPLICATIONS`` multiplications."""
    _multiply(np.arange(3, 3 + N_MULTIPLICATIONS, dtype=np.uint64), n)
