"""simkit fractal search."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from simkit_cli.commands.fractal import search
from simkit_cli.main import main

import simkit
from simkit.fractals.maps import parse

#: quick searches, which the preceding tests of sources have compiled nothing else for
SMALL = ("--steps", 6, "--set", "search_size=12", "--set", "search_iterations=20", "--set", "size=16")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def test_a_search_ends_with_its_best_and_the_next_command() -> None:
    done = run("fractal", "search", "--chains", 7, *SMALL, "--seed", 5, "--out", "found.zarr")
    assert done.exit_code == 0, done.output
    store = simkit.open("found.zarr")
    scores = store["score"][:]
    title, *lines, following = done.stdout.splitlines()[-7:]
    assert title == "the best of 7 chains:"
    said = [re.fullmatch(r"  row (\d+), score (-?[\d,]+): (\S+)", line).groups() for line in lines]
    assert [int(score.replace(",", "")) for _, score, _ in said] == sorted(scores.tolist(), reverse=True)[:5]
    for row, score, numbers in said:
        assert scores[int(row)] == int(score.replace(",", ""))
        assert np.array_equal(parse(numbers), store["parameters"][int(row)])
    assert following == f"next: simkit fractal render found.zarr --row {said[0][0]} --out best.png"
    drawn = run(*shlex.split(following.removeprefix("next: simkit ")), "--size", "40x40")
    assert drawn.exit_code == 0, drawn.output
    assert Path("best.png").exists()


def test_a_search_is_the_data_set_that_generate_makes_and_more_chains_extend_it() -> None:
    settings = ("--set", "origin=annealed", "--set", "steps=6", *SMALL[2:])
    for line in (
        ("generate", "quadratic-map", "--n", 7, *settings, "--out", "a.zarr"),
        ("fractal", "search", "--chains", 3, *SMALL, "--out", "b.zarr"),
        ("fractal", "search", "--chains", 7, *SMALL, "--out", "b.zarr"),
    ):
        done = run(*line)
        assert done.exit_code == 0, done.output
    assert simkit.open("a.zarr").root_digest() == simkit.open("b.zarr").root_digest()


def test_the_best_so_far_is_said_while_chains_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_SILENT", 0.0)
    done = run("fractal", "search", "--chains", 3, *SMALL, "--out", "found.zarr", "--threads", 1)
    assert done.exit_code == 0, done.output
    lines = re.findall(
        r"^step (\d+) of 6 of rows 0 to 2; best so far (-?[\d,]+), of row (\d+): (\S+)$", done.stderr, re.MULTILINE
    )
    assert [int(step) for step, *_ in lines] == [1, 2, 3, 4, 5, 6]
    scores = [int(score.replace(",", "")) for _, score, *_ in lines]
    assert scores == sorted(scores)
    store = simkit.open("found.zarr")
    assert scores[-1] == store["score"][:].max()
    assert np.array_equal(parse(lines[-1][3]), store["parameters"][int(lines[-1][2])])


def test_a_quiet_search_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_SILENT", 0.0)
    done = run("fractal", "search", "--chains", 2, *SMALL, "--quiet")
    assert (done.exit_code, done.output) == (0, "")
    assert simkit.open("found.zarr").n_rows == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--objective", "beauty"], "raw or certified or clean"),
        (["--steps", "1e8"], "1 to 10,000,000"),
        (["--set", "search_size=1"], "2 to 1,024"),
        (["--set", "temperature=nan"], "temperature"),
        (["--set", "width=0"], "a width from 1e-9"),
        (["--set", "coefficients=11"], "10 or 12"),
        (["--seed", -1], "seed"),
    ],
)
def test_bad_input_is_one_line(arguments: list[object], said: str) -> None:
    done = run("fractal", "search", *arguments)
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("simkit: ")
    assert said in line
    assert not Path("found.zarr").exists()


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("origin=drawn", "--set origin: a search anneals; simkit generate quadratic-map draws maps at random"),
        ("steps=3", "--set steps: give it as --steps"),
        ("objective=raw", "--set objective: give it as --objective"),
    ],
)
def test_what_has_an_option_is_not_set(setting: str, said: str) -> None:
    done = run("fractal", "search", "--set", setting)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == f"Error: {said}"
    assert not Path("found.zarr").exists()
