"""Packets and spins can be told apart, whatever colours one sees."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from test_colours import APART, TO_XYZ, VISION, lab, linear

from simkit.kernels.lattice.states import FIRST, GAS, INTERFACE, ISING, MIRROR, PINNED, VOID
from simkit.lattices import colours

INKS = {
    **{f"{n} packets": colours.PACKETS[n] for n in range(5)},
    "down": colours.SPINS[0],
    "up": colours.SPINS[1],
    "interface down": colours.INTERFACE_SPINS[0],
    "interface up": colours.INTERFACE_SPINS[1],
    "mirror": colours.MIRROR_GREY,
    "pinned": np.array(colours.PINNED_WHITE),
}


@pytest.mark.parametrize("vision", VISION)
def test_any_two_are_apart(vision):
    seen = {name: lab(np.array(VISION[vision]) @ linear(colour)) for name, colour in INKS.items()}
    distances = {(a, b): float(np.linalg.norm(seen[a] - seen[b])) for a, b in combinations(seen, 2)}
    assert min(distances.values()) > APART, min(distances, key=lambda pair: distances[pair])


def test_brightness_alone_orders_packets_and_spins():
    luminance = [float(linear(colour) @ TO_XYZ[1]) for colour in colours.PACKETS]
    assert (np.diff(luminance) > 0).all()
    for down, up in (colours.SPINS, colours.INTERFACE_SPINS):
        assert linear(up) @ TO_XYZ[1] + 0.05 > 3 * (linear(down) @ TO_XYZ[1] + 0.05)


def test_states_have_the_colours_of_the_legend():
    table = colours.CELLS
    assert np.array_equal(table[FIRST[GAS] + np.array([0, 1, 6, 7, 15])], colours.PACKETS)
    assert np.array_equal(table[[FIRST[ISING], FIRST[ISING] + 3]], colours.SPINS)
    assert np.array_equal(table[[FIRST[INTERFACE] + 14, FIRST[INTERFACE] + 1]], colours.INTERFACE_SPINS)
    assert np.array_equal(table[FIRST[MIRROR]], colours.MIRROR_GREY)
    assert (tuple(table[FIRST[VOID]]), tuple(table[FIRST[PINNED]])) == (colours.VOID_BLACK, colours.PINNED_WHITE)
    words = [key.words for key in colours.legend(np.array([[1, 17, 21, 38]]))]
    assert words == ["gas, 0 to 4 packets", "spin down, up", "interface", "mirror"]
    assert colours.legend(np.zeros((2, 2), np.uint8)) == []
