"""`simkit verify`: of whole data sets, and of damaged ones."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from command_line import N_ROWS, SMALL, Simkit, tree

import simkit as library
from simkit.store import forget
from simkit.store.shard import encode


def test_verify(simkit: Simkit, store: Path) -> None:
    result = simkit("verify", store)
    assert (result.code, result.err) == (0, "")
    first, second = result.out.splitlines()
    assert first == (
        "x.zarr: 12,388 rows, ledger and sizes agree (values: --full); "
        "no row was run anew, so that nothing is known of the recipe (--regenerate N)"
    )
    assert second == f"digest {library.open(store).root_digest()}"


def test_verify_full_and_regenerate(simkit: Simkit, store: Path) -> None:
    result = simkit("verify", store, "--full", "--regenerate", 50)
    assert (result.code, result.err) == (0, "")
    assert "every value has its digest; 50 random rows run anew on" in result.out


def recipe_of(store: Path, **changes: object) -> None:
    """Change the recipe that a data set records, and nothing else."""
    path = store / "zarr.json"
    root = json.loads(path.read_text())
    recipe = root["attributes"]["recipe"]
    recipe["parameters"] |= {name: changes.pop(name) for name in list(changes) if name in recipe["parameters"]}
    recipe |= changes
    path.write_text(json.dumps(root))


@pytest.mark.parametrize("changes", [{"seed": 12345}, {"density": 0.25}, {"rules": ["B38/S23", "B38/S238"]}])
def test_a_changed_recipe_is_found_by_the_row_that_full_runs_anew(
    simkit: Simkit, store: Path, changes: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = np.random.default_rng(3)  # few rows are as small a board as this, and the same by chance
    monkeypatch.setattr("numpy.random.default_rng", lambda: row)
    whole = simkit("verify", store, "--full", "--backend", "reference")
    assert (whole.code, whole.err) == (0, "")
    assert "every value has its digest; 1 random row run anew on reference is the same" in whole.out
    recipe_of(store, **changes)
    skipped = simkit("verify", store, "--full", "--regenerate", 0)
    if "rules" not in changes:  # the labels of a field are those of the rules
        assert skipped.code == 0
        assert "every value has its digest; no row was run anew, so that nothing is known of the recipe" in skipped.out
    found = simkit("verify", store, "--full", "--backend", "reference")
    assert (found.code, found.out) == (1, "")


@pytest.mark.parametrize("changes", [{"version": 99}, {"source": "ca-dust"}])
def test_where_the_source_is_not_there_it_is_said_that_no_row_was_run_anew(
    simkit: Simkit, store: Path, changes: dict[str, object]
) -> None:
    recipe_of(store, **changes)
    result = simkit("verify", store, "--full")
    assert result.code == 0
    assert result.err.startswith("note: the schema was not compared with the source's: ")
    assert "every value has its digest; no row was run anew, so that nothing is known of the recipe" in result.out
    assert simkit("verify", store, "--full", "--regenerate", 1).code == 1


def test_verify_regenerates_on_another_backend(simkit: Simkit, store: Path) -> None:
    assert (
        "20 random rows run anew on reference"
        in simkit("verify", store, "--regenerate", 20, "--backend", "reference").out
    )


def test_verify_regenerates_no_more_rows_than_there_are(simkit: Simkit) -> None:
    simkit("generate", "ca-ash", "--n", 30, *SMALL)
    assert "30 random rows run anew" in simkit("verify", "ca-ash.zarr", "--regenerate", "1e9").out


def test_verify_of_an_unfinished_store_fails_and_says_how_to_go_on(simkit: Simkit, partial: Path) -> None:
    error = simkit("verify", partial).error
    assert "x.zarr is whole as far as it goes: 8,292 of 12,388 rows; run its `simkit generate` line again" in error


def test_quiet_prints_errors(simkit: Simkit, partial: Path) -> None:
    assert "12,388 rows" in simkit("verify", partial, "--quiet").error


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_cut_shard(simkit: Simkit, store: Path) -> None:
    cut(store / "ash" / "c.0.0.0")
    where = "x.zarr/ash/c.0.0.0 (field 'ash', shards 0 to 3)"
    for line in (("verify", store), ("verify", store, "--full")):
        result = simkit(*line)
        assert (result.code, result.out) == (1, "")
        fault, error = result.err.splitlines()
        how = r"its index is torn .*" if "--full" in line else r"it has [\d,]+ bytes, and [\d,]+ were written"
        assert re.fullmatch(rf"fault: {re.escape(where)} is damaged: {how}", fault)
        assert error.startswith("simkit: x.zarr has 1 fault")
    assert f"{where} is damaged: its index is torn" in simkit("preview", store).error
    assert not Path("sheet.png").exists()


def test_a_flipped_bit(simkit: Simkit, store: Path) -> None:
    flip(store / "settle" / "c.0", 30)
    assert simkit("verify", store).code == 0
    result = simkit("verify", store, "--full")
    assert result.code == 1
    assert result.err.startswith(
        "fault: x.zarr/settle/c.0 (field 'settle', shards 0 to 3) is damaged: chunk 0 fails its checksum\n"
    )
    assert "chunk 0 fails its checksum" in simkit("preview", store, "--rows", "0").error


def test_a_changed_value_under_valid_checksums(simkit: Simkit, store: Path) -> None:
    opened = library.open(store)
    rows = opened["settle"][:]
    rows[2 * 4096 + 1000] += 1
    (store / "settle" / "c.0").write_bytes(encode(rows, opened.layout.spans["settle"] * 4096, 512))
    result = simkit("verify", store, "--full")
    assert result.code == 1
    where = "x.zarr/settle/c.0 (field 'settle', shards 0 to 3)"
    assert f"fault: {where} does not hold what was written in shard 2\n" in result.err


def test_the_advice_of_verify_mends_the_store(simkit: Simkit, store: Path) -> None:
    before = tree(store)
    opened = library.open(store)
    rows = opened["settle"][:]
    rows[1000] += 1
    (store / "settle" / "c.0").write_bytes(encode(rows, opened.layout.spans["settle"] * 4096, 512))
    cut(store / "ash" / "c.0.0.0")
    advice = "`simkit verify x.zarr --forget` lets its `simkit generate` line make them again"
    assert advice in simkit("verify", store, "--full").err
    assert list(library.open(store).done()) == [0, 1, 2, 3]
    assert "4 shards count as not done now" in simkit("verify", store, "--full", "--forget").err
    assert list(library.open(store).done()) == []
    assert simkit("generate", "ca-ash", "--n", N_ROWS, *SMALL, "--out", store).code == 0
    assert tree(store) == before


def test_a_torn_ledger(simkit: Simkit, store: Path) -> None:
    cut(store / "ledger" / "c.0.0.0")
    result = simkit("verify", store)
    assert result.code == 1
    assert "fault: x.zarr/ledger/c.0.0.0 (ledger, a group of shards) is damaged" in result.err
    assert simkit("info", store).code == 0
    assert "lets its `simkit generate` line make them again" in result.err
    assert simkit("verify", store, "--forget").code == 1
    assert simkit("generate", "ca-ash", "--n", N_ROWS, *SMALL, "--out", store).code == 0
    assert simkit("verify", store, "--full").code == 0


def test_wrong_values_that_only_running_anew_can_find(simkit: Simkit, store: Path) -> None:
    opened = library.open(store)
    parts = [opened.layout.rows(index) for index in range(opened.layout.n_shards)]
    batches = [{name: opened[name][rows.start : rows.stop] for name in opened} for rows in parts]
    forget(store, range(len(parts)))
    for index, batch in enumerate(batches):
        batch["population"] += 1
        opened.commit(index, batch)
    assert simkit("verify", store, "--full", "--regenerate", 0).code == 0
    assert "has 1 fault; they are not the rows of its recipe" in simkit("verify", store, "--full").err
    result = simkit("verify", store, "--regenerate", 3)
    assert (result.code, result.out) == (1, "")
    assert len(result.err.splitlines()) == 4
    assert "field 'population': x.zarr does not hold what" in result.err
    assert "has 3 faults; they are not the rows of its recipe" in result.err


def test_one_fault_is_one(simkit: Simkit, store: Path) -> None:
    (store / "settle" / "zarr.json").write_text("{}")
    assert "simkit: x.zarr has 1 fault; run its `simkit generate` line" in simkit("verify", store).err


def test_many_faults_are_cut_short(simkit: Simkit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simkit.store.layout._SHARD_ROWS", 16)
    monkeypatch.setattr("simkit.store.layout._MERGED_BYTES", 0)
    simkit("generate", "ca-ash", "--n", 200, *SMALL)
    for path in Path("ca-ash.zarr").glob("settle/c.*"):
        cut(path)
    for path in Path("ca-ash.zarr").glob("rule/c.*"):
        path.unlink()
    *faults, error = simkit("verify", "ca-ash.zarr").err.splitlines()
    assert len(faults) == 20
    assert error.startswith("simkit: ca-ash.zarr has 26 faults (6 more not shown); ")


def test_a_store_of_a_source_that_is_gone(simkit: Simkit, store: Path) -> None:
    recipe_of(store, source="ca-dust")
    assert simkit("info", store).code == 0
    assert (
        "note: the schema was not compared with the source's: there is no source 'ca-dust'"
        in simkit("verify", store).err
    )
    assert simkit("verify", store).code == 0
    assert "no source 'ca-dust'" in simkit("verify", store, "--regenerate", 3).err.splitlines()[-1]
