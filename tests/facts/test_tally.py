"""Tables of objects: counts against boards whose objects are known, and statistics against NumPy."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import simkit
from simkit import registry
from simkit.ash.census import COLUMNS, Census
from simkit.ash.tally import Tally
from simkit.errors import ParameterError, StoreError
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
    found = tally.census()
    block, blinker = (SimpleNamespace(**entry) for entry in found.entries())
    assert found.count.tolist() == [3, 1]
    assert (found.count.dtype, found.share.dtype, len(found)) == (np.int64, np.float64, 2)
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
    assert whole.census().entries() == parts.census().entries()
    assert whole.census().constellations.entries() == parts.census().constellations.entries()


@pytest.fixture(scope="module")
def ash(tmp_path_factory):
    """A data set of chunks of 16 rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("simkit.store.layout._SHARD_ROWS", 32)
        patch.setattr("simkit.store.layout._CHUNK_ROWS", 16)
        return generate(Recipe(simkit.source("ca-ash", size=40), 3, 60), tmp_path_factory.mktemp("ash") / "x.zarr")


def test_a_store_gives_the_counts_of_its_field(ash):
    store = ash
    done = []
    found = simkit.census(store, progress=lambda *rows: done.append(rows))
    assert done[-1] == (60, 60)
    counts, rule = store["counts"][:], store["rule"][:]
    for index, name in enumerate(store.schema["rule"].labels):
        mine = found.rule == name
        lines = dict(zip(found.apgcode[mine].tolist(), found.count[mine].tolist(), strict=True))
        for column, code in enumerate(KINDS[1:], 1):
            assert lines.get(code, 0) == counts[rule == index, column].sum()
        assert sum(lines.values()) == counts[rule == index].sum()
    assert found.n_boards == {"B3/S23": 30, "B36/S23": 30}
    assert found.n_left_out == {"B3/S23": 0, "B36/S23": 0}


def test_rows_are_chosen_as_a_source_takes_them(ash):
    def blocks(rows):
        found = simkit.census(ash, rows)
        assert sum(found.n_boards.values()) == (rows if isinstance(rows, int) else len(rows))
        return found.count[found.apgcode == "xs4_33"].sum()

    ash_blocks = ash["counts"][:, ash.schema["counts"].columns.index("xs4_33")]
    for rows in (range(10, 30), [7, 3, 3, 59], np.array([40, 41, 42, 2]), list(range(59, 20, -1))):
        assert blocks(rows) == ash_blocks[np.array(rows)].sum()
    assert blocks(12) == ash_blocks[:12].sum()
    for rows, said in (
        ([3, 60], "row 60 of .*, which has 60 rows"),
        (range(50, 61), "row 60 of .*, which has 60 rows"),
        (2.5, "a number of rows, or a list"),
        ([-1], "from 0 on"),
    ):
        with pytest.raises(ParameterError, match=said):
            simkit.census(ash, rows)


def test_a_census_is_a_value_that_prints_as_a_table(ash):
    found = simkit.census(ash.path, range(40))
    text = str(found)
    assert text == repr(found) == found.text()
    assert text.startswith("B3/S23: ")
    assert text.count("\n  apgcode ") == 2
    assert "on 20 boards\n" in text
    first = found.text(top=1).split("\n\n")[0]
    n_kinds = np.count_nonzero(found.rule == "B3/S23")
    assert f"  and {n_kinds - 1} more kinds, " in first
    with pytest.raises(ValueError, match="read-only"):
        found.count[0] = 1
    with pytest.raises(AttributeError):
        found.about = "x"
    html = found._repr_html_()
    n_tables = 2 + len(set(found.constellations.rule.tolist()))
    assert html.count("<table>") == html.count("</table>") == n_tables > 2
    assert html.count(">constellations<") == n_tables - 2
    assert '<td style="text-align: left">xs4_33</td>' in html
    one = simkit.census(ash, [4])
    assert " on 1 board\n" in one.text()


def test_an_apgcode_that_is_no_apgcode_is_no_markup():
    columns = {name: np.array(["<script>"] if dtype is np.str_ else [1], dtype) for name, dtype in COLUMNS.items()}
    html = Census(**columns, n_boards={"<script>": 1}, n_left_out={"<script>": 0})._repr_html_()
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 3


def test_a_file_of_one_board_has_no_rows(tmp_path):
    path = tmp_path / "glider.rle"
    path.write_text("x = 3, y = 3, rule = B3/S23\nbo$2bo$3o!\n")
    found = simkit.census(path)
    assert (found.entries()[0]["name"], found.n_boards) == ("glider", {"B3/S23": 1})
    assert found.about.startswith("settles at generation 0 with period 524 on a 131x131 torus")
    with pytest.raises(ParameterError, match="holds one board"):
        simkit.census(path, [3])


def test_boards_that_are_not_censused_are_said_to_be_left_out():
    source = simkit.source("ca-ash", size=16, rules=("B3/S23", "B2/S", "B03/S23"), max_steps=30)
    batch = source.generate(0, range(30))
    tally = Tally(tuple(Rule.parse(rule) for rule in source.rules))
    tally.add(batch["ash"], 16, batch["rule"], batch["period"])
    never = [(batch["period"][batch["rule"] == rule] == 0).sum() for rule in range(3)]
    assert tally.n_left_out == [never[0], never[1], 10]
    assert [a + b for a, b in zip(tally.n_boards, tally.n_left_out, strict=True)] == [10, 10, 10]


def test_a_store_of_something_else_is_refused(tmp_path):
    source = registry.source_class("hpp")
    path = tmp_path / "x.zarr"
    generate(Recipe(source.build(source.tiny), 0, 1), path, backend="reference")
    with pytest.raises(StoreError, match="not a data set of ash"):
        simkit.census(path)
