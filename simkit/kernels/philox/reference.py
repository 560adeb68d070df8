"""Philox4x32-10 in NumPy: the definition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.kernels.philox import MULTIPLIER_0, MULTIPLIER_1, N_DIGITS, N_ROUNDS, WEYL_0, WEYL_1

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
