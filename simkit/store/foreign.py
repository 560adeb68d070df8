"""Zarr groups that others wrote, or that lie behind an address, as chunks: read by zarr-python."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import zarr

from simkit.errors import DamageError, SchemaError, StoreError, show
from simkit.schema import Array, Field, Schema
from simkit.store.chunks import Chunks
from simkit.store.layout import LEDGER

#: rows read at a time at least, however small the chunks
_CHUNK_ROWS = 256


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
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            raise StoreError(f"cannot open {where} as a Zarr group: {error or type(error).__name__}") from error
        if not arrays:
            raise StoreError(f"the Zarr group {where} holds no arrays to stream")
        names = sorted(arrays) if ledger is None else ledger.attrs["field_names"]
        self._arrays = {name: arrays[name] for name in names if arrays[name].ndim}
        lengths = {name: array.shape[0] for name, array in self._arrays.items()}
        if len(set(lengths.values())) != 1:
            raise StoreError(f"the arrays of {where} differ in length along their first axis: {lengths}")
        self.n_rows = next(iter(lengths.values()))
        self.schema = Schema(**{name: _field(where, array) for name, array in self._arrays.items()})
        largest = max(array.chunks[0] for array in self._arrays.values())
        self.chunk_rows = largest * -(-_CHUNK_ROWS // largest)
        self.identity, self.is_independent = self._identify(ledger), ledger is not None

    def _check_finished(self, ledger: Any) -> None:
        missing = 0 if ledger is None else int((~ledger[:].any(axis=(1, 2))).sum())
        if missing:
            raise StoreError(f"{missing} of its {ledger.shape[0]} shards are not generated yet")

    def _identify(self, ledger: Any) -> str:
        """Digest what is known of the content: the ledger if there is one, else what the arrays are."""
        known = {name: [array.shape, str(array.dtype), dict(array.attrs)] for name, array in self._arrays.items()}
        whole = hashlib.sha256(json.dumps([known, self._group.attrs.get("recipe")], sort_keys=True).encode())
        if ledger is not None:
            whole.update(ledger[:].tobytes())
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


def _open(where: str) -> Any:
    if "://" not in where:
        return zarr.open_group(where, mode="r")
    from zarr.storage import FsspecStore

    return zarr.open_group(FsspecStore.from_url(where, read_only=True), mode="r")


def _field(where: str, array: Any) -> Field:
    """Return an array as a field, with what simkit writes into the attributes if that is there."""
    about, dims = dict(array.attrs), array.metadata.dimension_names if array.metadata.zarr_format == 3 else None
    names = [name or f"axis_{axis}" for axis, name in enumerate(dims or [None] * array.ndim)]
    try:
        return Field(
            dtype=str(np.dtype(array.dtype).newbyteorder("=")),
            doc=str(about.get("doc", "")),
            dims=tuple(names[1:]),
            shape=tuple(array.shape[1:]),
            unit=str(about.get("units", "")),
            bits=about.get("bits"),
            labels=tuple(about.get("labels", ())),
            columns=tuple(about.get("columns", ())),
        )
    except (SchemaError, TypeError) as error:
        raise StoreError(f"array {array.name} of {where} cannot be streamed: {error}") from None
