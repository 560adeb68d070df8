"""The order in which an epoch visits rows: a pure function of (seed, epoch, position).

Chunks are permuted, taken in windows of so many chunks, and the rows of each window are permuted. So only whole chunks
are read, and yet rows that lie side by side are seen far apart. Ranks and workers do not occur here: they share out
positions, which is why the order is the same whatever their number.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from threading import Lock

import numpy as np
import numpy.typing as npt

from simkit.kernels import philox
from simkit.learn.selection import Selection

I64 = npt.NDArray[np.int64]

#: streams of Philox that belong to an epoch: high, out of the way of those that sources draw from
FIRST_STREAM, N_STREAMS = 2**31, 4
CHUNKS, WINDOWS, SYMMETRIES = range(3)

#: epochs for which there are streams
N_EPOCHS = (2**32 - FIRST_STREAM) // N_STREAMS

#: windows kept, a few so that threads may work at the ends of neighbours
_KEPT = 4


@dataclass(frozen=True)
class Window:
    """Some chunks that are read together.

    Parameters
    ----------
    index : tuple of int
        (epoch, number of the window).
    chunks : int64 (chunk,)
        Which chunks.
    slots : int64 (row,)
        The window's rows in the order of the epoch, as places among the rows of its chunks laid end to end.
    chunk_rows : int
        Rows of a chunk.
    """

    index: tuple[int, int]
    chunks: I64
    slots: I64
    chunk_rows: int

    def rows(self, slots: I64) -> I64:
        """Return the row numbers of some of its slots."""
        return self.chunks[slots // self.chunk_rows] * self.chunk_rows + slots % self.chunk_rows


def stream_of(epoch: int, use: int) -> int:
    """Return the stream of Philox for a use (CHUNKS, WINDOWS or SYMMETRIES) in an epoch."""
    return FIRST_STREAM + N_STREAMS * epoch + use


class Order:
    """Positions of an epoch -> windows and rows.

    Parameters
    ----------
    selection : Selection
        The rows.
    seed : int
    shuffle : bool
        If not, rows come as they lie.
    window : int
        Chunks of a window.

    Attributes
    ----------
    n_rows : int
        Rows of an epoch.
    """

    def __init__(self, selection: Selection, seed: int, *, shuffle: bool, window: int) -> None:
        self.selection, self._seed, self._shuffle, self._n_chunks = selection, seed, shuffle, window
        self.n_rows = selection.n_rows
        self._epoch: tuple[int, I64, I64] | None = None
        self._windows: OrderedDict[tuple[int, int], Window] = OrderedDict()
        self._lock = Lock()

    def copy(self) -> Order:
        """Return the same order without what it has worked out, for another process."""
        return Order(self.selection, self._seed, shuffle=self._shuffle, window=self._n_chunks)

    def __reduce__(self) -> tuple[object, ...]:
        return partial(Order, shuffle=self._shuffle, window=self._n_chunks), (self.selection, self._seed)

    def pieces(self, epoch: int, positions: range) -> Iterator[tuple[Window, I64]]:
        """Yield windows and the slots in them that together are `positions`, in order."""
        start = positions.start
        while start < positions.stop:
            _, ends = self._of_epoch(epoch)
            number = int(np.searchsorted(ends, start, "right"))
            window = self._window(epoch, number)
            offset = start - (int(ends[number - 1]) if number else 0)
            stop = min(positions.stop, int(ends[number]))
            yield window, window.slots[offset : offset + stop - start]
            start = stop

    def _of_epoch(self, epoch: int) -> tuple[I64, I64]:
        """Return the chunks in the order of an epoch and the position at which each window ends."""
        known = self._epoch
        if known is None or known[0] != epoch:
            counts = self.selection.counts
            chunks = np.arange(len(counts), dtype=np.int64)
            if self._shuffle:
                chunks = permutation(self._seed, stream_of(epoch, CHUNKS), 0, len(counts))
            ends = np.cumsum(counts[chunks])
            last = np.append(np.arange(self._n_chunks - 1, len(chunks) - 1, self._n_chunks), len(chunks) - 1)
            known = self._epoch = epoch, chunks, ends[last]
        return known[1:]

    def _window(self, epoch: int, number: int) -> Window:
        with self._lock:
            window = self._windows.get((epoch, number))
            if window is None:
                chunks = self._of_epoch(epoch)[0][number * self._n_chunks : (number + 1) * self._n_chunks]
                slots = self.selection.slots(chunks)
                if self._shuffle:
                    slots = slots[permutation(self._seed, stream_of(epoch, WINDOWS), number, len(slots))]
                window = self._windows[epoch, number] = Window(
                    (epoch, number), chunks, slots, self.selection.chunk_rows
                )
                if len(self._windows) > _KEPT:
                    self._windows.popitem(last=False)
            return window


def permutation(seed: int, stream: int, row: int, n: int) -> I64:
    """Return a permutation of 0..n-1: the order of n random 32-bit words, of equal ones the earlier first."""
    words = philox.KERNEL.load("cpu").words(seed, np.array([row], np.uint64), stream, n)[0]
    keys = words.astype(np.uint64) << np.uint64(32) | np.arange(n, dtype=np.uint64)
    keys.sort()
    order: I64 = (keys & np.uint64(2**32 - 1)).astype(np.int64)
    return order
