"""Places of objects on ash, against counts of the census, masks drawn by hand, and each square looked at by itself."""

from __future__ import annotations

import numpy as np
import pytest

from simkit import generate
from simkit.analysis import objects
from simkit.errors import ParameterError
from simkit.kernels import census
from simkit.kernels.life.reference import step

RULES = ("B3/S23", "B36/S23")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    out = tmp_path_factory.mktemp("objects") / "ash.zarr"
    return generate("ca-ash", out, n=100, size=(64, 96), max_steps=20_000, rules=RULES, census="objects")


@pytest.fixture(scope="module")
def found(store):
    return objects.find(store["ash"][:], 96, RULES, store["rule"][:], store["period"][:])


def board(*pictures, height=32, width=40):
    """Return one packed board with pictures (y, x, lines) on the torus."""
    cells = np.zeros((height, width), np.uint8)
    for y, x, lines in pictures:
        for dy, line in enumerate(lines.split()):
            for dx, char in enumerate(line):
                cells[(y + dy) % height, (x + dx) % width] |= char == "o"
    return np.packbits(cells, axis=-1, bitorder="little")[None]


LIGHT = "..ooo.. ....... o.....o o.....o o.....o ....... ..ooo.."
FARM = (
    "......o...... .....o.o..... .....o.o..... ......o...... ............. .oo.......oo. o..o.....o..o "
    ".oo.......oo. ............. ......o...... .....o.o..... .....o.o..... ......o......"
)


def alone(boards):
    return objects.find(boards, 40, ["B3/S23"], np.zeros(1, np.uint8), np.full(1, 2, np.int32))


def test_counts_are_those_of_the_census_under_each_rule(store, found):
    counts, constellations = store["counts"][:], store["constellations"][:]
    mine = found.counts()
    for i, apgcode in enumerate(objects.SINGLE.values()):
        assert np.array_equal(mine[:, i], np.maximum(counts[:, census.KINDS.index(apgcode)], 0))
    for name in ("traffic-light", "honey-farm"):
        theirs = constellations[:, census.CONSTELLATIONS.index(name)]
        assert np.array_equal(mine[:, objects.KINDS.index(name.replace("-", " "))], np.maximum(theirs, 0))
        assert theirs.sum() > 5
    censused = counts[:, 0] >= 0
    assert np.array_equal(found.n_objects[censused], counts[censused].sum(axis=1))
    assert (found.n_objects[~censused] == -1).all()


def test_the_table_of_a_data_set_gives_the_same(store, found):
    names = [name for name in store.schema if name == "n_objects" or name.startswith("object_")]
    fields = {name: store[name][:] for name in names}
    again = objects.from_rows(fields, (64, 96))
    for name in ("sample", "kind", "y", "x", "height", "width", "phase", "n_objects"):
        assert np.array_equal(getattr(again, name), getattr(found, name)), name
    with pytest.raises(ParameterError, match=r"table of row 0 has \d+ of its \d+ objects.*larger max_objects"):
        objects.from_rows({name: field[:, :2] if field.ndim > 1 else field for name, field in fields.items()}, (64, 96))


@pytest.mark.parametrize("name", ["block", "beehive", "loaf", "boat", "ship", "blinker"])
def test_boxes_are_those_of_the_cells(store, found, name):
    """Read from the mask of instances, cell by cell."""
    rules = tuple(map(objects.Rule.parse, RULES))
    arguments = store["ash"][:20], 96, rules, store["rule"][:20], store["period"][:20]
    kernel = census.KERNEL.load("cpu")
    table, labels = kernel.find(*arguments), kernel.label(*arguments)
    chosen = [i for i, code in enumerate(table.code.tolist()) if table.apgcodes[code] == objects.SINGLE[name]]
    mine = found.of(name)
    mine = mine.where(mine.sample < 20)
    assert len(chosen) == len(mine.y) > 0
    first = np.searchsorted(table.sample, np.arange(20))
    for entry, i in enumerate(chosen):
        sample = table.sample[i]
        assert sample == mine.sample[entry]
        y, x = np.nonzero(labels[sample] == i - first[sample] + 1)
        y, x = (y - mine.y[entry]) % 64, (x - mine.x[entry]) % 96
        assert (y.min(), x.min()) == (0, 0)
        assert (y.max() + 1, x.max() + 1) == (mine.height[entry], mine.width[entry])


@pytest.mark.parametrize("corner", [(5, 7), (29, 36)])
def test_a_traffic_light_in_both_phases(corner):
    now = board((*corner, LIGHT))
    for boards, phase, side in ((now, 1, 7), (step(now, 40, objects.Rule.parse("B3/S23"), 1), 0, 9)):
        light = alone(boards).of("traffic light")
        assert (light.height.tolist(), light.width.tolist(), light.phase.tolist()) == ([side], [side], [phase])
        assert (light.centres()[0][0], light.centres()[1][0]) == ((corner[0] + 3) % 32, (corner[1] + 3) % 40)
        assert len(alone(boards).of("traffic light", 1 - phase).y) == 0
        assert [a.tolist() for a in light.alignment(4)] == [[(corner[0] + 3) % 4], [(corner[1] + 3) % 4]]


def test_a_honey_farm_and_one_that_lacks_a_beehive():
    whole = board((20, 30, FARM))
    farm = alone(whole).of("honey farm")
    assert (farm.y[0], farm.x[0], farm.height[0], farm.width[0], farm.phase[0]) == (20, 30, 13, 13, 0)
    assert alone(whole).counts().tolist() == [[0, 4, 0, 0, 0, 0, 0, 1]]
    lines = FARM.split()
    assert alone(board((20, 30, " ".join(lines[:9])))).counts().tolist() == [[0, 3, 0, 0, 0, 0, 0, 0]]


def test_blinkers_out_of_step_are_no_traffic_light():
    lines = LIGHT.split()
    out_of_step = board((6, 9, " ".join(lines[:6])), (11, 12, "o o o"))
    assert alone(out_of_step).counts()[0, 5:].tolist() == [4, 0, 0]
    assert alone(board((6, 9, LIGHT))).counts()[0, 5:].tolist() == [4, 1, 0]


@pytest.mark.parametrize("sees", ["part", "whole"])
@pytest.mark.parametrize(("stride", "reach"), [(1, 0), (2, 2), (4, 4), (8, 8), (1, 4), (8, 40)])
def test_masks_are_those_of_each_square_by_itself(found, stride, reach, sees):
    chosen = found.where((found.sample < 3) & (found.kind >= 5))
    seen = objects.mask(chosen, stride, reach, sees)
    expected = np.zeros_like(seen)
    reach = min(reach, 48)
    for i in range(len(chosen.y)):
        along = []
        for start, side, length in (
            (chosen.y[i], chosen.height[i], 64),
            (chosen.x[i], chosen.width[i], 96),
        ):
            box = {(start + step) % length for step in range(side)}
            squares = [{(at + d) % length for d in range(-reach, reach + 1)} for at in range(0, length, stride)]
            along.append([bool(box & square) if sees == "part" else box <= square for square in squares])
        expected[chosen.sample[i]] |= np.outer(*along)
    assert np.array_equal(seen, expected)


def test_each_thing_has_one_nearest_cell():
    light = alone(board((28, 33, LIGHT))).of("traffic light")  # its centre is (31, 36)
    assert np.argwhere(objects.mask(light, 4, 0, "centre")).tolist() == [[0, 0, 9]]
    assert np.argwhere(objects.mask(light, 8, 0, "centre")).tolist() == [[0, 0, 0]]
    assert np.argwhere(objects.mask(light, 1, 0, "centre")).tolist() == [[0, 31, 36]]


def test_bad_input(found):
    with pytest.raises(ParameterError, match="no kind 'pulsar'; choose from block, "):
        found.of("pulsar")
    with pytest.raises(ParameterError, match="divides 64 and 96, and a reach from 0; asked for 5 and 0"):
        objects.mask(found, 5)
    with pytest.raises(ParameterError, match="part, whole or centre; asked for 'all'"):
        objects.mask(found, sees="all")
