"""The census on boards made by hand, and what must hold of any census."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from types import ModuleType

import numpy as np
import pytest
from where import COMPILED, load

from simkit.errors import ParameterError
from simkit.kernels import census, life
from simkit.kernels.census import CONSTELLATIONS, KINDS, TORUS, Objects, cpu, pad
from simkit.kernels.census.apgcode import cells_of, decode, from_cells, orient
from simkit.kernels.census.constellations import COMPLETE, picture
from simkit.kernels.census.plane import step
from simkit.kernels.life import Rule
from simkit.kernels.life.reference import step_cells

LIFE, HIGHLIFE = Rule.parse("B3/S23"), Rule.parse("B36/S23")
REFERENCE = census.KERNEL.load("reference")
SETTLE = life.KERNEL.load("cpu").settle

Cell = tuple[int, int]


def board(height: int, width: int, *patterns: tuple[str | list[Cell], int, int]) -> np.ndarray:
    """Return a torus, one byte a cell, with patterns (an apgcode or cells) whose corners are at y, x."""
    cells = np.zeros((height, width), np.uint8)
    for pattern, y, x in patterns:
        for dy, dx in cells_of(decode(pattern)) if isinstance(pattern, str) else pattern:
            cells[(y + dy) % height, (x + dx) % width] = 1
    return cells


def period_of(cells: np.ndarray, rule: Rule) -> int:
    now = step_cells(cells, rule)
    n = 1
    while not np.array_equal(now, cells):
        now, n = step_cells(now, rule), n + 1
        assert n < 5000
    return n


def arguments(cells: np.ndarray, rule: Rule = LIFE) -> tuple:
    boards = np.packbits(cells[None], axis=-1, bitorder="little")
    period = np.array([period_of(cells, rule)], np.int32)
    return boards, cells.shape[1], (rule,), np.zeros(1, np.uint8), period


def codes(objects: Objects) -> list[str]:
    return [objects.apgcodes[code] for code in objects.code.tolist()]


def entries(objects: Objects) -> list[tuple]:
    columns = (objects.y, objects.x, objects.phase, objects.orientation)
    return list(zip(codes(objects), *(column.tolist() for column in columns), strict=True))


@pytest.fixture(scope="module", params=COMPILED)
def compiled(request: pytest.FixtureRequest) -> ModuleType:
    return load(census.KERNEL, request.param)


@pytest.fixture(scope="module", params=["reference", *COMPILED])
def kernel(request: pytest.FixtureRequest) -> ModuleType:
    return REFERENCE if request.param == "reference" else load(census.KERNEL, request.param)


class TestByHand:
    def test_an_empty_board_has_no_objects(self, kernel):
        empty = arguments(board(16, 20))
        assert kernel.find(*empty).n_objects.tolist() == [0]
        assert not kernel.count(*empty).kinds.any()
        assert not kernel.label(*empty).any()

    @pytest.mark.parametrize(("y", "x"), [(3, 5), (15, 19), (0, 19), (14, 0)])
    def test_objects_are_unwrapped_across_the_edges(self, kernel, y, x):
        objects = kernel.find(*arguments(board(16, 20, ("xs7_2596", y, x))))
        assert entries(objects) == [("xs7_2596", y, x, 0, 0)]
        assert objects.population.tolist() == [7]
        assert KINDS[objects.kind[0]] == "xs7_2596"

    @pytest.mark.parametrize("generation", range(9))
    def test_a_glider_round_the_torus_is_a_glider(self, kernel, generation):
        cells = board(24, 24, ("xq4_153", 1, 22), ("xs4_33", 10, 4))
        pattern, y, x = decode("xq4_153"), 1, 22
        for _ in range(generation):
            cells = step_cells(cells, LIFE)
            pattern, dy, dx = step(pattern, LIFE)
            y, x = y + dy, x + dx
        given = arguments(cells)
        assert given[4][0] == 96  # four generations for each of the 24 cells of its way, not the glider's own period
        glider = ("xq4_153", y % 24, x % 24, generation % 4, 0)
        assert sorted(entries(kernel.find(*given))) == [glider, ("xs4_33", 10, 4, 0, 0)]

    def test_two_gliders_that_take_each_others_places(self, kernel):
        given = arguments(board(16, 16, ("xq4_153", 0, 0), ("xq4_153", 8, 8)))
        assert given[4][0] == 32
        assert entries(kernel.find(*given)) == [("xq4_153", 0, 0, 0, 0), ("xq4_153", 8, 8, 0, 0)]

    def test_gliders_that_cross_at_different_times(self, kernel):
        mirrored = cells_of(orient(decode("xq4_153"), 1))
        given = arguments(board(40, 40, ("xq4_153", 0, 0), (mirrored, 20, 10)))
        assert codes(kernel.find(*given)) == ["xq4_153"] * 2
        assert kernel.find(*given).orientation.tolist() == [0, 1]

    @pytest.mark.parametrize("orientation", range(8))
    def test_an_orientation_puts_the_pattern_as_it_stands(self, kernel, orientation):
        eater = cells_of(orient(decode("xs7_178c"), orientation))
        assert entries(kernel.find(*arguments(board(16, 16, (eater, 14, 13))))) == [
            ("xs7_178c", 14, 13, 0, orientation)
        ]

    @pytest.mark.parametrize(
        ("code", "rule"),
        [("xp3_co9nas0san9oczgoldlo0oldlogz1047210127401", LIFE), ("xp15_4r4z4r4", LIFE), ("xp8_gk2gb3z11", LIFE),
         ("xp14_j9d0d9j", LIFE), ("xp10_9hr", HIGHLIFE), ("xp7_13090c8", HIGHLIFE), ("xq4_6frc", LIFE)],
    )  # fmt: skip
    def test_oscillators_and_spaceships_in_every_phase(self, kernel, code, rule):
        pattern, y, x = decode(code), 11, 17
        for phase in range(int(code[2 : code.index("_")])):
            cells = board(32, 36, (cells_of(pattern), y, x), ("xp2_7", 0, 30))
            found = [entry for entry in entries(kernel.find(*arguments(cells, rule))) if entry[0] != "xp2_7"]
            assert found == [(code, y, x, phase, 0)]
            pattern, dy, dx = step(pattern, rule)
            y, x = y + dy, x + dx

    @pytest.mark.parametrize("gap", [1, 2])
    def test_two_blocks_side_by_side_are_two(self, kernel, gap):
        given = arguments(board(12, 12, ("xs4_33", 3, 3), ("xs4_33", 3, 5 + gap)))
        assert entries(kernel.find(*given)) == [("xs4_33", 3, 3, 0, 0), ("xs4_33", 3, 5 + gap, 0, 0)]

    def test_islands_that_hold_each_other_are_one(self, kernel):
        """Block on table: the table alone does not stay as it is."""
        cells = board(14, 14, ("xs10_32qr", 4, 4))
        assert codes(kernel.find(*arguments(cells))) == ["xs10_32qr"]

    def test_islands_that_touch_are_one(self, kernel):
        assert codes(kernel.find(*arguments(board(20, 20, ("xs12_g8o653z11", 4, 4))))) == ["xs12_g8o653z11"]

    def test_a_ship_is_no_still_life_of_highlife(self, kernel):
        cells = board(20, 20, ("xs6_356", 8, 8))
        assert codes(kernel.find(*arguments(cells, LIFE))) == ["xs6_356"]
        boards = np.packbits(cells[None], axis=-1, bitorder="little")
        which = np.zeros(1, np.uint8)
        ash, settle, period = SETTLE(boards, 20, (HIGHLIFE,), which, 1000)
        assert settle[0] > 0
        assert "xs6_356" not in codes(kernel.find(ash, 20, (HIGHLIFE,), which, period))

    def test_what_goes_round_the_torus_is_labelled(self, kernel):
        """A diagonal all the way round: every cell has two neighbours, every dead cell beside it two."""
        cells = np.eye(16, dtype=np.uint8)
        cells[2:4, 9:11] = 1
        objects = kernel.find(*arguments(cells))
        assert entries(objects) == [(TORUS, 0, 0, 0, 0), ("xs4_33", 2, 9, 0, 0)]
        assert objects.population.tolist() == [16, 4]
        counts = kernel.count(*arguments(cells)).kinds[0]
        assert counts[KINDS.index(TORUS)] == 1
        assert counts.sum() == 2
        mask = kernel.label(*arguments(cells))[0]
        assert (mask == np.eye(16) + 2 * (cells - np.eye(16))).all()

    def test_what_fits_round_the_torus_without_meeting_itself_has_its_code(self, kernel):
        """A long barge whose box is larger than the board, on which it does not touch itself."""
        cells: list[Cell] = [(0, 1), (1, 0)]
        for i in range(11):
            cells += [(i + 1, i + 2), (i + 2, i + 1)]
        cells += [(12, 13), (13, 12), (13, 14), (14, 13)]
        pattern = sorted(set(cells))
        flat = {(y % 10, x % 24) for y, x in pattern}
        assert len(flat) == len(pattern)
        objects = kernel.find(*arguments(board(10, 24, (pattern, 0, 0))))
        alone = REFERENCE.find(*arguments(board(24, 24, (pattern, 0, 0))))
        assert codes(objects) == codes(alone)
        assert TORUS not in codes(objects)

    @pytest.mark.parametrize("name", COMPLETE)
    @pytest.mark.parametrize("orientation", range(8))
    def test_constellations_complete_and_three_of_four(self, kernel, name, orientation):
        rule = HIGHLIFE if name == "four-boats" else LIFE
        members = picture(name)
        for missing in (None, *members):
            cells = [cell for key, some in members.items() if key != missing for cell in some]
            pattern = cells_of(orient(from_cells(cells)[0], orientation))
            torus = board(32, 48, (pattern, 25, 41))
            column = name if missing is None else f"{name}-3-of-4"
            wanted = [int(other == column) for other in CONSTELLATIONS]
            for _ in range(2):  # in both phases
                assert kernel.count(*arguments(torus, rule)).constellations.tolist() == [wanted]
                torus = step_cells(torus, rule)

    def test_three_blinkers_out_of_phase_are_no_constellation(self, kernel):
        members = picture("traffic-light")
        a, b, c, _ = members.values()
        turned = [(c[1][0], c[1][1] + d) for d in (-1, 0, 1)]
        given = arguments(board(32, 32, (a, 9, 9), (b, 9, 9), (turned, 9, 9)))
        assert codes(kernel.find(*given)) == ["xp2_7"] * 3
        assert not kernel.count(*given).constellations.any()

    def test_boards_that_never_settled_or_strobe_are_not_censused(self, kernel):
        boards = np.packbits(np.stack([board(16, 16, ("xs4_33", 3, 3))] * 3), axis=-1, bitorder="little")
        given = boards, 16, (LIFE, Rule.parse("B03/S23")), np.array([0, 0, 1], np.uint8), np.array([1, 0, 2], np.int32)
        objects, counts = kernel.find(*given), kernel.count(*given)
        assert objects.n_objects.tolist() == [1, -1, -1]
        assert counts.kinds.sum(1).tolist() == [1, -len(KINDS), -len(KINDS)]
        assert counts.constellations.sum(1).tolist() == [0, -len(CONSTELLATIONS), -len(CONSTELLATIONS)]
        assert kernel.label(*given).any(axis=(1, 2)).tolist() == [True, False, False]

    def test_a_wrong_period_is_refused(self, kernel):
        boards, width, rules, which, period = arguments(board(16, 16, ("xp2_7", 3, 3)))
        with pytest.raises(ParameterError, match="board 0 does not recur after 3 generations of B3/S23"):
            kernel.find(boards, width, rules, which, period + 1)

    def test_no_boards(self, kernel):
        given = np.zeros((0, 16, 2), np.uint8), 16, (LIFE,), np.zeros(0, np.uint8), np.zeros(0, np.int32)
        objects, counts = kernel.find(*given), kernel.count(*given)
        assert len(objects.sample) == len(objects.n_objects) == 0
        assert counts.kinds.shape == (0, len(KINDS))
        assert kernel.label(*given).shape == (0, 16, 16)


RULES = ["B3/S23", "B36/S23", "B38/S23", "B3/S238", "B3678/S34678", "B36/S125", "B368/S245", "B3/S12345"]
SIZES = [(32, 32), (48, 40), (64, 100), (8, 8), (9, 130)]


def ash(rule: Rule, height: int, width: int, n: int, density: float = 0.5, seed: int = 0) -> tuple:
    """Return the arguments for a census of what soups become, where that has a short period."""
    cells = np.random.default_rng(seed).random((n, height, width)) < density
    boards = np.packbits(cells, axis=-1, bitorder="little")
    # The compiled kernel takes seconds to compile a rule: only those that other tests need too.
    settle = life.KERNEL.load("cpu" if str(rule) in RULES[:4] else "reference").settle
    settled = settle(boards, width, (rule,), np.zeros(n, np.uint8), 3000)
    kept = (settled.period > 0) & (settled.period <= 200)
    return settled.ash[kept], width, (rule,), np.zeros(int(kept.sum()), np.uint8), settled.period[kept]


def assert_same(found, wanted):
    for name, a, b in zip(wanted._fields, found, wanted, strict=True):
        if isinstance(b, dict):
            assert a == b
        else:
            assert a.dtype == b.dtype, name
            np.testing.assert_array_equal(a, b, err_msg=name)


@cache
def wanted_of_ash(text: str, height: int, width: int) -> tuple:
    """Return the arguments for a census, and what `find`, `count` and `label` of the reference give."""
    given = ash(Rule.parse(text), height, width, 3 if height * width > 2000 else 8, 0.3)
    return given, REFERENCE.find(*given), REFERENCE.count(*given), REFERENCE.label(*given)


@pytest.mark.parametrize("text", [*RULES[:-1], pytest.param(RULES[-1], marks=pytest.mark.slow)])  # it settles slowly
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_against_the_reference(compiled, text, height, width):
    given, objects, counts, mask = wanted_of_ash(text, height, width)
    assert_same(compiled.find(*given), objects)
    assert_same(compiled.count(*given), counts)
    np.testing.assert_array_equal(compiled.label(*given), mask)


@pytest.mark.parametrize("text", ["B3/S23", "B36/S23", pytest.param("B36/S125", marks=pytest.mark.slow)])
def test_every_live_cell_is_in_one_object(text):
    given = ash(Rule.parse(text), 48, 72, 16)
    objects, counts, mask = cpu.find(*given), cpu.count(*given), cpu.label(*given)
    cells = np.unpackbits(given[0], axis=-1, count=72, bitorder="little")
    assert ((mask > 0) == (cells > 0)).all()
    np.testing.assert_array_equal(counts.kinds.sum(1), objects.n_objects)
    np.testing.assert_array_equal(np.bincount(objects.sample, minlength=len(cells)), objects.n_objects)
    for i in range(len(cells)):
        here = objects.sample == i
        np.testing.assert_array_equal(np.bincount(mask[i].ravel())[1:], objects.population[here])
        np.testing.assert_array_equal(np.bincount(objects.kind[here], minlength=len(KINDS)), counts.kinds[i])


@pytest.mark.parametrize(
    "text", ["B3/S23", "B36/S23", "B38/S23", "B3/S238", pytest.param("B36/S125", marks=pytest.mark.slow)]
)
def test_objects_alone_do_what_they_do_in_the_whole_and_can_not_be_split_further(text):
    """The definition itself, tried out: parts evolved one by one, and every finer grouping of what does not touch."""
    rule = Rule.parse(text)
    boards, width, rules, which, period = ash(rule, 40, 44, 12, seed=3)
    objects = cpu.find(boards, width, rules, which, period)
    for i, packed in enumerate(boards):
        whole = np.unpackbits(packed, axis=-1, count=width, bitorder="little")
        parts = [
            pattern_of(objects, k, rule) for k in np.flatnonzero(objects.sample == i) if codes(objects)[k] != TORUS
        ]
        if len(parts) < objects.n_objects[i]:
            continue
        alone = [trajectory(part, rule, int(period[i])) for part in parts]
        for t in range(int(period[i]) + 1):
            together = np.zeros_like(whole, np.int32)
            for states in alone:
                for y, x in states[t]:
                    together[y % whole.shape[0], x % width] += 1
            np.testing.assert_array_equal(together, whole)
            whole = step_cells(whole, rule)
        for part, states in zip(parts, alone, strict=True):
            islands = connected(part)
            if 2 <= len(islands) <= 5:
                assert not finer_split(islands, states, rule)


def pattern_of(objects: Objects, k: int, rule: Rule) -> frozenset[Cell]:
    """Return the cells of an object, from its entry in the table alone."""
    pattern = decode(objects.apgcodes[int(objects.code[k])])
    for _ in range(objects.phase[k]):
        pattern, _, _ = step(pattern, rule)
    pattern = orient(pattern, int(objects.orientation[k]))
    return frozenset((int(objects.y[k]) + y, int(objects.x[k]) + x) for y, x in cells_of(pattern))


def trajectory(cells: frozenset[Cell], rule: Rule, n: int) -> list[frozenset[Cell]]:
    pattern, y, x = from_cells(cells)
    states = [cells]
    for _ in range(n):
        pattern, dy, dx = step(pattern, rule)
        y, x = y + dy, x + dx
        states.append(frozenset((y + i, x + j) for i, j in cells_of(pattern)))
    return states


def connected(cells: frozenset[Cell]) -> list[frozenset[Cell]]:
    left, islands = set(cells), []
    while left:
        island, todo = set(), [left.pop()]
        while todo:
            y, x = todo.pop()
            island.add((y, x))
            near = {(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            todo += near
        islands.append(frozenset(island))
    return islands


def finer_split(islands: list[frozenset[Cell]], states: list[frozenset[Cell]], rule: Rule) -> bool:
    """Return whether some grouping of islands, not all in one, does what they do together."""
    n = len(islands)
    for code in range(1, n**n):
        group = [code // n**i % n for i in range(n)]
        if any(g > max(group[:i], default=-1) + 1 for i, g in enumerate(group)) or max(group) == 0:
            continue
        parts = [frozenset().union(*(islands[i] for i in range(n) if group[i] == g)) for g in range(max(group) + 1)]
        alone = [trajectory(part, rule, len(states) - 1) for part in parts]
        if all(
            sum(len(one[t]) for one in alone) == len(states[t])
            and frozenset().union(*(one[t] for one in alone)) == states[t]
            for t in range(len(states))
        ):
            return True
    return False


def test_company_does_not_matter():
    """A board's census is its own: in any batch, order and number of rules, with an empty cache or a full one."""
    rules = (LIFE, HIGHLIFE, Rule.parse("B36/S125"))
    parts = [ash(rule, 64, 48, 20, seed=seed) for seed, rule in enumerate(rules)]
    boards, period = np.concatenate([part[0] for part in parts]), np.concatenate([part[4] for part in parts])
    which = np.repeat(np.arange(3), [len(part[0]) for part in parts]).astype(np.uint8)
    counts, objects, mask = (f(boards, 48, rules, which, period) for f in (cpu.count, cpu.find, cpu.label))
    order = np.random.default_rng(0).permutation(len(boards))
    cpu._tables.clear()
    for rows in (order[:7], order[7:8], order[8:]):
        given = boards[rows], 48, rules, which[rows], period[rows]
        assert_same(cpu.count(*given), type(counts)(*(column[rows] for column in counts)))
        np.testing.assert_array_equal(cpu.label(*given), mask[rows])
        found = cpu.find(*given)
        for new, old in enumerate(rows):
            here, there = found.sample == new, objects.sample == old
            for name in ("kind", "code", "y", "x", "phase", "orientation", "population"):
                np.testing.assert_array_equal(getattr(found, name)[here], getattr(objects, name)[there])


def test_threads_may_census_at_the_same_time():
    given = ash(LIFE, 64, 64, 200)
    cpu._tables.clear()
    with ThreadPoolExecutor(4) as pool:
        results = [f.result() for f in [pool.submit(cpu.find, *given) for _ in range(8)]]
    for result in results[1:]:
        assert_same(result, results[0])


def test_padded_tables():
    given = ash(LIFE, 48, 48, 6)
    objects = cpu.find(*given)
    n_most = int(np.median(objects.n_objects))
    padded = pad(objects, n_most)
    for i, n in enumerate(objects.n_objects):
        here = np.flatnonzero(objects.sample == i)[:n_most]
        for name, column in padded.items():
            assert column.shape == (len(objects.n_objects), n_most)
            np.testing.assert_array_equal(column[i, : min(n, n_most)], getattr(objects, name)[here])
        assert (padded["population"][i, n:] == 0).all()
        assert (padded["y"][i, n:] == -1).all()
