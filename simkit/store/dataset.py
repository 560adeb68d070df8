"""A data set on disk, read by row and written by shard."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import numpy.typing as npt

from simkit.errors import DamageError, ParameterError, StoreError, UnknownNameError
from simkit.schema import Array, Batch, Field, Schema, check
from simkit.store import shard
from simkit.store.layout import DIGEST_BYTES, LEDGER, ROOT, read_metadata
from simkit.store.place import Place


class Column:
    """One field of a store, indexed by row: ``column[5]``, ``column[5:9]``, ``column[[3, 1]]``, ``column[:]``.

    A mask of all rows serves as well: ``store["ash"][store["rule"][:] == 1]``. Keep a column rather than ask the store
    for it again, and ask for rows in their order: it keeps the shard and the chunk that it read last.
    """

    def __init__(self, store: Store, name: str) -> None:
        self._store, self.name = store, name
        self.field: Field = store.schema[name]
        self._open_shard: tuple[int, shard.Reader] | None = None
        self._last_chunk: tuple[int, Array] | None = None

    def __len__(self) -> int:
        return self._store.layout.n_rows

    def __repr__(self) -> str:
        return f"<{self.name}: {self.field.dtype} ({', '.join(('sample', *self.field.dims))}) {self.shape}>"

    def __reduce__(self) -> tuple[type[Column], tuple[Store, str]]:
        return Column, (self._store, self.name)

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of all axes, ``sample`` first."""
        return (len(self), *self.field.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy dtype of the values."""
        return np.dtype(self.field.dtype)

    def __getitem__(self, rows: int | slice | list[int] | Array) -> Array:
        wanted = self._rows(rows)
        flat = wanted.reshape(-1)
        out = self.field.empty(flat.size)
        chunk_rows = self._store.layout.chunk_rows
        for chunk in np.unique(flat // chunk_rows):
            here = np.flatnonzero(flat // chunk_rows == chunk)
            out[here] = self._chunk(int(chunk))[flat[here] - chunk * chunk_rows]
        return out.reshape((*wanted.shape, *self.field.shape))

    def __iter__(self) -> Iterator[Array]:
        return (self[row] for row in range(len(self)))

    def _rows(self, rows: int | slice | list[int] | Array) -> npt.NDArray[np.int64]:
        """Return the rows that an index means, none negative; ParameterError if it means none."""
        unclear = ParameterError(
            f"{self.name}[...] takes a row, a slice, a list of rows or a mask of all; this is {rows!r}"
        )
        try:
            if isinstance(rows, tuple):
                raise unclear
            if isinstance(rows, slice):
                return np.arange(*rows.indices(len(self)), dtype=np.int64)
            wanted = np.asarray(rows)
            if wanted.dtype == bool and wanted.shape == (len(self),):
                return np.flatnonzero(wanted)
            if wanted.size == 0:
                return np.zeros(wanted.shape, np.int64)
        except (TypeError, ValueError):
            raise unclear from None
        if wanted.dtype.kind not in "iu":
            raise unclear
        outside = wanted[(wanted < -len(self)) | (wanted >= len(self))]
        if outside.size:
            raise ParameterError(f"row {outside.flat[0]} of {self._store.path}: there are {len(self):,} rows")
        wanted = wanted.astype(np.int64)
        return np.where(wanted < 0, wanted + len(self), wanted)

    def _chunk(self, chunk: int) -> Array:
        """Return an inner chunk, counted from the start of the data set; the last one and its shard are kept."""
        last, opened = self._last_chunk, self._open_shard  # other threads may replace them meanwhile
        if last is None or last[0] != chunk:
            index, inner = divmod(chunk, self._store.layout.shard_rows // self._store.layout.chunk_rows)
            if opened is None or opened[0] != index:
                opened = self._open_shard = index, self._store.shard(self.name, index)
            last = self._last_chunk = chunk, opened[1].chunk(inner)
        return last[1]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        del copy
        whole = self[:]
        return whole if dtype is None else whole.astype(dtype)


class Store(Mapping[str, Column]):
    """A data set: a mapping of field name to Column.

    Attributes
    ----------
    path : Path
    recipe : dict
        ``source``, ``version``, ``parameters``, ``seed``, ``n``.
    made : dict
        ``backend`` and ``versions`` with which it was begun.
    layout : Layout
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = Place(path)
        if not self.place.exists():
            raise StoreError(f"there is no {path}; `simkit generate SOURCE --out {path}` would make it")
        if not self.place.has(ROOT):
            raise StoreError(f"{path} is not a simkit data set: it holds no zarr.json")
        self.layout, attributes = read_metadata(self.place.get(ROOT), str(path))
        self.recipe: dict[str, Any] = attributes["recipe"]
        self.made: dict[str, Any] = attributes["simkit"]

    @property
    def schema(self) -> Schema:
        """What the fields are."""
        return self.layout.schema

    def __getitem__(self, name: str) -> Column:
        if name not in self.schema:
            raise UnknownNameError.of(f"field of {self.path}", name, self.schema)
        return Column(self, name)

    def __contains__(self, name: object) -> bool:
        return name in self.schema

    def __iter__(self) -> Iterator[str]:
        return iter(self.schema)

    def __len__(self) -> int:
        return len(self.schema)

    def __repr__(self) -> str:
        return f"<{self.path}: {self.layout.n_rows:,} rows of {self.recipe['source']}: {', '.join(self)}>"

    def done(self) -> list[int]:
        """Return the shards that are finished, in order."""
        found = (re.fullmatch(r"c\.(0|[1-9][0-9]*)\.0\.0", name) for name in self.place.names(LEDGER))
        return sorted(index for match in found if match and (index := int(match[1])) < self.layout.n_shards)

    @property
    def n_rows_done(self) -> int:
        """Rows in finished shards."""
        return sum(len(self.layout.rows(index)) for index in self.done())

    def shard(self, name: str, index: int) -> shard.Reader:
        """Open a field's shard; StoreError if it is not finished, DamageError if it is not whole."""
        if not self.place.has(self.layout.key(LEDGER, index)):
            rows = self.layout.rows(index)
            raise StoreError(
                f"rows {rows.start:,} to {rows.stop - 1:,} of {self.path} are not generated yet; "
                "run its `simkit generate` line again to continue"
            )
        key = self.layout.key(name, index)
        where = f"{self.path / key} (field {name!r}, shard {index})"
        return shard.Reader(
            self.place.open(key), self.schema[name], self.layout.shard_rows, self.layout.chunk_rows, where
        )

    def commit(self, index: int, batch: Batch) -> None:
        """Write a whole shard: the data, flushed to disk, then its entry in the ledger."""
        check(self.schema, batch, len(self.layout.rows(index)))
        for name, rows in batch.items():
            self.place.put(
                self.layout.key(name, index), shard.encode(rows, self.layout.shard_rows, self.layout.chunk_rows)
            )
        entry = b"".join(digest(rows) for rows in batch.values())
        self.place.put(self.layout.key(LEDGER, index), entry + _checksum(entry))

    def entry(self, index: int) -> dict[str, bytes]:
        """Return the digests of a finished shard, by field; DamageError if the entry is not whole."""
        key = self.layout.key(LEDGER, index)
        data = self.place.get(key)
        entry, checksum = data[:-4], data[-4:]
        if len(entry) != DIGEST_BYTES * len(self.schema) or checksum != _checksum(entry):
            raise DamageError(
                f"{self.path / key} (ledger, shard {index}) is damaged: it fails its checksum; "
                "remove it, and its `simkit generate` line makes the shard again"
            )
        return {name: entry[DIGEST_BYTES * i : DIGEST_BYTES * (i + 1)] for i, name in enumerate(self.schema)}

    def root_digest(self) -> str:
        """Return the SHA-256 over the ledger in order, in hexadecimal: it names the values of a finished data set."""
        whole = hashlib.sha256()
        for index in range(self.layout.n_shards):
            whole.update(b"".join(self.entry(index).values()))
        return whole.hexdigest()


def open_store(path: str | Path) -> Store:
    """Open a data set for reading: ``simkit.open("x.zarr")["ash"][5:9]``.

    Raises
    ------
    StoreError
        If there is none at `path`; reading rows that are not generated yet raises it too.
    """
    return Store(Path(path))


def digest(rows: Array) -> bytes:
    """Return the SHA-256 of rows in C order, little-endian."""
    return hashlib.sha256(np.ascontiguousarray(rows, rows.dtype.newbyteorder("<")).data).digest()


def _checksum(entry: bytes) -> bytes:
    return int(google_crc32c.value(entry)).to_bytes(4, "little")
