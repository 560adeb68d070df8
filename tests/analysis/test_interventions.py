"""Things pasted and cut: boards against the census, changes of logits against planted networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from simkit import generate, models
from simkit.analysis import edits, interventions, objects
from simkit.analysis.boards import Rows
from simkit.analysis.measure import Sample
from simkit.errors import ParameterError
from simkit.kernels.life.reference import step
from simkit.schema import check

RULES = ("B3/S23", "B36/S23")
W = 64


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    out = tmp_path_factory.mktemp("edits") / "ash.zarr"
    store = generate("ca-ash", out, n=100, size=(W, W), max_steps=20_000, rules=RULES, density=0.3)
    return Rows(store, "train", 80)


@pytest.fixture(scope="module")
def given(rows):
    boards = np.concatenate([boards.numpy() for boards, _ in rows])
    return boards, W, RULES, rows.field("rule"), rows.field("period")


@pytest.fixture(scope="module")
def pasted(given):
    return edits.paste(*given, 6)


def things(boards, which, period=2):
    n = len(boards)
    return objects.find(boards, W, RULES, np.full(n, which, np.uint8), np.full(n, period, np.int32))


def entries(places, board):
    chosen = places.sample == board
    columns = (places.kind, places.y, places.x, places.phase)
    return set(zip(*(column[chosen].tolist() for column in columns), strict=True))


MORE = {
    "traffic light, phase 0": {("traffic light", 0): 1, ("blinker", 0): 2, ("blinker", 1): 2},
    "traffic light, phase 1": {("traffic light", 1): 1, ("blinker", 0): 2, ("blinker", 1): 2},
    "honey farm": {("honey farm", 0): 1, ("beehive", 0): 4},
    "blinker, phase 0": {("blinker", 0): 1},
    "blinker, phase 1": {("blinker", 1): 1},
    "block": {("block", 0): 1},
}


@pytest.mark.parametrize("thing", range(len(edits.THINGS)), ids=edits.THINGS)
def test_a_pasted_thing_is_there_at_all_alignments_and_all_else_stays(given, pasted, thing):
    name = edits.THINGS[thing]
    kind = name.split(",")[0]
    for board, row in enumerate(pasted.row):
        which = given[3][row]
        before = things(pasted.boards[board : board + 1], which)
        after = things(pasted.edited(board, thing), which)  # raises if a board does not recur
        assert np.array_equal(pasted.boards[board], given[0][row])
        for i in range(64):
            new = entries(after, i) - entries(before, 0)
            assert entries(before, 0) <= entries(after, i)
            found = {}
            for number, *_, phase in new:
                key = (objects.KINDS[number], phase)
                found[key] = found.get(key, 0) + 1
            assert found == MORE[name]
            (y,), (x,) = (
                axis[[entry in new for entry in zip(own.sample * 0 + own.kind, own.y, own.x, own.phase, strict=True)]]
                for own in [after.of(kind).where(after.of(kind).sample == i)]
                for axis in own.alignment(8)
            )
            assert (y, x) == divmod(i, 8)
        assert np.unique(after.n_objects - before.n_objects).tolist() == [sum(MORE[name].values()) - (kind[-1] in "tm")]


def test_places_are_within_the_board_and_depend_on_the_seed(given, pasted):
    assert ((pasted.y >= 8) & (pasted.y < W - 15)).all()
    assert ((pasted.x >= 8) & (pasted.x < W - 15)).all()
    for seed in range(20):
        found = edits.paste(*given, 6, seed)
        for board, (row, y, x) in enumerate(zip(found.row, found.y, found.x, strict=True)):
            for after in range(2):  # two cells more on all sides than the largest thing, in both phases
                later = step(found.boards[board : board + 1], W, objects.Rule.parse(RULES[given[3][row]]), after)
                cells = np.unpackbits(later, axis=-1, bitorder="little")
                assert not cells[0, y - 8 : y + 16, x - 8 : x + 16].any()
    again, other = edits.paste(*given, 6), edits.paste(*given, 6, seed=1)
    assert np.array_equal(again.y, pasted.y)
    assert np.array_equal(other.row, pasted.row)
    assert not np.array_equal((other.y, other.x), (pasted.y, pasted.x))


def test_what_is_cut_is_gone_and_all_else_stays(given):
    lights = objects.find(*given).of("traffic light")
    cut = edits.cut(*given, lights, 100)
    assert len(cut.row) >= 0.8 * len(lights.y) > 5
    assert set(cut.phase) == {0, 1}
    for i, row in enumerate(cut.row):
        which = given[3][row]
        before, after = things(cut.boards[i : i + 1], which), things(cut.edited[i : i + 1], which)
        gone = entries(before, 0) - entries(after, 0)
        assert entries(after, 0) <= entries(before, 0)
        kinds = sorted(objects.KINDS[kind] for kind, *_ in gone)
        assert kinds[:4] + kinds[-1:] == [*["blinker"] * 4, "traffic light"]
        assert before.n_objects[0] - after.n_objects[0] == 4
    assert len(edits.cut(*given, lights, 3).row) == 3


def test_nothing_is_cut_where_the_others_do_something_else():
    rule = objects.Rule.parse("B3/S23")
    cells = np.zeros((1, W, W), np.uint8)
    for y, x in edits.shape_of("traffic light, phase 1"):
        cells[0, 20 + y, 20 + x] = 1
    alone = np.packbits(cells, axis=-1, bitorder="little")
    given = alone, W, ["B3/S23"], np.zeros(1, np.uint8), np.full(1, 2, np.int32)
    light = objects.find(*given).of("traffic light")
    assert not edits.cut(*given, light, 1).edited.any()
    cells[0, 40:43, 40] = 1  # this does not recur in two generations, whatever is said
    cells[0, 41, 42] = 1
    wrong = np.packbits(cells, axis=-1, bitorder="little")
    assert not np.array_equal(step(wrong, W, rule, 2), wrong)
    assert len(edits.cut(wrong, *given[1:], light, 1).row) == 0
    with pytest.raises(ParameterError, match=r"no such thing on board 0 at \(20, 20\)"):
        edits.cut(np.zeros_like(alone), *given[1:], light, 1)


def test_changes_of_a_planted_logit(rows, pasted, given, monkeypatch):
    """It is the sum of the cells of every second row and column, so that changes follow from the shapes."""
    planted = np.zeros((W, W))
    planted[::2, ::2] = 1

    def logit(_, boards, batch_size=0):
        return (np.unpackbits(boards, axis=-1, bitorder="little") * planted).sum(axis=(1, 2))

    monkeypatch.setattr(interventions, "logits", logit)
    cut = edits.cut(*given, objects.find(*given).of("traffic light"), 100)
    found = interventions.interventions(None, pasted, cut)
    check(interventions.schema(), {name: values[None] for name, values in found.items()}, 1)
    for thing, name in enumerate(edits.THINGS):
        for y, x in np.ndindex(8, 8):
            expected = sum((y + dy) % 2 == 0 == (x + dx) % 2 for dy, dx in edits.shape_of(name))
            assert found["paste_alignment"][thing, y, x] == expected
    assert not found["paste_alignment_error"].any()
    assert not found["paste"][:, [1, 4]].any()
    assert np.allclose(found["paste"][:, 2], found["paste"][:, 3])
    assert np.isclose(found["paste"][5, 0], 1)  # one cell of a block, wherever it is
    assert found["paste"][5, 2] == 0 < found["paste"][0, 2]
    own = {phase: edits.shape_of(f"traffic light, phase {phase}") for phase in (0, 1)}
    for phase in (0, 1):
        assert found["cut"][phase, 2] == (cut.phase == phase).sum()
        for y, x in np.argwhere(~np.isnan(found["cut_alignment"][phase])):
            expected = sum((y + dy) % 2 == 0 == (x + dx) % 2 for dy, dx in own[phase])
            assert found["cut_alignment"][phase, y, x] == -expected
        seen = {(y % 8, x % 8) for y, x, p in zip(cut.y, cut.x, cut.phase, strict=True) if p == phase}
        assert np.isnan(found["cut_alignment"][phase]).sum() == 64 - len(seen)


def test_spreads_are_those_that_were_planted():
    """Boards differ by 3 as a whole; alignments by 2 on all boards alike; noise of 1 comes on top."""
    rng = np.random.default_rng(0)
    effect = 2 * rng.normal(size=(8, 8))
    effect -= effect.mean()
    own, noise = 3 * rng.normal(size=(50, 1, 1, 1)), rng.normal(size=(50, 1, 8, 8))
    mean, error, spread, of_means, of_noise = interventions.pasted(5 + own + effect + noise)["paste"][0]
    assert np.isclose(mean, 5 + own.mean(), atol=0.1)
    assert np.isclose(error, own.std(ddof=1) / 50**0.5, rtol=0.05)
    assert np.isclose(spread, (effect.var() + 1) ** 0.5, rtol=0.05)
    assert np.isclose(of_means, effect.std(), rtol=0.05)
    assert np.isclose(of_noise, 1 / 50**0.5, rtol=0.05)
    single = interventions.pasted((own + effect)[:1])
    assert np.isnan(single["paste_alignment_error"]).all()
    assert np.isfinite(single["paste"][0, [0, 2, 3]]).all()


def test_a_measure_is_made_of_the_rows_of_a_survey(rows, monkeypatch):
    monkeypatch.setattr(interventions, "N_BOARDS", 1)
    net = models.architecture("res-cnn-cac", W=W, C=2).build(0).eval()
    measure = interventions.MEASURE
    found = measure.run(net, Sample(rows, rows, rows), 0)
    check(measure.schema(net), {name: values[None] for name, values in found.items()}, 1)
    pastes, without = interventions.edits(rows, 1, 256)
    with torch.no_grad():
        before, after = (
            net(models.planes(torch.from_numpy(boards), W)).numpy() for boards in (without.boards, without.edited)
        )
    for phase in (0, 1):
        expected = (after - before)[without.phase == phase].mean()
        assert np.isclose(found["cut"][phase, 0], expected, rtol=1e-2, atol=1e-5)
    assert np.allclose(found["paste"], interventions.interventions(net, pastes, without)["paste"], equal_nan=True)


def test_bad_input(given):
    with pytest.raises(ParameterError, match=r"none of these 2 boards has 24 x 24 cells that are never alive"):
        edits.paste(np.full((2, 64, 8), 255, np.uint8), W, RULES, given[3][:2], np.ones(2, np.int32), 5)
    with pytest.raises(ParameterError, match="none of these 1 boards"):
        edits.paste(np.zeros((1, 16, 2), np.uint8), 16, RULES, given[3][:1], np.ones(1, np.int32), 5)
    with pytest.raises(ParameterError, match="B2/S does not keep a traffic light, which is to be pasted"):
        edits.paste(given[0], W, ["B3/S23", "B2/S"], *given[3:], 5)
    with pytest.raises(ParameterError, match="blinkers and blocks, and no beehive"):
        edits.cut(*given, objects.find(*given).of("beehive"), 5)
    with pytest.raises(ParameterError, match="no boards on which anything was pasted"):
        interventions.pasted(np.zeros((0, 6, 8, 8)))
