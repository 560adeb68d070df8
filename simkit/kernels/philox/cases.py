"""Argument sets of `philox`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from simkit.kernels.cases import Call

#: the number of a row fills two words of the counter: some below 2**32, some above, and the last of all
_ROWS = (2**32 - 2, 2**32 - 1, 2**32, 2**32 + 1, 0, 5, 2**63, 2**64 - 1, 9)


def words(n_rows: int, n_words: int, *, seed: int = 5, stream: int = 2) -> Call:
    """Return a call that draws `n_words` words of each of so many rows."""
    return Call("words", (seed, _rows(n_rows), stream, n_words))


def bits(n_rows: int, n_words: int, threshold: int) -> Call:
    """Return a call that draws bits."""
    return Call("bits", (7, _rows(n_rows), 1, n_words, threshold))


def _rows(n: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.resize(np.array(_ROWS, np.uint64), n) if n <= len(_ROWS) else np.arange(n, dtype=np.uint64)


CASES: Mapping[str, Callable[[], Call]] = {
    "words": lambda: words(9, 530),
    "words of the largest seed and stream": lambda: words(9, 7, seed=2**64 - 1, stream=2**32 - 1),
    "no words": lambda: words(9, 0),
    "words of no rows": lambda: words(0, 5),
    "fair bits": lambda: bits(9, 530, 2**31),
    "bits of 30 digits": lambda: bits(9, 530, 1_234_564),
    "bits of 32 digits": lambda: bits(9, 13, 2**32 - 1),
    "bits that are 0": lambda: bits(9, 13, 0),
    "bits that are 1": lambda: bits(9, 13, 2**32),
}
