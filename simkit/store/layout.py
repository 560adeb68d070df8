"""How a data set lies in a Zarr v3 group: names, shapes of shards, metadata.

    x.zarr/zarr.json           group: the recipe, how it was made, the digest once it is finished; consolidated metadata
    x.zarr/FIELD/zarr.json     array (sample, ...), sharded along sample
    x.zarr/FIELD/c.J[.0...]    Zarr shard J: the rows of `span` shards of work, from shard J * span on
    x.zarr/ledger/c.G.0.0      the entries of group G, `group_shards` shards of work: for each field the SHA-256 of the
                               decoded rows, and the bytes of their encoded chunks; all of these shards are done

A shard K of work has the rows from K * shard_rows on. It is computed, written and lost as a whole. Where a field is so
large that its span is 1, its rows go to their final place at once. Small fields would make as many files as large ones,
so that their rows wait in one object, until all of their group is done and `folding` merges them:

    x.zarr/ledger/loose.K      the entry of shard K and its rows of all fields that are merged; shard K is done
    x.zarr/ledger/partial.G    as c.G.0.0, of a group that was finished once and has to be continued: those of its
                               shards that have an entry are done, and their rows lie in the Zarr shards

A finished data set has neither, and nothing in it depends on when, where or by how many processes it was written.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import zarr
from zarr.codecs import BytesCodec, Crc32cCodec, ZstdCodec
from zarr.core.buffer import Buffer
from zarr.storage import MemoryStore

from simkit.errors import DamageError, SchemaError, StoreError, show
from simkit.schema import Field, Schema
from simkit.store.metadata import Entry, parse
from simkit.store.shard import ZSTD_LEVEL

#: raised when older stores cannot be continued any more
FORMAT = 2

ROOT = "zarr.json"
LEDGER = "ledger"

#: an entry of the ledger, for each field: a SHA-256, and a number of bytes as uint64
DIGEST_BYTES, ENTRY_BYTES = 32, 40

#: a shard holds at most so many bytes (all fields) and rows, an inner chunk so many rows
_SHARD_BYTES, _SHARD_ROWS, _CHUNK_ROWS = 2**23, 2**12, 2**9

#: shards of a group; decoded bytes and inner chunks that a Zarr shard of merged rows has at most: whoever reads one
#: chunk reads 16 bytes of index for each
_GROUP_SHARDS, _MERGED_BYTES, _MERGED_CHUNKS = 2**8, 2**23, 2**9

#: what is read at most, of whoever wrote it: rows of a shard, and its bytes of a field (one row may have more);
#: shards of a group
_MAX_ROWS, _MAX_BYTES, _MAX_GROUP, _MAX_ROW_BYTES, _MAX_AXES = 2**20, 2**26, 2**16, 2**30, 16

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
    group_shards: int
    merged_bytes: int
    merged_chunks: int

    @classmethod
    def plan(cls, schema: Schema, n_rows: int, most_rows: int = _SHARD_ROWS) -> Layout:
        """Choose the layout for `n_rows` rows of `schema`, at most `most_rows` of them a shard.

        Shards do not depend on `n_rows`, so that it can grow.
        """
        for name, field in schema.items():
            check_size(name, field)
        largest = max(field.nbytes for field in schema.values())
        shard_rows = min(_SHARD_ROWS, most_rows, 1 << max(0, (_SHARD_BYTES // max(1, largest)).bit_length() - 1))
        chunk_rows = min(_CHUNK_ROWS, shard_rows)
        return cls(schema, n_rows, shard_rows, chunk_rows, _GROUP_SHARDS, _MERGED_BYTES, _MERGED_CHUNKS)

    @property
    def n_shards(self) -> int:
        """Shards, the last one maybe not full."""
        return -(-self.n_rows // self.shard_rows)

    def rows(self, shard: int) -> range:
        """Return the rows of a shard."""
        return range(shard * self.shard_rows, min((shard + 1) * self.shard_rows, self.n_rows))

    @property
    def n_groups(self) -> int:
        """Groups of shards, the last one maybe not full."""
        return -(-self.n_shards // self.group_shards)

    def group(self, group: int) -> range:
        """Return the shards of a group."""
        return range(group * self.group_shards, min((group + 1) * self.group_shards, self.n_shards))

    def is_full(self, group: int) -> bool:
        """Say whether a group has all its rows: what is written of it then stays the same if there are more rows."""
        return (group + 1) * self.group_shards * self.shard_rows <= self.n_rows

    @cached_property
    def spans(self) -> dict[str, int]:
        """Shards of work whose rows of a field lie in one Zarr shard: powers of two, at most a group."""
        spans = {}
        for name, field in self.schema.items():
            most_bytes = self.merged_bytes // max(1, field.nbytes * self.shard_rows)
            most_chunks = self.merged_chunks * self.chunk_rows // self.shard_rows
            spans[name] = 1 << max(0, min(self.group_shards, most_bytes, most_chunks).bit_length() - 1)
        return spans

    @cached_property
    def merged(self) -> list[str]:
        """Fields whose shards are merged."""
        return [name for name, span in self.spans.items() if span > 1]

    def span(self, name: str, shard: int) -> range:
        """Return the shards whose rows of a field lie in the same Zarr shard as those of `shard`."""
        start = shard // self.spans[name] * self.spans[name]
        return range(start, min(start + self.spans[name], self.n_shards))

    def key(self, name: str, shard: int) -> str:
        """Return the key of the Zarr shard in which a field's rows of `shard` lie in the end."""
        return f"{name}/c.{shard // self.spans[name]}{'.0' * len(self.schema[name].shape)}"

    def entries_key(self, group: int) -> str:
        """Return the key of the entries of a group that is finished."""
        return f"{LEDGER}/c.{group}.0.0"

    def loose_key(self, shard: int) -> str:
        """Return the key of a finished shard of a group that is not."""
        return f"{LEDGER}/loose.{shard}"

    def partial_key(self, group: int) -> str:
        """Return the key of the entries of a group that was finished and has to be continued."""
        return f"{LEDGER}/partial.{group}"

    def describe(self) -> dict[str, int]:
        """Return what the group's attribute ``simkit`` has to hold of it."""
        names = ("shard_rows", "chunk_rows", "group_shards", "merged_bytes", "merged_chunks")
        return {"format": FORMAT, **{name: getattr(self, name) for name in names}}

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
                shards=(self.spans[name] * self.shard_rows, *field.shape),
                serializer=BytesCodec(),
                compressors=[ZstdCodec(level=ZSTD_LEVEL, checksum=False), Crc32cCodec()],
                fill_value=0,
                chunk_key_encoding={"name": "default", "separator": "."},
                dimension_names=("sample", *field.dims),
                attributes=_describe(field),
            )
        group.create_array(
            LEDGER,
            shape=(self.n_shards, len(self.schema), ENTRY_BYTES),
            dtype="uint8",
            chunks=(self.group_shards, len(self.schema), ENTRY_BYTES),
            serializer=BytesCodec(),
            compressors=[ZstdCodec(level=ZSTD_LEVEL, checksum=False), Crc32cCodec()],
            fill_value=0,
            chunk_key_encoding={"name": "default", "separator": "."},
            dimension_names=("shard", "field", "byte"),
            attributes={
                "doc": "by shard and field: SHA-256 of the decoded rows, bytes of their encoded chunks as uint64",
                "field_names": list(self.schema),
                "shard_rows": self.shard_rows,
            },
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
    if field.full is not None:
        attributes["full"] = field.full
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
        root = parse(text)
    except ValueError as error:
        raise DamageError(f"{where} is damaged: its zarr.json is not JSON ({error})") from None
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
        raise StoreError(
            f"{where} has store format {made['format'].value}; this simkit reads format {FORMAT} only: "
            "run its `simkit generate` line with another --out, which makes the same rows"
        )
    made["backend"].text()
    for name, version in made["versions"].table().items():
        Entry(name, "a name of attributes.simkit.versions").text()
        version.text()
    if "digest" in made.table():
        made["digest"].text()
        made["n_bytes"].whole(0, _MAX)
    n_rows = _check_recipe(recipe)
    arrays = root["consolidated_metadata"]["metadata"]
    ledger = arrays[LEDGER]["attributes"]["field_names"]
    schema = Schema(**{name: _field(arrays[name], n_rows) for name in ledger.texts()})
    if not schema or len(schema) < len(ledger.items()):
        raise SchemaError(f"{ledger.place} names no field, or one twice")
    layout = Layout(
        schema,
        n_rows,
        made["shard_rows"].whole(1, _MAX_ROWS),
        made["chunk_rows"].whole(1, _MAX_ROWS),
        made["group_shards"].whole(1, _MAX_GROUP),
        made["merged_bytes"].whole(0, _MAX_BYTES),
        made["merged_chunks"].whole(0, _MAX_ROWS),
    )
    largest = max(field.nbytes for field in schema.values())
    if layout.shard_rows % layout.chunk_rows or (layout.shard_rows > 1 and layout.shard_rows * largest > _MAX_BYTES):
        raise SchemaError(
            f"shards of {layout.shard_rows:,} rows, of up to {largest:,} bytes, in chunks of {layout.chunk_rows:,}, "
            "are none that simkit writes"
        )
    if layout.group_shards.bit_count() != 1:
        raise SchemaError(f"groups of {layout.group_shards:,} shards are none that simkit writes")
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
        full=about["full"].whole(1, 255) if "full" in about.table() else None,
    )
    check_size(array.place.rpartition(".")[2], field)
    return field


def check_size(name: str, field: Field) -> None:
    """Raise SchemaError if a row of a field is larger than a data set can hold, or has too many axes."""
    if len(field.shape) > _MAX_AXES or field.nbytes > _MAX_ROW_BYTES:
        raise SchemaError(
            f"field {show(name)} has {len(field.shape)} axes and {field.nbytes:,} bytes per row; "
            f"a data set holds up to {_MAX_AXES} axes and {_MAX_ROW_BYTES:,} bytes"
        )
