"""simkit fractal render and gallery."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from simkit_cli.main import main

import simkit
from simkit.figures.picture import captions
from simkit.fractals import maps, palettes
from simkit.fractals.presets import PRESETS


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def fractal(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["fractal", *map(str, arguments)])


def test_a_picture_holds_the_command_that_draws_it_again() -> None:
    first = fractal("render", "julia-golden", "--size", "64x40", "--supersample", 2, "--median", "--out", "a.png")
    assert first.exit_code == 0, first.output
    assert re.search(r"^a\.png: 64 x 40 pixels; [0-9.]+ % escaped, [0-9.]+ % converged; float64, [0-9.]+ s$", first.output,
                     re.MULTILINE)  # fmt: skip
    assert "Convergence to the fixed point (0, 0) (multiplier 0.99) is certified." in first.output
    with Image.open("a.png") as opened:
        assert opened.size == (64, 40)
        command = shlex.split(opened.text["simkit"])
        pixels = np.asarray(opened)
    assert command[:3] == ["simkit", "fractal", "render"]
    again = fractal(*command[2:], "--out", "b.png", "--threads", 1)
    assert again.exit_code == 0, again.output
    with Image.open("b.png") as opened:
        assert np.array_equal(np.asarray(opened), pixels)
        assert shlex.split(opened.text["simkit"]) == command


def test_a_map_may_begin_with_a_minus() -> None:
    done = fractal(
        "render", "-0.5,0.7,1,0,-1,-0.7,-0.5,0,2,0", "--size", "32x32", "--center", "-0.1,0.2", "--width", "3"
    )
    assert done.exit_code == 0, done.output
    assert Path("map.png").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("julia-rabit",), "did you mean 'julia-rabbit'"),
        (("1,2,nan,4,5,6,7,8,9,10",), "number 3 of the map is 'nan'"),
        (("1,2",), "this is 2 numbers"),
        (("henon", "--size", "1000000x1000000"), "this one has 1,000,000 x 1,000,000"),
        (("henon", "--size", "0x5"), "at least one pixel"),
        (("henon", "--size", "12"), "is not WIDTHxHEIGHT"),
        (("henon", "--width", "0"), "the width of a view is above 0"),
        (("henon", "--width", "inf"), "no finite number"),
        (("henon", "--zoom", "1e200"), "no deeper zoom is computed"),
        (("henon", "--center", "nan,0"), "no finite number"),
        (("henon", "--center", "1"), "is not 2 numbers"),
        (("henon", "--row", "2"), "a row is of a data set"),
        (("henon", "--palette", "pots"), "did you mean 'post'"),
        (("henon", "--out", "x.jpg"), "a picture is a .png"),
        (("henon", "--iterations", "1e12"), "a number of iterations is"),
        (("henon", "--supersample", "17"), "1 to 16; this is 17"),
        (("henon", "--precision", "float16"), "did you mean 'float64'"),
        (("no.zarr",), "there is no no.zarr"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: tuple[str, ...], says: str) -> None:
    done = fractal("render", *arguments)
    assert done.exit_code != 0
    assert says in done.output.replace("\n", " ")
    assert not list(Path().glob("*.png"))


def test_help_lists_the_presets() -> None:
    shown = fractal("render", "--help").output
    assert all(name in shown for name in PRESETS)


def test_a_gallery_of_presets_and_maps() -> None:
    done = fractal("gallery", "henon", "1,0,0,0,0,0,0.5,0,0,1", "--size", "130x100", "--columns", 2)
    assert done.exit_code == 0, done.output
    with Image.open("gallery.png") as opened:
        assert opened.width > 260
        assert f"{opened.width} x {opened.height} pixels" in done.output
    wrong = fractal("gallery", "henon", "--rows", "0:3")
    assert "rows are of a data set" in wrong.output


def test_drawing_a_preset_loads_no_more_than_it_needs() -> None:
    """What takes a fifth of a second to import, and has no part in a picture."""
    code = (
        "import sys; from simkit_cli.main import main\n"
        "try: main(['fractal', 'render', 'heron', '--size', '16x16', '--quiet'])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(*{'zarr', 'simkit.run', 'matplotlib', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_previews_of_fractals_are_in_colour_and_rows_are_drawn() -> None:
    recipe = simkit.Recipe(simkit.source("quadratic-map", size=24, iterations=60), 3, 3)
    store = simkit.generate(recipe, "maps.zarr")
    sheet = np.asarray(simkit.preview(store, [0, 2]))
    assert f"radius {store['radius'][2]:.6g}" in captions(store, [2])[0]
    shown = {tuple(colour) for colour in sheet.reshape(-1, 3).tolist()}
    pair = store["classes"][2], store["counts"][2]
    boards = palettes.coloured(*pair, of=palettes.exposure(*pair))
    assert {tuple(colour) for colour in boards.reshape(-1, 3).tolist()} <= shown
    done = fractal("render", "maps.zarr", "--row", 2, "--size", "24x24", "--center", "0,0", "--width", 4)
    assert done.exit_code == 0, done.output
    with Image.open("maps-2.png") as opened:
        assert maps.text(store["parameters"][2]) in opened.text["simkit"]
    sheet_of = fractal("gallery", "maps.zarr", "--rows", "0,2", "--size", "40x40")
    assert sheet_of.exit_code == 0, sheet_of.output
    assert "2 fractals" in sheet_of.output
    assert "asked for row 3 of maps.zarr, which has 3 rows" in fractal(
        "render", "maps.zarr", "--row", 3
    ).output.replace("\n", " ")
