"""`simkit info`, and paths at which there is no data set."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import zarr
from command_line import GENERATE, SMALL, Simkit

import simkit as library


def test_info(simkit: Simkit, store: Path) -> None:
    result = simkit("info", store)
    assert (result.code, result.err) == (0, "")
    opened = library.open(store)
    assert result.out.startswith("x.zarr: 12,388 rows of ca-ash version 1, complete\n")
    assert re.search(r"^  seed +0$", result.out, re.MULTILINE)
    assert re.search(r"^  rules +B3/S23, B36/S23$", result.out, re.MULTILINE)
    assert re.search(r"^  ash +uint8 +\(sample, y, x_byte\) +\(12388, 8, 1\) +\S", result.out, re.MULTILINE)
    assert re.search(r"^  shards +4 of 4 done, 4,096 rows each$", result.out, re.MULTILINE)
    assert f"digest    {opened.root_digest()}" in result.out
    assert re.search(rf"backend +{opened.made['backend']}$", result.out, re.MULTILINE)
    assert library.source("ca-ash").citation in " ".join(result.out.split())
    assert re.search(r"versions +simkit [\d.]+, numpy [\d.]+", result.out)


def test_info_of_an_unfinished_store_says_what_is_missing(simkit: Simkit, partial: Path) -> None:
    result = simkit("info", partial)
    assert result.code == 0
    assert "8,292 done, 4,096 missing" in result.out
    assert "3 of 4 done" in result.out
    assert "(when complete)" in result.out


@pytest.mark.parametrize("command", ["info", "verify", "preview"])
def test_a_store_that_is_not_there(simkit: Simkit, command: str) -> None:
    assert "there is no x.zarr; `simkit generate SOURCE --out x.zarr` would make it" in simkit(command, "x.zarr").error


@pytest.mark.parametrize("command", ["info", "verify", "preview"])
@pytest.mark.parametrize("what", ["a file", "an empty folder", "a folder", "a zarr group", "a torn zarr.json"])
def test_a_store_that_is_not_ours(simkit: Simkit, command: str, what: str) -> None:
    path = Path("x.zarr")
    if what == "a file":
        path.write_text("precious")
    elif what == "a zarr group":
        zarr.open_group(path, mode="w").create_array("ash", shape=(3,), dtype="i4")
    else:
        path.mkdir()
        (path / ("zarr.json" if what == "a torn zarr.json" else "y")).write_text("{")
    if what == "an empty folder":
        (path / "y").unlink()
    error = simkit(command, path).error
    assert "x.zarr" in error
    phrases = "is not a simkit data set", "is a file", "is damaged", "is an empty folder"
    assert any(phrase in error for phrase in phrases)


@pytest.mark.parametrize("command", ["info", "verify", "preview", "generate"])
def test_a_path_that_is_too_long(simkit: Simkit, command: str) -> None:
    line = (command, "a" * 300) if command != "generate" else (*GENERATE, "--quiet", "--out", "a" * 300)
    assert "file name too long" in simkit(*line).error.lower()


def test_one_row_is_no_rows(simkit: Simkit) -> None:
    made = simkit("generate", "ca-ash", "--n", "1", *SMALL, "--out", "one.zarr")
    said = made.out + made.err + simkit("info", "one.zarr").out + simkit("verify", "one.zarr", "--full").out
    opened = library.open("one.zarr")
    with pytest.raises(library.SimkitError) as beyond:
        opened[next(iter(opened))][1]
    said += repr(opened) + opened._repr_html_() + str(beyond.value)
    assert said.count("1 row") >= 7
    assert not re.search(r"\b1 rows\b(?!/s)", said)  # a rate of 21 rows/s is one of many
