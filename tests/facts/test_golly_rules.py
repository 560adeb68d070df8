"""Golly's rules say what the kernel's reference does, and states survive the way to RLE and back."""

from __future__ import annotations

import re

import numpy as np
import pytest
from golly_rules import by_reference, by_table, by_tree, neighbourhoods, sections

from simkit.errors import PatternError, UnknownNameError
from simkit.kernels.lattice import layout, reference
from simkit.kernels.lattice.cases import random_cells, random_demons
from simkit.lattices.golly import AUTOMATA, automaton, pattern, rule, smallest

NAMES = list(AUTOMATA)
HPP_ISING, HPP, Q2R, CREUTZ = (AUTOMATA[name] for name in ("hpp-ising", "hpp", "q2r", "creutz"))


@pytest.fixture(scope="module")
def texts():
    return {name: rule.write(found) for name, found in AUTOMATA.items()}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "creutz" else name for name in NAMES]
)
def test_tree_and_table_are_the_reference(name, texts):
    """On every neighbourhood of Q2R and Creutz, on random ones of the others."""
    parts = sections(texts[name])
    near = neighbourhoods(AUTOMATA[name].n_states, 1_500_000 if name == "creutz" else 30_000)
    expected = by_reference(AUTOMATA[name], near)
    assert np.array_equal(by_tree(parts["@TREE"], near), expected)
    assert np.array_equal(by_table(parts["@TABLE"], near), expected)


def test_neighbours_of_one_class_are_alike():
    """All that the coupled rule was asked for: any neighbour for any other of its class, among random others."""
    near = neighbourhoods(54, 30_000, seed=1)
    expected = by_reference(HPP_ISING, near)
    rng = np.random.default_rng(2)
    for place, seen in enumerate(HPP_ISING.seen, start=1):
        others = np.array([rng.choice(np.flatnonzero(seen == k), len(near[0])) for k in range(seen.max() + 1)])
        swapped = near.copy()
        swapped[place] = others[seen[near[place]], np.arange(len(near[0]))]
        assert np.array_equal(by_reference(HPP_ISING, swapped), expected)


@pytest.mark.parametrize("name", NAMES)
def test_the_void_is_quiescent_and_stays(name):
    near = neighbourhoods(AUTOMATA[name].n_states, 20_000)
    near[0] = 0
    assert not by_reference(AUTOMATA[name], near).any()


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_file_is_complete(name, texts):
    found = AUTOMATA[name]
    parts = sections(texts[name])
    assert texts[name].startswith(f"@RULE {found.name}\n")
    assert list(parts) == ["@RULE", "@TREE", "@TABLE", "@COLORS", "@ICONS"]
    colours = np.array([line.split() for line in parts["@COLORS"]], int)
    assert np.array_equal(colours[:, 0], np.arange(found.n_states))
    assert ((colours >= 0) & (colours < 256)).all()
    heads = [line for line in parts["@ICONS"] if re.fullmatch(r'"\d+ \d+ \d+ 1"', line)]
    n_icons = found.n_states - 1
    assert [line.split()[:2] for line in heads] == [[f'"{s}', str(s * n_icons)] for s in (7, 15, 31)]
    assert sum(len(line) == 33 and line[1] != " " for line in parts["@ICONS"]) == 31 * n_icons
    assert all("#000000" not in line for line in parts["@ICONS"]), "Golly shows black as the colour of state 0"


def test_icons_of_different_states_differ():
    from simkit.lattices.golly.icons import SIZES, draw

    for found in AUTOMATA.values():
        for size in SIZES:
            assert len({draw(glyph, size).tobytes() for glyph in found.glyphs}) == found.n_states


def samples():
    spins = np.array([*range(17, 21), 37, 0], np.uint8)
    gas = np.array([*range(17), *range(38, 54)], np.uint8)
    rng = np.random.default_rng(0)
    return {
        "hpp-ising": random_cells(3, 30, 44),
        "hpp": rng.choice(gas, (19, 23)),
        "q2r": rng.choice(spins, (20, 30)),
        "creutz": random_demons(4, 18, 26),
    }


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("torus", [True, False])
def test_rle_round_trip(name, torus):
    cells = samples()[name]
    text = pattern.write(AUTOMATA[name], cells, torus=torus, comments=["one", "two"])
    height, width = cells.shape
    bounds = f":T{width},{height}" if torus else ""
    assert f"\nx = {width}, y = {height}, rule = simkit-{name}{bounds}\n" in text
    assert max(map(len, text.splitlines())) <= 70
    back = pattern.read(text)
    assert np.array_equal(back.cells, cells)
    assert (back.automaton, back.is_torus) == (AUTOMATA[name], torus)


@pytest.mark.parametrize("name", NAMES)
def test_steps_in_golly_states_are_steps(name):
    found, cells = AUTOMATA[name], samples()[name]
    step = reference.step_creutz if name == "creutz" else reference.step
    assert np.array_equal(found.decode(found.step(found.encode(cells))), step(cells))


def test_the_smallest_system_is_chosen():
    assert smallest(layout.fill(np.full((4, 4), 2, np.uint8))) is Q2R
    assert smallest(layout.fill(np.full((4, 4), 1, np.uint8))) is HPP
    assert smallest(samples()["hpp-ising"]) is HPP_ISING


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 3, y = 1, rule = simkit-hpp\nABY!", "'Y!' is not a run"),
        ("x = 3, y = 1, rule = simkit-hpp\nABC", "ends without '!'"),
        ("x = 2, y = 1, rule = simkit-hpp\nABC!", "beyond the header's 2 x 1 cells"),
        ("x = 2, y = 1, rule = simkit-hpp\nA$B!", "row 2 has 'B'"),
        ("x = 2, y = 1, rule = simkit-q2r\nX!", "simkit-q2r has states 0 to 5; these are 0 to 24"),
        ("x = 2, y = 1, rule = simkit-creutz\nA!", "simkit-creutz has states 1 to 16; these are 0 to 1"),
        ("x = 9, y = 9, rule = simkit-hpp:T4,4\nA!", "9 x 9 cells do not fit on 4 x 4"),
        ("nonsense\nA!", "line 1: 'nonsense' is not a header"),
        ("", "there is no pattern"),
    ],
)
def test_bad_rle_is_refused(text, message):
    with pytest.raises(PatternError, match=re.escape(message)):
        pattern.read(text)


def test_other_refusals():
    with pytest.raises(UnknownNameError, match="no Golly rule 'hpp-isin'; did you mean 'hpp-ising'?"):
        automaton("hpp-isin")
    with pytest.raises(PatternError, match="simkit-hpp has no cells of state 17"):
        pattern.write(HPP, np.full((2, 2), 17, np.uint8))
