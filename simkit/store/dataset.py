"""A data set on disk, read by row and written by shard."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np

from simkit.errors import DamageError, StoreError, UnknownNameError, show
from simkit.schema import Array, Batch, Schema, check
from simkit.store import shard
from simkit.store.column import Column
from simkit.store.layout import DIGEST_BYTES, LEDGER, ROOT, read_metadata
from simkit.store.place import Place


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
            raise StoreError(_why_none(self.place))
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

    def batches(self, *names: str, rows: range | None = None) -> Iterator[Batch]:
        """Yield the fields `names` of `rows`, all if not given, at most a shard at a time."""
        columns = {name: self[name] for name in names}
        rows, step = range(self.layout.n_rows) if rows is None else rows, self.layout.shard_rows
        for start in range(rows.start // step * step, rows.stop, step):
            part = slice(max(start, rows.start), min(start + step, rows.stop))
            yield {name: column[part] for name, column in columns.items()}

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
        where = f"{self.path / key} (field {show(name)}, shard {index})"
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


def _why_none(place: Place) -> str:
    """Say why a folder holds no data set."""
    if not place.has_folder(LEDGER):
        return f"{place.root} is not a simkit data set: it holds no zarr.json"
    with place.lock(LEDGER) as turn:
        if not turn.take(shared=True):
            return f"{place.root} is being created by another process; look again in a moment"
    return f"nothing of {place.root} is generated yet; run its `simkit generate` line again to continue"


def digest(rows: Array) -> bytes:
    """Return the SHA-256 of rows in C order, little-endian."""
    return hashlib.sha256(np.ascontiguousarray(rows, rows.dtype.newbyteorder("<")).data).digest()


def _checksum(entry: bytes) -> bytes:
    return int(google_crc32c.value(entry)).to_bytes(4, "little")
