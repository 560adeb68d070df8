"""A data set as chunks of rows, whoever wrote it: what streaming reads."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock

from simkit.errors import ParameterError
from simkit.schema import Array, Schema
from simkit.store.dataset import Store
from simkit.store.ledger import Opened

#: shards kept open; each is one open file and an index
_OPEN_SHARDS = 128


class Chunks(ABC):
    """Rows in chunks of `chunk_rows`, the last one maybe not full.

    Attributes
    ----------
    where : str
        Path or address, for messages.
    schema : Schema
    n_rows, chunk_rows : int
    identity : str
        Tells data sets of different content apart.
    is_independent : bool
        Whether neighbouring rows are independent of each other, as those that a source makes.
    """

    where: str
    schema: Schema
    n_rows: int
    chunk_rows: int
    identity: str
    is_independent: bool

    @abstractmethod
    def read(self, name: str, chunk: int, out: Array) -> None:
        """Read a chunk of the field `name` into `out` of shape ``(chunk_rows, ...)``.

        Rows past the last of the data set stay undefined. Several threads may read at once.

        Raises
        ------
        DamageError
            If the chunk is not what was written; names data set, field and chunk.
        """

    @abstractmethod
    def column(self, name: str, n_rows: int) -> Iterator[Array]:
        """Yield a field from its first row to its last, `n_rows` rows at a time."""


class StoreChunks(Chunks):
    """Inner chunks of the shards of a store that simkit wrote, all of it finished."""

    is_independent = True

    def __init__(self, store: Store) -> None:
        missing = store.layout.n_rows - store.n_rows_done
        if missing:
            raise ParameterError(
                f"{missing:,} of the {store.layout.n_rows:,} rows of {store.path} are not generated yet; "
                "run its `simkit generate` line again to finish it"
            )
        self._store, self.where, self.schema = store, str(store.path), store.schema
        self.n_rows, self.chunk_rows = store.layout.n_rows, store.layout.chunk_rows
        content = json.dumps(store.recipe, sort_keys=True) + store.root_digest()
        self.identity = hashlib.sha256(content.encode()).hexdigest()
        self._opened: OrderedDict[tuple[str, int], Opened] = OrderedDict()
        self._lock = Lock()

    def read(self, name: str, chunk: int, out: Array) -> None:
        """Read a chunk; see Chunks."""
        layout = self._store.layout
        shard = chunk // (layout.shard_rows // self.chunk_rows)
        key = name, shard // layout.spans[name]
        with self._lock:
            opened = self._opened.get(key)
            if opened is None or chunk not in opened.chunks:
                opened = self._opened[key] = self._store.ledger.open(name, shard)
                if len(self._opened) > _OPEN_SHARDS:
                    self._opened.popitem(last=False)
            else:
                self._opened.move_to_end(key)
        opened.chunk(chunk, out)

    def column(self, name: str, n_rows: int) -> Iterator[Array]:
        """Yield a field; see Chunks."""
        column = self._store[name]
        return (column[start : start + n_rows] for start in range(0, self.n_rows, n_rows))
