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

import zarr
from zarr.codecs import BytesCodec, Crc32cCodec, ZstdCodec
from zarr.core.buffer import Buffer
from zarr.storage import MemoryStore

from simkit.errors import DamageError, SchemaError, StoreError, show
from simkit.schema import Field, Schema
from simkit.store.metadata import Entry
from simkit.store.shard import ZSTD_LEVEL

#: raised when older stores cannot be continued any more
FORMAT = 1

ROOT = "zarr.json"
LEDGER = "ledger"
DIGEST_BYTES = 32

#: a shard holds at most so many bytes (all fields) and rows, an inner chunk so many rows
_SHARD_BYTES, _SHARD_ROWS, _CHUNK_ROWS = 2**23, 2**12, 2**9

#: what is read at most, of whoever wrote it: rows, and bytes of a field, of a shard; one row may have more bytes
_MAX_ROWS, _MAX_BYTES, _MAX_ROW_BYTES, _MAX_AXES = 2**20, 2**26, 2**30, 16

#: whole numbers in metadata, such as the number of rows
_MAX = 2**63 - 1

_INTS = [f"{sign}int{bits}" for bits in (8, 16, 32, 64) for sign in ("", "u")]
_DTYPES = ("bool", *_INTS, "float16", "float32", "float64", "complex64", "complex128")


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
        for name, field in schema.items():
            check_size(name, field)
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
        return _interpret(Entry(root), where), attributes
    except SchemaError as error:
        raise DamageError(f"{where} is damaged: its zarr.json is not what was written: {error}") from None


def _interpret(root: Entry, where: str) -> Layout:
    made, recipe = root["attributes"]["simkit"], root["attributes"]["recipe"]
    if made["format"].whole(0, _MAX) != FORMAT:
        raise StoreError(f"{where} has store format {made['format'].value}; this simkit reads format {FORMAT}")
    made["backend"].text()
    for name, version in made["versions"].table().items():
        Entry(name, "a name of attributes.simkit.versions").text()
        version.text()
    n_rows = _check_recipe(recipe)
    arrays = root["consolidated_metadata"]["metadata"]
    ledger = arrays[LEDGER]["attributes"]["field_names"]
    schema = Schema(**{name: _field(arrays[name], n_rows) for name in ledger.texts()})
    if not schema or len(schema) < len(ledger.items()):
        raise SchemaError(f"{ledger.place} names no field, or one twice")
    layout = Layout(schema, n_rows, made["shard_rows"].whole(1, _MAX_ROWS), made["chunk_rows"].whole(1, _MAX_ROWS))
    largest = max(field.nbytes for field in schema.values())
    if layout.shard_rows % layout.chunk_rows or (layout.shard_rows > 1 and layout.shard_rows * largest > _MAX_BYTES):
        raise SchemaError(
            f"shards of {layout.shard_rows:,} rows, of up to {largest:,} bytes, in chunks of {layout.chunk_rows:,}, "
            "are none that simkit writes"
        )
    return layout


def _check_recipe(recipe: Entry) -> int:
    """Check the recipe of a data set and return its number of rows."""
    known = ("source", "version", "parameters", "seed", "n")
    more = sorted(set(recipe.table()) - set(known))
    if more:
        raise SchemaError(f"{recipe.place} has {show(more[0])}, which no recipe has")
    recipe["source"].text()
    recipe["version"].whole(0, _MAX)
    recipe["seed"].whole(0, 2**64 - 1)
    recipe["parameters"].table()
    recipe["parameters"].check_plain()
    return recipe["n"].whole(1, _MAX)


def _field(array: Entry, n_rows: int) -> Field:
    """Return a field from the metadata of its array, which has to have `n_rows` rows."""
    about, dtype = array["attributes"], array["data_type"].text()
    if dtype not in _DTYPES:
        raise SchemaError(f"{array.place}.data_type is {show(dtype)}, none of {', '.join(_DTYPES)}")
    lengths = array["shape"].items()
    if not lengths or lengths[0].whole(1, _MAX) != n_rows:
        raise SchemaError(f"{array.place}.shape is {show(array['shape'].value)}, and the recipe says {n_rows:,} rows")
    field = Field(
        dtype=dtype,
        doc=about["doc"].text(),
        dims=array["dimension_names"].texts()[1:],
        shape=tuple(length.whole(1, _MAX_ROW_BYTES) for length in lengths[1:]),
        unit=about.get("units", "").text(),
        atol=about["atol"].number(),
        bits=about["bits"].whole(1, 8 * _MAX_ROW_BYTES) if "bits" in about.table() else None,
        labels=about.get("labels", []).texts(),
        columns=about.get("columns", []).texts(),
    )
    check_size(array.place.rpartition(".")[2], field)
    return field


def check_size(name: str, field: Field) -> None:
    """Raise SchemaError if a row of a field is larger than a data set can hold, or has too many axes."""
    if len(field.shape) > _MAX_AXES or field.nbytes > _MAX_ROW_BYTES:
        raise SchemaError(
            f"field {show(name)} has {len(field.shape)} axes and {field.nbytes:,} bytes a row; "
            f"a data set holds up to {_MAX_AXES} axes and {_MAX_ROW_BYTES:,} bytes"
        )
