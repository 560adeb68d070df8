"""Tables of objects: counts against boards whose objects are known, and statistics against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import simkit
from simkit.ash.tally import Tally, tally_store
from simkit.errors import StoreError
from simkit.kernels.census import KINDS
from simkit.kernels.life import Rule
from simkit.recipe import Recipe
from simkit.run import generate

BLOCK, BLINKER = np.ones((2, 2), np.uint8), np.ones((1, 3), np.uint8)


def board(*parts):
    """Return a packed 32x32 board with parts (cells, y, x) on it."""
    cells = np.zeros((32, 32), np.uint8)
    for part, y, x in parts:
        cells[y : y + part.shape[0], x : x + part.shape[1]] |= part
    return np.packbits(cells, axis=-1, bitorder="little")


def test_counts_shares_and_errors():
    boards = np.stack(
        [
            board((BLOCK, 2, 2), (BLOCK, 10, 10), (BLINKER, 20, 20)),
            board((BLOCK, 2, 2)),
            board(),
        ]
    )
    tally = Tally((Rule.parse("B3/S23"),))
    tally.add(boards, 32, np.zeros(3, np.uint8), np.array([2, 1, 1], np.int32))
    block, blinker = tally.lines()
    assert (block.rule, block.apgcode, block.name, block.count) == ("B3/S23", "xs4_33", "block", 3)
    assert (blinker.apgcode, blinker.count) == ("xp2_7", 1)
    assert block.per_board == pytest.approx(1)
    assert block.share == pytest.approx(0.75)
    assert block.standard_error == pytest.approx(np.std([2, 1, 0], ddof=1) / 3**0.5)
    assert blinker.standard_error == pytest.approx(np.std([1, 0, 0], ddof=1) / 3**0.5)


def test_parts_add_up():
    source = simkit.source("ca-ash", size=32)
    batch = source.generate(0, range(40))
    rules = tuple(Rule.parse(rule) for rule in source.rules)
    whole, parts = Tally(rules), Tally(rules)
    whole.add(batch["ash"], 32, batch["rule"], batch["period"])
    for here in (slice(0, 7), slice(7, 7), slice(7, 40)):
        parts.add(batch["ash"][here], 32, batch["rule"][here], batch["period"][here])
    assert whole.lines() == parts.lines()
    assert whole.constellations() == parts.constellations()


def test_a_store_gives_the_counts_of_its_field(tmp_path):
    store = generate(Recipe(simkit.source("ca-ash", size=40), 3, 60), tmp_path / "x.zarr")
    tally = tally_store(store, range(60))
    counts, rule = store["counts"][:], store["rule"][:]
    for index, name in enumerate(store.schema["rule"].labels):
        lines = {line.apgcode: line.count for line in tally.lines() if line.rule == name}
        for column, code in enumerate(KINDS[1:], 1):
            assert lines.get(code, 0) == counts[rule == index, column].sum()
        assert sum(lines.values()) == counts[rule == index].sum()
    assert tally.n_boards == [30, 30]


def test_boards_that_are_not_censused_are_said_to_be_left_out():
    source = simkit.source("ca-ash", size=16, rules=("B3/S23", "B2/S", "B03/S23"), max_steps=30)
    batch = source.generate(0, range(30))
    tally = Tally(tuple(Rule.parse(rule) for rule in source.rules))
    tally.add(batch["ash"], 16, batch["rule"], batch["period"])
    never = [(batch["period"][batch["rule"] == rule] == 0).sum() for rule in range(3)]
    assert tally.n_left_out == [never[0], never[1], 10]
    assert [a + b for a, b in zip(tally.n_boards, tally.n_left_out, strict=True)] == [10, 10, 10]


def test_a_store_of_something_else_is_refused(tmp_path):
    class Other(dict):
        path, schema = "other.zarr", {}

    with pytest.raises(StoreError, match="no data set of ash"):
        tally_store(Other(), range(1))
