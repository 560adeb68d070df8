"""Lattices for the tests: random layouts and whole-board quantities, written apart from the kernels."""

from __future__ import annotations

import numpy as np

from simkit.kernels.lattice import layout, states
from simkit.kernels.lattice.states import GAS, INTERFACE, ISING, KIND, MIRROR, PINNED, VOID


def random_cells(seed, height, width, *, kinds=None):
    """Return cells of random kinds and bits whose phases are one checkerboard. Interface is where one gas is near."""
    rng = np.random.default_rng(seed)
    if kinds is None:
        kinds = rng.choice(np.array([VOID, GAS, GAS, ISING, ISING, ISING, PINNED, MIRROR], np.uint8), (height, width))
        gas = np.isin(kinds, (GAS, MIRROR)).astype(int)
        n_gas = sum(np.roll(gas, by, axis) for axis in (0, 1) for by in (1, -1))
        kinds[(kinds == ISING) & (n_gas == 1)] = INTERFACE
    y, x = np.indices(kinds.shape)
    g = rng.integers(0, 16, kinds.shape, np.uint8)
    spin, bond, slot = (rng.integers(0, 2, kinds.shape, np.uint8) for _ in range(3))
    return states.compose(kinds, g, spin, bond, slot, ((x + y + rng.integers(2)) % 2).astype(np.uint8))


def random_stack(seed, columns, height):
    """Return cells of random bits in a stack of columns of the given kinds, its mirrors empty."""
    kinds = np.broadcast_to(np.asarray(columns, np.uint8), (height, len(columns))).copy()
    cells = random_cells(seed, height, len(columns), kinds=kinds)
    return np.where(KIND[cells] == MIRROR, states.FIRST[MIRROR], cells).astype(np.uint8)


def random_demons(seed, height, width):
    """Return random cells of the Creutz system."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((height, width))
    return (rng.integers(0, 8, (height, width)) | ((x + y + rng.integers(2)) % 2) << 3).astype(np.uint8)


#: name -> kinds of columns: every way in which a segment can end
STACKS = {
    "ring": layout.ring(7, 6),
    "ring that wraps": np.roll(layout.ring(10, 20), 4),
    "interfaces alone": layout.ring(1, 2),
    "sandwich": layout.sandwich(9, 18),
    "gas ring": np.full(11, GAS),
    "gas between mirrors": np.array([MIRROR, *[GAS] * 8, MIRROR]),
    "two rings in one": np.concatenate((layout.ring(3, 4), layout.ring(16, 16))),
    "spins": np.full(18, ISING),
    "spins between void and pinned": np.array([VOID, *[ISING] * 6, PINNED]),
    "one wall": np.array([MIRROR, *[GAS] * 3, INTERFACE, ISING, ISING, ISING, PINNED]),
}


def energy(cells):
    """Return the energy of cells (..., y, x): packets, slots, bond bits and unsatisfied bonds."""
    total = np.bitwise_count(states.G[cells]).astype(np.int64) + states.SLOT[cells] + states.BOND[cells]
    is_spin = states.IS_SPIN[cells] == 1
    for axis in (-2, -1):
        near = np.roll(cells, -1, axis)
        of_spins = is_spin | (states.IS_SPIN[near] == 1)
        to_gas = (KIND[cells] == INTERFACE) & (states.IS_GAS[near] == 1)
        to_gas |= (KIND[near] == INTERFACE) & (states.IS_GAS[cells] == 1)
        total = total + (of_spins & ~to_gas & (states.SPIN[cells] != states.SPIN[near]))
    return total.sum(axis=(-2, -1))
