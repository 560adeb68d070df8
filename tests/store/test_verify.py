"""What `verify` finds, and the digest that names the values of a data set."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from store_samples import CHUNK_ROWS, N_ROWS, SHARD_ROWS, Toy, ash_recipe, toy_recipe

import simkit
from simkit.errors import DamageError, StoreError
from simkit.recipe import Recipe
from simkit.run import Share, compare_schema, generate, regenerate
from simkit.schema import Array, Batch, Schema
from simkit.store import Store, forget, verify, writing
from simkit.store.shard import encode


def rewrite(store: Store, name: str, index: int, change: Callable[[Array], None]) -> None:
    """Change values of a shard and write it back with all its checksums right."""
    part = store.layout.rows(index)
    span = store.layout.span(name, index)
    together = range(store.layout.rows(span[0]).start, store.layout.rows(span[-1]).stop)
    rows = store[name][together.start : together.stop]
    change(rows[part.start - together.start : part.stop - together.start])
    n_rows = store.layout.spans[name] * SHARD_ROWS
    (store.path / store.layout.key(name, index)).write_bytes(encode(rows, n_rows, CHUNK_ROWS))


def recommit(store: Store, index: int, change: Callable[[Batch], None]) -> None:
    """Write a shard anew with changed values, its entry in the ledger too: nothing but the values is wrong."""
    part = store.layout.rows(index)
    batch = {name: store[name][part.start : part.stop] for name in store}
    change(batch)
    forget(store.path, [index])
    simkit.open(store.path).commit(index, batch)


def add_one(rows: Array) -> None:
    rows[3] += 1


@pytest.fixture
def store(copied: Path) -> Store:
    """A complete data set of toy rows, to be damaged."""
    return simkit.open(copied)


@pytest.fixture(scope="session")
def _ash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        from store_samples import shrink

        shrink(patch.setattr)
        return generate(ash_recipe(), tmp_path_factory.mktemp("ash") / "x.zarr").path


@pytest.fixture
def ash(_ash: Path, out: Path) -> Store:
    """A complete data set of ca-ash, to be damaged."""
    return simkit.open(shutil.copytree(_ash, out))


# --- quick ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("full", [False, True])
def test_a_whole_store_has_no_faults(store: Store, full: bool) -> None:
    assert verify(store, full=full) == []


def test_progress_counts_the_rows(store: Store) -> None:
    seen: list[int] = []
    verify(store, progress=seen.append)
    assert seen == [128, 22]
    verify(store, full=True, progress=seen.append)
    assert seen[2:] == [64, 64, 22]


def test_a_store_that_is_not_finished_has_no_faults(store: Store) -> None:
    forget(store.path, [1])
    (store.path / "energy" / "c.1.0").unlink()
    assert verify(store, full=True) == []


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("length", [0, 1, 67, 68, 100, -1])
def test_a_cut_shard_is_found(store: Store, length: int, full: bool) -> None:
    path = store.path / "energy" / "c.1.0"
    path.write_bytes(path.read_bytes()[:length])
    (fault,) = verify(store, full=full)
    assert "energy/c.1.0 (field 'energy', shard 1) is damaged" in fault


def test_a_missing_shard_is_found(store: Store) -> None:
    (store.path / "board" / "c.2.0.0").unlink()
    (fault,) = verify(store)
    assert "board/c.2.0.0 (field 'board', shard 2) is missing" in fault


@pytest.mark.parametrize("length", [0, 1, 4, 32, 5 * 32, -1])
def test_a_cut_entry_of_the_ledger_is_found(store: Store, length: int) -> None:
    path = store.path / "ledger" / "c.0.0.0"
    path.write_bytes(path.read_bytes()[:length])
    (fault,) = verify(store)
    assert "ledger/c.0.0.0 (ledger, a group of shards) is damaged" in fault


def test_every_flipped_bit_of_an_entry_of_the_ledger_is_found(store: Store) -> None:
    path = store.path / "ledger" / "c.0.0.0"
    data = bytearray(path.read_bytes())
    for bit in range(0, 8 * len(data), 7):
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        with pytest.raises(DamageError, match="ledger, a group of shards"):
            store.entry(1)
        data[bit // 8] ^= 1 << bit % 8


@pytest.mark.parametrize(
    "name", ["c.0.0.0~", "c.1.0.0 (copy)", "c.x.0.0", "c.-1.0.0", "c.01.0.0", "c.", "c", ".c.0.0.0.swp"]
)
def test_a_file_in_the_ledger_that_is_no_entry_is_ignored(store: Store, name: str) -> None:
    (store.path / "ledger" / name).write_bytes(b"left by some other program")
    assert list(store.done()) == [0, 1, 2]
    assert store.n_rows_done == N_ROWS
    assert verify(store, full=True) == []


def test_all_faults_are_found(store: Store) -> None:
    for path in store.path.glob("*/c.1*"):
        path.write_bytes(path.read_bytes()[:-2])
    (store.path / "kind" / "c.0").unlink()
    faults = verify(store)
    assert [fault.split(" ")[0].removeprefix(f"{store.path}/") for fault in faults] == [
        "ledger/c.1.0.0",
        "board/c.1.0.0",
        "energy/c.1.0",
        "kind/c.0",
    ]  # what lies in a group whose entries are damaged cannot be told


# --- full ----------------------------------------------------------------------------------------------------------


def test_a_flipped_bit_in_a_chunk_is_found_by_full_and_by_reading(store: Store) -> None:
    path = store.path / "energy" / "c.0.0"
    data = bytearray(path.read_bytes())
    data[20] ^= 4
    path.write_bytes(data)
    assert verify(store) == []
    (fault,) = verify(store, full=True)
    assert "energy/c.0.0 (field 'energy', shard 0) is damaged: chunk 0 fails its checksum" in fault
    with pytest.raises(DamageError, match="chunk 0 fails its checksum"):
        store["energy"][:]


@pytest.mark.parametrize("name", ["board", "energy", "charge", "kind"])
def test_a_changed_value_under_valid_checksums_is_found_by_full(store: Store, name: str) -> None:
    rewrite(store, name, 2, add_one)
    assert verify(store) == []
    (fault,) = verify(store, full=True)
    assert f"(field '{name}', shard 2) does not hold what was written in shard 2" in fault


def test_two_swapped_shards_are_found_by_full(store: Store) -> None:
    first, second = (store.path / "energy" / f"c.{i}.0" for i in range(2))
    first_bytes, second_bytes = first.read_bytes(), second.read_bytes()
    first.write_bytes(second_bytes)
    second.write_bytes(first_bytes)
    assert len(verify(store, full=True)) == 2


def test_the_shard_of_another_field_is_found_by_full(store: Store) -> None:
    shutil.copy(store.path / "is_odd" / "c.0", store.path / "kind" / "c.0")
    faults = verify(store, full=True)
    assert faults
    assert all("(field 'kind', shards 0 to 1)" in fault for fault in faults)


def test_two_swapped_entries_of_the_ledger_are_found(out: Path) -> None:
    store = generate(toy_recipe(4 * SHARD_ROWS), out)
    first, second = (store.path / "ledger" / f"c.{i}.0.0" for i in range(2))
    first_bytes, second_bytes = first.read_bytes(), second.read_bytes()
    first.write_bytes(second_bytes)
    second.write_bytes(first_bytes)
    assert "zarr.json records digest" in verify(store)[0]
    named = {fault.split("(field '")[1].split("'")[0] for fault in verify(store, full=True)[1:]}
    assert named == {"board", "energy", "charge", "kind"}  # the shards of is_odd are the same


def test_a_damaged_shard_is_made_again_once_its_entry_is_removed(store: Store, finished: Path) -> None:
    rewrite(store, "charge", 1, add_one)
    forget(store.path, [1])
    generate(toy_recipe(), store.path)
    assert verify(store, full=True) == []
    assert store.root_digest() == simkit.open(finished).root_digest()


# --- regenerate ----------------------------------------------------------------------------------------------------


def test_a_good_store_regenerates_itself(ash: Store) -> None:
    seen: list[int] = []
    assert regenerate(ash, 40, progress=seen.append) == (ash.made["backend"], [])
    assert sum(seen) == 40


def test_regenerate_may_run_on_another_backend(ash: Store) -> None:
    assert regenerate(ash, 20, backend="reference") == ("reference", [])


def test_a_wrong_value_with_a_matching_digest_is_found_by_regenerate(ash: Store) -> None:
    def change(batch: Batch) -> None:
        batch["population"][5] += 1
        batch["ash"][7, 0, 0] ^= 1

    recommit(ash, 1, change)
    assert verify(ash, full=True) == []
    _, faults = regenerate(ash, N_ROWS)
    assert len(faults) == 2
    assert f"row {SHARD_ROWS + 5}, field 'population'" in faults[0]
    assert f"row {SHARD_ROWS + 7}, field 'ash'" in faults[1]


def test_regenerate_samples_rows_that_are_done_only(ash: Store) -> None:
    forget(ash.path, [1])
    seen: list[int] = []
    assert regenerate(ash, 10**6, progress=seen.append)[1] == []
    assert sum(seen) == N_ROWS - SHARD_ROWS


def test_regenerate_of_nothing(ash: Store) -> None:
    for path in ash.path.glob("ledger/c.*"):
        path.unlink()
    assert regenerate(ash, 5)[1] == []


# --- the root digest -----------------------------------------------------------------------------------------------


def test_the_digest_is_that_of_the_decoded_rows(store: Store, rows: Batch) -> None:
    whole = hashlib.sha256()
    for start in range(0, N_ROWS, SHARD_ROWS):
        for values in rows.values():
            whole.update(hashlib.sha256(values[start : start + SHARD_ROWS].tobytes()).digest())
    assert store.root_digest() == whole.hexdigest()


def test_the_digest_does_not_depend_on_how_the_data_set_was_made(tmp_path: Path, finished: Path) -> None:
    for n in (1, 70, N_ROWS):
        generate(toy_recipe(n), tmp_path / "grown")
    for worker in (1, 0):
        generate(toy_recipe(), tmp_path / "shared", share=Share(2, worker), n_threads=3)
    digests = {simkit.open(path).root_digest() for path in (finished, tmp_path / "grown", tmp_path / "shared")}
    assert len(digests) == 1


def test_the_digest_does_not_depend_on_the_backend(tmp_path: Path) -> None:
    digests = {
        generate(ash_recipe(40), tmp_path / backend, backend=backend).root_digest() for backend in ("cpu", "reference")
    }
    assert len(digests) == 1


@pytest.mark.parametrize("name", ["board", "energy", "charge", "kind"])
@pytest.mark.parametrize("index", [0, 1, 2])
def test_the_digest_changes_with_any_value(store: Store, name: str, index: int) -> None:
    before = store.root_digest()

    def change(batch: Batch) -> None:
        batch[name][-1:] += 1

    recommit(store, index, change)
    assert simkit.open(store.path).root_digest() != before


def test_the_digest_tells_zeros_and_nans_by_their_bits(store: Store) -> None:
    digests = set()
    for value in (0.0, -0.0, np.nan, -np.nan):
        recommit(store, 0, lambda batch, value=value: batch["energy"].__setitem__((0, 0), value))
        digests.add(simkit.open(store.path).root_digest())
    assert len(digests) == 4


def test_the_digest_changes_with_the_seed_and_the_number_of_rows(tmp_path: Path) -> None:
    recipes = [toy_recipe(), toy_recipe(seed=6), toy_recipe(N_ROWS + 1), toy_recipe(scale=2.0)]
    digests = {generate(recipe, tmp_path / str(i)).root_digest() for i, recipe in enumerate(recipes)}
    assert len(digests) == len(recipes)


def test_the_digest_of_a_store_that_is_not_finished_says_so(store: Store) -> None:
    forget(store.path, [1])
    with pytest.raises(StoreError, match="rows 64 to 127 of .* are not generated yet"):
        store.root_digest()


def test_the_size_counts_the_shards_that_are_finished(store: Store) -> None:
    files = sorted(path for path in store.path.glob("*/c.*") if path.parent.name != "ledger")
    assert store.n_bytes() == sum(path.stat().st_size for path in files)
    forget(store.path, [1])
    left = simkit.open(store.path).n_bytes()
    assert store.n_bytes() == left < sum(path.stat().st_size for path in files)


def test_the_toy_source_keeps_the_laws_that_these_tests_rest_on(rows: Batch) -> None:
    parts = [Toy().generate(5, range(start, min(start + 7, N_ROWS))) for start in range(0, N_ROWS, 7)]
    for name in rows:
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), rows[name])


def test_verify_holds_the_metadata_against_each_other_and_the_source(tmp_path: Path) -> None:
    source = simkit.source("ca-ash", size=8, max_steps=50)
    store = generate(Recipe(source, 0, 40), tmp_path / "x.zarr")
    assert compare_schema(store) == []
    own = store.path / "rule" / "zarr.json"
    own.write_text(own.read_text().replace("B36/S23", "B3/S23"))
    (store.path / "ash" / "zarr.json").unlink()
    assert [line.split(" is not what")[0] for line in verify(store)] == [
        str(store.path / "ash" / "zarr.json"),
        str(own),
    ]
    generate(Recipe(source, 0, 40), store.path)
    assert verify(store, full=True) == []
    root = store.path / "zarr.json"
    root.write_text(root.read_text().replace('"labels": [\n            "B3/S23"', '"labels": [\n            "B8/S23"'))
    (line,) = compare_schema(simkit.open(store.path))
    assert "field 'rule' is" in line
    assert "B8/S23" in line


def test_a_schema_that_is_not_the_source_s_is_told_field_by_field(out: Path) -> None:
    """As if a field had been renamed without raising the version of the source."""
    recipe = ash_recipe(40)
    schema = {("size" if name == "population" else name): field for name, field in recipe.source.schema().items()}
    with writing(out, Schema(**schema), recipe.spec(), {"backend": "none", "versions": {}}) as store:
        lines = compare_schema(store)
    assert len(lines) == 2
    assert sum("field 'population' is None" in line for line in lines) == 1
    assert sum("field 'size' is Field" in line and line.endswith("the source has None") for line in lines) == 1


def test_strangers_in_the_ledger_count_for_nothing(tmp_path: Path) -> None:
    store = generate(Recipe(simkit.source("ca-ash", size=8, max_steps=50), 0, 40), tmp_path / "x.zarr")
    for name in ("c.0.0.0 (copy)", "c.00.0.0", "c.-1.0.0", "c.foo", "c.7.0.0", "c.1", "loose.0.0.0", "partial.x"):
        (store.path / "ledger" / name).write_bytes(b"")
    assert list(store.done()) == [0]
    assert store.n_rows_done == 40
    assert verify(store, full=True) == []
