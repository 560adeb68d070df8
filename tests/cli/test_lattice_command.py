"""simkit lattice, and simkit preview of lattices."""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from command_line import Simkit, tree
from PIL import Image

import simkit as library
from simkit.figures import ink
from simkit.figures.film import draw_film
from simkit.kernels import lattice
from simkit.kernels.lattice import states
from simkit.lattices import colours, magic
from simkit.lattices.films import SCENES, magic_state, phase_transition, scene, two_boxes
from simkit.lattices.golly import pattern

MAGIC = ("lattice", "magic", "--size", 64, "--steps", 300)
RULES = ["simkit-creutz.rule", "simkit-hpp-ising.rule", "simkit-hpp.rule", "simkit-q2r.rule"]


def generated(name: str, **parameters: object) -> Path:
    path = Path(f"{name}.zarr")
    library.generate(library.Recipe(library.source(name, steps=20, every=10, **parameters), 3, 3), path)
    return path


def test_a_magic_state_is_made_shown_and_exported(simkit: Simkit) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed here")
    done = simkit(*MAGIC, "--text", "OK", "--out", "ok")
    assert done.code == 0, done.err
    assert "there again, to the last bit" in done.out
    assert sorted(tree(Path("ok"))) == ["entropy.png", "flipped.rle", "magic.rle", "simkit-hpp-ising.rule"]
    state = pattern.read(Path("ok/magic.rle").read_text())
    assert state.is_torus
    after = lattice.KERNEL.load().run(state.cells, 300).cells
    start = magic.draw(ink.of_text("OK", 64))
    assert np.array_equal(states.reverse(after), start)
    flipped = pattern.read(Path("ok/flipped.rle").read_text())
    assert (flipped.cells != state.cells).sum() == 1
    with Image.open("ok/entropy.png") as picture:
        assert picture.width > 800
    before = tree(Path("ok"))
    assert simkit(*MAGIC, "--text", "OK", "--out", "ok").code == 0
    assert tree(Path("ok")) == before, "the same line gives the same bytes"
    assert "something else" in simkit(*MAGIC, "--text", "NO", "--out", "ok").error
    assert simkit(*MAGIC, "--text", "NO", "--out", "ok", "--force").code == 0


def test_a_picture_with_little_ink_is_counterchanged(simkit: Simkit) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed here")
    tones = np.full((64, 64), 255, np.uint8)
    tones[:4] = 0
    Image.fromarray(tones).save("a.png")
    done = simkit(*MAGIC, "--picture", "a.png")
    assert done.err == "note: the picture is counterchanged in a band, so that about half is ink: hot enough\n"
    assert "to the last bit" in done.out


def test_without_matplotlib_it_says_what_to_install(simkit: Simkit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert "needs matplotlib, which is not installed: pip install matplotlib" in simkit(*MAGIC, "--text", "A").error
    assert not Path("magic").exists()


def test_rules_are_exported(simkit: Simkit) -> None:
    assert simkit("lattice", "export-golly", "--out", "r").out.startswith("r: simkit-hpp-ising.rule, ")
    assert sorted(tree(Path("r"))) == RULES


@pytest.mark.parametrize(
    ("name", "rule", "parameters"),
    [
        ("hpp-ising", "simkit-hpp-ising", {"height": 8, "bath": 4, "depth": 4, "snapshots": 2}),
        ("ising-q2r", "simkit-q2r", {"size": (8, 10), "snapshots": 2}),
        ("ising-creutz", "simkit-creutz", {"size": (8, 10), "snapshots": 2}),
        ("hpp", "simkit-hpp", {"height": 8, "box": 6, "opening": 2, "strip": 3, "snapshots": 2}),
        ("heat-conduction", "simkit-hpp-ising", {"height": 8, "bath": 3, "depth": 4, "settling": 0, "snapshots": 2}),
    ],
)
def test_states_of_every_source_are_exported_and_drawn(
    simkit: Simkit, name: str, rule: str, parameters: dict[str, object]
) -> None:
    path = generated(name, **parameters)
    done = simkit("lattice", "export-golly", path, "--rows", "1:3", "--snapshot", 0, "--out", "r")
    assert done.out.endswith("row-000001.rle and 1 more\n")
    assert sorted(tree(Path("r"))) == ["row-000001.rle", "row-000002.rle", *RULES]
    text = Path("r/row-000002.rle").read_text()
    found = pattern.read(text)
    assert found.automaton.name == rule
    assert np.array_equal(found.cells, library.open(path)["cells"][2][0])
    version = library.source(name).version
    assert f"#C Row 2 of {name}.zarr: {name} version {version}, seed 3.\n#C Step 10 of 20.\n" in text
    assert simkit("preview", path, "--rows", "0:2", "--out", "a.png").code == 0
    table = colours.DEMONS if name == "ising-creutz" else colours.CELLS
    with Image.open("a.png") as picture:
        seen = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20) or []}
    assert {tuple(c) for c in table[np.unique(library.open(path)["cells"][:2][:, -1])].tolist()} <= seen


def small_scenes():
    start = magic.draw(ink.of_text("OK", 64))
    return {
        "phase-transition": phase_transition(n_frames=5, n_steps=80),
        "two-boxes": two_boxes(n_frames=4, n_steps=20),
        "magic": magic_state(start, 30),
    }


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("suffix", [pytest.param("gif", marks=pytest.mark.slow), "png"])  # README's films are GIFs
def test_films_show_the_cells(name: str, suffix: str) -> None:
    chosen = small_scenes()[name]
    frames = list(chosen.frames())
    assert len(frames) == chosen.n_frames
    out = Path(f"a.{suffix}")
    width, height, n_frames, seconds = draw_film(chosen, out)
    assert (n_frames, seconds) == (len(frames), sum(frame.milliseconds for frame in frames) / 1000)
    with Image.open(out) as film:
        assert film.size == (width, height)
        film.seek(film.n_frames - 1)
        last = np.asarray(film.convert("RGB"))
    board = colours.CELLS[frames[-1].boards[-1]]
    n = len(frames[0].boards)
    grow = (560 - (n - 1) * 12) // n // max(board.shape[:2])
    shown = board.repeat(grow, 0).repeat(grow, 1)
    tops = np.lib.stride_tricks.sliding_window_view(last[:, :, 0], shown.shape[:2])[40:60]
    assert (tops == shown[:, :, 0]).all(axis=(2, 3)).any(), "the last board is not in the last frame"
    before = out.read_bytes()
    draw_film(small_scenes()[name], out)
    assert out.read_bytes() == before


def test_the_magic_scene_reaches_its_picture() -> None:
    start = magic.draw(ink.of_text("OK", 64))
    frames = list(magic_state(start, 200).frames())
    at = next(i for i, frame in enumerate(frames) if frame.x == 0)
    assert np.array_equal(states.reverse(frames[at].boards[0]), start)
    assert frames[at].ys[0] == min(frame.ys[0] for frame in frames)
    assert frames[at].ys[1] > 1.1 * frames[at].ys[0]
    assert frames[at].milliseconds == max(frame.milliseconds for frame in frames)


def test_two_boxes_come_to_the_same_density() -> None:
    frames = list(two_boxes().frames())
    assert frames[0].ys[0] - frames[0].ys[1] > 0.35
    assert abs(frames[-1].ys[0] - frames[-1].ys[1]) < 0.02


@pytest.mark.slow
def test_spins_order_when_they_are_cooled() -> None:
    frames = list(phase_transition().frames())
    hot = [frame.ys[0] for frame in frames if frame.x > 1.15]
    cold = [frame.ys[0] for frame in frames[-10:]]
    assert max(hot) < 0.2
    assert min(cold) > 0.6


def test_a_film_from_the_command_line(simkit: Simkit) -> None:
    line = ("lattice", "film", "magic", "--text", "OK", "--size", 64, "--steps", 20, "--out", "m.gif")
    assert simkit(*line).out.startswith("m.gif: magic, ")
    assert simkit(*line, "--quiet").out == ""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("magic",), "give one of --text and --picture"),
        (("magic", "--text", "a", "--picture", "b.png"), "give one of --text and --picture"),
        (("magic", "--text", "a", "--size", "100"), "--size takes 64 to 1024, a multiple of 32; this is 100"),
        (("film", "nothing"), "there is no scene 'nothing'; choose from magic, phase-transition, two-boxes"),
        (("film", "two-boxes", "--text", "a"), "--text is of the scene magic; two-boxes takes --steps and --seed"),
        (("film", "two-boxes", "--picture", "a"), "--picture is of the scene magic"),
        (("film", "phase-transition", "--invert"), "--invert is of the scene magic"),
        (("film", "phase-transition", "--size", "256"), "--size is of the scene magic"),
        (("film", "magic", "--text", "a", "--seed", "0"), "--seed is of scenes whose start is drawn"),
        (("export-golly", "--rows", "1"), "--rows are rows of a data set"),
    ],
)
def test_misuse(simkit: Simkit, line: tuple[str, ...], message: str) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed here")
    assert message in simkit("lattice", *line).misuse
    assert list(Path().iterdir()) == []


def test_errors_are_one_line(simkit: Simkit, store: Path) -> None:
    assert "x.zarr (ca-ash) holds no states of lattices" in simkit("lattice", "export-golly", store).error
    path = generated("ising-q2r", size=(8, 10))
    assert "asked for row 3 of" in simkit("lattice", "export-golly", path, "--rows", "3").error
    assert "asked for snapshot 1 of" in simkit("lattice", "export-golly", path, "--snapshot", "1").error
    assert not list(Path("rules").glob("*"))
    assert "a film is a .gif" in simkit("lattice", "film", "two-boxes", "--out", "a.avi").error
    assert "there is no such file" in simkit("lattice", "film", "magic", "--picture", "no.png").error
    with pytest.raises(library.SimkitError, match="no scene 'twoboxes'; did you mean 'two-boxes'?"):
        scene("twoboxes", 0, None, 1)


@pytest.mark.parametrize(
    "line",
    [("magic", "--text", "A"), ("film", "magic", "--text", "A"), ("film", "two-boxes"), ("film", "phase-transition")],
)
@pytest.mark.parametrize("steps", ["1e15", "10000001", "9" * 39])
def test_steps_that_would_take_for_ever_are_refused(simkit: Simkit, line: tuple[str, ...], steps: str) -> None:
    if line[0] == "magic":
        pytest.importorskip("matplotlib", reason="matplotlib (simkit[plot]) is not installed here")
    assert (
        "the number of steps is a whole number from 0 to 10,000,000; this is "
        in simkit("lattice", *line, "--steps", steps).error
    )
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("name", "steps", "message"),
    [
        ("two-boxes", 100, "two-boxes takes steps that its 150 frames can share, a multiple of 150; this is 100"),
        ("phase-transition", 3000, "a multiple of 6,000; this is 3,000"),
    ],
)
def test_steps_that_frames_cannot_share_are_refused(simkit: Simkit, name: str, steps: int, message: str) -> None:
    assert message in simkit("lattice", "film", name, "--steps", steps).error


@pytest.mark.parametrize("name", ["two-boxes", "phase-transition"])
def test_the_steps_of_a_film_are_those_that_were_asked_for(name: str) -> None:
    """Each number of steps is another film; that which is taken if none is given is the documented one."""
    usual = {"two-boxes": 3000, "phase-transition": 1_200_000}[name]
    fewer = next(scene(name, 3, n_steps=6000).frames())
    more = next(scene(name, 3, n_steps=12000).frames())
    assert not np.array_equal(fewer.boards[0], more.boards[0])
    assert not np.array_equal(fewer.boards[0], next(scene(name, 4, n_steps=6000).frames()).boards[0])
    assert np.array_equal(next(scene(name).frames()).boards[0], next(scene(name, n_steps=usual).frames()).boards[0])


def test_a_long_run_is_many_calls_of_the_kernel_each_of_which_can_be_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = magic.draw(ink.of_text("OK", 64))
    whole = magic.conceal(start, 100)
    monkeypatch.setattr("simkit.lattices.magic._AT_ONCE", 7 * start.size)
    calls: list[int] = []
    module = lattice.KERNEL.load()
    run = module.run
    monkeypatch.setattr(module, "run", lambda cells, n: calls.append(n) or run(cells, n))
    assert np.array_equal(magic.conceal(start, 100), whole)
    assert calls == [7] * 14 + [2]


def test_a_picture_of_too_many_pixels_is_refused_before_they_are_decoded(simkit: Simkit) -> None:
    """The file says its size and has no pixels at all, so that decoding it would fail in another way."""
    about = b"IHDR" + struct.pack(">IIBBBBB", 13_200, 13_200, 8, 0, 0, 0, 0)
    parts = [about, b"IDAT", b"IEND"]
    chunks = [struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in parts]
    Path("a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    for command in (("magic", "--out", "a"), ("film", "magic", "--out", "a.gif")):
        error = simkit("lattice", *command, "--picture", "a.png").error
        assert "the picture a.png has 13,200 x 13,200 pixels; at most 16,777,216 are read: make it smaller" in error
    assert [path.name for path in Path().iterdir()] == ["a.png"]
