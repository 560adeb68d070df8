"""The bound of the Metropolis kernel: the vector instructions that random numbers and comparisons cannot do without."""

from __future__ import annotations

import math

from simkit.kernels.life.simd import HAS_AVX512, LANES
from simkit.kernels.metropolis import N_PAIRS
from simkit.kernels.philox import N_ROUNDS

#: instructions of three inputs, and of two that stand for one where there are none such
_NODE = 1 if HAS_AVX512 else 2

#: instructions for a pair of digits. Philox: two multiplications, two shifts and two exclusive ors of three a round, a
#: counter, and two shifts and two choices that join its halves; for each digit the choice of its threshold, two for
#: what flips and one for what stays undecided
_PER_PAIR = (4 + 2 * _NODE) * N_ROUNDS + 1 + 2 + 2 * _NODE + 2 * 4 * _NODE

#: instructions for a vector besides: four bonds, their sum, carry and what it decides, and the flip
_PER_VECTOR = 5 + 4 * _NODE


def instructions_per_attempt(share: float) -> float:
    """Return the vector instructions for an attempt to flip, the mean if `share` of the spins compare a random number.

    Digits are drawn for a vector of spins together until the last of its comparisons is decided.
    """
    n_spins = 64 * LANES
    n_pairs = sum(1 - math.pow(1 - 4.0**-k, share * n_spins) for k in range(N_PAIRS))
    return (_PER_VECTOR + n_pairs * _PER_PAIR) / n_spins
