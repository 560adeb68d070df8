"""What a stream reads rows from: chunks on disk or behind an address, or a live source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt

from simkit.contract import Source
from simkit.errors import DamageError, ParameterError, show
from simkit.learn.streaming.bijection import I64
from simkit.learn.streaming.decoded import Decoded
from simkit.learn.streaming.memory import Memory
from simkit.learn.streaming.options import Rows
from simkit.learn.streaming.windows import Window
from simkit.schema import Batch, Schema
from simkit.split import HUNDRED
from simkit.store import Store
from simkit.store.chunks import Chunks, StoreChunks
from simkit.store.foreign import open_chunks

#: windows kept: that of the batch, the next, which is made meanwhile, and those at whose ends other threads are
_KEPT = 4

#: chunks that are shuffled together where neighbouring rows are independent
_WINDOW = 16

#: where they may be alike: as many as have so many bytes, within limits
_WINDOW_BYTES, _MOST_CHUNKS = 2**27, 2**10

#: bytes of rows of a sparse selection that are kept decoded, so that later epochs need not decode all chunks for them
_KEPT_BYTES = 2**28

#: a chunk of a live source has a hundred rows for each so many of its blocks, and bytes at most if they are more
_LIVE_BLOCK, _LIVE_BYTES = 2**9, 2**22

#: a call of a source costs about as much as so many of the rows that it may be asked for at a time
_CALL = 1 / 128


class Table(ABC):
    """Rows of named fields, in chunks.

    Attributes
    ----------
    schema : Schema
    n_rows, chunk_rows : int
    piece_rows : int
        Rows of a chunk that are made at once.
    window : int
        Chunks that are shuffled together unless one says how many.
    is_compact : bool or None
        As for Selection.
    is_far : bool
        Whether its rows are fetched from another machine, so that windows are to be prepared in any order.
    identity : str
        Tells tables of different content apart.
    oldest : (int, int) or None
        Index of the first window that a thread may still ask for. It and those after it are kept, however many.
    """

    schema: Schema
    n_rows: int
    chunk_rows: int
    piece_rows: int
    window: int
    is_compact: bool | None = None
    is_far = False
    identity: str
    oldest: tuple[int, int] | None = None

    def __init__(self, skip: Callable[[DamageError, int], None] | None = None) -> None:
        self._skip = skip
        self._decoded: OrderedDict[tuple[int, int], Decoded] = OrderedDict()
        self._memory = Memory()
        self._lock = Lock()

    @abstractmethod
    def fill(self, chunk: int, inside: I64 | None, out: Batch) -> None:
        """Write the rows `inside` a chunk, or with None all of it, into arrays; several threads may at once."""

    def expect(self, names: Sequence[str], window: Window) -> None:  # noqa: B027 - what is near is made when it is wanted
        """Be told that the chunks of a window will be filled."""

    def read(
        self, names: Sequence[str], pieces: Sequence[tuple[Window, slice]], *, is_compact: bool
    ) -> tuple[list[tuple[Decoded, slice | I64]], npt.NDArray[np.bool_] | None]:
        """Decode some rows of windows; threads may at once.

        Returns
        -------
        rows : list of (Decoded, slice or int64 (row,))
            Decoded windows, and which of their rows are wanted and not damaged, in order.
        is_whole : bool (row,) or None
            Which are not damaged; None is all.
        """
        found: list[tuple[Decoded, slice | I64]] = []
        masks = []
        for window, part in pieces:
            decoded = self._window(window, names, is_compact=is_compact)
            decoded.want(window.places[part])
            if self._skip is None:
                found.append((decoded, part))
            else:
                is_whole = decoded.is_whole(window.places[part])
                masks.append(is_whole)
                found.append((decoded, part.start + np.flatnonzero(is_whole)))
        return found, np.concatenate(masks) if masks else None

    def prepare(self, names: Sequence[str], window: Window, share: float, *, is_compact: bool) -> None:
        """Make a share of a window ahead, so that no batch has to wait for the whole of it."""
        if self.piece_rows == 1:  # nothing is made but what is wanted: nobody waits for more
            return
        self._window(window, names, is_compact=is_compact).ahead(share)

    def _window(self, window: Window, names: Sequence[str], *, is_compact: bool) -> Decoded:
        with self._lock:
            decoded = self._decoded.get(window.index)
            if decoded is None:
                gone = (index for index in self._decoded if self.oldest is None or index < self.oldest)
                if len(self._decoded) >= _KEPT and (first := next(gone, None)) is not None:
                    del self._decoded[first]
                arrays = self._empty(names, int(window.starts[-1]))
                self.expect(names, window)
                decoded = self._decoded[window.index] = Decoded(
                    window, arrays, self.fill, self.piece_rows, is_compact=is_compact, skip=self._skip
                )
            return decoded

    def _empty(self, names: Sequence[str], n_rows: int) -> Batch:
        return {name: self._memory.empty((n_rows, *self.schema[name].shape), self.schema[name].dtype) for name in names}


class Live(Table):
    """Rows that a source makes when they are asked for.

    Chunks are hundreds of rows, so that each has the same number of a split; a call of the source makes one. They are
    the larger the more rows the source likes to make at a time, as far as they are not many bytes. Where a row is a
    long run no more rows are made at a time than are wanted.
    """

    is_compact = True

    def __init__(self, source: Source, seed: int, n_rows: int, backend: str) -> None:
        super().__init__()
        source.check_there(n_rows)
        self._source, self._seed, self._on = source, seed, source.load(backend)
        self.schema, self.n_rows = source.schema(), n_rows
        fitting = _LIVE_BYTES // max(1, HUNDRED * self.schema.row_nbytes)
        self.chunk_rows = HUNDRED * max(1, min(source.block_rows // _LIVE_BLOCK, fitting))
        self.piece_rows = min(self.chunk_rows, source.block_rows)
        fitting = _WINDOW_BYTES // max(1, self.chunk_rows * self.schema.row_nbytes)
        self.window = max(1, min(_WINDOW, fitting))
        self.identity = f"live {source.digest()} seed {seed}"

    def fill(self, chunk: int, inside: I64 | None, out: Batch) -> None:
        """Make rows, with few calls: also rows between them that nobody wants, where a call would cost as much."""
        if inside is None:
            inside = np.arange(min(self.chunk_rows, self.n_rows - chunk * self.chunk_rows), dtype=np.int64)
        gap = 1 + int(_CALL * self._source.block_rows)
        for wanted in np.split(np.arange(len(inside)), np.flatnonzero(np.diff(inside) > gap) + 1):
            rows = chunk * self.chunk_rows + inside[wanted]
            first, last = int(rows[0]), int(rows[-1])
            made = self._source.generate(self._seed, range(first, last + 1), backend=self._on)
            for name, array in out.items():
                array[wanted[0] : wanted[-1] + 1] = made[name][rows - first]


class Stored(Table):
    """Rows of a data set, read chunk by chunk.

    Parameters
    ----------
    chunks : Chunks
    skip : callable or None
        Called with the error and the number of rows for each damaged chunk that is left out; without it damage is
        raised.
    """

    def __init__(self, chunks: Chunks, skip: Callable[[DamageError, int], None] | None = None) -> None:
        super().__init__(skip)
        self.chunks = chunks
        self.schema, self.n_rows, self.identity = chunks.schema, chunks.n_rows, chunks.identity
        self.chunk_rows = self.piece_rows = chunks.chunk_rows
        fitting = _WINDOW_BYTES // max(1, self.chunk_rows * self.schema.row_nbytes)
        self.window = _WINDOW if chunks.is_independent else max(_WINDOW, min(_MOST_CHUNKS, fitting))
        self.is_far = chunks.is_far
        self._kept: dict[int, Batch] = {}
        self._n_kept = 0

    def expect(self, names: Sequence[str], window: Window) -> None:
        """Let the chunks be fetched of which no rows are kept; see Table."""
        self.chunks.expect(names, [chunk for chunk in window.chunks.tolist() if chunk not in self._kept])

    def fill(self, chunk: int, inside: I64 | None, out: Batch) -> None:
        """Read a chunk; see Table."""
        if inside is None:
            for name, array in out.items():
                self.chunks.read(name, chunk, array)
            return
        kept = self._kept.get(chunk)
        if kept is None:
            for name, array in out.items():
                whole = self._memory.empty((self.chunk_rows, *array.shape[1:]), array.dtype)
                self.chunks.read(name, chunk, whole)
                np.take(whole, inside, axis=0, out=array)
            self._keep(chunk, out)
        else:
            for name, array in out.items():
                array[:] = kept[name]

    def _keep(self, chunk: int, rows: Batch) -> None:
        n_bytes = sum(array.nbytes for array in rows.values())
        with self._lock:
            if self._n_kept + n_bytes > _KEPT_BYTES or chunk in self._kept:
                return
            self._n_kept += n_bytes
            self._kept[chunk] = {name: array.copy() for name, array in rows.items()}


def opener(data: str | Path | Store | Source, rows: Rows, seed: int) -> Callable[[], Live | Chunks]:
    """Return what opens the data, in whichever process.

    Raises
    ------
    ParameterError
        If `data` is nothing that has rows, or a live source has no number of rows, or something else has one.
    """
    if rows.cache is not None and isinstance(data, (Source, Store)):
        raise ParameterError("cache= goes with a path or an address; give that of an opened data set to simkit.open")
    if isinstance(data, Source):
        if rows.n is None:
            raise ParameterError("a live source needs n=, the number of its rows (an epoch)")
        return partial(Live, data, seed, rows.n, rows.backend)
    if rows.n is not None:
        raise ParameterError("n= is for live sources; a data set has the rows it has")
    if isinstance(data, Store):
        return partial(StoreChunks, data)
    if not isinstance(data, (str, Path)):
        raise ParameterError(f"a stream is of a path, an address, an opened data set or a source; this is {show(data)}")
    return partial(open_chunks, data, rows.cache, rows.cache_bytes)
