"""Any data set as chunks: Zarr groups that others wrote, or that lie behind an address, are read by zarr-python."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.storage import LocalStore

from simkit.errors import CONTINUE, DamageError, ParameterError, SchemaError, StoreError, show
from simkit.schema import PICTURES, Array, Field, Schema
from simkit.store.chunks import Chunks, StoreChunks
from simkit.store.copies import MOST_BYTES
from simkit.store.dataset import check_address, open_store, place_of
from simkit.store.layout import LEDGER, ROOT
from simkit.store.metadata import Entry, parse
from simkit.store.place import Place

#: rows read at a time at least, however small the chunks
_CHUNK_ROWS = 256

#: bytes of a field that are read at a time at most
_MAX_BYTES = 2**32


class ZarrChunks(Chunks):
    """The arrays of a Zarr group, version 2 or 3; their first axis is ``sample``.

    Where zarr-python finds no chunk it gives the array's fill value, as Zarr says it must: that data are missing can
    only be told of data sets with simkit's ledger.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        try:
            self._group = _open(where)
            arrays: dict[str, Any] = dict(self._group.arrays())
            ledger = arrays.pop(LEDGER, None) if "recipe" in self._group.attrs else None
            self._check_finished(ledger)
            names = sorted(arrays) if ledger is None else Entry(dict(ledger.attrs))["field_names"].texts()
            self._arrays = {name: arrays[name] for name in names if arrays[name].ndim}
        except (OSError, ValueError, TypeError, KeyError, IndexError, RuntimeError, ImportError, SchemaError) as error:
            raise StoreError(f"cannot open {where} as a Zarr group: {error or type(error).__name__}") from error
        if not arrays:
            raise StoreError(f"the Zarr group {where} holds no arrays to stream")
        lengths = {name: array.shape[0] for name, array in self._arrays.items()}
        if len(set(lengths.values())) != 1:
            raise StoreError(f"the arrays of {where} differ in length along their first axis: {lengths}")
        self.n_rows = next(iter(lengths.values()))
        try:
            self.schema = Schema(**{name: _field(where, array) for name, array in self._arrays.items()})
        except SchemaError as error:
            raise StoreError(f"the Zarr group {where} cannot be streamed: {error}") from None
        largest = max(array.chunks[0] for array in self._arrays.values())
        self.chunk_rows = largest * -(-_CHUNK_ROWS // largest)
        n_bytes = self.chunk_rows * max(field.nbytes for field in self.schema.values())
        if n_bytes > _MAX_BYTES:
            raise StoreError(
                f"the Zarr group {where} is read {self.chunk_rows:,} rows at a time, {n_bytes:,} bytes of a field, "
                f"and at most {_MAX_BYTES:,} are: write it again in smaller chunks"
            )
        self.identity, self.is_independent = self._identify(ledger), ledger is not None

    def _check_finished(self, ledger: Any) -> None:
        if ledger is not None and "digest" not in self._group.attrs["simkit"]:
            raise StoreError(f"not all of its rows are generated yet; {CONTINUE}")

    def _identify(self, ledger: Any) -> str:
        """Digest what is known of the content: its digest if simkit wrote it, else what the arrays are."""
        known = {name: [array.shape, str(array.dtype), dict(array.attrs)] for name, array in self._arrays.items()}
        whole = hashlib.sha256(json.dumps([known, self._group.attrs.get("recipe")], sort_keys=True).encode())
        if ledger is not None:
            whole.update(str(self._group.attrs["simkit"]["digest"]).encode())
        return whole.hexdigest()

    def read(self, name: str, chunk: int, out: Array) -> None:
        """Read a chunk; see Chunks."""
        start, stop = chunk * self.chunk_rows, min((chunk + 1) * self.chunk_rows, self.n_rows)
        try:
            out[: stop - start] = self._arrays[name][start:stop]
        except Exception as error:  # codecs and file systems raise errors of their own types
            raise DamageError(
                f"{self.where}: rows {start:,} to {stop - 1:,} of field {show(name)} (chunk {chunk}) cannot be read: "
                f"{error or type(error).__name__}"
            ) from error

    def column(self, name: str, n_rows: int) -> Iterator[Array]:
        """Yield a field; see Chunks."""
        array = self._arrays[name]
        return (np.asarray(array[start : start + n_rows]) for start in range(0, self.n_rows, n_rows))


class _PlainFiles(LocalStore):
    """A folder in which nothing but files is read, also through links: a pipe or a device would never end."""

    async def get(self, key: str, *arguments: Any, **named: Any) -> Any:
        path = self.root / key
        if path.exists() and not path.is_file():
            raise ValueError(f"{path} is not a plain file")
        return await super().get(key, *arguments, **named)


def _open(where: str) -> Any:
    if "://" not in where:
        return zarr.open_group(_PlainFiles(where, read_only=True) if Path(where).is_dir() else where, mode="r")
    from zarr.storage import FsspecStore

    return zarr.open_group(FsspecStore.from_url(where, read_only=True), mode="r")


def _field(where: str, array: Any) -> Field:
    """Return an array as a field, with what simkit writes into the attributes if that is there."""
    about, dims = dict(array.attrs), array.metadata.dimension_names if array.metadata.zarr_format == 3 else None
    names = [name or f"axis_{axis}" for axis, name in enumerate(dims or [None] * array.ndim)]
    columns, full = _texts(about.get("columns")), about.get("full")
    if type(full) is float and full.is_integer():  # as some programs write 255
        full = int(full)
    is_pixels = array.dtype == np.uint8 and tuple(names[1:]) in PICTURES and type(full) is int and 1 <= full <= 255
    try:
        return Field(
            dtype=str(np.dtype(array.dtype).newbyteorder("=")),
            doc=str(about.get("doc", "")),
            dims=tuple(names[1:]),
            shape=tuple(array.shape[1:]),
            unit=str(about.get("units", "")),
            # what others may have written under these names can be anything
            bits=about.get("bits") if about.get("bit_order") == "little" else None,
            labels=_texts(about.get("labels")) if array.dtype.kind in "biu" else (),
            columns=columns if (len(columns),) == array.shape[1:][-1:] else (),
            full=full if is_pixels else None,
        )
    except (SchemaError, TypeError) as error:
        raise StoreError(f"array {array.name} of {where} cannot be streamed: {error}") from None


def _texts(value: Any) -> tuple[str, ...]:
    """Return a list of texts; () if it is anything else."""
    return tuple(value) if isinstance(value, list) and all(isinstance(text, str) for text in value) else ()


def open_chunks(where: str | Path, cache: str | Path | None = None, cache_bytes: int = MOST_BYTES) -> Chunks:
    """Open any data set for streaming: one of simkit's by its own reader, any other Zarr group by zarr-python.

    Raises
    ------
    StoreError
        If there is none at `where`.
    ParameterError
        If there is a `cache`, as for `open_store`, and the data set is not of simkit, or not finished.
    """
    try:
        return StoreChunks(open_store(where, cache=cache, cache_bytes=cache_bytes))
    except StoreError:
        address = check_address(where)
        place = place_of(address)
        if (isinstance(address, Path) and not place.exists()) or _is_ours(place):
            raise
    if cache is not None:
        raise ParameterError(f"cache= is for data sets of simkit, and {where} is none")
    return ZarrChunks(str(address))


def _is_ours(place: Place) -> bool:
    """Say whether zarr.json holds a recipe, or is too damaged to tell."""
    if not place.has(ROOT):
        return False
    try:
        root = parse(place.get(ROOT))
    except ValueError:
        return True
    if not isinstance(root, dict):
        return True
    attributes = root.get("attributes")
    return isinstance(attributes, dict) and "recipe" in attributes
