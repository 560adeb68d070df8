"""Other people's programs open our data sets without a warning (warnings are errors here) and read the same values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorstore
import xarray
import zarr
from store_samples import N_ROWS, ash_recipe, toy_recipe, tree

import simkit
from simkit.errors import ParameterError
from simkit.run import generate
from simkit.schema import Batch
from simkit.store.layout import LEDGER
from simkit.store.local import Folder

FIELDS = ["board", "energy", "charge", "is_odd", "kind"]


def test_zarr_python_reads_the_values(finished: Path, rows: Batch) -> None:
    group = zarr.open_group(finished, mode="r")
    for name in FIELDS:
        np.testing.assert_array_equal(group[name][:], rows[name])
        assert group[name].dtype == rows[name].dtype


def test_zarr_python_finds_the_fields_and_the_ledger_and_nothing_else(finished: Path) -> None:
    group = zarr.open_group(finished, mode="r")
    assert sorted(group) == sorted([*FIELDS, LEDGER])
    assert sorted(name for name, _ in zarr.open_group(finished, mode="r", use_consolidated=False).members()) == sorted(
        [*FIELDS, LEDGER]
    )


def test_the_array_metadata_are_the_same_inside_and_outside_of_the_group(finished: Path) -> None:
    consolidated = json.loads((finished / "zarr.json").read_text())["consolidated_metadata"]["metadata"]
    assert sorted(consolidated) == sorted([*FIELDS, LEDGER])
    for name, metadata in consolidated.items():
        assert json.loads((finished / name / "zarr.json").read_text()) == metadata


def test_the_group_attributes_hold_the_recipe(finished: Path) -> None:
    attributes = dict(zarr.open_group(finished, mode="r").attrs)
    assert attributes["recipe"] == toy_recipe().spec() == simkit.open(finished).recipe
    assert set(attributes["simkit"]["versions"]) >= {"simkit", "numpy", "zarr"}
    assert attributes["simkit"]["backend"] == simkit.open(finished).made["backend"]


def test_the_arrays_name_their_axes_and_say_what_they_are(finished: Path) -> None:
    group = zarr.open_group(finished, mode="r")
    assert group["board"].metadata.dimension_names == ("sample", "y", "x_byte")
    assert group["energy"].metadata.dimension_names == ("sample", "t")
    assert group["charge"].metadata.dimension_names == ("sample",)
    assert group["energy"].attrs["units"] == "J"
    assert group["kind"].attrs["labels"] == ["up", "down", "strange"]
    assert group["board"].attrs["bits"] == 13
    assert group["board"].attrs["bit_order"] == "little"
    assert all(group[name].attrs["doc"] for name in FIELDS)


def test_the_store_gives_the_schema_back(finished: Path) -> None:
    schema = simkit.open(finished).schema
    assert list(schema) == FIELDS
    assert dict(schema) == dict(toy_recipe().source.schema())


@pytest.mark.parametrize("open_it", ["open_zarr", "engine", "consolidated"])
def test_xarray_reads_the_values_and_names_the_axes(finished: Path, rows: Batch, open_it: str) -> None:
    dataset: Any = {
        "open_zarr": lambda: xarray.open_zarr(finished),
        "engine": lambda: xarray.open_dataset(finished, engine="zarr"),
        "consolidated": lambda: xarray.open_zarr(finished, consolidated=True),
    }[open_it]()
    for name in FIELDS:
        np.testing.assert_array_equal(dataset[name].values, rows[name])
        assert dataset[name].dtype == rows[name].dtype
    assert dataset["board"].dims == ("sample", "y", "x_byte")
    assert dataset.sizes["sample"] == N_ROWS
    assert dataset["energy"].attrs["units"] == "J"
    assert dataset.attrs["recipe"] == toy_recipe().spec()
    dataset.close()


def test_tensorstore_reads_the_values_and_names_the_axes(finished: Path, rows: Batch) -> None:
    for name in FIELDS:
        spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(finished / name)}}
        array = tensorstore.open(spec, read=True).result()
        assert array.domain.labels == ("sample", *toy_recipe().source.schema()[name].dims)
        np.testing.assert_array_equal(array.read().result(), rows[name])


def test_the_ash_of_simkit_reads_the_same_everywhere(out: Path) -> None:
    store = generate(ash_recipe(), out)
    group, dataset = zarr.open_group(out, mode="r"), xarray.open_zarr(out)
    direct = ash_recipe().source.generate(5, range(N_ROWS))
    for name in store:
        spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(out / name)}}
        for values in (
            store[name][:],
            group[name][:],
            dataset[name].values,
            tensorstore.open(spec).result().read().result(),
        ):
            np.testing.assert_array_equal(values, direct[name])
    dataset.close()


def test_the_ledger_holds_the_digest_of_each_field_of_each_shard(finished: Path) -> None:
    ledger, store = zarr.open_group(finished, mode="r")[LEDGER], simkit.open(finished)
    assert list(ledger.attrs["field_names"]) == FIELDS
    assert ledger.metadata.dimension_names == ("shard", "field", "byte")
    for index in range(store.layout.n_shards):
        assert [bytes(entry[:32]) for entry in ledger[index]] == list(store.entry(index).values())


def test_the_ledger_holds_the_bytes_of_the_chunks(finished: Path) -> None:
    """So that a listing with sizes, as object stores give it, tells which files are cut."""
    store = simkit.open(finished)
    sizes = np.ascontiguousarray(zarr.open_group(finished, mode="r")[LEDGER][..., 32:]).view("<u8")[..., 0]
    for i, name in enumerate(FIELDS):
        for start in range(0, store.layout.n_shards, store.layout.spans[name]):
            n_index = 16 * store.layout.spans[name] * store.layout.shard_rows // store.layout.chunk_rows + 4
            n_bytes = int(sizes[start : start + store.layout.spans[name], i].sum()) + n_index
            assert (finished / store.layout.key(name, start)).stat().st_size == n_bytes
    assert store.n_bytes() == sum(path.stat().st_size for name in FIELDS for path in (finished / name).glob("c.*"))


def test_the_group_records_the_digest_of_a_finished_data_set(finished: Path) -> None:
    made = zarr.open_group(finished, mode="r").attrs["simkit"]
    store = simkit.open(finished)
    assert (made["digest"], made["n_bytes"]) == (store.root_digest(), store.n_bytes())
    assert (made["digest"], made["n_bytes"]) == (store.ledger.digest(), store.ledger.n_bytes())


def test_a_finished_data_set_holds_what_zarr_names_and_nothing_else(finished: Path) -> None:
    group = zarr.open_group(finished, mode="r")
    keys = {"zarr.json"} | {f"{name}/zarr.json" for name in group}
    for name, array in group.arrays():
        n_shards = -(-array.shape[0] // (array.shards or array.chunks)[0])
        keys |= {f"{name}/c.{i}{'.0' * (array.ndim - 1)}" for i in range(n_shards)}
    assert keys == {key for key, content in tree(finished).items() if content is not None}


def test_a_data_set_that_is_not_finished_opens_too(copied: Path) -> None:
    for path in copied.glob("*/c.1*"):
        path.unlink()
    assert zarr.open_group(copied, mode="r")["charge"].shape == (N_ROWS,)
    xarray.open_zarr(copied).close()


def test_the_store_is_a_mapping_of_fields(finished: Path) -> None:
    store = simkit.open(finished)
    assert list(store) == list(store.keys()) == list(dict(store)) == FIELDS
    assert [(name, column.name) for name, column in store.items()] == list(zip(FIELDS, FIELDS, strict=True))
    assert len(store.keys()) == len(store.values()) == len(store.schema) == 5
    assert store.n_rows == len(store["energy"])
    assert store == store
    assert store != simkit.open(finished)
    assert len({store, store}) == 1
    assert "board" in store
    assert "bored" not in store
    assert store["board"].shape == (N_ROWS, 3, 2)
    assert store["board"].dtype == np.uint8
    assert len(store["board"]) == N_ROWS
    np.testing.assert_array_equal(np.asarray(store["kind"]), store["kind"][:])
    np.testing.assert_array_equal(np.asarray(store["kind"], dtype=np.float32), store["kind"][:].astype(np.float32))


def test_a_store_has_no_length_and_says_what_has_one(finished: Path) -> None:
    """It could be that of rows or of fields; whoever tests a store itself means that there is one."""
    store = simkit.open(finished)
    with pytest.raises(TypeError, match=rf"store\.n_rows is {N_ROWS}, and len\(store\.schema\) 5"):
        len(store)
    assert store
    assert not isinstance(store, Mapping)


@pytest.mark.parametrize("index", [5, slice(5, 9), [3, 7], None, ("board", 3)])
def test_rows_of_all_fields_are_not_asked_of_the_store(finished: Path, index: Any) -> None:
    with pytest.raises(
        ParameterError, match=r"by the name of a field, and the field by rows, as store\['board'\]\[5:9\]"
    ):
        simkit.open(finished)[index]


def test_a_field_that_does_not_exist_is_named(finished: Path) -> None:
    with pytest.raises(simkit.SimkitError, match=r"x\.zarr has no field 'bored'; did you mean 'board'\?"):
        simkit.open(finished)["bored"]


def test_the_packed_boards_unpack_as_the_schema_says(finished: Path) -> None:
    store = simkit.open(finished)
    cells = simkit.unpack(store["board"][:], store.schema["board"].bits)
    assert cells.shape == (N_ROWS, 3, 13)
    np.testing.assert_array_equal(np.packbits(cells, axis=-1, bitorder="little"), store["board"][:])


def test_a_field_asked_for_as_an_attribute_is_pointed_to(finished: Path) -> None:
    store = simkit.open(finished)
    name = next(iter(store))
    with pytest.raises(AttributeError, match=rf"its field is store\['{name}'\]"):
        getattr(store, name)
    with pytest.raises(AttributeError, match="has no attribute 'no_such'$"):
        _ = store.no_such
    assert not hasattr(store, "_no_such")


def test_a_file_with_several_shards_is_opened_once(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, opened, real = simkit.open(finished), [], Folder.open
    name = store.layout.merged[0]
    monkeypatch.setattr(Folder, "open", lambda self, key: (opened.append(key), real(self, key))[1])
    _ = store[name][:]
    files = [store.layout.key(name, shard) for shard in range(store.layout.n_shards)]
    assert len(files) > len(set(files))
    assert sorted(key for key in opened if key.startswith(f"{name}/")) == sorted(set(files))


def test_a_list_of_labels_has_as_many_as_there_are_rows(finished: Path) -> None:
    store = simkit.open(finished)
    name = next(name for name, field in store.schema.items() if field.labels)
    labels = store.schema[name].labels
    assert (store[name] == [labels[0]] * store.n_rows).shape == (store.n_rows,)
    with pytest.raises(ParameterError, match=f"has {store.n_rows:,} values, and these are 2 labels"):
        _ = store[name] == [labels[0], labels[0]]
