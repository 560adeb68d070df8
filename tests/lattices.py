"""Quantities of whole lattices for the tests, written apart from the kernels."""

from __future__ import annotations

import numpy as np

from simkit.kernels.lattice import states
from simkit.kernels.lattice.states import INTERFACE, KIND


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
