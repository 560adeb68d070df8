"""simkit census and simkit baseline."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from command_line import Simkit


@pytest.fixture
def ash(simkit: Simkit) -> Path:
    assert simkit("generate", "ca-ash", "--n", 120, "--set", "size=48", "--out", "ash.zarr", "--quiet").code == 0
    return Path("ash.zarr")


def test_text_csv_and_json_say_the_same(simkit: Simkit, ash: Path) -> None:
    text = simkit("census", ash).out
    objects = json.loads(simkit("census", ash, "--format", "json").out)
    rows = list(csv.DictReader(io.StringIO(simkit("census", ash, "--format", "csv").out)))
    names = ["rule", "apgcode", "name", "count", "per_board", "share", "standard_error"]
    assert [list(entry) for entry in objects] == [names] * len(objects)
    assert [{key: str(value) for key, value in entry.items()} for entry in objects] == rows
    for rule in ("B3/S23", "B36/S23"):
        mine = [entry for entry in objects if entry["rule"] == rule]
        assert sum(entry["share"] for entry in mine) == pytest.approx(1)
        assert f"{rule}: {sum(entry['count'] for entry in mine):,} objects of {len(mine)} kinds on 60 boards" in text
        assert mine[0]["count"] >= mine[1]["count"]
    assert "xs4_33" in text
    assert "block" in text


def test_some_rows(simkit: Simkit, ash: Path) -> None:
    assert "on 5 boards" in simkit("census", ash, "--rows", "10:20").out
    assert "asked for row 120 of ash.zarr, which has 120 rows" in simkit("census", ash, "--rows", "100:121").error


def test_a_board_has_no_rows(simkit: Simkit) -> None:
    Path("glider.rle").write_text("x = 3, y = 3, rule = B3/S23\nbo$2bo$3o!\n")
    assert "glider.rle holds one board, and rows are of a data set" in simkit("census", "glider.rle", "--rows", 3).error


def test_one_board(simkit: Simkit) -> None:
    Path("glider.rle").write_text("x = 3, y = 3, rule = B3/S23\nbo$2bo$3o!\n")
    result = simkit("census", "glider.rle", "--format", "json")
    (entry,) = json.loads(result.out)
    assert (entry["apgcode"], entry["name"], entry["count"], entry["standard_error"]) == ("xq4_153", "glider", 1, 0)
    assert "settles at generation 0 with period 524 on a 131x131 torus" in result.err


def test_an_exported_board_has_the_objects_of_its_row(simkit: Simkit, ash: Path) -> None:
    assert simkit("export", ash, "--rows", 3, "--out", "3.rle").code == 0
    found = json.loads(simkit("census", "3.rle", "--format", "json").out)
    assert found == json.loads(simkit("census", ash, "--rows", "3", "--format", "json").out)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("no.rle", None, "cannot read no.rle: No such file or directory"),
        ("odd.rle", "bo$2q!", "'q'"),
        (
            "long.rle",
            "x = 3, y = 1, rule = B3/S23:T9000,64\n3o!",
            "long.rle is 64x9000 cells; boards have sides of 8 to 4096",
        ),
    ],
)
def test_boards_that_cannot_be_counted(simkit: Simkit, name: str, text: str | None, why: str) -> None:
    if text is not None:
        Path(name).write_text(text)
    assert why in simkit("census", name).error


def test_baseline(simkit: Simkit, ash: Path) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn (the extra `train`) is not installed")
    lines = json.loads(simkit("baseline", ash, "--format", "json").out)
    assert [line["features"] for line in lines] == [
        "none (the commonest rule)",
        "population",
        "object counts",
        "population + object counts",
    ]
    assert [(line["n_train"], line["n_test"]) for line in lines] == [(95, 12)] * 4
    said = "error in telling the rule of the 12 rows with split=test, learnt from the 95 with split=train, of rows 0 to 119"
    assert said in simkit("baseline", ash).out
    assert (
        "at least 40 training rows and a test row of each of two rules"
        in simkit("baseline", ash, "--rows", "0:20").error
    )
