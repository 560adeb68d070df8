"""`simkit sources`: the catalogue, the page of a source, and its sample in a file and in a terminal."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import Simkit
from PIL import Image
from rich.console import Console
from simkit_cli import terminal

from simkit import registry
from simkit.recipe import load, shipped

NAMES = list(registry.sources())


@pytest.fixture(autouse=True)
def _hundred_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


#: one character of two pixels: the colours of its upper and of its lower half, if it has one
_CHARACTER = re.compile(r"\x1b\[38;2;(\d+);(\d+);(\d+)(?:;48;2;(\d+);(\d+);(\d+))?m(▀)\x1b\[0m")


def sections(text: str) -> dict[str, list[str]]:
    """Return heading -> lines of the catalogue."""
    *parts, last = text.split("\n\n")
    assert last == "next: simkit sources NAME\n"
    return {heading: lines for heading, *lines in (part.splitlines() for part in parts)}


def test_sources_and_recipes_stand_by_world_in_a_line_each(simkit: Simkit) -> None:
    result = simkit("sources")
    assert (result.code, result.err) == (0, "")
    assert max(map(len, result.out.splitlines())) <= 100
    found = sections(result.out)
    recipes = {name: load(path) for name, path in shipped().items()}
    for world in registry.worlds().values():
        heading = world.title[0].upper() + world.title[1:]
        assert [line.split()[0] for line in found.pop(heading, [])] == sorted(world.sources)
        of_it = [name for name, values in recipes.items() if values["source"] in world.sources]
        lines = found.pop(f"Recipes and their rows: {world.title}", [])
        assert [line.split()[0] for line in lines] == of_it
        assert [line.split()[1] for line in lines] == [f"{recipes[name]['n']:,}" for name in of_it]
    assert found == {}


def test_titles_of_sources_fit_and_those_of_recipes_are_cut_after_a_word(simkit: Simkit) -> None:
    listed = simkit("sources").out.partition("Recipes")
    for name in NAMES:
        assert re.search(rf"^  {name}  +{re.escape(registry.source_class(name).title)}$", listed[0], re.MULTILINE), name
    titles = {name: load(path)["title"] for name, path in shipped().items()}
    for name, title in titles.items():
        (shown,) = re.findall(rf"^  {name} +[\d,]+  (.*)$", listed[2], re.MULTILINE)
        words = shown.removesuffix(" ...")
        assert title == shown or (title.startswith(f"{words} ") and len(words) > 20), name


def test_lines_are_as_wide_as_the_terminal(simkit: Simkit, monkeypatch: pytest.MonkeyPatch) -> None:
    longest = {}
    for width in (72, 100, 140, 1000):
        monkeypatch.setenv("COLUMNS", str(width))
        longest[width] = max(map(len, simkit("sources").out.splitlines()))
    assert 65 < longest[72] <= 72 < longest[100] <= 100 < longest[140] <= 140 < longest[1000] <= 160


def test_the_page_of_a_source(simkit: Simkit) -> None:
    result = simkit("sources", "ca-ash")
    assert (result.code, result.err) == (0, "")
    for name in ("rules", "size", "density", "max_steps", "ash", "settle", "period", "rule", "population"):
        assert re.search(rf"^  {name} ", result.out, re.MULTILINE)
    assert "= B3/S23,B36/S23" in result.out
    assert "= 128x128" in result.out
    words = " ".join(result.out.split())
    assert "Row `i` is a soup drawn from Philox(seed, i) and run under rule" in words
    assert "eight per byte, lowest bit first" in words
    assert "Recipes ca-ash-2rules-unmarked, ca-ash-2rules, " in words
    assert "views labels, film simkit preview --view" in words
    assert "`simkit sources ca-ash --out sample.png` draws a sample with size=64x64" in words
    assert result.out.endswith("\nnext: simkit generate ca-ash --n 1e4\n")


@pytest.mark.parametrize("name", NAMES)
def test_the_page_has_facts_and_citation(simkit: Simkit, name: str) -> None:
    cls = registry.source_class(name)
    words = " ".join(simkit("sources", name).out.split())
    assert ("Known exactly" in words) == bool(cls.facts)
    assert ("Citation" in words) == bool(cls.citation)
    for text in filter(None, (*cls.facts, cls.citation)):
        assert " ".join(text.split()) in words


def test_a_recipe_is_shown_as_it_is(simkit: Simkit) -> None:
    result = simkit("sources", "ca-ash-4rules")
    assert result.out.startswith(shipped()["ca-ash-4rules"].read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("bits", "bits --n 32"),
        ("dots", "dots --n 1e4"),
        ("mats-first-bit", "mats-first-bit"),
        ("dots-probes", "dots-probes --n 1e4"),
    ],
)
def test_what_comes_next_asks_for_no_more_rows_than_there_are(simkit: Simkit, name: str, line: str) -> None:
    assert simkit("sources", name).out.endswith(f"\nnext: simkit generate {line}\n")


def test_what_is_misspelt_is_told_with_what_comes_nearest(simkit: Simkit) -> None:
    assert "no source 'ising-q2'" in (error := simkit("sources", "ising-q2").error)
    assert "'ising-q2r'" in error


def test_misuse(simkit: Simkit) -> None:
    assert "say its NAME" in simkit("sources", "--out", "a.png").misuse
    assert "does not end in .png" in simkit("sources", "ising-creutz", "--out", "a.gif").misuse
    assert "`simkit sources ca-ash --out a.png`" in simkit("sources", "ca-ash-4rules", "--out", "a.png").misuse


def test_a_sample_as_a_file(simkit: Simkit) -> None:
    result = simkit("sources", "ising-creutz", "--out", "a.png")
    assert (result.code, result.err) == (0, "")
    with Image.open("a.png") as picture:
        size = picture.size
        colours = np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)
    assert result.out == (
        f"a.png: 6 rows of ising-creutz with steps=60, every=20, size=64x64, {size[0]} x {size[1]} pixels\n"
    )
    assert len(colours) > 8
    assert [path.name for path in Path().iterdir()] == ["a.png"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_source_has_a_sample(simkit: Simkit, name: str) -> None:
    assert f"a.png: 6 rows of {name} with " in simkit("sources", name, "--out", "a.png").out


@pytest.mark.parametrize("shape", [(6, 5), (7, 3), (1, 1)])
def test_pixels_are_halves_of_characters(shape: tuple[int, int]) -> None:
    pictures = [np.random.default_rng(n).integers(0, 256, (*shape, 3), np.uint8) for n in range(2)]
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system="truecolor", width=100, legacy_windows=False)
    terminal.print_pictures(console, pictures, 2)
    lines = out.getvalue().splitlines()
    assert len(lines) == -(-shape[0] // 2)
    found = np.zeros((2, 2 * len(lines), shape[1], 3), np.uint8)
    for y, line in enumerate(lines):
        characters = _CHARACTER.findall(line)
        assert _CHARACTER.sub("#", line) == "  ".join(["#" * shape[1]] * 2)
        for i, character in enumerate(characters):
            halves = [list(map(int, filter(None, part))) for part in (character[:3], character[3:6])]
            for half, colour in enumerate(halves):
                found[i // shape[1], 2 * y + half, i % shape[1]] = colour or 0
    for picture, seen in zip(pictures, found, strict=True):
        assert (seen[: shape[0]] == picture).all()


def in_a_terminal(*arguments: str, **environment: str) -> str:
    """Return what the program prints in a terminal of its own."""
    program = [sys.executable, "-c", "from simkit_cli.main import main; main(prog_name='simkit')", *arguments]
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    ours, theirs = pty.openpty()
    with subprocess.Popen(program, stdout=theirs, env={**kept, "TERM": "xterm-256color", **environment}) as process:
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed: so Linux says it
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    assert process.returncode == 0
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_a_terminal_shows_a_sample_in_colours() -> None:
    shown = in_a_terminal("sources", "ising-creutz", COLORTERM="truecolor", COLUMNS="80")
    picture = shown.partition("Sample: 2 rows with steps=60, every=20, size=64x64\n")[2]
    lines = [line for line in picture.splitlines() if "▀" in line]
    assert [len(_CHARACTER.findall(line)) for line in lines] == [2 * 32] * 16
    assert re.findall(r"^row (\d) · ", picture, re.MULTILINE) == ["0", "1"]


def test_wide_pictures_have_twice_the_room(simkit: Simkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two frames beside each other: one transition, and not three that are too small to see."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system="truecolor", width=100, legacy_windows=False)
    monkeypatch.setattr(terminal, "colours", lambda: console)
    said = simkit("sources", "maze").out
    assert "\nSample: 1 row with the default parameters\n" in said
    lines = [_CHARACTER.findall(line) for line in out.getvalue().splitlines()]
    assert {len(line) for line in lines} == {64}
    assert 12 <= len(lines) <= 20


def test_a_terminal_without_colours_is_told_of_the_file() -> None:
    shown = in_a_terminal("sources", "ising-creutz", COLORTERM="truecolor", COLUMNS="80", NO_COLOR="1")
    assert "▀" not in shown
    assert "`simkit sources ising-creutz --out sample.png` draws a sample" in shown
    assert Path("sample.png").exists() is False
