"""`simkit preview`: sheets of rows, and rows that cannot be shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from command_line import SMALL, Simkit, tree
from PIL import Image

import simkit as library


def test_preview_draws_a_sheet(simkit: Simkit, store: Path) -> None:
    result = simkit("preview", store)
    assert (result.code, result.err) == (0, "")
    with Image.open("sheet.png") as picture:
        assert picture.format == "PNG"
        assert result.out == f"sheet.png: rows 0 to 15, {picture.width} x {picture.height} pixels\n"


def test_preview_of_a_store_of_few_rows(simkit: Simkit) -> None:
    simkit("generate", "ca-ash", "--n", 5, *SMALL)
    result = simkit("preview", "ca-ash.zarr")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("sheet.png: rows 0 to 4, ")


def test_preview_of_other_rows_into_another_file(simkit: Simkit, store: Path) -> None:
    assert "a.png: rows 12,380 to 12,387" in simkit("preview", store, "--rows", "12380:12388", "--out", "a.png").out
    assert "b.png: row 7, " in simkit("preview", store, "--rows", "7", "--out", "b.png").out
    assert "c.png: 5 rows, " in simkit("preview", store, "--rows", "9,3,20:23", "--out", "c.png").out
    assert np.array_equal(library.preview(store, rows=[9, 3, 20, 21, 22]), Image.open("c.png"))
    assert pixels("a.png").size > pixels("b.png").size


def pixels(path: str) -> npt.NDArray[np.uint8]:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def test_preview_shows_the_cells_of_the_board(simkit: Simkit, store: Path) -> None:
    """The board stands somewhere on the sheet, each cell a square of 32 pixels: white if it is dead."""
    row = int(np.flatnonzero(library.open(store)["population"][:])[0])
    simkit("preview", store, "--rows", row)
    dead = library.unpack(library.open(store)["ash"][row]) == 0
    is_white = (pixels("sheet.png") == 255).all(axis=2)
    panel = np.kron(dead, np.ones((32, 32), bool))
    windows = np.lib.stride_tricks.sliding_window_view(is_white, panel.shape)
    places = [
        (y, x) for y in range(windows.shape[0]) for x in range(windows.shape[1]) if (windows[y, x] == panel).all()
    ]
    assert len(places) == 1


def test_preview_of_rows_that_are_done_in_an_unfinished_store(simkit: Simkit, partial: Path) -> None:
    assert simkit("preview", partial, "--rows", "4000:4096").code == 0


@pytest.mark.parametrize("rows", ["12388", "12388:12400", "12380:12389", "99999999999999999"])
def test_preview_of_rows_that_are_not_there(simkit: Simkit, store: Path, rows: str) -> None:
    assert "which has 12,388 rows" in simkit("preview", store, "--rows", rows).error


def test_preview_of_too_many_rows(simkit: Simkit, store: Path) -> None:
    assert "asked for 1,000 rows on a sheet, which holds 400" in simkit("preview", store, "--rows", "0:1000").error


def test_preview_of_rows_that_are_not_generated_yet(simkit: Simkit, partial: Path) -> None:
    error = simkit("preview", partial, "--rows", "4090:4100").error
    assert "rows 4,096 to 8,191 of x.zarr are not generated yet; run its `simkit generate` line again" in error


def test_preview_into_a_place_that_cannot_be_written(simkit: Simkit, store: Path) -> None:
    assert "name too long" in simkit("preview", store, "--out", f"{'a' * 300}.png").error
    Path("folder.png").mkdir()
    assert "there is a folder; name a file" in simkit("preview", store, "--out", "folder.png").error


@pytest.mark.parametrize("out", ["x.jpg", "x.zarr/zarr.json", "."])
def test_a_preview_is_a_png(simkit: Simkit, store: Path, out: str) -> None:
    before = tree(store)
    assert "does not end in .png" in simkit("preview", store, "--out", out).misuse
    assert tree(store) == before
