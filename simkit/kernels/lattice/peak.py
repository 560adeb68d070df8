"""A bound of the lattice kernels: how fast a core rewrites the words that a step changes."""

from __future__ import annotations

from collections.abc import Callable

import numba as nb
import numpy as np

from simkit.kernels.compiling import stamped
from simkit.kernels.lattice.planes import CODE, allocate
from simkit.kernels.life.simd import LANES, differing, load, splat, store


@nb.njit(nogil=True, cache=True)
@stamped
def _rewrite(room, mask, times, _code=CODE):
    turned = splat(mask)
    for _ in range(times):
        for i in range(0, len(room), LANES):
            store(room, i, differing(load(room, i), turned))


def rewriting(n_words: int) -> tuple[Callable[[int], None], int]:
    """Return what loads, changes and stores an array in place n times, and the words of the array, n_words or more."""
    n_words = -(-n_words // LANES) * LANES
    room = allocate(n_words)
    return lambda n: _rewrite(room, np.uint64(5), n), n_words
