"""Philox4x32-10 in NumPy: the definition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.kernels import philox
from simkit.kernels.logarithm import log, polynomial
from simkit.kernels.philox import MULTIPLIER_0, MULTIPLIER_1, N_DIGITS, N_ROUNDS, WEYL_0, WEYL_1

F64 = npt.NDArray[np.float64]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]

_MASK = 0xFFFFFFFF


def block(counter: U32, key: tuple[int, int]) -> U32:
    """Encrypt counters of shape (..., 4) with one key into blocks of shape (..., 4)."""
    c0, c1, c2, c3 = (counter[..., i].astype(np.uint64) for i in range(4))
    k0, k1 = key
    for _ in range(N_ROUNDS):
        p0, p1 = c0 * np.uint64(MULTIPLIER_0), c2 * np.uint64(MULTIPLIER_1)
        c0, c1, c2, c3 = (
            (p1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0),
            p1 & np.uint64(_MASK),
            (p0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1),
            p0 & np.uint64(_MASK),
        )
        k0, k1 = (k0 + WEYL_0) & _MASK, (k1 + WEYL_1) & _MASK
    return np.stack((c0, c1, c2, c3), axis=-1).astype(np.uint32)


def words(seed: int, rows: U64, stream: int, n_words: int) -> U32:
    """Draw `n_words` words for each row; see the package's docstring."""
    n_blocks = -(-n_words // 4)
    counter = np.empty((len(rows), n_blocks, 4), np.uint32)
    counter[..., 0] = np.arange(n_blocks, dtype=np.uint32)
    counter[..., 1] = (rows & np.uint64(_MASK))[:, None]
    counter[..., 2] = (rows >> np.uint64(32))[:, None]
    counter[..., 3] = stream
    return block(counter, (seed & _MASK, seed >> 32)).reshape(len(rows), 4 * n_blocks)[:, :n_words]


def bits(seed: int, rows: U64, stream: int, n_words: int, threshold: int) -> U32:
    """Draw bits that are 1 with probability ``threshold / 2**32``; see the package's docstring."""
    if threshold == 1 << N_DIGITS:
        return np.full((len(rows), n_words), _MASK, np.uint32)
    n_padded = 4 * -(-n_words // 4)
    below = np.zeros((len(rows), n_words), np.uint32)
    digits = words(seed, rows, stream, N_DIGITS * n_padded).reshape(len(rows), N_DIGITS, n_padded)[..., :n_words]
    for j in range(N_DIGITS):  # from the lowest digit up; the digits so far say "below" or not
        random = digits[:, N_DIGITS - 1 - j]
        below = (random | below) if threshold >> j & 1 else (random & below)
    return below


def normals(seed: int, rows: U64, stream: int, n: int) -> F64:
    """Draw `n` normal numbers for each row; see the package's docstring."""
    drawn = words(seed, rows, stream, 2 * n).astype(np.uint64).reshape(len(rows), n, 2)
    return quantiles((drawn[..., 0] | drawn[..., 1] << np.uint64(32)).reshape(-1)).reshape(len(rows), n)


def quantiles(numbers: U64) -> F64:
    """Return normal quantiles; see the package's docstring."""
    is_low = numbers < np.uint64(1 << 63)
    twice = np.where(is_low, numbers, ~numbers) << np.uint64(1)  # one less than 2**65 times the tail's probability
    tail, centre = (twice | np.uint64(1)).astype(np.float64) * 2.0**-65, (~twice).astype(np.float64) * 2.0**-65
    square, r = 0.180625 - centre * centre, np.sqrt(-log(tail))
    found = np.where(
        centre <= philox.CENTRAL,
        centre * polynomial(philox.CENTRAL_ABOVE, square) / polynomial(philox.CENTRAL_BELOW, square),
        np.where(
            r <= philox.NEAR,
            _ratio(philox.NEAR_ABOVE, philox.NEAR_BELOW, r - philox.NEAR_ORIGIN),
            _ratio(philox.FAR_ABOVE, philox.FAR_BELOW, r - philox.FAR_ORIGIN),
        ),
    )
    return np.where(is_low, -found, found)


def _ratio(above: tuple[float, ...], below: tuple[float, ...], x: F64) -> F64:
    return polynomial(above, x) / polynomial(below, x)
