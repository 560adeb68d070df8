"""Philox4x32-10 in Numba. Nothing here holds the GIL."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.compiling import stamped
from simkit.kernels.philox import MULTIPLIER_0, MULTIPLIER_1, N_DIGITS, N_ROUNDS, WEYL_0, WEYL_1, normal_cpu

F64 = npt.NDArray[np.float64]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]

_M0, _M1 = np.uint64(MULTIPLIER_0), np.uint64(MULTIPLIER_1)
_W0, _W1 = np.uint32(WEYL_0), np.uint32(WEYL_1)
_LOW, _32 = np.uint64(0xFFFFFFFF), np.uint64(32)

#: random numbers that are drawn before their quantiles are taken: they stay in the nearest cache
_ROOM = 1024


@nb.njit(inline="always")
def _block(c0, c1, c2, c3, k0, k1):
    for _ in range(N_ROUNDS):
        p0, p1 = _M0 * np.uint64(c0), _M1 * np.uint64(c2)
        c0 = np.uint32(p1 >> _32) ^ c1 ^ k0
        c1 = np.uint32(p1 & _LOW)
        c2 = np.uint32(p0 >> _32) ^ c3 ^ k1
        c3 = np.uint32(p0 & _LOW)
        k0, k1 = np.uint32(k0 + _W0), np.uint32(k1 + _W1)
    return c0, c1, c2, c3


@nb.njit(nogil=True, cache=True)
@stamped
def _words(seed, rows, stream, first_block, out):
    k0, k1 = np.uint32(seed & _LOW), np.uint32(seed >> _32)
    for i in range(rows.shape[0]):
        r0, r1 = np.uint32(rows[i] & _LOW), np.uint32(rows[i] >> _32)
        for b in range(out.shape[1] // 4):
            w0, w1, w2, w3 = _block(np.uint32(first_block + b), r0, r1, stream, k0, k1)
            out[i, 4 * b] = w0
            out[i, 4 * b + 1] = w1
            out[i, 4 * b + 2] = w2
            out[i, 4 * b + 3] = w3


@nb.njit(nogil=True, cache=True)
@stamped
def _normals(seed, rows, stream, out):
    k0, k1 = np.uint32(seed & _LOW), np.uint32(seed >> _32)
    numbers = np.empty(_ROOM, np.uint64)
    for i in range(rows.shape[0]):
        r0, r1 = np.uint32(rows[i] & _LOW), np.uint32(rows[i] >> _32)
        for start in range(0, out.shape[1], _ROOM):
            n = min(_ROOM, out.shape[1] - start)
            for b in range((n + 1) // 2):
                w0, w1, w2, w3 = _block(np.uint32(start // 2 + b), r0, r1, stream, k0, k1)
                numbers[2 * b] = np.uint64(w0) | np.uint64(w1) << _32
                numbers[2 * b + 1] = np.uint64(w2) | np.uint64(w3) << _32
            normal_cpu.quantiles(numbers[:n], out[i, start : start + n])


def words(seed: int, rows: U64, stream: int, n_words: int) -> U32:
    """Draw `n_words` words for each row; see the package's docstring."""
    return _padded(seed, rows, stream, 0, -(-n_words // 4))[:, :n_words]


def bits(seed: int, rows: U64, stream: int, n_words: int, threshold: int) -> U32:
    """Draw bits that are 1 with probability ``threshold / 2**32``; see the package's docstring."""
    if threshold in (0, 1 << N_DIGITS):
        return np.full((len(rows), n_words), 0xFFFFFFFF if threshold else 0, np.uint32)
    n_blocks = -(-n_words // 4)
    lowest = (threshold & -threshold).bit_length() - 1
    below = _padded(seed, rows, stream, (N_DIGITS - 1 - lowest) * n_blocks, n_blocks)
    for j in range(lowest + 1, N_DIGITS):
        random = _padded(seed, rows, stream, (N_DIGITS - 1 - j) * n_blocks, n_blocks)
        if threshold >> j & 1:
            below |= random
        else:
            below &= random
    return below[:, :n_words]


def normals(seed: int, rows: U64, stream: int, n: int) -> F64:
    """Draw `n` normal numbers for each row; see the package's docstring."""
    out = np.empty((len(rows), n))
    _normals(np.uint64(seed), rows, np.uint32(stream), out)
    return out


def quantiles(numbers: U64) -> F64:
    """Return normal quantiles; see the package's docstring."""
    out = np.empty(len(numbers))
    normal_cpu.quantiles(numbers, out)
    return out


def _padded(seed: int, rows: U64, stream: int, first_block: int, n_blocks: int) -> U32:
    out = np.empty((len(rows), 4 * n_blocks), np.uint32)
    _words(np.uint64(seed), rows, np.uint32(stream), np.uint32(first_block), out)
    return out
