"""simkit fractal path: films of paths and of data sets, and what is said of bad input."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from command_line import GENERATE
from command_line import SMALL as SMALL_BOARDS
from PIL import Image

import simkit as library
from simkit.figures.picture import Film, room
from simkit.fractals import palettes, path_film
from simkit.fractals.attractor_path import AttractorPath

SMALL = ("--size", "160x200", "--frames", "5")


def boards(film: Film) -> list[np.ndarray]:
    return [film.colours[frame.boards[0]] for frame in film.frames()]


def shown(path: Path) -> list[np.ndarray]:
    with Image.open(path) as film:
        found = []
        for i in range(film.n_frames):
            film.seek(i)
            found.append(np.asarray(film.convert("RGB")))
    return found


def test_a_film_of_a_preset(simkit):
    done = simkit("fractal", "path", "--preset", "delayed-logistic", *SMALL, "--out", "a.apng")
    assert done.code == 0
    assert done.out.startswith("a.apng: delayed-logistic, 5 frames, 2.1 s, 160 x 200 pixels, made in ")
    film = path_film.film(AttractorPath(start="delayed-logistic", frames=5), (160, 200))
    height, _ = room((160, 200))
    for found, wanted in zip(shown(Path("a.apng")), boards(film), strict=True):
        assert np.array_equal(found[:height], wanted)
    frames = list(film.frames())
    assert frames[0].caption.startswith("ring · rotation 0.16")
    assert frames[-1].caption.startswith("chaos · exponent +0.1")
    assert frames[0].note == "x' +2.0100 x -2.0100 xy"
    assert (film.curves.exact[0][0], film.curves.exact[-1][0]) == (0.0, 1.0)
    assert film.curves.exact[-1][1] > 0.1
    assert np.array_equal(film.colours[0], palettes.densities("post", 192)[0])


def test_a_path_of_ones_own_is_that_of_the_preset(simkit):
    own = ("--start", "2.01,0,0,-2.01,0,1,0,0,0,0", "--end", "2.27,0,0,-2.27,0,1,0,0,0,0", "--origin", "0.5,0.5")
    assert simkit("fractal", "path", *own, *SMALL, "--out", "own.gif", "-q").out == ""
    assert simkit("fractal", "path", "--preset", "delayed-logistic", *SMALL, "--out", "preset.gif").code == 0
    assert Path("own.gif").read_bytes() == Path("preset.gif").read_bytes()


def test_a_film_of_a_data_set(simkit):
    made = ("--set", "start=prey", "--set", "frames=6", "--set", "size=40x30", "--set", "iterations=3000")
    assert simkit("generate", "attractor-path", "--n", "8", *made, "--out", "x.zarr").code == 0
    done = simkit("fractal", "path", "x.zarr", "--out", "x.gif")
    assert done.code == 0
    assert "x.gif: x, 6 frames" in done.out
    assert simkit("preview", "x.zarr", "--view", "film", "--out", "y.gif").code == 0
    assert Path("x.gif").read_bytes() == Path("y.gif").read_bytes()
    assert simkit("preview", "x.zarr", "--rows", "7", "--animate", "second.gif").code == 0
    assert len(shown(Path("second.gif"))) == 2, "the second run has two rows so far"
    store = library.open("x.zarr")
    light = path_film.Light()
    first = palettes.densities("post", 192)[light.tones(store["density"][0])].repeat(13, 0).repeat(13, 1)
    assert any(
        np.array_equal(shown(Path("x.gif"))[0][top : top + first.shape[0], : first.shape[1]], first) for top in range(4)
    )
    assert simkit("preview", "x.zarr", "--out", "sheet.png").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "trefol"], "there is no path 'trefol'; did you mean 'trefoil'?"),
        (["--start", "1,2,3"], "a path has an end"),
        (["--start", "1,2,3", "--end", "1,2"], "this is 3 numbers"),
        (["--frames", "1e6"], "frames' takes 1 to 100,000"),
        (["--size", "64x64"], "a film has 128 to 4,096 pixels a side; this is 64x64"),
        (["--size", "161x200", "--out", "a.mp4"], "even number of pixels a side; this is 161x200: take 162x200"),
        (["--out", "a.webm"], "a film is a .gif, an .mp4, or a .png or .apng that moves; a.webm ends in '.webm'"),
        (["--palette", "pots"], "there is no palette 'pots'; did you mean 'post'?"),
        (["nothing.zarr"], "nothing.zarr"),
        (["--out", "folder.gif"], "there is a folder; name a file"),
    ],
)
def test_bad_input_is_one_clear_line(simkit, arguments, message):
    Path("folder.gif").mkdir()
    assert message in simkit("fractal", "path", "--frames", "3", "--size", "128x128", *arguments).error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--size", "1000000x1000000"], "1,000,000 x 1,000,000"),
        (["--preset", "prey", "--start", "1"], "leave one out"),
        (["x.zarr", "--preset", "prey"], "x.zarr is a data set, whose path is in it"),
        (["--origin", "1"], "not 2 numbers"),
    ],
)
def test_misuse_is_one_clear_line(simkit, arguments, message):
    assert message in simkit("fractal", "path", *arguments).misuse


def test_a_data_set_of_another_source_has_no_path(simkit):
    assert simkit(*GENERATE, *SMALL_BOARDS, "--out", "x.zarr").code == 0
    assert "x.zarr is of ca-ash, whose rows are no frames of a path" in simkit("fractal", "path", "x.zarr").error


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["mp4", "gif", "apng"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_film_that_is_stopped_leaves_nothing(tmp_path, suffix, number):
    films = tmp_path / "films"
    films.mkdir()
    line = [
        sys.executable,
        "-c",
        "from simkit_cli.main import main; main()",
        "fractal",
        "path",
        "--frames",
        "9999",
        "--size",
        "400x400",
    ]
    run = subprocess.Popen([*line, "--out", f"a.{suffix}"], cwd=films, stderr=subprocess.PIPE)
    folder = Path(f"/proc/{run.pid}/fd")
    if not folder.exists():
        run.kill()
        pytest.skip("open files of another process are listed on Linux alone")
    try:
        deadline = time.monotonic() + 240
        while not any(_written(file) > 20_000 for file in folder.iterdir() if str(films) in _target(file)):
            assert run.poll() is None, run.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        run.send_signal(number)
        assert run.wait(60) != 0
    finally:
        run.kill()
        run.communicate()
    assert not list(films.iterdir())


def _target(file: Path) -> str:
    try:
        return str(file.readlink())
    except OSError:
        return ""


def _written(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
