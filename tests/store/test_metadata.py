"""A zarr.json that anybody may have written: it opens, or is refused in one line that says where it is wrong."""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from store_samples import SHARD_ROWS, Toy, toy_recipe

import simkit
from simkit.errors import DamageError, SchemaError, SimkitError, StoreError
from simkit.interchange.card import Card
from simkit.schema import Field, Schema
from simkit.store import verify, writing
from simkit.store.foreign import open_chunks
from simkit.store.layout import Layout, read_metadata

#: characters of a refusal at most, the path of the data set aside
MAX_REFUSAL = 500

Way = tuple[str | int, ...]


def ways(node: Any, way: Way = ()) -> Iterator[Way]:
    """Yield how every value of a document is reached."""
    yield way
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in pairs:
        yield from ways(value, (*way, name))


def document() -> dict[str, Any]:
    layout = Layout.plan(Toy().schema(), 22, SHARD_ROWS)
    made = {"backend": "cpu", "versions": {"simkit": "0.1"}, "digest": "0" * 64, "n_bytes": 1, **layout.describe()}
    return json.loads(layout.metadata({"recipe": toy_recipe(22).spec(), "simkit": made})["zarr.json"])


DOCUMENT = document()
WAYS = list(ways(DOCUMENT))


def changed(way: Way, value: Any) -> bytes:
    """Return the document with another value in one place."""
    whole = copy.deepcopy(DOCUMENT)
    if not way:
        return json.dumps(value).encode()
    node: Any = whole
    for name in way[:-1]:
        node = node[name]
    node[way[-1]] = value
    return json.dumps(whole).encode()


NAMES = st.sampled_from(
    ["", ".", "..", "../evil", "/etc", "a/b", "a\\b", "ledger", "\ud800", "\x1b[2J", "é", "a" * 500]
)
NUMBERS = st.sampled_from(
    [-1, 0, 1, 7, 2**31, 2**62, 2**63, 2**64, 10**400, -0.0, 0.5, 1e308, float("nan"), float("inf")]
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | NAMES | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished data set of 22 toy rows, in one shard."""
    path = tmp_path_factory.mktemp("metadata") / "x.zarr"
    spec = toy_recipe(22).spec()
    with writing(path, Toy().schema(), spec, {"backend": "cpu", "versions": {}}, most_rows=SHARD_ROWS) as store:
        store.commit(0, Toy().generate(5, range(22)))
    return path


@given(st.sampled_from(WAYS), VALUES)
@example((), [])
@example(("attributes", "recipe", "parameters"), {"a" * 1000: None})
@example(("attributes", "recipe", "parameters"), {"": {"\ud800": 1}})
@example(("attributes", "recipe", "n"), 2**63 - 1)
@example(("attributes", "simkit", "shard_rows"), 2**20)
@example(("attributes", "simkit", "chunk_rows"), 1)
@example(("attributes", "simkit", "group_shards"), 1)
@example(("attributes", "simkit", "merged_bytes"), 0)
@settings(max_examples=200)
def test_whatever_stands_in_one_place_it_opens_or_is_refused_in_one_line(fresh: Path, way: Way, value: Any) -> None:
    (fresh / "zarr.json").write_bytes(changed(way, value))

    def law(work: Any) -> Any:
        try:
            return work()
        except SimkitError as error:
            text = str(error).replace(str(fresh), "")
            assert len(text) <= MAX_REFUSAL
            assert text.isprintable()

    store = law(lambda: simkit.open(fresh))
    if store is None:
        return
    assert repr(store).encode()
    for name in store:
        law(lambda name=name: store[name][0:3])
    law(lambda: verify(store, full=True))
    law(lambda: Card(store, store.schema, range(1), {}).markdown())


WRONG = {
    "n past 2**63": (("attributes", "recipe", "n"), 2**63, "attributes.recipe.n is 9223372036854775808"),
    "no rows": (("attributes", "recipe", "n"), 0, "attributes.recipe.n is 0 and has to be a whole number from 1"),
    "a truth value": (("attributes", "recipe", "n"), True, "attributes.recipe.n is True"),
    "empty shape": (("board", "shape"), [], r"board\.shape is \[\], and the recipe says 22 rows"),
    "no number": (("board", "shape", 1), "3", r"board\.shape\[1\] is '3' and has to be a whole number"),
    "no cells": (("board", "shape", 1), 0, r"board\.shape\[1\] is 0"),
    "huge": (("energy", "shape", 1), 2**29, "field 'energy' has 1 axes and 4,294,967,296 bytes per row"),
    "label": (("kind", "attributes", "labels", 1), 7, r"kind\.attributes\.labels\[1\] is 7 and has to be a text"),
    "unit": (("energy", "attributes", "units"), ["J"], r"energy\.attributes\.units is \['J'\] and has to be a text"),
    "half a letter": (("energy", "attributes", "units"), "\ud800", r"units is '\\ud800' and has to be a text"),
    "terminal": (("energy", "attributes", "doc"), "\x1b[2J", r"doc is '\\x1b\[2J' and has to be a text"),
    "dtype": (("charge", "data_type"), "object", "charge.data_type is 'object', none of bool"),
    "not a number": (("energy", "attributes", "atol"), float("nan"), "atol is nan and has to be a number"),
    "evil": (("ledger", "attributes", "field_names", 0), "../evil", "metadata has no '../evil'"),
    "twice": (("ledger", "attributes", "field_names", 0), "kind", "field_names names no field, or one twice"),
    "nothing": (("ledger", "attributes", "field_names"), [], "field_names names no field"),
    "rows": (("attributes", "simkit", "shard_rows"), 2**40, "simkit.shard_rows is 1099511627776"),
    "odd rows": (("attributes", "simkit", "chunk_rows"), 17, "in chunks of 17, are none that simkit writes"),
    "group": (("attributes", "simkit", "group_shards"), 6, "groups of 6 shards are none that simkit writes"),
    "large group": (("attributes", "simkit", "group_shards"), 2**30, "simkit.group_shards is 1073741824"),
    "merged": (("attributes", "simkit", "merged_bytes"), -1, "simkit.merged_bytes is -1"),
    "chunks": (("attributes", "simkit", "merged_chunks"), 0.5, "simkit.merged_chunks is 0.5"),
    "digest": (("attributes", "simkit", "digest"), 7, "simkit.digest is 7 and has to be a text"),
    "parameter": (("attributes", "recipe", "parameters", "scale"), None, "parameters.scale is None"),
    "too deep": (("attributes", "recipe", "parameters", "scale"), json.loads("[" * 400 + "]" * 400), "not too deep"),
    "one more": (("attributes", "recipe", "by"), "me", "attributes.recipe has 'by', which no recipe has"),
}


@pytest.mark.parametrize(("way", "value", "refusal"), WRONG.values(), ids=WRONG.keys())
def test_the_place_and_the_value_are_named(way: Way, value: Any, refusal: str) -> None:
    whole = way if way[0] == "attributes" else ("consolidated_metadata", "metadata", *way)
    with pytest.raises(DamageError, match=f"x is damaged: its zarr.json is not what was written: .*{refusal}"):
        read_metadata(changed(whole, value), "x")


EVIL = ["..", ".", "", "../evil", "a/b", "/etc/passwd", "a\\b", "a\0b", "a b", "é", "\ud800", ".git", "a" * 65]


@pytest.mark.parametrize("name", [*EVIL, "ledger", "Ledger", "zarr.json"])
def test_a_field_whose_name_could_lead_elsewhere_is_refused_in_schema_and_metadata(name: str) -> None:
    with pytest.raises(SchemaError, match="is not a name for a field: it needs 1 to 64 of"):
        Schema(**{name: Field("uint8", "x")})
    text = json.dumps(DOCUMENT)
    with pytest.raises(DamageError, match="zarr.json is not what was written"):
        read_metadata(text.replace('"board"', json.dumps(name)).encode(), "x")


def test_names_that_are_fine() -> None:
    names = ["a", "A9", "_x", "x-1", "x.y", "self", "0", "a" * 64]
    assert list(Schema(**{name: Field("uint8", "x") for name in names})) == names


def test_shards_that_would_take_all_memory_are_refused() -> None:
    """Each number alone may be right; what counts is their product."""
    whole = copy.deepcopy(DOCUMENT)
    whole["consolidated_metadata"]["metadata"]["energy"]["shape"][1] = 2**20
    whole["attributes"]["simkit"] |= {"shard_rows": 2**12, "chunk_rows": 2**12}
    with pytest.raises(DamageError, match="shards of 4,096 rows, of up to 8,388,608 bytes, in chunks of 4,096"):
        read_metadata(json.dumps(whole).encode(), "x")


def test_a_row_that_no_data_set_can_hold_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    schema = Schema(film=Field("uint8", "too long", ("t", "y", "x"), (64, 2**14, 2**14)))
    with pytest.raises(SchemaError, match="field 'film' has 3 axes and 17,179,869,184 bytes per row"):
        Layout.plan(schema, 10)


def test_a_number_of_more_digits_than_python_reads(copied: Path) -> None:
    path = copied / "zarr.json"
    path.write_text(path.read_text().replace('"seed": 5', f'"seed": {"9" * 5000}'))
    with pytest.raises(DamageError, match="its zarr.json is not JSON"):
        simkit.open(copied)


@pytest.mark.parametrize("opener", [simkit.open, open_chunks])
def test_metadata_deeper_than_python_reads(opener: Callable[[Path], Any], copied: Path) -> None:
    (copied / "zarr.json").write_text("[" * 100_000)
    with pytest.raises(DamageError, match="its zarr.json is not JSON"):
        opener(copied)
    shutil.rmtree(copied)


@pytest.mark.parametrize("key", ["ledger/zarr.json", "energy/zarr.json"])
def test_metadata_of_an_array_deeper_than_python_reads(key: str, copied: Path) -> None:
    (copied / key).write_text("[" * 100_000)
    (fault,) = verify(simkit.open(copied))
    assert f"{copied / key} is not what was written" in fault
    shutil.rmtree(copied)


@pytest.mark.parametrize("attributes", [None, 5, "recipe", ["recipe"]])
def test_attributes_that_are_no_object_are_refused_by_every_opener(attributes: Any, copied: Path) -> None:
    root = json.loads((copied / "zarr.json").read_text())
    (copied / "zarr.json").write_text(json.dumps({**root, "attributes": attributes}))
    for opener in (simkit.open, open_chunks):
        with pytest.raises(StoreError, match=re.escape(str(copied))):
            opener(copied)
    shutil.rmtree(copied)
