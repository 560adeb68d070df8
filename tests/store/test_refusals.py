"""A place that holds something else is left as it is, and the error says what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from store_samples import N_ROWS, ash_recipe, toy_recipe, tree

import simkit
from simkit.errors import DamageError, ParameterError, RecipeError, SchemaError, StoreError
from simkit.recipe import Recipe
from simkit.run import Share, generate
from simkit.schema import Batch, Field, Schema
from simkit.store import writing


def refused(out: Path, recipe: Recipe, match: str) -> str:
    """Try to generate into `out`; return the error's text, once it is clear that nothing there was changed."""
    before = tree(out) if out.is_dir() else out.read_bytes()
    with pytest.raises(StoreError, match=match) as caught:
        generate(recipe, out)
    assert (tree(out) if out.is_dir() else out.read_bytes()) == before
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_a_file(out: Path) -> None:
    out.write_text("precious")
    refused(out, toy_recipe(), r"x\.zarr is a file; .*choose another")
    with pytest.raises(StoreError, match=r"x\.zarr is a file"):
        simkit.open(out)


def test_a_folder_that_is_not_ours(out: Path) -> None:
    (out / "photos").mkdir(parents=True)
    (out / "notes.txt").write_text("precious")
    text = refused(out, toy_recipe(), r"x\.zarr exists and is not a simkit data set")
    assert "notes.txt" in text
    assert "photos" in text
    with pytest.raises(StoreError, match=r"x\.zarr is not a simkit data set: it holds no zarr\.json"):
        simkit.open(out)


def test_a_folder_that_is_ours_by_a_single_hidden_file(out: Path) -> None:
    out.mkdir()
    (out / ".git").write_text("precious")
    refused(out, toy_recipe(), "exists and is not a simkit data set")


def test_an_empty_folder_is_fine(out: Path) -> None:
    out.mkdir()
    assert generate(toy_recipe(), out).n_rows_done == N_ROWS


def test_folders_above_are_made(out: Path) -> None:
    assert generate(toy_recipe(), out / "a" / "b.zarr").n_rows_done == N_ROWS


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_zarr_group_of_someone_else(zarr_format: Any, out: Path) -> None:
    group = zarr.open_group(out, mode="w", zarr_format=zarr_format, attributes={"mine": True})
    group.create_array("ash", shape=(10,), dtype="i4")[:] = 7
    refused(out, toy_recipe(), "is not a simkit data set")
    with pytest.raises(StoreError, match="is not a simkit data set"):
        simkit.open(out)


def test_a_zarr_array(out: Path) -> None:
    zarr.create_array(out, shape=(10,), dtype="i4")[:] = 7
    refused(out, toy_recipe(), "is not a simkit data set")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "7", '"text"', "{}", '{"attributes": null}', '{"attributes": 3}']
)
def test_a_zarr_json_that_is_none(text: str, out: Path) -> None:
    out.mkdir()
    (out / "zarr.json").write_text(text)
    refused(out, toy_recipe(), "is damaged|is not a simkit data set")
    with pytest.raises(StoreError, match="is damaged|is not a simkit data set"):
        simkit.open(out)


DIFFERENT = {
    "seed": (toy_recipe(seed=6), ["seed is 5 there and 6 here"]),
    "parameter": (toy_recipe(scale=2.0), ["scale is 1.0 there and 2.0 here"]),
    "list": (toy_recipe(tags=("a", "b")), ["tags is up,down,strange there and a,b here"]),
    "all of it": (
        toy_recipe(seed=7, scale=3.0, tags=("a",)),
        ["seed is 5 there and 7 here", "scale is 1.0 there and 3.0 here", "tags is up,down,strange there and a here"],
    ),
    "source": (ash_recipe(), ["source is 'toy' there and 'ca-ash' here", "size is None there and 24,20 here"]),
}


@pytest.mark.parametrize(("recipe", "differences"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_every_difference_to_another_recipe_is_named(recipe: Recipe, differences: list[str], copied: Path) -> None:
    text = refused(copied, recipe, "holds another recipe: .*; choose another --out")
    for difference in differences:
        assert difference in text
    assert text.count(" there and ") >= len(differences)


def test_what_does_not_differ_is_not_named(copied: Path) -> None:
    assert refused(copied, toy_recipe(seed=6), "another recipe").count(" there and ") == 1


def test_another_version_of_the_source(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store_samples.Toy.version", 2)
    refused(copied, toy_recipe(), "version is 1 there and 2 here")


def test_another_recipe_and_more_rows(copied: Path) -> None:
    refused(copied, toy_recipe(n=10 * N_ROWS, seed=6), "seed is 5 there and 6 here")


@pytest.mark.parametrize("n", [1, N_ROWS - 1])
def test_fewer_rows(n: int, copied: Path) -> None:
    refused(copied, toy_recipe(n), rf"is a data set of {N_ROWS} rows, more than the {n} asked for; ask for as many")


def test_another_recipe_is_refused_to_workers_too(copied: Path) -> None:
    before = tree(copied)
    with pytest.raises(StoreError, match="seed is 5 there and 6 here"):
        generate(toy_recipe(seed=6), copied, share=Share(2, 0))
    assert tree(copied) == before


@pytest.mark.parametrize("other", [1, 3])
def test_another_format(other: int, copied: Path) -> None:
    path = copied / "zarr.json"
    path.write_text(path.read_text().replace('"format": 2', f'"format": {other}'))
    refused(copied, toy_recipe(), f"has store format {other}; this simkit reads format 2 only: run .* another --out")
    with pytest.raises(StoreError, match=f"has store format {other}"):
        simkit.open(copied)


def test_nothing_there(out: Path) -> None:
    with pytest.raises(
        StoreError, match=r"there is no .*x\.zarr; `simkit generate SOURCE --out .*x\.zarr` would make it"
    ):
        simkit.open(out)
    assert not out.exists()


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "10", 2**63, 10**99])
def test_a_number_of_rows_that_is_none(n: Any) -> None:
    with pytest.raises(ParameterError, match="rows"):
        toy_recipe(n)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, True, "1", None])
def test_a_seed_that_is_none(seed: Any) -> None:
    with pytest.raises(ParameterError, match=r"a seed is an integer from 0 to 2\*\*64 - 1"):
        toy_recipe(seed=seed)


def test_no_threads(out: Path) -> None:
    with pytest.raises(ParameterError, match="the number of threads that compute is a whole number from 1 to 4,096"):
        generate(toy_recipe(), out, n_threads=0)
    assert not out.exists()


# --- a batch that is not what the schema says ----------------------------------------------------------------------

SCHEMA = Schema(a=Field("int32", "a", dims=("x",), shape=(2,)), b=Field("uint8", "b"))
SPEC = {"source": "any", "version": 1, "parameters": {}, "seed": 0, "n": 10}
MADE = {"backend": "none", "versions": {}}
GOOD = {"a": np.zeros((10, 2), np.int32), "b": np.zeros(10, np.uint8)}
WRONG = {
    "dtype": {**GOOD, "a": np.zeros((10, 2), np.int64)},
    "shape": {**GOOD, "a": np.zeros((10, 3), np.int32)},
    "too few rows": {**GOOD, "b": np.zeros(9, np.uint8)},
    "no field b": {"a": GOOD["a"]},
    "one field more": {**GOOD, "c": GOOD["b"]},
    "another order": {"b": GOOD["b"], "a": GOOD["a"]},
}


@pytest.mark.parametrize("batch", WRONG.values(), ids=WRONG.keys())
def test_a_batch_that_does_not_fit_the_schema_is_not_written(batch: Batch, out: Path) -> None:
    with writing(out, SCHEMA, SPEC, MADE) as store:
        before = tree(out)
        with pytest.raises(SchemaError):
            store.commit(0, batch)
        assert tree(out) == before
        store.commit(0, GOOD)
        assert list(store.done()) == [0]


def test_a_store_of_a_source_that_is_not_known_here_can_be_read_but_not_run_again(finished: Path) -> None:
    from simkit.run import regenerate

    assert simkit.open(finished)["charge"][:].size == N_ROWS
    with pytest.raises(simkit.SimkitError, match="no source 'toy'"):
        regenerate(simkit.open(finished), 3)


def test_a_store_of_another_version_of_a_source_can_be_read_but_not_run_again(out: Path) -> None:
    from simkit.run import regenerate

    generate(ash_recipe(20), out)
    path = out / "zarr.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 0'))
    assert simkit.open(out)["settle"][:].size == 20
    with pytest.raises(RecipeError, match="asked for version 0 of ca-ash; this simkit has version 1"):
        regenerate(simkit.open(out), 3)


def test_a_flipped_bit_of_the_group_s_metadata_gives_a_clear_error_or_none(finished: Path, tmp_path: Path) -> None:
    """Whatever a flipped bit makes of zarr.json, opening and verifying end in a StoreError or in an answer."""
    whole = (finished / "zarr.json").read_bytes()
    path = tmp_path / "x.zarr"
    path.mkdir()
    for at in range(0, len(whole), 7):
        bit = at * 5 % 8
        (path / "zarr.json").write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
        try:
            store = simkit.open(path)
            assert list(store.done()) == []
            assert repr(store)
        except (StoreError, simkit.SimkitError):
            pass


def test_a_group_that_lost_its_consolidated_metadata_gives_a_clear_error(copied: Path) -> None:
    import json

    path = copied / "zarr.json"
    root = json.loads(path.read_text())
    del root["consolidated_metadata"]
    path.write_text(json.dumps(root))
    with pytest.raises(DamageError, match=r"x\.zarr is damaged"):
        simkit.open(copied)
