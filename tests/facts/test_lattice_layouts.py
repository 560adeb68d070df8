"""What makes a layout valid, and what an error says about one that is not."""

from __future__ import annotations

import numpy as np
import pytest

from simkit import registry
from simkit.errors import LayoutError
from simkit.kernels.lattice import layout
from simkit.kernels.lattice.stack import split
from simkit.kernels.lattice.states import GAS, INTERFACE, ISING, MIRROR, PINNED, VOID


def ring():
    return layout.fill(np.broadcast_to(layout.ring(4, 4), (6, 8)), 3, 1)


def test_the_stacks_are_valid():
    assert layout.check(ring()) is not None
    assert layout.violations(layout.fill(np.broadcast_to(layout.sandwich(3, 5), (6, 13)))) == []
    assert layout.sandwich(2, 4).tolist() == [MIRROR, GAS, GAS, INTERFACE, ISING, ISING, INTERFACE, GAS, GAS, MIRROR]
    assert layout.ring(2, 4).tolist() == [GAS, GAS, INTERFACE, ISING, ISING, INTERFACE]


@pytest.mark.parametrize(
    ("change", "y", "x", "what"),
    [
        ({(2, 5): 54}, 2, 5, "states are 0 to 53"),
        ({(2, 5): 17 + 2}, 2, 5, "phase off the one checkerboard"),
        ({(2, 4): 1}, 2, 4, "gas must be bounded by interface or mirror"),
        ({(2, 4): 1}, 1, 4, "an interface cell needs exactly one gas or mirror neighbour"),
        ({(2, 4): 17}, 2, 3, "gas must be bounded by interface or mirror"),
        ({(2, 3): 0}, 2, 4, "an interface cell needs exactly one gas or mirror neighbour"),
        ({(2, 5): 38}, 2, 4, "an interface cell needs exactly one gas or mirror neighbour"),
        ({(2, 5): 0}, 2, 4, "an interface cell's other neighbours must be spins or pinned"),
        ({(3, 1): 0}, 3, 0, "gas must be bounded by interface or mirror"),
    ],
)
def test_each_violation_is_named_with_its_cell(change, y, x, what):
    cells = ring()
    for at, state in change.items():
        cells[at] = state
    found = layout.violations(cells)
    assert any((at_y, at_x) == (y, x) and what in said for at_y, at_x, said in found), found
    with pytest.raises(LayoutError, match=r"not a valid layout: cell y=\d+ x=\d+: "):
        layout.check(cells)


def test_an_odd_extent_through_spins_is_refused():
    with pytest.raises(LayoutError, match="cell y=0 x=4: two neighbouring spins in phase; make the side .* even"):
        layout.check(layout.fill(np.broadcast_to(layout.ring(4, 4), (7, 8))))
    cells = layout.fill(np.full((6, 5), ISING, np.uint8))
    with pytest.raises(LayoutError, match="two neighbouring spins in phase"):
        layout.check(cells)


def test_many_violations_are_counted():
    cells = np.full((6, 6), 1, np.uint8)
    cells[::3] = 0
    with pytest.raises(LayoutError, match=r"; and 19 more$"):
        layout.check(cells)


def test_a_picture_is_a_layout():
    colours = {kind: colour for colour, (kind, _) in layout.COLOURS.items()}
    kinds = np.full((8, 12), MIRROR, np.uint8)
    kinds[1:-1, 1:5] = GAS
    kinds[1:-1, 5] = INTERFACE
    kinds[1:-1, 6:-1] = ISING
    kinds[[0, -1], 5:] = PINNED
    kinds[:, -1] = PINNED
    picture = np.array([[colours[int(kind)] for kind in row] for row in kinds], np.uint8)
    picture[3, 7] = (0, 128, 0)
    cells = layout.from_picture(picture)
    assert cells[3, 7] in (17, 19)
    assert cells[0, 0] == 38
    assert cells[4, 2] == 1
    assert VOID not in kinds
    picture[2, 3] = (1, 2, 3)
    with pytest.raises(LayoutError, match=r"cell y=2 x=3 has the colour \(1, 2, 3\); those known are"):
        layout.from_picture(picture)
    with pytest.raises(LayoutError, match=r"uint8 of shape \(y, x, 3\)"):
        layout.from_picture(picture[..., 0])


@pytest.mark.parametrize("cells", [np.zeros((4, 4), int), np.zeros(4, np.uint8), np.zeros((1, 4), np.uint8)])
def test_what_is_no_array_of_cells_is_refused(cells):
    with pytest.raises(LayoutError, match=r"a layout is uint8 of shape \(y, x\)"):
        layout.check(cells)


@pytest.mark.parametrize(
    ("name", "parameters", "is_stack", "n_notes"),
    [
        ("hpp", {}, False, 1),
        ("hpp", {"opening": 128}, True, 0),
        ("hpp", {"opening": 130, "height": 130}, True, 1),
        ("hpp-ising", {}, True, 0),
        ("hpp-ising", {"height": 66, "geometry": "sandwich"}, True, 1),
        ("heat-conduction", {}, True, 0),
        ("heat-conduction", {"height": 192}, True, 0),
        ("ising-q2r", {}, True, 0),
        ("ising-q2r", {"size": (64, 128)}, True, 1),
        ("ising-creutz", {"size": (130, 64)}, True, 1),
    ],
)
def test_a_source_says_what_makes_it_slow(name, parameters, is_stack, n_notes):
    source = registry.source(
        name, steps=4, every=2, **({"settling": 2} if name == "heat-conduction" else {}), **parameters
    )
    task = next(source.row(0, 0, source.load("cpu")))
    if task.function == "run":
        assert (split(task.cells) is not None) == is_stack
    notes = source.notes()
    assert len(notes) == n_notes
    assert all("costs as much as one of" in note for note in notes if is_stack)
    assert all("eight times as long" in note for note in notes if not is_stack)
