"""Permutations of as many places as one likes that take no memory: each place is worked out by itself.

A Feistel network on pairs (left, right), place = left * n_right + right, with n_left * n_right just above the number
of places: left += f(right), then right += f(left), and so on, f random words. Each step can be undone, so that all of
them are a permutation of the pairs; a place that lands beyond the last is sent on until it comes down inside ("cycle
walking"), which leaves a permutation of the places.

Sources: M. Luby, C. Rackoff, "How to construct pseudorandom permutations from pseudorandom functions", SIAM J. Comput.
17 (1988); J. Black, P. Rogaway, "Ciphers with arbitrary finite domains", CT-RSA (2002).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.kernels import philox

I64 = npt.NDArray[np.int64]

#: steps: 10**5 keys cannot tell the permutations of up to six places from equally frequent ones from 16 on
_N_ROUNDS = 20

#: bits of a half and of a permutation's number in the row of Philox; the round has the rest
_HALF_BITS, _NUMBER_BITS = 32, 26


def permuted(places: I64, n: I64, seed: int, stream: int, number: I64) -> I64:
    """Return where places go under permutations of a seed and a stream of Philox.

    ``places[i]`` is one of 0..n[i]-1 and goes where permutation ``number[i]`` sends it; `n` is at most 2**60 and
    `number` below 2**26.
    """
    n_left = np.ceil(np.sqrt(n)).astype(np.int64)
    n_right = -(-n // n_left)
    found, out = places.copy(), np.arange(len(places))
    while out.size:
        found[out] = _rounds(found[out], n_left[out], n_right[out], seed, stream, number[out])
        out = out[found[out] >= n[out]]
    return found


def _rounds(places: I64, n_left: I64, n_right: I64, seed: int, stream: int, number: I64) -> I64:
    left, right = np.divmod(places, n_right)
    for step in range(0, _N_ROUNDS, 2):
        left = (left + _random(right, step, seed, stream, number)) % n_left
        right = (right + _random(left, step + 1, seed, stream, number)) % n_right
    return left * n_right + right


def _random(half: I64, step: int, seed: int, stream: int, number: I64) -> I64:
    rows = half | number << _HALF_BITS | step << (_HALF_BITS + _NUMBER_BITS)
    words: I64 = philox.KERNEL.load("cpu").words(seed, rows.astype(np.uint64), stream, 1)[:, 0].astype(np.int64)
    return words
