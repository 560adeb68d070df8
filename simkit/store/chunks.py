"""A data set as chunks of rows, whoever wrote it: what streaming reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from simkit.errors import CONTINUE, ParameterError
from simkit.schema import Array, Schema
from simkit.store.column import Column
from simkit.store.dataset import Store


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
    is_far : bool
        Whether reading mostly waits, so that it helps to say what is read soon.
    """

    where: str
    schema: Schema
    n_rows: int
    chunk_rows: int
    identity: str
    is_independent: bool
    is_far = False

    def expect(self, names: Sequence[str], chunks: Sequence[int]) -> None:  # noqa: B027 - a disk is read when asked
        """Be told which chunks of some fields are soon read."""

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
        missing = 0 if store.is_recorded else store.layout.n_rows - store.n_rows_done
        if missing:
            raise ParameterError(
                f"{missing:,} of the {store.layout.n_rows:,} rows of {store.path} are not generated yet; {CONTINUE}"
            )
        self._fetcher, self.where, self.schema = store.fetcher(), str(store.path), store.schema
        self.n_rows, self.chunk_rows = store.layout.n_rows, store.layout.chunk_rows
        self.identity, self.is_far = store.identity(), store.place.n_at_once > 1

    def expect(self, names: Sequence[str], chunks: Sequence[int]) -> None:
        """Let chunks be fetched that are soon read; see Chunks."""
        for name in names:
            self._fetcher.expect(name, sorted(chunks))

    def read(self, name: str, chunk: int, out: Array) -> None:
        """Read a chunk; see Chunks."""
        self._fetcher.chunk(name, chunk, out)

    def column(self, name: str, n_rows: int) -> Iterator[Array]:
        """Yield a field; see Chunks."""
        return Column(self._fetcher, name).pieces(range(self.n_rows), n_rows)
