"""Which rows are streamed: a split, and what a filter leaves of it."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import torch

from simkit.learn.streaming.bijection import I64
from simkit.split import HUNDRED, Split

#: chunks whose rows are counted at a time
_COUNTED = 2**9


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
