"""Truths about Life-like automata that need no second implementation."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from where import COMPILED, load

from simkit.kernels import life
from simkit.kernels.life import Rule
from simkit.schema import unpack

LIFE, HIGHLIFE = Rule.parse("B3/S23"), Rule.parse("B36/S23")

PATTERNS = {
    "block": ["oo", "oo"],
    "blinker": ["ooo"],
    "beehive": [".oo.", "o..o", ".oo."],
    "glider": [".o.", "..o", "ooo"],
    "lwss": ["o..o.", "....o", "o...o", ".oooo"],
    "pulsar": [
        "..ooo...ooo..",
        ".............",
        "o....o.o....o",
        "o....o.o....o",
        "o....o.o....o",
        "..ooo...ooo..",
        ".............",
        "..ooo...ooo..",
        "o....o.o....o",
        "o....o.o....o",
        "o....o.o....o",
        ".............",
        "..ooo...ooo..",
    ],
    "pentadecathlon": ["..o....o..", "oo.oooo.oo", "..o....o.."],
    "figure eight": ["ooo...", "ooo...", "ooo...", "...ooo", "...ooo", "...ooo"],
    "ship": ["oo.", "o.o", ".oo"],
    "r-pentomino": [".oo", "oo.", ".o."],
    "replicator": ["..ooo", ".o..o", "o...o", "o..o.", "ooo.."],
    "t-tetromino": ["ooo", ".o."],
}


def board(name: str, height: int, width: int, y: int = 0, x: int = 0) -> np.ndarray:
    """Return a torus with one pattern whose corner is at (y, x)."""
    cells = np.zeros((height, width), np.uint8)
    for i, line in enumerate(PATTERNS[name]):
        for j, cell in enumerate(line):
            cells[(y + i) % height, (x + j) % width] = cell == "o"
    return np.packbits(cells, axis=-1, bitorder="little")


@pytest.fixture(scope="module", params=COMPILED)
def kernel(request: pytest.FixtureRequest) -> ModuleType:
    return load(life.KERNEL, request.param)


def settle(
    kernel: ModuleType, start: np.ndarray, width: int, rule: Rule = LIFE, max_steps: int = 100_000
) -> tuple[np.ndarray, int, int]:
    ash, settles, periods = kernel.settle(start[None], width, (rule,), np.zeros(1, np.uint8), max_steps)
    return ash[0], int(settles[0]), int(periods[0])


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("block", 1),
        ("blinker", 2),
        ("beehive", 1),
        ("pulsar", 3),
        ("pentadecathlon", 15),
        ("figure eight", 8),
        ("ship", 1),
    ],
)
@pytest.mark.parametrize(("height", "width"), [(64, 64), (50, 100), (128, 128)])
def test_still_lifes_and_oscillators_are_in_their_cycle_at_once(kernel, name, period, height, width):
    start = board(name, height, width, height - 2, width - 2)  # across the corner of the torus
    ash, settled, found = settle(kernel, start, width)
    assert (settled, found) == (0, period)
    assert np.array_equal(ash, start)


@pytest.mark.parametrize(("height", "width"), [(128, 128), (64, 96), (40, 128), (33, 70)])
def test_a_glider_recurs_when_it_has_gone_round_both_ways(kernel, height, width):
    """One cell diagonally every four generations: 512 generations on 128x128."""
    assert settle(kernel, board("glider", height, width, 5, 9), width)[1:] == (0, 4 * np.lcm(height, width))


def test_a_spaceship_recurs_when_it_has_gone_round(kernel):
    """Half the speed of light along x: 256 generations on 128 columns."""
    assert settle(kernel, board("lwss", 64, 128, 30, 30), 128)[1:] == (0, 256)


def test_a_glider_moves_one_cell_diagonally_in_four_generations(kernel):
    moved = kernel.step(board("glider", 64, 64, 10, 60)[None], 64, LIFE, 4)
    assert np.array_equal(moved[0], board("glider", 64, 64, 11, 61))


def test_a_ship_dies_in_highlife(kernel):
    """Its hole has six live neighbours."""
    assert settle(kernel, board("ship", 32, 32, 8, 8), 32, HIGHLIFE)[1] > 0


def test_a_t_tetromino_becomes_a_traffic_light(kernel):
    ash, settled, period = settle(kernel, board("t-tetromino", 64, 64, 30, 30), 64)
    assert (period, int(np.bitwise_count(ash).sum())) == (2, 12)
    assert settled == 9  # the generation in which the four blinkers are first complete


def test_the_r_pentomino_has_116_cells_at_generation_1103(kernel):
    """Known since 1970; on this torus no glider has come round by then."""
    start = board("r-pentomino", 1024, 1024, 512, 512)
    assert int(np.bitwise_count(kernel.step(start[None], 1024, LIFE, 1103)).sum()) == 116


def test_highlife_has_a_replicator(kernel):
    """Twelve generations later there are two of it along a diagonal; it is why HighLife is known."""
    start = board("replicator", 64, 64, 30, 30)
    found = {int(np.bitwise_count(kernel.step(start[None], 64, HIGHLIFE, n)).sum()) for n in (0, 12)}
    assert found == {12, 24}


@pytest.mark.parametrize("text", ["B3/S23", "B36/S125", "B0123478/S34678"])
def test_a_rule_and_its_complement_run_on_complementary_boards(kernel, text):
    """Black and white exchanged: B'(n) = not S(8 - n), S'(n) = not B(8 - n)."""
    rule = Rule.parse(text)
    opposite = Rule(
        sum((~rule.survival >> 8 - n & 1) << n for n in range(9)),
        sum((~rule.birth >> 8 - n & 1) << n for n in range(9)),
    )
    start = np.random.default_rng(3).integers(0, 256, (4, 40, 8), dtype=np.uint8)
    assert np.array_equal(~kernel.step(start, 64, rule, 7), kernel.step(~start, 64, opposite, 7))


def test_translations_rotations_and_reflections_commute_with_the_rule(kernel):
    cells = np.random.default_rng(4).integers(0, 2, (1, 72, 72), dtype=np.uint8)
    for change in (lambda c: np.roll(c, (5, -9), (1, 2)), lambda c: np.rot90(c, axes=(1, 2)), lambda c: c[:, ::-1]):
        packed, changed = (np.packbits(c, axis=-1, bitorder="little") for c in (cells, change(cells)))
        assert np.array_equal(
            unpack(kernel.step(changed, 72, LIFE, 11)), change(unpack(kernel.step(packed, 72, LIFE, 11)))
        )


def test_a_strobing_rule_on_an_empty_board_has_period_two(kernel):
    empty = np.zeros((16, 2), np.uint8)
    ash, settled, period = settle(kernel, empty, 16, Rule.parse("B0/S"))
    assert (settled, period) == (0, 2)
    assert not ash.any()


def test_a_board_that_does_not_settle_is_data(kernel):
    start = np.random.default_rng(5).integers(0, 256, (64, 8), dtype=np.uint8)
    ash, settled, period = settle(kernel, start, 64, Rule.parse("B2/S"), 500)
    assert (settled, period) == (-1, 0)
    assert np.array_equal(ash, kernel.step(start[None], 64, Rule.parse("B2/S"), 500)[0])
