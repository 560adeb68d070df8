"""What a stream reads rows from: chunks on disk or behind an address, or a live source."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Condition, Lock

import numpy as np
import numpy.typing as npt

from simkit.contract import Source
from simkit.errors import DamageError
from simkit.kernels import gather as kernel
from simkit.learn.memory import Memory
from simkit.learn.order import I64, Window
from simkit.schema import Array, Batch, Schema
from simkit.store.chunks import Chunks

Pieces = Sequence[tuple[Window, I64]]

#: windows kept decoded: those at whose ends batches are being made
_KEPT = 3


class Table(ABC):
    """Rows of named fields.

    Attributes
    ----------
    schema : Schema
    n_rows : int
    identity : str
        Tells tables of different content apart.
    """

    schema: Schema
    n_rows: int
    identity: str

    @abstractmethod
    def read(self, names: Sequence[str], pieces: Pieces) -> tuple[Batch, npt.NDArray[np.bool_] | None]:
        """Return the rows of `pieces`, and which of them could be read, None for all; threads may read at once."""


class Live(Table):
    """Rows that a source makes when they are asked for."""

    def __init__(self, source: Source, seed: int, n_rows: int, backend: str) -> None:
        self._source, self._seed, self._backend = source, seed, source.resolve(backend)
        self.schema, self.n_rows = source.schema(), n_rows
        self.identity = f"live {source.digest()} seed {seed}"

    def read(self, names: Sequence[str], pieces: Pieces) -> tuple[Batch, None]:
        """Make the rows of `pieces`."""
        rows = np.concatenate([np.zeros(0, np.int64), *(window.rows(slots) for window, slots in pieces)])
        made = [
            self._source.generate(self._seed, range(int(run[0]), int(run[-1]) + 1), backend=self._backend)
            for run in np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)
            if len(run)
        ]
        return {
            name: np.concatenate([self.schema[name].empty(0), *(batch[name] for batch in made)]) for name in names
        }, None


class Stored(Table):
    """Rows of a data set, read a window at a time.

    Parameters
    ----------
    chunks : Chunks
    skip : callable or None
        Called with the error and the number of rows for each damaged chunk that is left out; without it damage is
        raised.
    """

    def __init__(self, chunks: Chunks, skip: Callable[[DamageError, int], None] | None = None) -> None:
        self.chunks, self._skip = chunks, skip
        self.schema, self.n_rows, self.identity = chunks.schema, chunks.n_rows, chunks.identity
        self._decoded: OrderedDict[tuple[int, int], _Decoded] = OrderedDict()
        self._memory = Memory()
        self._lock = Lock()

    def read(self, names: Sequence[str], pieces: Pieces) -> tuple[Batch, npt.NDArray[np.bool_] | None]:
        """Return the rows of `pieces`, and which of them are whole if damage is skipped."""
        n_rows = sum(len(slots) for _, slots in pieces)
        batch = _empty(self._memory, self.schema, names, n_rows)
        is_whole = None if self._skip is None else np.ones(n_rows, bool)
        gather, start = kernel.KERNEL.load("cpu").gather, 0
        for window, slots in pieces:
            decoded = self._decode(window, names)
            part = slice(start, start + len(slots))
            for name in names:
                gather(_bytes(decoded.arrays[name]), slots, _bytes(batch[name][part]))
            if is_whole is not None:
                is_whole[part] = ~decoded.is_lost[slots // window.chunk_rows]
            start += len(slots)
        return batch, is_whole

    def _decode(self, window: Window, names: Sequence[str]) -> _Decoded:
        with self._lock:
            decoded = self._decoded.get(window.index)
            if decoded is None:
                if len(self._decoded) >= _KEPT:
                    self._decoded.popitem(last=False)
                decoded = self._decoded[window.index] = _Decoded(self.chunks, names, window, self._skip, self._memory)
        decoded.wait()
        return decoded


class _Decoded:
    """The chunks of a window, decoded side by side by the threads that want them."""

    def __init__(
        self,
        chunks: Chunks,
        names: Sequence[str],
        window: Window,
        skip: Callable[[DamageError, int], None] | None,
        memory: Memory,
    ) -> None:
        self._chunks, self._window, self._skip = chunks, window, skip
        self.arrays = _empty(memory, chunks.schema, names, len(window.chunks) * chunks.chunk_rows)
        self.is_lost = np.zeros(len(window.chunks), bool)
        self._todo = [(place, name) for place in reversed(range(len(window.chunks))) for name in names]
        self._n_left = len(self._todo)
        self._error: BaseException | None = None
        self._changed = Condition()

    def wait(self) -> None:
        """Decode what nobody decodes yet and wait for the rest; raise what went wrong in any thread."""
        while True:
            with self._changed:
                if self._error or not self._todo:
                    break
                place, name = self._todo.pop()
            try:
                self._decode(place, name)
            except BaseException as error:
                with self._changed:
                    self._error = error
                    self._changed.notify_all()
                raise
            with self._changed:
                self._n_left -= 1
                self._changed.notify_all()
        with self._changed:
            self._changed.wait_for(lambda: self._error or not self._n_left)
            if self._error:
                raise self._error

    def _decode(self, place: int, name: str) -> None:
        chunk_rows = self._chunks.chunk_rows
        out: Array = self.arrays[name][place * chunk_rows : (place + 1) * chunk_rows]
        try:
            self._chunks.read(name, int(self._window.chunks[place]), out)
        except DamageError as error:
            if self._skip is None:
                raise
            with self._changed:
                is_new = not self.is_lost[place]
                self.is_lost[place] = True
            if is_new:
                self._skip(error, int(np.count_nonzero(self._window.slots // chunk_rows == place)))


def _empty(memory: Memory, schema: Schema, names: Sequence[str], n_rows: int) -> Batch:
    return {name: memory.empty((n_rows, *schema[name].shape), schema[name].dtype) for name in names}


def _bytes(rows: Array) -> npt.NDArray[np.uint8]:
    """Return rows as bytes, in the same memory."""
    return rows.reshape(len(rows), math.prod(rows.shape[1:])).view(np.uint8)
