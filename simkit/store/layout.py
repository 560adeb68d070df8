"""How a data set lies in a Zarr v3 group: names, shapes of shards, metadata.

    x.zarr/zarr.json               group: the recipe, how it was made; consolidated metadata
    x.zarr/FIELD/zarr.json         array (sample, ...), sharded along sample
    x.zarr/FIELD/c.K[.0...]        shard K: rows K * shard_rows up to (K + 1) * shard_rows
    x.zarr/ledger/c.K.0.0          SHA-256 of the decoded rows of shard K, one a field; written last: shard K is done

Nothing in it depends on when, where or by how many processes it was written.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BytesCodec, Crc32cCodec, ZstdCodec
from zarr.core.buffer import Buffer
from zarr.storage import MemoryStore

from simkit.errors import DamageError, SchemaError, StoreError, show
from simkit.schema import Field, Schema
from simkit.store.shard import ZSTD_LEVEL

#: raised when older stores cannot be continued any more
FORMAT = 1

ROOT = "zarr.json"
LEDGER = "ledger"
DIGEST_BYTES = 32

#: a shard holds at most so many bytes (all fields) and rows, an inner chunk so many rows
_SHARD_BYTES, _SHARD_ROWS, _CHUNK_ROWS = 2**23, 2**12, 2**9


@dataclass(frozen=True)
class Layout:
    """Which rows are in which shard."""

    schema: Schema
    n_rows: int
    shard_rows: int
    chunk_rows: int

    @classmethod
    def plan(cls, schema: Schema, n_rows: int, most_rows: int = _SHARD_ROWS) -> Layout:
        """Choose the layout for `n_rows` rows of `schema`, at most `most_rows` of them a shard.

        Shards do not depend on `n_rows`, so that it can grow.
        """
        largest = max(field.nbytes for field in schema.values())
        shard_rows = min(_SHARD_ROWS, most_rows, 1 << max(0, (_SHARD_BYTES // max(1, largest)).bit_length() - 1))
        return cls(schema, n_rows, shard_rows, min(_CHUNK_ROWS, shard_rows))

    @property
    def n_shards(self) -> int:
        """Shards, the last one maybe not full."""
        return -(-self.n_rows // self.shard_rows)

    def rows(self, shard: int) -> range:
        """Return the rows of a shard."""
        return range(shard * self.shard_rows, min((shard + 1) * self.shard_rows, self.n_rows))

    def key(self, name: str, shard: int) -> str:
        """Return the key of a field's shard, or of the ledger's entry."""
        n_axes = 2 if name == LEDGER else len(self.schema[name].shape)
        return f"{name}/c.{shard}{'.0' * n_axes}"

    def metadata(self, attributes: Mapping[str, Any]) -> dict[str, bytes]:
        """Return key -> content of every ``zarr.json``, the group's first, as zarr-python writes them."""
        contents: dict[str, Buffer] = {}
        store = MemoryStore(contents)
        group = zarr.create_group(store=store, zarr_format=3, attributes=dict(attributes))
        for name, field in self.schema.items():
            group.create_array(
                name,
                shape=(self.n_rows, *field.shape),
                dtype=field.dtype,
                chunks=(self.chunk_rows, *field.shape),
                shards=(self.shard_rows, *field.shape),
                serializer=BytesCodec(),
                compressors=[ZstdCodec(level=ZSTD_LEVEL, checksum=False), Crc32cCodec()],
                fill_value=0,
                chunk_key_encoding={"name": "default", "separator": "."},
                dimension_names=("sample", *field.dims),
                attributes=_describe(field),
            )
        group.create_array(
            LEDGER,
            shape=(self.n_shards, len(self.schema), DIGEST_BYTES),
            dtype="uint8",
            chunks=(1, len(self.schema), DIGEST_BYTES),
            serializer=BytesCodec(),
            compressors=[Crc32cCodec()],
            fill_value=0,
            chunk_key_encoding={"name": "default", "separator": "."},
            dimension_names=("shard", "field", "digest_byte"),
            attributes={"doc": "SHA-256 of the decoded rows of each shard, by field", "field_names": list(self.schema)},
        )
        with warnings.catch_warnings():
            # Consolidated metadata is not in the Zarr v3 specification yet; xarray warns where it is missing.
            warnings.filterwarnings("ignore", message="Consolidated metadata")
            zarr.consolidate_metadata(store)
        keys = sorted((key for key in contents if key.endswith(ROOT)), key=lambda key: (key != ROOT, key))
        return {key: contents[key].to_bytes() for key in keys}


def _describe(field: Field) -> dict[str, Any]:
    """Return the attributes of a field's array."""
    attributes: dict[str, Any] = {"doc": field.doc, "atol": field.atol}
    if field.unit:
        attributes["units"] = field.unit
    if field.bits is not None:
        attributes |= {"bits": field.bits, "bit_order": "little"}
    if field.labels:
        attributes["labels"] = list(field.labels)
    if field.columns:
        attributes["columns"] = list(field.columns)
    return attributes


def read_metadata(text: bytes, where: str) -> tuple[Layout, dict[str, Any]]:
    """Return layout and group attributes from the content of the group's ``zarr.json``.

    Raises
    ------
    DamageError
        If it is not JSON.
    StoreError
        If it is not a group that simkit wrote, or of a format that this version cannot read.
    """
    try:
        root = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamageError(f"{where} is damaged: its zarr.json is no JSON ({error})") from None
    attributes = root.get("attributes") if isinstance(root, dict) else None
    if not isinstance(attributes, dict) or "recipe" not in attributes or "simkit" not in attributes:
        raise StoreError(f"{where} is not a simkit data set (its zarr.json holds no recipe)")
    try:
        return _interpret(root, where), attributes
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, SchemaError) as error:
        raise DamageError(f"{where} is damaged: its zarr.json is not what was written ({show(error)})") from None


def _interpret(root: dict[str, Any], where: str) -> Layout:
    made, recipe = root["attributes"]["simkit"], root["attributes"]["recipe"]
    if made["format"] != FORMAT:
        raise StoreError(f"{where} has store format {made['format']}; this simkit reads format {FORMAT}")
    kinds = {"source": str, "version": int, "parameters": dict, "seed": int, "n": int}
    wrong = [name for name, kind in kinds.items() if type(recipe[name]) is not kind]
    kinds = {"backend": str, "versions": dict, "shard_rows": int, "chunk_rows": int}
    wrong += [name for name, kind in kinds.items() if type(made[name]) is not kind]
    if wrong:
        raise TypeError(f"{', '.join(wrong)} of another kind")
    arrays = root["consolidated_metadata"]["metadata"]
    fields = {}
    for name in arrays[LEDGER]["attributes"]["field_names"]:
        array = arrays[name]
        about = array["attributes"]
        fields[name] = Field(
            dtype=str(np.dtype(array["data_type"])),
            doc=about["doc"],
            dims=tuple(array["dimension_names"][1:]),
            shape=tuple(array["shape"][1:]),
            unit=about.get("units", ""),
            atol=float(about["atol"]),
            bits=about.get("bits"),
            labels=tuple(about.get("labels", ())),
            columns=tuple(about.get("columns", ())),
        )
    layout = Layout(Schema(**fields), recipe["n"], made["shard_rows"], made["chunk_rows"])
    if any(arrays[name]["shape"][0] != layout.n_rows for name in fields):
        raise ValueError("arrays of another length than the recipe's n")
    if layout.n_rows < 1 or layout.chunk_rows < 1 or layout.shard_rows % layout.chunk_rows:
        raise ValueError(layout)
    return layout
