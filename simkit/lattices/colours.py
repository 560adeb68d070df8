"""One palette for the cells of the lattices: what films, pictures and Golly show them in.

Packets are warm and brighten with their number, spins are blue, interface spins green; down is dark and up is bright,
so that brightness alone tells what hue does. tests/facts/test_lattice_colours.py holds them apart for all kinds of
colour vision.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.figures.picture import Key
from simkit.kernels.lattice.states import GAS, INTERFACE, IS_GAS, ISING, KIND, MIRROR, PINNED, SPIN, VOID, G

U8 = npt.NDArray[np.uint8]

#: gas cells with 0..4 packets; mirrors the same, on grey
PACKETS: U8 = np.array([(25, 30, 41), (120, 62, 20), (196, 96, 0), (240, 158, 30), (255, 226, 130)], np.uint8)
MIRROR_GREY: U8 = np.array((136, 138, 146), np.uint8)

#: Ising and interface spins, down and up
SPINS: U8 = np.array([(38, 74, 158), (150, 205, 255)], np.uint8)
INTERFACE_SPINS: U8 = np.array([(0, 100, 70), (98, 222, 170)], np.uint8)

VOID_BLACK, PINNED_WHITE = (0, 0, 0), (255, 255, 255)


def _mixed(a: U8, b: U8, share: float) -> U8:
    """Return colour `a` with a share of `b`."""
    return np.round(a * (1 - share) + b * share).astype(np.uint8)


def _cells() -> U8:
    colours = SPINS[SPIN]
    colours[KIND == INTERFACE] = INTERFACE_SPINS[SPIN[KIND == INTERFACE]]
    n_packets = np.bitwise_count(G[IS_GAS == 1])
    colours[IS_GAS == 1] = PACKETS[n_packets]
    is_mirror = KIND == MIRROR
    colours[is_mirror] = [
        _mixed(MIRROR_GREY, PACKETS[n], 0.6 if n else 0.0) for n in np.bitwise_count(G[is_mirror]).tolist()
    ]
    colours[KIND == VOID], colours[KIND == PINNED] = VOID_BLACK, PINNED_WHITE
    return colours


#: uint8 (54, 3): of the states of the coupled system
CELLS: U8 = _cells()

#: uint8 (16, 3): of the states of the Creutz system; demons take their spin towards the colour of their packets
DEMONS: U8 = np.array([_mixed(SPINS[state & 1], PACKETS[4], 0.25 * (state >> 1 & 3)) for state in range(16)], np.uint8)


def legend(cells: U8) -> list[Key]:
    """Return what the colours of the given cells of the coupled system stand for."""
    kinds = set(KIND[np.unique(cells)].tolist())
    found: list[Key] = []
    if GAS in kinds:
        found.append(Key("gas, 0 to 4 packets", PACKETS))
    if {ISING, INTERFACE} & kinds:
        found.append(Key("spin down, up", SPINS))
    if INTERFACE in kinds:
        found.append(Key("interface", INTERFACE_SPINS))
    if MIRROR in kinds:
        found.append(Key("mirror", MIRROR_GREY[None]))
    if PINNED in kinds:
        found.append(Key("pinned", np.array([PINNED_WHITE], np.uint8)))
    return found


def demon_legend() -> list[Key]:
    """Return what the colours of the Creutz system stand for."""
    return [Key("spin down, demon 0 to 3", DEMONS[0:8:2]), Key("spin up", DEMONS[1:8:2])]
