"""The bound of the Metropolis kernel: the vector operations that random numbers and comparisons cannot do without."""

from __future__ import annotations

import math

from simkit.kernels.life.simd import LANES
from simkit.kernels.metropolis import N_PAIRS
from simkit.kernels.philox import N_ROUNDS

#: operations for a pair of digits. Philox: two multiplications, two shifts and two exclusive ors a round, a counter,
#: and four that join its halves; for each of the digits its threshold, what flips (two), and what stays undecided
_PER_PAIR = 6 * N_ROUNDS + 1 + 4 + 2 * 4

#: operations for a vector besides: four bonds, their sum and what it decides, and the flip
_PER_VECTOR = 10


def operations_per_attempt(share: float) -> float:
    """Return the vector operations for an attempt to flip, the mean if `share` of the spins compare a random number.

    Digits are drawn for a vector of spins together until the last of its comparisons is decided.
    """
    n_spins = 64 * LANES
    n_pairs = sum(1 - math.pow(1 - 4.0**-k, share * n_spins) for k in range(N_PAIRS))
    return (_PER_VECTOR + n_pairs * _PER_PAIR) / n_spins
