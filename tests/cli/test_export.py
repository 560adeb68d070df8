"""simkit export, as a user meets it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from simkit_cli.main import main

import simkit
from simkit.interchange import rle
from simkit.kernels import life
from simkit.kernels.life import Rule

SIZE, N_ROWS = (24, 20), 12


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stores") / "x.zarr"
    source = simkit.source("ca-ash", rules=("B3/S23", "B2/S"), size=SIZE, max_steps=300)
    simkit.generate(simkit.Recipe(source, 5, N_ROWS), path)
    return path


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def export(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["export", *map(str, arguments)], catch_exceptions=False)


def boards(path: Path) -> np.ndarray:
    return simkit.unpack(simkit.open(path)["ash"][:], SIZE[1])


def test_a_row_becomes_a_file_that_says_what_it_is(store: Path) -> None:
    done = export(store, "--rows", 3, "--format", "rle", "--out", "three.rle")
    assert (done.exit_code, done.output) == (0, "three.rle: row 3 as rle, 1 file\n")
    text = Path("three.rle").read_text()
    found = rle.read(text)
    assert np.array_equal(found.cells, boards(store)[3])
    assert (found.rule, found.torus) == (Rule.parse("B2/S"), SIZE)
    about = " ".join(found.comments)
    assert "Row 3 of x.zarr: ca-ash version 1, seed 5." in about
    assert max(map(len, text.splitlines())) <= 70


def test_settle_and_period_are_told(store: Path) -> None:
    opened = simkit.open(store)
    settled = int(np.flatnonzero(opened["period"][:])[0])
    never = int(np.flatnonzero(opened["period"][:] == 0)[0])
    assert export(store, "--rows", settled).exit_code == 0
    about = " ".join(rle.read(Path(f"x-{settled}.rle").read_text()).comments)
    assert f"generation {opened['settle'][settled]} of its soup" in about
    assert f"period {opened['period'][settled]}." in about
    assert export(store, "--rows", never, "-q").output == ""
    assert "it never settled" in " ".join(rle.read(Path(f"x-{never}.rle").read_text()).comments)


def test_a_soup_becomes_the_ash(store: Path) -> None:
    opened = simkit.open(store)
    row = int(np.flatnonzero(opened["period"][:])[0])
    assert export(store, "--rows", row, "--format", "rle-soup").exit_code == 0
    found = rle.read(Path(f"x-{row}.soup.rle").read_text())
    soup = np.packbits(found.cells, axis=-1, bitorder="little")
    later = life.KERNEL.load("reference").step(soup[None], SIZE[1], found.rule, int(opened["settle"][row]))
    assert np.array_equal(later[0], opened["ash"][row])


def test_rows_become_a_folder(store: Path) -> None:
    done = export(store, "--rows", "2:12", "--out", "some/boards")
    assert (done.exit_code, done.output) == (0, "some/boards: rows 2 to 11 as rle, 10 files\n")
    names = sorted(path.name for path in Path("some/boards").iterdir())
    assert names == [f"row-{row:06d}.rle" for row in range(2, 12)]
    for row in range(2, 12):
        found = rle.read(Path(f"some/boards/row-{row:06d}.rle").read_text())
        assert np.array_equal(found.cells, boards(store)[row])
    assert export(store, "--rows", "0:2").output == "x-rle: rows 0 to 1 as rle, 2 files\n"
    assert export(store, "--rows", "1", "--format", "rle-soup", "--out", "some/boards").exit_code == 0
    assert Path("some/boards/soup-000001.rle").is_file()


def test_rules_that_golly_inverts_come_with_a_warning(tmp_path: Path) -> None:
    rules = ("B3/S23", "B0/S", "B0123478/S34678")
    simkit.generate(
        simkit.Recipe(simkit.source("ca-ash", rules=rules, size=8, max_steps=9), 0, 3), tmp_path / "b0.zarr"
    )
    done = export("b0.zarr", "--rows", "0:3")
    assert done.exit_code == 0
    assert "note: B0/S has B0: Golly shows it inverted in odd generations" in done.output
    assert "note: B0123478/S34678 has B0 and S8: Golly takes it for its complement" in done.output
    texts = [" ".join(rle.read(Path(f"b0-rle/row-{row:06d}.rle").read_text()).comments) for row in range(3)]
    assert ["Golly" in text for text in texts] == [False, True, True]
    assert "note" not in export("b0.zarr", "--rows", "0").output


def test_many_rows_are_read_in_blocks(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simkit.interchange.selection._BLOCK", 5)
    assert export(store, "--rows", "1:12", "--out", "blocks").exit_code == 0
    for row in range(1, 12):
        assert np.array_equal(rle.read(Path(f"blocks/row-{row:06d}.rle").read_text()).cells, boards(store)[row])


def test_what_is_there_stays_unless_forced(store: Path) -> None:
    assert export(store, "--rows", 3, "--out", "a.rle").exit_code == 0
    before = Path("a.rle").stat().st_mtime_ns
    again = export(store, "--rows", 3, "--out", "a.rle")
    assert again.output == "a.rle: row 3 as rle, 1 file, 1 of them there already\n"
    other = export(store, "--rows", 4, "--out", "a.rle")
    assert other.exit_code == 1
    assert other.output == (
        "simkit: a.rle is there already and holds something else; choose another --out, or say --force\n"
    )
    assert Path("a.rle").stat().st_mtime_ns == before
    assert export(store, "--rows", 4, "--out", "a.rle", "--force").exit_code == 0
    assert np.array_equal(rle.read(Path("a.rle").read_text()).cells, boards(store)[4])


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
def test_stopped_in_the_middle_it_leaves_whole_files_and_goes_on(
    store: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    n_calls = 0
    where, real = (Path, Path.rename) if call == "rename" else (os, getattr(os, call))

    def interrupted(*arguments: object) -> object:
        nonlocal n_calls
        n_calls += 1
        if n_calls == 8:
            if call == "write":
                real(arguments[0], arguments[1][:10])  # half of it reaches the disk
            raise KeyboardInterrupt
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(where, call, interrupted)
        done = export(store, "--rows", "0:12", "--out", "boards")
    assert done.exit_code != 0
    files = list(Path("boards").iterdir())
    assert 0 < len(files) < N_ROWS
    for path in files:
        assert np.array_equal(rle.read(path.read_text()).cells, boards(store)[int(path.stem[4:])])
    done = export(store, "--rows", "0:12", "--out", "boards")
    assert done.output == f"boards: rows 0 to 11 as rle, 12 files, {len(files)} of them there already\n"
    assert len(list(Path("boards").iterdir())) == N_ROWS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rows", "12"], "asked for row 12 of"),
        (["--rows", "4:99"], "which has 12 rows"),
        (["--rows", "0:4", "--out", "a.rle"], "a.rle is one file, for one row; 4 rows need a folder, such as --out a"),
        (["--rows", "1", "--out", "occupied"], "occupied is a file, and a folder of .rle files cannot be made there"),
        (["--rows", "1", "--out", "folder.rle"], "folder.rle is a folder; choose another place with --out"),
        (["--rows", "1", "--out", "/proc/no/a.rle"], "cannot create /proc/no"),
    ],
)
def test_bad_input_is_one_clear_line(store: Path, arguments: list[str], message: str) -> None:
    Path("occupied").write_text("mine")
    Path("folder.rle").mkdir()
    done = export(store, *arguments)
    assert done.exit_code == 1
    assert message in done.output
    assert done.output.startswith("simkit: ")
    assert len(done.output.splitlines()) == 1
    assert Path("occupied").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing option '--rows'"),
        (["--rows", "4:4"], "is not START:STOP"),
        (
            ["--rows", "1", "--format", "gif"],
            "there is no format 'gif'; choose from hf, idx, npz, parquet, rle, rle-soup, webdataset",
        ),
    ],
)
def test_misuse_is_told_as_click_does(store: Path, arguments: list[str], message: str) -> None:
    done = export(store, *arguments)
    assert done.exit_code == 2
    assert message in done.output


def test_a_store_that_is_missing() -> None:
    done = export("nowhere.zarr", "--rows", "1")
    assert (done.exit_code, len(done.output.splitlines())) == (1, 1)
    assert "there is no nowhere.zarr" in done.output


def test_help_lists_the_formats_and_loads_nothing_heavy() -> None:
    for name in ("export", "card", "preview"):
        code = f"""
import sys
from simkit_cli.main import main
try:
    main(["{name}", "--help"])
finally:
    heavy = {{"numba", "llvmlite", "zarr", "PIL", "rich", "pyarrow", "torch"}} & set(sys.modules)
    print("heavy:", sorted(heavy))
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert "heavy: []" in done.stdout
        assert name != "export" or re.search("rle +Text that Golly", done.stdout)
