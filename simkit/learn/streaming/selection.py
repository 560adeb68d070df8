"""Which rows are streamed: a split, and what a filter leaves of it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from simkit.errors import ParameterError, UnknownNameError, show
from simkit.kernels import philox
from simkit.schema import Array

I64 = npt.NDArray[np.int64]

#: parts of the default split
SPLITS: Mapping[str, float] = {"train": 0.8, "validation": 0.1, "test": 0.1}

#: each part of a split has its exact share of every so many rows
HUNDRED = 100

#: chunks whose rows are counted at a time
_COUNTED = 2**9

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
        return self.masks([start], [stop])[0]

    def masks(self, starts: Sequence[int], stops: Sequence[int]) -> list[npt.NDArray[np.bool_]]:
        """Say of the rows of several ranges whether they belong to the part."""
        if self.part is None:
            return [np.ones(stop - start, bool) for start, stop in zip(starts, stops, strict=True)]
        hundreds = [
            np.arange(start // HUNDRED, -(-stop // HUNDRED), dtype=np.int64)
            for start, stop in zip(starts, stops, strict=True)
        ]
        ends = np.cumsum([HUNDRED * len(each) for each in hundreds]).tolist()
        whole = self._members(np.concatenate(hundreds)).reshape(-1)
        return [
            whole[end - HUNDRED * len(each) + start % HUNDRED :][: stop - start]
            for end, each, start, stop in zip(ends, hundreds, starts, stops, strict=True)
        ]

    def n_before(self, rows: I64) -> I64:
        """Return how many rows of the part come before each of some rows."""
        if self.part is None:
            return rows
        hundreds, places = np.divmod(rows, HUNDRED)
        found = hundreds * self.n_of_hundred
        for first in range(0, len(rows), _COUNTED):
            part = slice(first, first + _COUNTED)
            is_before = np.arange(HUNDRED) < places[part, None]
            found[part] += np.count_nonzero(self._members(hundreds[part]) & is_before, axis=1)
        return found

    def _members(self, hundreds: I64) -> npt.NDArray[np.bool_]:
        """Say of each row of some hundreds whether its random word has one of the part's ranks among the hundred."""
        words = philox.KERNEL.load("cpu").words(_SPLIT_SEED, hundreds.astype(np.uint64), _SPLIT_STREAM, HUNDRED)
        keys = words.astype(np.uint64) << np.uint64(7) | np.arange(HUNDRED, dtype=np.uint64)  # of equal words the first
        keys.sort(axis=1)
        places = (keys[:, self._first : self._last] & np.uint64(127)).astype(np.intp)
        members = np.zeros(keys.shape, bool)
        np.put_along_axis(members, places, True, axis=1)
        return members


class Selection:
    """The rows of a part that meet a filter, in chunks.

    Parameters
    ----------
    n_all : int
        Rows that there are.
    chunk_rows : int
        Rows of a chunk, those of the last one maybe fewer.
    split : Split
    chosen : uint8, optional
        A bit for each row, as NumPy's packbits packs them; without it all rows of the part are selected.
    is_compact : bool, optional
        Whether the rows that are not selected are left out where chunks are laid end to end; if not given, where
        they are half of all rows or more.

    Attributes
    ----------
    n_rows : int
        Selected rows.
    n_chunks, n_full : int
        All chunks, and those that are full.
    n_each, n_tail : int or None, int
        Selected rows of each full chunk, None if their numbers differ, and of the one that is not full.
    identity : str
        Says which rows they are.
    """

    def __init__(
        self,
        n_all: int,
        chunk_rows: int,
        split: Split,
        chosen: npt.NDArray[np.uint8] | None = None,
        *,
        is_compact: bool | None = None,
    ) -> None:
        self._n_all, self.chunk_rows, self._split = n_all, chunk_rows, split
        self.n_chunks, self.n_full = -(-n_all // chunk_rows), n_all // chunk_rows
        # tensors: a DataLoader that starts processes anew hands them over as shared memory
        self._chosen = None if chosen is None else torch.from_numpy(chosen)
        self._counts = torch.zeros(0, dtype=torch.int32)
        self.n_each: int | None = None
        tail = np.array([self.n_full], np.int64)
        self.n_tail = sum(map(len, self.inside(tail))) if self.n_full < self.n_chunks else 0
        if chosen is None and (split.part is None or chunk_rows % HUNDRED == 0):
            self.n_each = chunk_rows * split.n_of_hundred // HUNDRED
            self.n_rows = self.n_each * self.n_full + self.n_tail
        else:
            counts = self._count()
            self._counts, self.n_rows = torch.from_numpy(counts), int(counts.sum(dtype=np.int64))
        self.is_compact = 2 * self.n_rows <= n_all if is_compact is None else is_compact
        found = hashlib.sha256(repr((n_all, split.part, split.part and split.parts)).encode())
        if chosen is not None:
            found.update(chosen.data)
        self.identity = found.hexdigest()

    def _count(self) -> npt.NDArray[np.int32]:
        """Return the number of selected rows of each chunk."""
        counts = np.empty(self.n_chunks, np.int32)
        for first in range(0, self.n_chunks, _COUNTED):
            chunks = np.arange(first, min(first + _COUNTED, self.n_chunks), dtype=np.int64)
            if self._chosen is None:
                borders = np.minimum(np.append(chunks, chunks[-1] + 1) * self.chunk_rows, self._n_all)
                counts[chunks] = np.diff(self._split.n_before(borders))
            else:
                counts[chunks] = [len(rows) for rows in self.inside(chunks)]
        return counts

    def counts(self, chunks: I64) -> I64:
        """Return the number of selected rows of some chunks, where these numbers differ."""
        counts: I64 = self._counts.numpy()[chunks].astype(np.int64)
        return counts

    def inside(self, chunks: I64) -> list[I64]:
        """Return the selected rows of each of some chunks, counted from the chunk's first."""
        starts = (chunks * self.chunk_rows).tolist()
        stops = [min(start + self.chunk_rows, self._n_all) for start in starts]
        masks = self._split.masks(starts, stops)
        if self._chosen is not None:
            bits = self._chosen.numpy()
            for start, stop, mask in zip(starts, stops, masks, strict=True):
                mask &= np.unpackbits(bits[start // 8 : -(-stop // 8)])[start % 8 :][: stop - start].view(bool)
        return [np.flatnonzero(mask) for mask in masks]


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
