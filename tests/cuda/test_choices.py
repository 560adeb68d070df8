"""The search among choices (`split`), which ash hardly ever needs, in a world where nothing is born and nothing dies.

There any cells are a still life, so that random ones have contacts of three and four islands by the dozen. The kernel's
text is changed to live in it: `generation` keeps the cells, and takes every dead cell with enough live neighbours for
a contact. The reference is given the same world as its states.
"""

from __future__ import annotations

from collections import Counter
from types import ModuleType

import numpy as np
import pytest
from host_cupy import RANDOM, REVERSE, RawModule
from where import HOST, load

from simkit.kernels import census
from simkit.kernels.census import reference, split, table
from simkit.kernels.census.apgcode import Rows, compose, encode, population
from simkit.kernels.census.plane import Identity
from simkit.kernels.life import Rule

RULE = Rule.parse("B3/S23")

#: what is changed in the kernel's text
WORLD = {
    "birth = b.birth, survival = b.survival << 1;": "birth = 0, survival = 0x3FE;",
    "birth ? 0x1FF & ~birth & ~((birth & (0 - birth)) - 1) : 0;": "0x1FF & ~((b.birth & (0 - b.birth)) - 1);",
}


def call(rows: Rows, rule: Rule) -> Identity:
    """Name a pattern as it stands."""
    return Identity(compose("xs", population(rows), encode(rows)), 0, 0, 1, (0, 0))


@pytest.fixture
def cuda(monkeypatch):
    module = load(census.KERNEL, HOST)
    code = module.module().code
    for text, other in WORLD.items():
        assert code.count(text) == 1, text
        code = code.replace(text, other)
    changed = RawModule(code=code, options=module.module().options)
    monkeypatch.setattr(module, "module", lambda: changed)
    monkeypatch.setattr(module, "_known", {})
    for user in (table, reference):
        monkeypatch.setattr(user, "identify", call)
    return module


@pytest.fixture
def searched(monkeypatch):
    """Count what the reference's searches came to."""
    found: Counter[str] = Counter()

    def trial(parts, contacts, returns, birth, leaves, n_trials, original=split._try):
        is_first = not n_trials[0]
        was_done = original(parts, contacts, returns, birth, leaves, n_trials)
        if is_first:
            found["searches" if was_done else "too many choices"] += 1
            found["of 32 trials and more"] += n_trials[0] >= 32
        return was_done

    monkeypatch.setattr(split, "_try", trial)
    return found


#: an island of three and two of one, open at the cell between
MOTIF = np.array([[1, 1, 1], [0, 0, 0], [1, 0, 1]], np.uint8)


def boards_of(n: int, size: tuple[int, int], n_motifs: int) -> np.ndarray:
    """Return tori with motifs thrown on them, turned in all ways."""
    random = np.random.default_rng(n_motifs)
    cells = np.zeros((n, *size), np.uint8)
    for board in cells:
        for _ in range(n_motifs):
            y, x, turn = random.integers(size[0]), random.integers(size[1]), random.integers(4)
            board[np.ix_((y + np.arange(3)) % size[0], (x + np.arange(3)) % size[1])] |= np.rot90(MOTIF, turn)
    return cells


def check(cuda: ModuleType, boards: np.ndarray) -> None:
    n, height, width = boards.shape
    packed = np.packbits(boards, axis=-1, bitorder="little")
    given = packed, width, (RULE,), np.zeros(n, np.uint8), np.ones(n, np.int32)
    masks, objects = cuda.label(*given), cuda.find(*given)
    for i, cells in enumerate(boards):
        found = reference.separate([cells, cells], RULE)
        wanted = np.zeros((height, width), np.int32)
        for number, one in enumerate(found, start=1):
            for y, x in one.cells:
                wanted[y, x] = number
        np.testing.assert_array_equal(masks[i], wanted)
        here = objects.sample == i
        assert objects.y[here].tolist() == [one.y for one in found]
        assert [objects.apgcodes[code] for code in objects.code[here].tolist()] == [one.apgcode for one in found]


@pytest.mark.parametrize(
    ("size", "n_motifs", "n", "wanted"),
    [
        pytest.param((20, 20), 15, 40, {"searches": 90, "of 32 trials and more": 5}, marks=pytest.mark.slow),
        ((9, 40), 15, 40, {"searches": 90, "of 32 trials and more": 1}),
        ((40, 40), 70, 6, {"searches": 30, "too many choices": 1}),
    ],
)
def test_choices(cuda, searched, size, n_motifs, n, wanted):
    check(cuda, boards_of(n, size, n_motifs))
    assert all(searched[what] >= least for what, least in wanted.items()), searched


@pytest.mark.parametrize(("schedule", "seed"), [(REVERSE, 0), (RANDOM, 1), (RANDOM, 2)])
def test_choices_in_any_order_of_threads(cuda, monkeypatch, schedule, seed):
    monkeypatch.setattr(RawModule, "schedule", schedule)
    monkeypatch.setattr(RawModule, "seed", seed)
    check(cuda, boards_of(8, (20, 20), 15))
