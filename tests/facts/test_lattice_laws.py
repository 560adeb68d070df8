"""Laws of whole runs: reversible, energy constant, symmetric; and the two traps that none of these would show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lattices import energy

from simkit.kernels import lattice
from simkit.kernels.lattice import layout, reference, states
from simkit.kernels.lattice.cases import STACKS, random_cells, random_demons, random_stack
from simkit.kernels.lattice.states import GAS, INTERFACE, KIND, MIRROR, PINNED

KERNEL = lattice.KERNEL.load()
SEEDS = st.integers(0, 10**6)


def returns(cells, n_steps):
    """Run forwards and back; check the energy on the way."""
    there = KERNEL.run(cells, n_steps, every=max(1, n_steps // 7))
    total = lattice.energy(there.census.sum(axis=1))
    assert (total == energy(cells)).all()
    back = KERNEL.run(states.reverse(there.cells), n_steps)
    return np.array_equal(states.reverse(back.cells), cells)


@given(seed=SEEDS, height=st.integers(4, 20), width=st.integers(4, 70), n=st.integers(1, 3000))
@settings(max_examples=60)
def test_random_layouts_return(seed, height, width, n):
    """Of any kinds in any order, but for the two conditions without which a step is no bijection."""
    assert returns(random_cells(seed, 2 * height, 2 * width), n)


@given(seed=SEEDS, height=st.integers(2, 40), width=st.integers(2, 70), n=st.integers(1, 3000))
@settings(max_examples=20)
def test_boxes_of_any_size_in_the_void_return(seed, height, width, n):
    kinds = np.zeros((height + 2, width + 2), np.uint8)
    kinds[1:-1, 1:-1] = KIND[random_cells(seed, height, width)]
    kinds[kinds == INTERFACE] = PINNED  # what was cut off at the rim may lack its gas
    cells = random_cells(seed, *kinds.shape, kinds=kinds)
    cells[(kinds == GAS).nonzero()] = 1 + seed % 15
    assert returns(cells, n)


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("height", [128, 6])
def test_stacks_return(name, height):
    assert returns(random_stack(5, STACKS[name], height), 20_001)


def test_a_large_ring_returns_after_many_steps():
    assert returns(random_stack(5, layout.ring(128, 128), 256), 100_000)


@given(seed=SEEDS, height=st.one_of(st.integers(1, 9), st.just(64)), width=st.integers(1, 20), n=st.integers(1, 2000))
@settings(max_examples=30)
def test_creutz_returns(seed, height, width, n):
    cells = random_demons(seed, 2 * height, 2 * width)
    there = KERNEL.run_creutz(cells, n, every=97)
    total = there.census[:, 0] @ np.array([0, 1, *[0] * 5, 0, 2, 4, 6])
    assert (total == total[0]).all()
    assert np.array_equal(KERNEL.run_creutz(there.cells ^ 8, n).cells ^ 8, cells)


def test_a_step_commutes_with_a_rotation():
    """By 90 degrees, N E S W becoming E S W N."""
    g = states.G
    rotated = states.compose(KIND, (g << 1 | g >> 3) & 15, states.SPIN, states.BOND, states.SLOT, states.PHASE)
    cells = random_cells(4, 24, 34)
    turned = rotated[np.rot90(cells, -1)]
    phase_first = np.rot90(reference.run(cells, 100).cells, -1)
    assert np.array_equal(reference.run(turned, 100).cells, rotated[phase_first])


def test_a_step_commutes_with_particles_and_holes_and_one_sublattice():
    """Packets for holes and the spins of one sublattice flipped: beta to -beta, and the gas is the cooling of holes."""
    cells = random_stack(6, layout.ring(9, 8), 12)

    def mapped(cells):
        y, x = np.indices(cells.shape)
        spin = states.SPIN[cells] ^ ((x + y) % 2).astype(np.uint8)
        kept = [1 - table[cells] for table in (states.BOND, states.SLOT)]
        return states.compose(KIND[cells], 15 - states.G[cells], spin, *kept, states.PHASE[cells])

    assert np.array_equal(KERNEL.run(mapped(cells), 2001).cells, mapped(KERNEL.run(cells, 2001).cells))


def classes(trace):
    """Return the packets of the two classes in the gas, int64 (sample, class)."""
    census = trace.census.sum(axis=1)
    return np.stack((census[:, 0:8:2].sum(axis=1), census[:, 1:8:2].sum(axis=1)), axis=-1)


def one_class(columns, height, seed=0):
    """Return a stack whose gas is of the class x + y even alone, with random spins and no momentum along y."""
    cells = random_stack(seed, columns, height)
    y, x = np.indices(cells.shape)
    g = states.G[cells] & 11 | (states.G[cells] & 1) << 2  # as many S as N: see the spurious invariants below
    g[(x + y) % 2 == 1] = 0
    zero = np.zeros_like(cells)
    return states.compose(KIND[cells], g, states.SPIN[cells], zero, zero, states.PHASE[cells])


@pytest.mark.parametrize("columns", [layout.ring(16, 16), layout.sandwich(8, 16)], ids=["ring", "sandwich"])
def test_both_classes_of_the_gas_come_to_equilibrium(columns):
    """What both traps violate, while every test of a conservation law above would pass."""
    trace = KERNEL.run(one_class(columns, 128), 400_000, every=100)
    found = classes(trace)
    assert found[0, 1] == 0
    late = found[len(found) // 4 :]
    means = np.array([block.mean(axis=0) for block in np.array_split(late, 30)])
    difference = means[:, 0] - means[:, 1]
    sigma = difference.std(ddof=1) / np.sqrt(len(difference))
    assert abs(difference.mean()) < 4 * sigma
    assert sigma < 0.02 * late.sum(axis=1).mean()


def test_the_first_trap_swapping_in_active_cells_only(monkeypatch):
    """Reversible and energy-keeping, yet one class of the gas never changes its number of packets."""
    inactive = (KIND == INTERFACE) & (states.PHASE == 0)
    wrong = np.where(inactive, states.compose(*(table for table in _fields())), states.PERMUTED).astype(np.uint8)
    cells = one_class(layout.ring(6, 6), 12)
    right = classes(reference.run(cells, 600, every=1))
    assert (np.ptp(right, axis=0) > 0).all()
    monkeypatch.setattr(reference, "PERMUTED", wrong)
    trace = reference.run(cells, 600, every=1)
    assert (np.ptp(lattice.energy(trace.census.sum(axis=1))) == 0).all()
    assert (np.ptp(classes(trace), axis=0) == 0).any()


def _fields():
    """Return the tables of kind and bits with the phases flipped and nothing else done."""
    return KIND, states.G, states.SPIN, states.BOND, states.SLOT, states.PHASE ^ 1


def test_the_second_trap_walls_that_turn_packets_back_half_way():
    """Pinned walls for mirrors: reversible and energy-keeping, yet half of each bath never exchanges energy."""
    columns = layout.sandwich(8, 16)
    walls = np.where(columns == MIRROR, PINNED, columns)
    left = {}
    for name, kinds in (("mirrors", columns), ("half-way", walls)):
        cells = random_stack(3, kinds, 128)
        cells[:, 20:][KIND[cells[:, 20:]] == GAS] = 1  # one bath is hot, the other empty
        assert returns(cells, 1000)
        trace = KERNEL.run(cells, 200_000, every=100, regions=np.arange(len(columns)) // 17)
        baths = trace.census[..., lattice.PACKETS].sum(axis=-1)
        assert baths[0, 1] == 0
        mean = baths[1000:].mean(axis=0)
        left[name] = abs(mean[0] - mean[1]) / mean.sum()
    assert left["mirrors"] < 0.02
    assert left["half-way"] > 0.2


def test_a_mirror_keeps_the_class_of_a_packet():
    """It lives one step in the wall: x + y + t is even before and after."""
    cells = layout.fill(np.broadcast_to(np.array([MIRROR, *[GAS] * 6, MIRROR], np.uint8), (4, 8)))
    cells[1, 3] = 1 + 8  # heads W
    seen = set()
    for t in range(60):
        y, x = np.argwhere(states.G[cells] > 0)[0].tolist()
        if KIND[cells[y, x]] == GAS:
            seen.add((y + x + t) % 2)
        cells = reference.step(cells)
    assert seen == {0}


def test_a_packet_that_visits_the_interface_changes_its_class():
    """Between spins that cannot flip: into the slot, the bond bit and back takes three steps for two columns."""
    kinds = np.broadcast_to(np.array([*[GAS] * 4, INTERFACE, PINNED, PINNED, INTERFACE], np.uint8), (4, 8))
    for x in range(4):
        cells = layout.fill(kinds, 0, 1)
        cells[1, x] = 1 + 2  # heads E
        seen = []
        for t in range(12):
            packets = np.argwhere(states.G[cells] > 0)
            if len(packets):
                y, at = packets[0].tolist()
                seen.append((y + at + t) % 2)
            cells = reference.step(cells)
        assert (cells[:, 4] & 1 == layout.fill(kinds, 0, 1)[:, 4] & 1).all()
        assert set(seen) == {0, 1}


def test_a_perfect_crystal_is_inert_beside_any_bath():
    cells = random_stack(2, layout.ring(16, 16), 128)
    cells = states.compose(KIND[cells], states.G[cells], 0 * cells, 0 * cells, 0 * cells, states.PHASE[cells])
    trace = KERNEL.run(cells, 10_000, every=10)
    assert (trace.census[:, :, lattice.UP] == 0).all()


def test_the_spurious_invariants_of_hpp():
    """Per row along x, packets that head E less those that head W, never changes in a gas without walls."""
    cells = random_stack(8, np.full(32, GAS), 128)

    def along(cells):
        g = states.G[cells].astype(int)
        return (g >> 1 & 1).sum(axis=1) - (g >> 3).sum(axis=1), (g & 1).sum(axis=0) - (g >> 2 & 1).sum(axis=0)

    after = KERNEL.run(cells, 5000).cells
    assert all(np.array_equal(a, b) for a, b in zip(along(cells), along(after), strict=True))
