"""simkit export of whole data sets and simkit card, as a user meets them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from simkit_cli.main import main

import simkit

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


def simkit_(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


def test_a_data_set_becomes_a_file_or_a_folder_named_after_it(store: Path) -> None:
    said = {
        "npz": "x.npz: rows 0 to 11 as npz, 1 file\n",
        "idx": "note: ash holds 0 and 1, not 0 and 255 as images do\nx-idx: rows 0 to 11 as idx, 8 files\n",
        "webdataset": "x-webdataset: rows 0 to 11 as webdataset, 2 files\n",
        "parquet": "x.parquet: rows 0 to 11 as parquet, 1 file\n",
        "hf": "x-hf: rows 0 to 11 as hf, 4 files\n",
    }
    for to, output in said.items():
        done = simkit_("export", store, "--format", to)
        assert (done.exit_code, done.output) == (0, output)
        assert simkit_("export", store, "--format", to, "-q").output == ""
    with np.load("x.npz") as archive:
        assert np.array_equal(archive["ash"], simkit.unpack(simkit.open(store)["ash"][:], SIZE[1]))


def test_rows_fields_and_packed_boards(store: Path) -> None:
    done = simkit_(
        "export", store, "--format", "npz", "--rows", "2:9", "--fields", "rule, ash", "--packed", "--out", "a.npz"
    )
    assert (done.exit_code, done.output) == (0, "a.npz: rows 2 to 8 as npz, 1 file\n")
    with np.load("a.npz") as archive:
        assert archive.files == ["ash", "rule"]
        assert np.array_equal(archive["ash"], simkit.open(store)["ash"][2:9])
    again = simkit_("export", store, "--format", "npz", "--rows", "3", "--out", "a.npz")
    assert (again.exit_code, len(again.output.splitlines())) == (1, 1)
    assert "a.npz is there already and holds something else; choose another --out, or say --force" in again.output
    forced = simkit_("export", store, "--format", "npz", "--rows", "3", "--out", "a.npz", "--force")
    assert forced.output == "a.npz: row 3 as npz, 1 file\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "npz", "--fields", "ahs"], "'ahs'; did you mean 'ash'?"),
        (["--format", "npz", "--rows", "4:99"], "which has 12 rows"),
        (["--rows", "0:2", "--fields", "ash"], "rle writes whole boards; it takes no choice of fields"),
        (["--rows", "0:2", "--packed"], "rle writes whole boards; it takes no choice of fields"),
    ],
)
def test_bad_input_is_one_clear_line_and_writes_nothing(store: Path, arguments: list[str], message: str) -> None:
    done = simkit_("export", store, *arguments)
    assert (done.exit_code, len(done.output.splitlines())) == (1, 1)
    assert done.output.startswith("simkit: ")
    assert message in done.output
    assert not list(Path().glob("x*"))


def test_a_card(store: Path) -> None:
    done = simkit_("card", store, "--out", "card")
    assert (done.exit_code, done.output) == (0, "card: README.md and croissant.json\n")
    again = simkit_("card", store, "--out", "card")
    assert again.output == "card: README.md and croissant.json, 2 of them there already\n"
    Path("card/README.md").write_text("mine")
    assert "holds something else" in simkit_("card", store, "--out", "card").output
    assert simkit_("card", store, "--out", "card", "--force", "-q").output == ""
    assert Path("card/README.md").read_text().startswith('---\npretty_name: "ca-ash version 1, seed 5"\n')
    other = simkit_("card", store, "--out", "card", "--recipe", "ca-ash-4rules.toml")
    assert (other.exit_code, other.output.count("\n")) == (1, 1)
    assert "cannot read the recipe ca-ash-4rules.toml" in other.output
