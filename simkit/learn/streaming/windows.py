"""The order in which an epoch visits rows: a pure function of (seed, epoch, position).

The data are cut into as many strata of neighbouring chunks as a window has chunks. Each window takes one chunk of each
stratum, a random one that no other window takes, and the rows of the window are permuted. So only whole chunks are
read, and yet each batch comes from everywhere: where neighbours are alike, as in data that are sorted, a window's mean
is closer to that of the data than if its chunks were drawn from all of them. Nothing here grows with the number of rows
unless a selection has left chunks with different numbers of them. Ranks and workers do not occur: they share out
positions, which is why the order is the same whatever their number.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from threading import Lock

import numpy as np

from simkit.kernels import philox
from simkit.learn.streaming.bijection import I64, permuted
from simkit.learn.streaming.options import Order
from simkit.learn.streaming.selection import Selection

#: raised when a shuffled epoch visits rows in another order than before
ORDER = 2

#: streams of Philox that belong to an epoch: high, out of the way of those that sources draw from
FIRST_STREAM, N_STREAMS = 2**31, 4
CHUNKS, WINDOWS, SYMMETRIES = range(3)

#: epochs for which there are streams
N_EPOCHS = (2**32 - FIRST_STREAM) // N_STREAMS

#: row of the stream CHUNKS that no permutation draws from
_OFFSETS = 2**64 - 1

#: windows kept, a few so that threads may work at the ends of neighbours
_KEPT = 4

#: windows whose rows are counted at a time
_COUNTED = 2**9


@dataclass(frozen=True)
class Window:
    """Some chunks that are read together.

    Parameters
    ----------
    index : tuple of int
        (epoch, number of the window).
    chunks : int64 (chunk,)
        Which chunks, without those of which no row is selected.
    inside : list of int64 (row,)
        Of each chunk its selected rows.
    starts : int64 (chunk + 1,)
        Where the rows of each chunk begin when they are laid end to end: all its rows, or those selected if the
        selection is compact.
    rows, places : int64 (row,)
        The selected rows in the order of the epoch: their numbers, and their places among the rows laid end to end.
    """

    index: tuple[int, int]
    chunks: I64
    inside: list[I64]
    starts: I64
    rows: I64
    places: I64


def stream_of(epoch: int, use: int) -> int:
    """Return the stream of Philox for a use (CHUNKS, WINDOWS or SYMMETRIES) in an epoch."""
    return FIRST_STREAM + N_STREAMS * epoch + use


class Windows:
    """Positions of an epoch -> windows and rows.

    Parameters
    ----------
    selection : Selection
        The rows.
    order : Order
        Its `window` says how many chunks a window has at most; unless it shuffles, rows come as they lie.

    Attributes
    ----------
    n_rows : int
        Rows of an epoch.
    """

    def __init__(self, selection: Selection, order: Order) -> None:
        window = order.window or 1
        self.selection, self.order = selection, order
        self._seed, self._shuffle, self._most = order.seed, order.shuffle, window
        self.n_rows = selection.n_rows
        n_chunks = selection.n_full if order.shuffle else selection.n_chunks
        self._n = max(1, -(-n_chunks // window))
        self._n_strata = -(-n_chunks // self._n) if order.shuffle else window
        #: strata that are a chunk shorter than there are windows; each leaves out one window, none the same
        self._n_short = self._n_strata * self._n - n_chunks if order.shuffle else 0
        self._ends: tuple[int, I64] | None = None
        self._known: OrderedDict[tuple[int, int], Window] = OrderedDict()
        self._last = (-1, 0, 0, 0)
        self._lock = Lock()

    def __len__(self) -> int:
        """Windows of an epoch."""
        return self._n

    def copy(self) -> Windows:
        """Return the same windows without what was worked out, for another process."""
        return Windows(self.selection, self.order)

    def __reduce__(self) -> tuple[object, ...]:
        return Windows, (self.selection, self.order)

    def pieces(self, epoch: int, positions: range) -> Iterator[tuple[Window, slice]]:
        """Yield windows and which of their rows together are `positions`, in order."""
        start = positions.start
        while start < positions.stop:
            known, number, first, end = self._last
            if known != epoch or not first <= start < end:
                number = self.number(epoch, start)
                first, end = self._start(epoch, number), self._start(epoch, number + 1)
                self._last = epoch, number, first, end
            stop = min(positions.stop, end)
            yield self._window(epoch, number), slice(start - first, stop - first)
            start = stop

    def number(self, epoch: int, position: int) -> int:
        """Return which window of an epoch has a position."""
        return bisect_right(range(self._n), position, key=partial(self._start, epoch)) - 1

    def after(self, window: Window) -> Window | None:
        """Return the window that follows in the same epoch."""
        epoch, number = window.index
        return self._window(epoch, number + 1) if number + 1 < self._n else None

    def _start(self, epoch: int, number: int) -> int:
        """Return the position of a window's first row; that of the epoch's end for the window after the last."""
        each, n_full = self.selection.n_each, self.selection.n_full
        if number == self._n:
            return self.n_rows
        if each is None:
            return int(self._ends_of(epoch)[number - 1]) if number else 0
        if not self._shuffle:
            return each * min(number * self._most, n_full)
        tail, offset = self._offsets(epoch)
        n_chunks = self._n_strata * number - (self._n_before(number + offset) - self._n_before(offset))
        return each * n_chunks + (self.selection.n_tail if tail < number else 0)

    def _n_before(self, number: int) -> int:
        """Return how many short strata leave out a window below `number`, the windows going on for ever."""
        return -(-number * self._n_short // self._n)

    def _offsets(self, epoch: int) -> tuple[int, int]:
        """Return the window that has the last chunk where that is not full, and an offset for those left out."""
        rows = np.array([_OFFSETS], np.uint64)
        words = philox.KERNEL.load("cpu").words(self._seed, rows, stream_of(epoch, CHUNKS), 4)[0].tolist()
        return (words[0] << 32 | words[1]) % self._n, (words[2] << 32 | words[3]) % self._n

    def _ends_of(self, epoch: int) -> I64:
        """Return the position at which each window ends, counted: where chunks have different numbers of rows."""
        if self._ends is None or self._ends[0] != epoch:
            counts = [
                [int(self.selection.counts(chunks).sum()) for chunks in self._chunks(epoch, first, first + _COUNTED)]
                for first in range(0, self._n, _COUNTED)
            ]
            self._ends = epoch, np.cumsum(np.concatenate(counts), dtype=np.int64)
        return self._ends[1]

    def _chunks(self, epoch: int, first: int, last: int) -> list[I64]:
        """Return the chunks of each window from `first` to before `last`."""
        last = min(last, self._n)
        n_full, n_chunks = self.selection.n_full, self.selection.n_chunks
        if not self._shuffle:
            return [
                np.arange(w * self._most, min((w + 1) * self._most, n_chunks), dtype=np.int64)
                for w in range(first, last)
            ]
        tail, offset = self._offsets(epoch)
        strata = np.arange(self._n_strata, dtype=np.int64)
        place, after = (-(-stratum * self._n_short // max(1, self._n_strata)) for stratum in (strata, strata + 1))
        is_short, start = after > place, strata * self._n - place
        left_out = np.where(is_short, (place * self._n // max(1, self._n_short) - offset) % self._n, self._n)
        window, stratum = np.meshgrid(np.arange(first, last, dtype=np.int64), strata, indexing="ij")
        is_there = window != left_out[stratum]
        window, stratum = window[is_there], stratum[is_there]
        found = start[stratum] + permuted(
            window - (window > left_out[stratum]),
            self._n - is_short[stratum],
            self._seed,
            stream_of(epoch, CHUNKS),
            stratum,
        )
        chunks = np.split(found, np.cumsum(is_there.sum(axis=1))[:-1])
        if n_full < n_chunks and first <= tail < last:
            chunks[tail - first] = np.append(chunks[tail - first], n_full)
        return chunks

    def _window(self, epoch: int, number: int) -> Window:
        with self._lock:
            window = self._known.get((epoch, number))
            if window is None:
                window = self._known[epoch, number] = self._made(epoch, number)
                if len(self._known) > _KEPT:
                    self._known.popitem(last=False)
            return window

    def _made(self, epoch: int, number: int) -> Window:
        chunks, chunk_rows = self._chunks(epoch, number, number + 1)[0], self.selection.chunk_rows
        inside = self.selection.inside(chunks)
        is_used = [len(rows) > 0 for rows in inside]
        chunks, inside = chunks[is_used], [rows for rows in inside if len(rows)]
        n_rows = np.array([len(rows) if self.selection.is_compact else chunk_rows for rows in inside], np.int64)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(n_rows)])
        none = np.zeros(0, np.int64)
        rows = np.concatenate([none, *(chunk * chunk_rows + rows for chunk, rows in zip(chunks, inside, strict=True))])
        if self.selection.is_compact:
            places = np.arange(len(rows), dtype=np.int64)
        else:
            places = np.concatenate([none, *(start + rows for start, rows in zip(starts[:-1], inside, strict=True))])
        if self._shuffle:
            mixed = permutation(self._seed, stream_of(epoch, WINDOWS), number, len(rows))
            rows, places = rows[mixed], places[mixed]
        return Window((epoch, number), chunks, inside, starts, rows, places)


def permutation(seed: int, stream: int, row: int, n: int) -> I64:
    """Return a permutation of 0..n-1: the order of n random 32-bit words, of equal ones the earlier first."""
    words = philox.KERNEL.load("cpu").words(seed, np.array([row], np.uint64), stream, n)[0]
    keys = words.astype(np.uint64) << np.uint64(32) | np.arange(n, dtype=np.uint64)
    keys.sort()
    order: I64 = (keys & np.uint64(2**32 - 1)).astype(np.int64)
    return order
