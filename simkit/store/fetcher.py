"""Chunks of a data set on their way to whoever reads them.

Where objects are far away, a read mostly waits. So whoever knows which chunks come next says so: they are fetched
meanwhile, several objects at once, those that lie side by side by one read. A small object is read as a whole, and so
is one of which all is wanted; of the others the index is read once, and then the chunks alone.
"""

from __future__ import annotations

import os
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from itertools import groupby, islice
from threading import Lock

from simkit.errors import DamageError
from simkit.schema import Array
from simkit.store.copies import Copies
from simkit.store.ledger import Ledger, Opened

#: shards kept open, each one open file or an index; bytes of those that are kept whole
_OPEN_SHARDS, _OPEN_BYTES = 128, 2**26

#: decoded bytes of an object that is read as a whole, whatever is wanted of it
_SMALL_BYTES = 2**18

#: decoded bytes of chunks that are expected at a time, after which what was expected first is given up; of those that
#: are fetched ahead of one who reads a field in order
_EXPECTED_BYTES, _AHEAD_BYTES = 2**28, 2**25

#: reads at once for each write that a place takes at once: they are smaller, and a window of a stream has 16 chunks
_READS = 2

#: an inner chunk as it is stored, and what decodes it
_Part = tuple[Opened, bytes]


class Fetcher:
    """Reads chunks of a data set; threads may at once.

    Parameters
    ----------
    ledger : Ledger
    copies : Copies, optional
        Of the objects of a finished data set, on a disk nearby.
    is_finished : bool
        Whether all shards are known to be finished: nobody then asks for each.
    """

    def __init__(self, ledger: Ledger, copies: Copies | None = None, *, is_finished: bool = False) -> None:
        self.ledger, self._copies, self._is_finished = ledger, copies, is_finished
        self._begin()

    def __reduce__(self) -> tuple[Callable[..., Fetcher], tuple[object, ...]]:
        return _fetcher, (self.ledger, self._copies, self._is_finished)

    def _begin(self) -> None:
        """Start with nothing: neither files nor threads are taken over from another process."""
        self._process, self._lock = os.getpid(), Lock()
        self._opened: OrderedDict[tuple[str, int], Future[Opened]] = OrderedDict()
        self._expected: OrderedDict[tuple[str, int], Future[dict[int, _Part]]] = OrderedDict()
        self._n_expected = 0
        self._pool: ThreadPoolExecutor | None = None

    def chunk(self, name: str, chunk: int, out: Array | None = None) -> Array:
        """Return the rows of a chunk, counted from the start of the data set; see Reader.

        Raises
        ------
        StoreError
            If its shard is not finished.
        DamageError
            If it is not what was written.
        """
        opened, part = self._part(name, chunk)
        return opened.reader.decode(chunk - opened.first, part, out)

    def expect(self, name: str, chunks: Sequence[int]) -> None:
        """Fetch chunks, in order, that are soon asked for; nothing happens where reads do not wait."""
        if self.ledger.place.n_at_once == 1:
            return
        if self._process != os.getpid():
            self._begin()
        size = self._nbytes(name)
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_READS * self.ledger.place.n_at_once, "simkit-fetch")
            new = (chunk for chunk in chunks if (name, chunk) not in self._expected)
            for _, members in groupby(new, lambda chunk: self._key(name, chunk)):
                unit = list(members)
                future = self._pool.submit(self._fetch, name, unit)
                for chunk in unit:
                    self._expected[name, chunk] = future
                    self._n_expected += size
            while self._n_expected > max(_EXPECTED_BYTES, len(chunks) * size):
                (old, _), given_up = self._expected.popitem(last=False)
                self._n_expected -= self._nbytes(old)
                given_up.cancel()

    def ahead(self, name: str, chunks: Iterable[int]) -> Iterator[int]:
        """Yield chunks in order, of which those to come are fetched meanwhile."""
        if self.ledger.place.n_at_once == 1:
            yield from chunks
            return
        fitting = _AHEAD_BYTES // (self._nbytes(name) * self._per_object(name))
        n_ahead = max(1, min(_READS * self.ledger.place.n_at_once, fitting))
        units = (list(members) for _, members in groupby(chunks, lambda chunk: self._key(name, chunk)))
        coming: deque[list[int]] = deque()
        while True:
            for unit in islice(units, n_ahead + 1 - len(coming)):
                coming.append(unit)
                if len(coming) > 1 or len(unit) > 1:  # a single chunk is waited for in any case
                    self.expect(name, unit)
            if not coming:
                return
            yield from coming.popleft()

    def _part(self, name: str, chunk: int) -> _Part:
        if self._process != os.getpid():
            self._begin()
        with self._lock:
            future = self._expected.pop((name, chunk), None)
            self._n_expected -= self._nbytes(name) if future else 0
        if future is not None:
            try:
                return future.result().pop(chunk)
            except (CancelledError, DamageError):
                pass  # given up, or one of those that were fetched with it is damaged
        return self._fetch(name, [chunk])[chunk]

    def _fetch(self, name: str, chunks: list[int]) -> dict[int, _Part]:
        """Return some chunks of one object."""
        try:
            return self._read(name, chunks)
        except DamageError:  # or the object was written anew since its index was read
            with self._lock:
                self._opened.pop(self._key(name, chunks[0]), None)
            return self._read(name, chunks, is_index_new=True)

    def _read(self, name: str, chunks: list[int], *, is_index_new: bool = False) -> dict[int, _Part]:
        opened = self._open(name, chunks, is_index_new=is_index_new)
        reader, found = opened.reader, {}
        wanted = [chunk - opened.first for chunk in chunks]
        key = self._object(name, chunks[0])
        if self._copies is not None and not isinstance(reader.data, bytes):
            found = self._copies.parts(key, reader, wanted)
        missing = [i for i in wanted if i not in found]
        if missing:
            new = reader.parts(missing)
            if self._copies is not None and not isinstance(reader.data, bytes):
                self._copies.put(key, reader.size, reader.stored(new))
            found |= new
        if isinstance(reader.data, bytes) and self._is_finished and not self._is_small(name):
            reader.data = self.ledger.place.open(key)  # its index is kept, and nothing else
        return {opened.first + i: (opened, part) for i, part in found.items()}

    def _open(self, name: str, chunks: list[int], *, is_index_new: bool) -> Opened:
        """Return the open shards that hold some chunks of one object; the last ones are kept."""
        key = self._key(name, chunks[0])
        with self._lock:
            future, is_mine = self._opened.get(key), False
            if future is None or (future.done() and not _covers(future, chunks)):
                future, is_mine = Future(), True
                self._opened[key] = future
            self._opened.move_to_end(key)
        if not is_mine:
            found = future.result()  # of another thread, maybe of a shard beside it that is not merged yet
            covers = all(chunk in found.chunks for chunk in chunks)
            return found if covers else self._open(name, chunks, is_index_new=is_index_new)
        try:
            opened = self._opening(name, chunks, is_index_new=is_index_new)
        except BaseException as error:
            with self._lock:
                if self._opened.get(key) is future:
                    del self._opened[key]
            future.set_exception(error)
            raise
        future.set_result(opened)
        self._close_old()
        return opened

    def _opening(self, name: str, chunks: list[int], *, is_index_new: bool) -> Opened:
        ledger = self.ledger
        shard = chunks[0] * ledger.layout.chunk_rows // ledger.layout.shard_rows
        if not self._is_finished:
            return ledger.open(name, shard)
        key = self._object(name, chunks[0])
        if self._copies is not None and not is_index_new and (copy := self._copies.open(key)) is not None:
            try:
                opened = ledger.opened(copy, name, shard)
            except DamageError:
                pass  # it has no index yet
            else:
                opened.reader.data = ledger.place.open(key)
                return opened
        data = ledger.place.open(key)
        if ledger.place.n_at_once > 1 and (self._is_small(name) or len(chunks) == self._n_beside(name, chunks[0])):
            data = data[:]
        opened = ledger.opened(data, name, shard)
        if self._copies is not None and isinstance(data, bytes):
            self._copies.put(key, len(data), [(0, data)])
        return opened

    def _close_old(self) -> None:
        """Close the shards that were used longest ago, those that are being opened left out."""
        with self._lock:
            sizes = [_n_held(future) for future in self._opened.values()]
            n_held, n_open = sum(sizes), len(sizes)
            for key, size in zip(list(self._opened), sizes, strict=True):
                if n_open <= _OPEN_SHARDS and n_held <= _OPEN_BYTES:
                    break
                if self._opened[key].done():
                    del self._opened[key]
                    n_held, n_open = n_held - size, n_open - 1

    def _object(self, name: str, chunk: int) -> str:
        layout = self.ledger.layout
        return layout.key(name, chunk * layout.chunk_rows // layout.shard_rows)

    def _key(self, name: str, chunk: int) -> tuple[str, int]:
        return name, chunk // self._per_object(name)

    def _per_object(self, name: str) -> int:
        """Return how many chunks lie in one object; far away, of those that may not be merged yet, in a shard."""
        layout = self.ledger.layout
        is_merged = self._is_finished or self.ledger.place.n_at_once == 1  # on a disk they are read one by one
        return layout.shard_rows // layout.chunk_rows * (layout.spans[name] if is_merged else 1)

    def _n_beside(self, name: str, chunk: int) -> int:
        """Return how many chunks the object of a chunk holds; the last one may have fewer than others."""
        layout, per_object = self.ledger.layout, self._per_object(name)
        first = chunk // per_object * per_object
        return min(per_object, -(-layout.n_rows // layout.chunk_rows) - first)

    def _nbytes(self, name: str) -> int:
        return max(1, self.ledger.layout.chunk_rows * self.ledger.layout.schema[name].nbytes)

    def _is_small(self, name: str) -> bool:
        return self._per_object(name) * self._nbytes(name) <= _SMALL_BYTES


def _fetcher(ledger: Ledger, copies: Copies | None, is_finished: bool) -> Fetcher:
    return Fetcher(ledger, copies, is_finished=is_finished)


def _covers(future: Future[Opened], chunks: Sequence[int]) -> bool:
    return future.exception() is None and all(chunk in future.result().chunks for chunk in chunks)


def _n_held(future: Future[Opened]) -> int:
    """Return the bytes of a shard that is kept whole."""
    is_whole = future.done() and future.exception() is None and isinstance(future.result().reader.data, bytes)
    return len(future.result().reader.data) if is_whole else 0
