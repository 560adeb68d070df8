"""Argument sets of `philox`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from simkit.kernels.cases import Call
from simkit.kernels.philox import CENTRAL

#: the number of a row fills two words of the counter: some below 2**32, some above, and the last of all
ROWS = (2**32 - 2, 2**32 - 1, 2**32, 2**32 + 1, 0, 5, 2**63, 2**64 - 1, 9)


def words(rows: Sequence[int], n_words: int, *, seed: int = 5, stream: int = 2) -> Call:
    """Return a call that draws `n_words` words of each of some rows."""
    return Call("words", (seed, np.array(rows, np.uint64), stream, n_words))


def bits(rows: Sequence[int], n_words: int, threshold: int, *, seed: int = 7, stream: int = 1) -> Call:
    """Return a call that draws bits."""
    return Call("bits", (seed, np.array(rows, np.uint64), stream, n_words, threshold))


def normals(rows: Sequence[int], n: int, *, seed: int = 6, stream: int = 3) -> Call:
    """Return a call that draws normal numbers."""
    return Call("normals", (seed, np.array(rows, np.uint64), stream, n))


def quantiles(n: int, *, seed: int = 8) -> Call:
    """Return a call for the quantiles of `n` numbers of all orders of magnitude, and of those beside all borders."""
    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, 2**64, n, np.uint64) >> rng.integers(0, 64, n).astype(np.uint64)
    borders = [0, 1, 2**63 - 1, *(int(p * 2**64) + i for p in (0.5 - CENTRAL, 1.3887943864964e-11) for i in (-1, 0, 1))]
    numbers = np.concatenate([numbers, np.array(borders, np.uint64)])
    return Call("quantiles", (np.concatenate([numbers, ~numbers]),))


CASES: Mapping[str, Callable[[], Call]] = {
    "words": lambda: words(ROWS, 530),
    "words of the largest seed and stream": lambda: words(ROWS, 7, seed=2**64 - 1, stream=2**32 - 1),
    "no words": lambda: words(ROWS, 0),
    "words of no rows": lambda: words((), 5),
    "fair bits": lambda: bits(ROWS, 530, 2**31),
    "bits of 30 digits": lambda: bits(ROWS, 530, 1_234_564),
    "bits of 32 digits": lambda: bits(ROWS, 13, 2**32 - 1),
    "bits that are 0": lambda: bits(ROWS, 13, 0),
    "bits that are 1": lambda: bits(ROWS, 13, 2**32),
    "normal numbers": lambda: normals(ROWS, 261),
    "an odd number of normal numbers, of many blocks": lambda: normals((3, 2**40), 2049),
    "no normal numbers": lambda: normals(ROWS, 0),
    "normal numbers of no rows": lambda: normals((), 5),
    "quantiles": lambda: quantiles(2000),
    "no quantiles": lambda: Call("quantiles", (np.zeros(0, np.uint64),)),
}
