"""Reversible and energy-keeping, by enumeration: the local maps in full, small whole systems in every state."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from lattices import energy

from simkit.kernels.lattice import layout, reference, states
from simkit.kernels.lattice.states import GAS, INTERFACE, ISING, KIND, MIRROR, PERMUTED, PINNED, REVERSED, TURNED, VOID

ALL = np.arange(states.N_STATES)
OF = {kind: ALL[kind == KIND] for kind in (GAS, INTERFACE, ISING, MIRROR, PINNED, VOID)}


def test_there_are_54_states_of_6_kinds():
    assert [len(OF[kind]) for kind in (VOID, GAS, ISING, INTERFACE, PINNED, MIRROR)] == [1, 16, 4, 16, 1, 16]
    again = states.compose(KIND, states.G, states.SPIN, states.BOND, states.SLOT, states.PHASE)
    assert np.array_equal(again, ALL)
    assert PERMUTED[0] == 0  # the void has to be quiescent for Golly


@pytest.mark.parametrize("table", [PERMUTED, TURNED, REVERSED])
def test_the_cell_maps_are_involutions_that_keep_kind_and_energy(table):
    assert np.array_equal(table[table], ALL)
    assert np.array_equal(KIND[table], KIND)
    held = np.bitwise_count(states.G).astype(int) + states.SLOT + states.BOND
    assert np.array_equal(held[table], held)
    assert np.array_equal(states.SPIN[table], states.SPIN)


def test_the_second_half_and_turning_back_commute():
    """B R = R B, so that R B, applied before and after, makes the rule its own inverse."""
    assert np.array_equal(TURNED[PERMUTED], PERMUTED[TURNED])


def test_the_collision_is_that_of_hpp():
    """Only head-on pairs turn, and momentum is kept; a mirror turns everything back."""
    changed = [int(g) for g in range(16) if states.G[PERMUTED[1 + g]] != g]
    assert changed == [0b0101, 0b1010]
    g = states.G[OF[GAS]].astype(int)
    for dy_dx in np.array(states.DIRECTIONS).T:
        before = sum((g >> d & 1) * dy_dx[d] for d in range(4))
        after = sum((states.G[PERMUTED[OF[GAS]]].astype(int) >> d & 1) * dy_dx[d] for d in range(4))
        assert np.array_equal(before, after)
        mirror = states.G[PERMUTED[OF[MIRROR]]].astype(int)
        assert np.array_equal(sum((mirror >> d & 1) * dy_dx[d] for d in range(4)), -before)


def test_the_interface_swaps_in_every_step_whatever_its_phase():
    """The first trap: with the swap in active cells alone half of the gas never meets a spin."""
    cells = OF[INTERFACE]
    assert np.array_equal(states.BOND[PERMUTED[cells]], states.SLOT[cells])
    assert np.array_equal(states.SLOT[PERMUTED[cells]], states.BOND[cells])
    for kind in (ISING, INTERFACE):
        assert np.array_equal(states.PHASE[PERMUTED[OF[kind]]], states.PHASE[OF[kind]] ^ 1)


def test_the_flip_of_a_spin_keeps_the_energy_and_is_its_own_inverse():
    """All 2^5 neighbourhoods of an active spin, bulk and interface; neighbours out of phase do not move."""
    for kind, phase in itertools.product((ISING, INTERFACE), (0, 1)):
        n_flips = 0
        for bits in itertools.product((0, 1), repeat=5):
            cells = np.zeros((3, 3), np.uint8)
            near = [17 + 2 * (1 - phase) + b for b in bits[1:]]
            cells[0, 1], cells[1, 2], cells[2, 1], cells[1, 0] = near
            if kind == INTERFACE:  # gas to the E; the fourth bit is the bond bit
                cells[1, 2] = 1
                cells[1, 1] = 21 + bits[0] + 2 * bits[2] + 8 * phase
            else:
                cells[1, 1] = 17 + bits[0] + 2 * phase
            lonely = np.zeros((5, 5), np.uint8)
            lonely[1:4, 1:4] = cells
            inert = np.where(np.isin(lonely, (17, 19)), 0, np.where(np.isin(lonely, (18, 20)), 37, lonely))
            inert[2, 2] = lonely[2, 2]  # neighbours that never flip: void for 0, pinned for 1
            moved = reference.move(inert)
            wanted = sum(b != bits[0] for b in bits[1:])
            if kind == INTERFACE:
                wanted += bits[2] - (bits[2] != bits[0])
            flips = phase == 1 and wanted == 2
            n_flips += flips
            assert states.SPIN[moved[2, 2]] == bits[0] ^ flips
            assert states.BOND[moved[2, 2]] == states.BOND[inert[2, 2]] ^ (flips and kind == INTERFACE)
            assert energy(moved) == energy(inert)
            assert np.array_equal(reference.move(moved), inert)
        assert n_flips == (12 if phase else 0)


def test_creutz_keeps_the_energy_and_is_its_own_inverse():
    """16 neighbourhoods of an active site with all 8 of its states."""
    n_flips = 0
    for near, own in itertools.product(itertools.product((0, 1), repeat=4), range(8)):
        cells = np.zeros((3, 3), np.uint8)
        cells[0, 1], cells[1, 2], cells[2, 1], cells[1, 0] = near
        cells[1, 1] = own + 8
        after = reference.step_creutz(cells)
        assert np.array_equal(after[[0, 1, 2, 1], [1, 2, 1, 0]] & 7, near)
        bonds = [sum(n != (c[1, 1] & 1) for n in near) + 2 * (c[1, 1] >> 1 & 3) for c in (cells, after)]
        assert bonds[0] == bonds[1]
        n_flips += (after[1, 1] ^ own) & 1
        again = reference.step_creutz(after ^ 8)
        assert np.array_equal(again & 7, cells & 7)
    # T = D + u in 2..5, u binomial: (6 + 4 + 1) + (4 + 6 + 4 + 1) + (1 + 4 + 6 + 4) + (1 + 4 + 6) of each spin
    assert n_flips == 2 * (11 + 15 + 15 + 11)


def every_state(fields, indices):
    """Return cells (state, y, x) and what tells their bits apart: `fields` is (kinds, live bits of each column)."""
    kinds, masks = fields
    height = 2
    cells = np.zeros((len(indices), height, len(kinds)), np.uint8)
    rest = indices.copy()
    for y in range(height):
        for x, (kind, live) in enumerate(zip(kinds, masks, strict=True)):
            value = np.zeros(len(indices), np.int64)
            for bit in live:
                value |= (rest & 1) << bit
                rest >>= 1
            cells[:, y, x] = states.FIRST[kind] + value
    return cells


def numbered(fields, cells):
    """Return the number of each state, the inverse of `every_state`; phases and dead bits aside."""
    kinds, masks = fields
    number, place = np.zeros(len(cells), np.int64), 0
    for y in range(2):
        for x, (kind, live) in enumerate(zip(kinds, masks, strict=True)):
            value = cells[:, y, x].astype(np.int64) - states.FIRST[kind]
            for bit in live:
                number |= (value >> bit & 1) << place
                place += 1
    return number


_GAS, _INTERFACE, _ISING = (GAS, (0, 1, 2, 3)), (INTERFACE, (0, 1, 2)), (ISING, (0,))

#: name -> (kind, bits that live) of each column. A mirror keeps what its gas gave it; its other bits stay 0.
SYSTEMS = {
    "mirror": [(MIRROR, (1,)), _GAS, _INTERFACE, _ISING, _ISING],
    "pinned": [(MIRROR, (1,)), _GAS, _INTERFACE, (PINNED, ()), (VOID, ())],
    "ring": [_GAS, _INTERFACE, _ISING, _INTERFACE],
    # neighbours that no valid system has: gas beside a wall and beside spins, spins between an interface and gas
    "walls": [(PINNED, ()), _GAS, _ISING, _GAS],
    "bare spins": [_GAS, _INTERFACE, _ISING],
}


@pytest.mark.parametrize(
    ("name", "n_bits"),
    [
        ("pinned", 16),
        ("bare spins", 16),
        ("walls", 18),
        pytest.param("mirror", 20, marks=pytest.mark.slow),
        pytest.param("ring", 22, marks=pytest.mark.slow),
    ],
)
def test_a_step_of_a_whole_system_is_a_bijection_that_keeps_the_energy(name, n_bits):
    """Every state of a 2-row system: no two lead to the same one. (The other phase is this one moved by a row.)"""
    fields = tuple(zip(*SYSTEMS[name], strict=True))
    assert n_bits == 2 * sum(map(len, fields[1]))
    is_reached = np.zeros(2**n_bits, bool)
    kinds = np.broadcast_to(np.array(fields[0], np.uint8), (2, len(fields[0])))
    y, x = np.indices(kinds.shape)
    bit = np.where(kinds == ISING, 2, np.where(kinds == INTERFACE, 8, 0)) * ((x + y) % 2)
    chunk = 2**16
    for start in range(0, 2**n_bits, chunk):
        cells = every_state(fields, np.arange(start, start + chunk)) + bit.astype(np.uint8)
        after = reference.step(cells)
        assert np.array_equal(energy(cells), energy(after))
        is_reached[numbered(fields, after)] = True
    assert is_reached.all()


@pytest.mark.parametrize("name", ["mirror", "ring"])
def test_the_systems_that_are_enumerated_are_valid(name):
    kinds = np.array([kind for kind, _ in SYSTEMS[name]], np.uint8)
    assert layout.violations(layout.fill(np.broadcast_to(kinds, (2, len(kinds))))) == []
