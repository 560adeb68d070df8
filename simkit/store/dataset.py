"""A data set, read by row and written by shard."""

from __future__ import annotations

import hashlib
import json
import numbers
import re
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from simkit.errors import (
    CONTINUE,
    LOOK_AGAIN,
    DamageError,
    ParameterError,
    SimkitError,
    StoreError,
    UnknownNameError,
    counted,
    show,
)
from simkit.schema import Array, Batch, Schema, check
from simkit.store import loose, shard
from simkit.store.column import Column
from simkit.store.copies import MOST_BYTES, Copies
from simkit.store.done import Done
from simkit.store.fetcher import Fetcher
from simkit.store.folding import check_same, in_turn, settle
from simkit.store.layout import LEDGER, ROOT, read_metadata
from simkit.store.ledger import Ledger
from simkit.store.local import Folder
from simkit.store.objects import Objects
from simkit.store.place import Address, Place
from simkit.tables import as_html

#: addresses that were made paths
_LOST_SLASH = re.compile(r"(s3a?|gs|gcs|az|abfss?|https?|memory):/")


class Store:
    """A data set: its fields by name, each a Column of rows, as ``store["ash"][5:9]``.

    It is iterated, and asked by `in`, as a dict of its fields, and ``dict(store)`` is one. It has no length, since that
    could be of rows or of fields: ``store.n_rows``, ``len(store.schema)``.

    Attributes
    ----------
    path : Path or str
        A folder, or an address with ``://``.
    name : str
        Its last part, such as ``x.zarr``.
    recipe : dict
        ``source``, ``version``, ``parameters``, ``seed``, ``n``.
    made : dict
        ``backend`` and ``versions`` with which it was begun.
    layout : Layout
    ledger : Ledger
    """

    def __init__(self, path: Address, cache: str | Path | None = None, cache_bytes: int = MOST_BYTES) -> None:
        self.path = path
        self.name = PurePosixPath(path).name
        self.place = place_of(path)
        self.layout, attributes = read_metadata(self._root(), self.place.where())
        self.recipe: dict[str, Any] = attributes["recipe"]
        self.made: dict[str, Any] = attributes["simkit"]
        self.ledger = Ledger(self.place, self.layout)
        self.copies = None if cache is None else self._copies(cache, cache_bytes)

    def _copies(self, cache: str | Path, cache_bytes: int) -> Copies:
        missing = 0 if self.is_recorded else self.layout.n_rows - self.n_rows_done
        if missing:
            raise ParameterError(
                f"cache= is for data sets that are finished; of {self.path} {missing:,} rows are not generated yet"
            )
        return Copies(cache, cache_bytes, self.identity())

    def _root(self) -> bytes:
        try:
            return self.place.get(ROOT)
        except DamageError:
            if not self.place.exists():
                raise StoreError(
                    f"there is no {self.path}; `simkit generate SOURCE --out {self.path}` would make it"
                ) from None
            if not self.place.has(ROOT):
                raise StoreError(_why_none(self.place)) from None
        return self.place.get(ROOT)  # it came meanwhile, or is damaged

    @property
    def schema(self) -> Schema:
        """What the fields are."""
        return self.layout.schema

    def __getitem__(self, name: str) -> Column:
        if not isinstance(name, str):
            first = next(iter(self))
            raise ParameterError(
                f"{self.path} is indexed by the name of a field, and the field by rows, as "
                f"store[{show(first)}][5:9]; this is {show(name)}"
            )
        UnknownNameError.check("field", name, self.schema, str(self.path))
        return Column(self.fetcher(), name)

    if not TYPE_CHECKING:  # which knows the attributes that there are

        def __getattr__(self, name: str) -> NoReturn:
            is_field = not name.startswith("_") and "layout" in self.__dict__ and name in self.schema
            advice = f"; its field is store[{show(name)}]" if is_field else ""
            raise AttributeError(f"a data set has no attribute {show(name)}{advice}", name=name, obj=self)

    def __contains__(self, name: object) -> bool:
        return name in self.schema

    def __iter__(self) -> Iterator[str]:
        return iter(self.schema)

    def __len__(self) -> NoReturn:
        raise TypeError(
            f"a data set has no len, since it could be of rows or of fields: store.n_rows is {self.n_rows:,}, and "
            f"len(store.schema) {len(self.schema)}"
        )

    def __bool__(self) -> bool:
        return True

    def keys(self) -> KeysView[str]:
        """Return the names of the fields."""
        return self.schema.keys()

    def values(self) -> ValuesView[Column]:
        """Return the fields."""
        return {name: self[name] for name in self}.values()

    def items(self) -> ItemsView[str, Column]:
        """Return the names of the fields and the fields."""
        return {name: self[name] for name in self}.items()

    def __repr__(self) -> str:
        return f"<{self.path}: {counted(self.layout.n_rows, 'row')} of {self.recipe['source']}: {', '.join(self)}>"

    def _repr_html_(self) -> str:
        recipe = self.recipe
        count = counted(self.n_rows, "row")
        title = f"{self.path}: {count} of {recipe['source']}, version {recipe['version']}, {self._state()}"
        rows = [("seed", recipe["seed"]), *recipe["parameters"].items()]
        return as_html(title, ("parameter", "value"), rows) + self.schema._repr_html_()

    def _state(self) -> str:
        """Say how far the data set is, or what is wrong with it."""
        try:
            n_done = self.n_rows_done
            if n_done < self.n_rows:
                return f"{n_done:,} done, {self.n_rows - n_done:,} missing"
            return f"complete, digest {self.root_digest()}"
        except (SimkitError, OSError) as error:
            return f"which cannot be read: {error}"

    def batches(self, *names: str, rows: range | None = None) -> Iterator[Batch]:
        """Yield the fields `names` of `rows`, all if not given, at most a shard at a time."""
        rows, step = range(self.layout.n_rows) if rows is None else rows, self.layout.shard_rows
        fetcher = self.fetcher()
        pieces = {name: Column(fetcher, name).pieces(rows, step) for name in names}
        for _ in range(rows.start // step * step, rows.stop, step):
            yield {name: next(piece) for name, piece in pieces.items()}

    def fetcher(self, *, with_copies: bool = True) -> Fetcher:
        """Return what reads chunks, and keeps the shards that it opened."""
        is_finished = self.is_recorded or self.copies is not None
        return Fetcher(self.ledger, self.copies if with_copies else None, is_finished=is_finished)

    @property
    def is_recorded(self) -> bool:
        """Whether its record alone says that the data set is finished; on a disk one looks rather than believes it."""
        return "digest" in self.made and self.place.n_at_once > 1

    def identity(self) -> str:
        """Return a SHA-256, in hexadecimal, of recipe and digest: it names what a finished data set holds."""
        digest = str(self.made["digest"]) if self.is_recorded else self.root_digest()
        content = json.dumps(self.recipe, sort_keys=True) + digest
        return hashlib.sha256(content.encode()).hexdigest()

    def check_row(self, row: int) -> int:
        """Return the number of a row; ParameterError if there is no such row."""
        n_rows = self.layout.n_rows
        if not isinstance(row, numbers.Integral) or not 0 <= row < n_rows:
            asked = f"{row:,}" if isinstance(row, int) and abs(row) < 2**64 else show(row)
            raise ParameterError(f"asked for row {asked} of {self.path}, which has {counted(n_rows, 'row')}")
        return int(row)

    def done(self) -> Done:
        """Return the numbers of the shards that are finished, in order."""
        return self.ledger.done()

    @property
    def n_rows(self) -> int:
        """Rows of the data set, finished or not."""
        return self.layout.n_rows

    @property
    def n_rows_done(self) -> int:
        """Rows in finished shards."""
        return self.ledger.done().n_rows()

    def commit(self, index: int, batch: Batch) -> None:
        """Write a whole shard: its rows of large fields, then the others with its entry in the ledger.

        If its group is done with that, it is folded. The data set must be held for writing.
        """
        layout = self.layout
        check(self.schema, batch, len(layout.rows(index)))
        encoded, entry, objects = {}, self.ledger.blank()[0], {}
        for i, (name, rows) in enumerate(batch.items()):
            encoded[name] = shard.encode(rows, layout.shard_rows, layout.chunk_rows)
            n_bytes = len(encoded[name]) - shard.index_bytes(layout.shard_rows // layout.chunk_rows)
            entry[i] = np.frombuffer(digest(rows) + n_bytes.to_bytes(8, "little"), np.uint8)
            if name not in layout.merged:
                objects[layout.key(name, index)] = encoded[name]
        objects[layout.loose_key(index)] = loose.encode(layout, entry, encoded)
        if len(layout.rows(index)) == layout.shard_rows:
            self._put(objects)
        else:  # what is made of a last shard that grew meanwhile must not take its place
            with in_turn(self.place) as (now, _):
                check_same(self.ledger, now)
                self._put(objects)
        group = index // layout.group_shards
        # while the last shard of a group is missing, nobody needs to look at the others
        hints = (layout.loose_key(layout.group(group)[-1]), layout.partial_key(group), layout.entries_key(group))
        if any(map(self.place.has, hints)):
            settle(self.ledger, {group})

    def _put(self, objects: Mapping[str, bytes]) -> None:
        for key, data in objects.items():
            self.place.put(key, data)

    def entry(self, index: int) -> dict[str, bytes]:
        """Return the digests of a finished shard, by field; DamageError if the entry is not whole."""
        return self.ledger.entry(index)

    def root_digest(self) -> str:
        """Return the SHA-256 over the ledger in order, in hexadecimal: it names the values of a finished data set.

        Raises
        ------
        StoreError
            If the data set is not finished.
        """
        return str(found["digest"]) if (found := self._recorded()) else self.ledger.digest()

    def n_bytes(self) -> int:
        """Return the bytes of all Zarr shards, of an unfinished data set those that are finished."""
        return int(found["n_bytes"]) if (found := self._recorded()) else self.ledger.n_bytes()

    def _recorded(self) -> dict[str, Any]:
        """Return what was recorded when the data set was finished; nothing if it is not, or has grown since."""
        if len(self.ledger.state().groups) < self.layout.n_groups:
            return {}
        if "digest" not in self.made:
            layout, attributes = read_metadata(self.place.get(ROOT), self.place.where())
            self.made = attributes["simkit"] if layout.n_rows == self.layout.n_rows else self.made
        return self.made if "digest" in self.made else {}


def place_of(path: Address) -> Place:
    """Return the place that a path or an address means."""
    return Folder(path, LEDGER) if isinstance(path, Path) else Objects(path)


def check_address(path: Address) -> Address:
    """Return a path as a Path, and an address with ``://`` as it is to be written; StoreError if it can be neither."""
    text = str(path) if isinstance(path, (str, Path)) else ""
    if text.startswith(("file://", "local://")):
        return StoreError.check_path(text.partition("://")[2])
    if "://" in text:
        return Objects.check(text)
    if isinstance(path, Path) and _LOST_SLASH.match(text):
        meant = text.replace(":/", "://", 1)
        raise StoreError(
            f"{show(text)} is a path; did you mean the address {show(meant)}? Give that as a text, not a Path"
        )
    return StoreError.check_path(path)


def open_store(path: str | Path, *, cache: str | Path | None = None, cache_bytes: int = MOST_BYTES) -> Store:
    """Open a data set for reading: ``simkit.open("x.zarr")["ash"][5:9]``, or ``simkit.open("s3://bucket/x.zarr")``.

    Parameters
    ----------
    path : path or address
    cache : path, optional
        A folder of this machine in which what is read is kept for later, also by other processes and for other data
        sets. For data sets that are finished.
    cache_bytes : int
        Bytes of the disk that `cache` takes at most; see `simkit.store.copies.Copies`.

    Raises
    ------
    StoreError
        If there is none at `path`; reading rows that are not generated yet raises it too.
    ParameterError
        If there is a `cache`, and the data set is not finished.
    """
    return Store(check_address(path), cache, cache_bytes)


def _why_none(place: Place) -> str:
    """Say why a folder holds no data set."""
    if not place.names(""):
        return f"{place.where()} is an empty folder: nothing is generated there yet"
    if LEDGER not in place.names(""):
        return f"{place.where()} is not a simkit data set: it holds no zarr.json"
    with place.lock(LEDGER) as turn:
        if not turn.take(shared=True):
            return f"{place.where()} {LOOK_AGAIN}"
    return f"nothing of {place.where()} is generated yet; {CONTINUE}"


def digest(rows: Array) -> bytes:
    """Return the SHA-256 of rows in C order, little-endian."""
    return hashlib.sha256(np.ascontiguousarray(rows, rows.dtype.newbyteorder("<")).data).digest()
