"""Golly reads what we write, steps it as we do, and we read what it writes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from simkit.interchange import rle
from simkit.kernels import life
from simkit.kernels.life import Rule
from simkit.registry import source
from simkit.schema import unpack

pytestmark = pytest.mark.skipif(
    shutil.which("bgolly") is None, reason="bgolly is not installed (Debian and Ubuntu: apt install golly)"
)

RULES = ("B3/S23", "B36/S23", "B3678/S34678", "B2/S")


def golly(text: str, n_generations: int, folder: Path) -> rle.Pattern:
    """Return what bgolly makes of a pattern after some generations; on a torus, cut to the smallest box."""
    (folder / "in.rle").write_text(text)
    command = ["bgolly", "-q", "-q", "-m", str(n_generations), "-o", "out.rle", "in.rle"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return rle.read((folder / "out.rle").read_text())


def cut(board: np.ndarray) -> np.ndarray:
    """Return the smallest box that holds the live cells."""
    ys, xs = np.flatnonzero(board.any(axis=1)), np.flatnonzero(board.any(axis=0))
    return board[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1] if ys.size else board[:0, :0]


@pytest.mark.parametrize("size", [(64, 64), (24, 50), (33, 17)])
@pytest.mark.parametrize("name", RULES)
def test_soups_on_a_torus_go_on_as_ours_do(name, size, tmp_path):
    rule, width = Rule.parse(name), size[1]
    soups = source("ca-ash", rules=(name,), size=size, density=0.3).soup(3, range(2))
    for n_generations in (0, 1, 37):
        later = unpack(life.KERNEL.load("reference").step(soups, width, rule, n_generations), width)
        for soup, board in zip(unpack(soups, width), later, strict=True):
            found = golly(rle.write(soup, rule), n_generations, tmp_path)
            assert (found.rule, found.torus) == (rule, size)
            assert np.array_equal(found.cells, cut(board))


@pytest.mark.parametrize("name", ["B3/S23", "B36/S23", "B368/S245"])
def test_ash_recurs_after_its_period(name, tmp_path):
    rows = source("ca-ash", rules=(name,), size=(40, 64)).generate(1, range(6), backend="reference")
    assert rows["period"].all()
    for board, period in zip(unpack(rows["ash"], 64), rows["period"].tolist(), strict=True):
        for n_generations in (0, period):
            found = golly(rle.write(board, Rule.parse(name)), n_generations, tmp_path)
            assert np.array_equal(found.cells, cut(board))


def test_a_glider_goes_round_the_torus(tmp_path):
    """Four generations a cell, and both ways at once."""
    board = np.zeros((40, 64), np.uint8)
    board[37:40, 62:64] = rle.read("bo$2bo$3o!").cells[:, :2]
    board[37:40, 0] = rle.read("bo$2bo$3o!").cells[:, 2]
    text = rle.write(board, Rule.parse("B3/S23"))
    assert np.array_equal(golly(text, 4 * np.lcm(40, 64), tmp_path).cells, cut(board))
    assert not np.array_equal(golly(text, 400, tmp_path).cells, cut(board))


@pytest.mark.parametrize("name", ["B0/S", "B01/S23", "B0123478/S34678", "B03/S238"])
def test_golly_shows_rules_with_b0_inverted(name, tmp_path):
    """In odd generations, or always if the rule has S8 too; `simkit export` says so in the file."""
    rule = Rule.parse(name)
    soup = source("ca-ash", rules=(name,), size=24, density=0.3).soup(3, range(1))
    for n_generations in (1, 2, 7):
        inverts = not rule.strobes
        start = unpack(soup[0]) ^ inverts
        later = unpack(life.KERNEL.load("reference").step(soup, 24, rule, n_generations))[0]
        later ^= inverts or n_generations % 2
        assert np.array_equal(golly(rle.write(start, rule), n_generations, tmp_path).cells, cut(later))


def test_boards_that_die(tmp_path):
    board = np.zeros((16, 24), np.uint8)
    board[3, 4] = 1
    found = golly(rle.write(board, Rule.parse("B3/S23")), 1, tmp_path)
    assert found.cells.size == 0
    assert found.board().shape == board.shape


def test_a_glider_on_the_plane(tmp_path):
    glider = rle.read("bo$2bo$3o!").cells
    found = golly(rle.write(glider, Rule.parse("B3/S23"), torus=False), 400, tmp_path)
    assert found.torus is None
    assert np.array_equal(found.cells, glider)
