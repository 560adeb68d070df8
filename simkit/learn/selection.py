"""Which rows are streamed: a split, and what a filter leaves of it."""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError, UnknownNameError, show
from simkit.kernels import philox
from simkit.schema import Array

I64 = npt.NDArray[np.int64]

#: parts of the default split
SPLITS: Mapping[str, float] = {"train": 0.8, "validation": 0.1, "test": 0.1}

#: each part of a split has its exact share of every so many rows
HUNDRED = 100

#: key and stream of the draws that split rows: the same whatever the seed of the order, so that nobody trains on a row
#: that another seed tests on
_SPLIT_SEED, _SPLIT_STREAM = 0x73706C69740A, 2**31 - 1


class Split:
    """A part of the rows, chosen hundred by hundred, so that a row stays in its part when there are more rows.

    Parameters
    ----------
    part : str or None
        Name of the part; None for all rows.
    parts : mapping
        Name -> share of each hundred rows, in whole hundredths, together at most 1.
    """

    def __init__(self, part: str | None, parts: Mapping[str, float] = SPLITS) -> None:
        if not isinstance(parts, Mapping) or not all(isinstance(share, (int, float)) for share in parts.values()):
            raise ParameterError(f"splits are name -> share, such as {dict(SPLITS)}; this is {show(parts)}")
        if part is not None and not isinstance(part, str):
            raise ParameterError(f"split is the name of a part, such as 'train'; this is {show(part)}")
        self.part, self.parts = part, dict(parts)
        shares = [HUNDRED * share for share in parts.values()]
        if not all(share >= 0 and math.isclose(share, round(share), abs_tol=1e-6) for share in shares):
            raise ParameterError(f"shares of a split are whole hundredths such as 0.25; these are {self.parts}")
        if sum(map(round, shares)) > HUNDRED:
            raise ParameterError(f"shares of a split are 1 together, or less; these are {self.parts}")
        self._first, self._last = 0, HUNDRED
        if part is not None:
            if part not in self.parts:
                raise UnknownNameError.of("part of the split", part, self.parts)
            place = list(self.parts).index(part)
            self._first, self._last = (sum(map(round, shares[:end])) for end in (place, place + 1))

    @property
    def n_of_hundred(self) -> int:
        """Rows of each hundred that belong to the part."""
        return self._last - self._first

    def mask(self, start: int, stop: int) -> npt.NDArray[np.bool_]:
        """Say of the rows from `start` to `stop` whether they belong to the part."""
        if self.part is None:
            return np.ones(stop - start, bool)
        first = start // HUNDRED
        hundreds = np.arange(first, -(-stop // HUNDRED), dtype=np.uint64)
        words = philox.KERNEL.load("cpu").words(_SPLIT_SEED, hundreds, _SPLIT_STREAM, HUNDRED)
        order = np.argsort(words, axis=1, kind="stable")
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.arange(HUNDRED)[None], axis=1)
        mask = (rank >= self._first) & (rank < self._last)
        return mask.reshape(-1)[start - first * HUNDRED : stop - first * HUNDRED]


class Selection(ABC):
    """Rows in chunks.

    Attributes
    ----------
    counts : int64 (chunk,)
        Selected rows of each chunk.
    chunk_rows : int
        Rows of a chunk, those of the last one maybe fewer.
    identity : str
        Says which rows they are.
    """

    counts: I64
    chunk_rows: int
    identity: str

    @property
    def n_rows(self) -> int:
        """Selected rows."""
        return int(self.counts.sum())

    @abstractmethod
    def slots(self, chunks: I64) -> I64:
        """Return the selected rows of `chunks`, as places among all rows of these chunks laid end to end."""


class Chosen(Selection):
    """The rows of a mask."""

    def __init__(self, mask: npt.NDArray[np.bool_], chunk_rows: int) -> None:
        self.chunk_rows = chunk_rows
        self._inside = (np.flatnonzero(mask) % chunk_rows).astype(np.int32)
        n_chunks = -(-len(mask) // chunk_rows)
        self.counts = np.bincount(np.flatnonzero(mask) // chunk_rows, minlength=n_chunks)
        self._starts = np.cumsum(self.counts) - self.counts
        self.identity = hashlib.sha256(np.packbits(mask).tobytes() + str(len(mask)).encode()).hexdigest()

    def slots(self, chunks: I64) -> I64:
        """Return the selected rows of `chunks`; see Selection."""
        return _end_to_end(
            [self._inside[self._starts[chunk] : self._starts[chunk] + self.counts[chunk]] for chunk in chunks],
            self.chunk_rows,
        )


class Spread(Selection):
    """A split of so many rows that no mask of them could be kept: what a live source has.

    Its chunks are multiples of a hundred rows, so that their counts are known without a look at the rows.
    """

    def __init__(self, n_rows: int, split: Split) -> None:
        self._n_all, self._split = n_rows, split
        self.chunk_rows = HUNDRED * max(1, -(-n_rows // (HUNDRED * 2**20)))  # at most 2**20 chunks
        n_chunks = -(-n_rows // self.chunk_rows)
        self.counts = np.full(n_chunks, self.chunk_rows // HUNDRED * split.n_of_hundred, np.int64)
        self.counts[-1] = split.mask((n_chunks - 1) * self.chunk_rows, n_rows).sum()
        self.identity = f"{n_rows} {split.part} {split.parts if split.part else ''}"

    def slots(self, chunks: I64) -> I64:
        """Return the selected rows of `chunks`; see Selection."""
        starts = [int(chunk) * self.chunk_rows for chunk in chunks]
        stops = [min(start + self.chunk_rows, self._n_all) for start in starts]
        return _end_to_end(
            [np.flatnonzero(self._split.mask(start, stop)) for start, stop in zip(starts, stops, strict=True)],
            self.chunk_rows,
        )


def meets(name: str, values: Array, labels: Sequence[str], wanted: Any) -> npt.NDArray[np.bool_]:
    """Return which rows of a field are as `wanted`: a value or label, several, or a function values -> mask."""
    if callable(wanted):
        mask = np.asarray(wanted(values))
        if mask.dtype != bool or mask.shape != (len(values),):
            raise ParameterError(
                f"where: the function for {show(name)} has to return a mask of {len(values):,} rows; "
                f"it returned {mask.dtype} of shape {mask.shape}"
            )
        return mask
    if values.ndim > 1:
        raise ParameterError(
            f"where: {show(name)} has several values a row; give a function that returns a mask of rows"
        )
    items = [wanted] if isinstance(wanted, (str, int, float, np.generic)) else wanted
    if not isinstance(items, Iterable):
        raise ParameterError(f"where: {show(name)} has to be a value, several, or a function; this is {show(wanted)}")
    items = list(items)
    for item in items:
        if isinstance(item, str) and item not in labels:
            raise UnknownNameError.of(f"label of {show(name)}", item, labels)
    numbers = [labels.index(item) if isinstance(item, str) else item for item in items]
    return np.isin(values, np.array(numbers))


def _end_to_end(inside: Sequence[npt.NDArray[np.integer]], chunk_rows: int) -> I64:
    return np.concatenate([np.zeros(0, np.int64), *(place * chunk_rows + rows for place, rows in enumerate(inside))])
