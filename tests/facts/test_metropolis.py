"""The Metropolis algorithm against what is exact: its thresholds, its random numbers, and the torus. Seeds are fixed."""

from __future__ import annotations

import math

import numpy as np
import pytest

import simkit
from simkit.kernels import lattice, metropolis
from simkit.kernels.lattice import layout, states
from simkit.kernels.metropolis import reference
from simkit.lattices import ising


def test_spins_that_lie_in_words_come_back_and_words_of_a_colour_are_of_one():
    cells = np.random.default_rng(0).integers(0, 2, (48, 32), dtype=np.uint8)
    assert np.array_equal(metropolis.to_cells(metropolis.to_words(cells), cells.shape), cells)
    y, x = np.indices(cells.shape)
    board = metropolis.to_words(((y + x) % 2).astype(np.uint8))
    assert (board[0] == 0).all()
    assert (board[1] == 2**64 - 1).all()


def test_a_spin_flips_as_its_random_number_says():
    """Around both thresholds, to the last of 64 binary digits."""
    a = 0x9ABCDEF1
    cells = np.zeros((16, 16), np.uint8)
    cells[0, 1] = 1  # its four neighbours have u = 1
    for random, one, none in ((a * a - 1, 1, 1), (a * a, 1, 0), ((a << 32) - 1, 1, 0), (a << 32, 0, 0)):
        after = reference.step(cells, a, np.full(cells.shape, random, np.uint64), 0)
        assert (after[0, 0], after[8, 8], after[0, 1]) == (one, none, 1)
    after = reference.step(cells, a, np.full(cells.shape, 2**64 - 1, np.uint64), 1)
    assert np.array_equal(np.argwhere(after != cells), [[0, 1]])  # u = 4: always


def test_random_numbers_are_even_and_differ_by_spin_step_and_row():
    drawn = [reference.random_integers((32, 32), seed, row, t) for seed in (0, 1) for row in (0, 1) for t in (0, 2)]
    board = np.indices((32, 32)).sum(axis=0) % 2 == 0
    assert all((one[~board] == 0).all() for one in drawn)
    values = np.concatenate([one[board] for one in drawn])
    assert len(np.unique(values)) == len(values) == 4096
    uniform = np.sort(values / 2.0**64)
    assert np.abs(uniform - (np.arange(4096) + 0.5) / 4096).max() < 1.95 / 64  # Kolmogorov and Smirnov, 0.1 %
    digits = np.array([(values >> np.uint64(j) & np.uint64(1)).mean() for j in range(64)])
    assert np.abs(digits - 0.5).max() < 4 * 0.5 / 64


@pytest.mark.parametrize("temperature", [0.9, 1.0, 1.5, 8.0])
def test_it_has_the_energy_of_the_exact_torus_and_one_temperature(temperature):
    source = simkit.source(
        "ising-metropolis", temperatures=(temperature,), size=32, steps=200_000, every=100, snapshots=0
    )
    rows = source.generate(1, range(8))
    beta = ising.CRITICAL_BETA / temperature
    means = rows["unsatisfied"][:, 201:].mean(axis=1) / 2048
    assert abs(means.mean() - ising.torus(beta, 32, 32)) < 4 * means.std(ddof=1) / math.sqrt(8) < 0.002
    sites = rows["sites"][:, 201:].sum(axis=(0, 1))
    assert np.log(sites[1] / sites[3]) / 2 == pytest.approx(beta, abs=0.01)
    assert np.log(sites[0] / sites[4]) / 4 == pytest.approx(beta, abs=0.01)
    assert (rows["temperature"] == temperature).all()


def test_slow_cooling_passes_through_equilibrium_until_it_freezes():
    source = simkit.source(
        "ising-metropolis", temperatures=(2.0,), final=(0.2,), size=64, steps=90_000, every=100, snapshots=1
    )
    rows = source.generate(2, range(6))
    temperatures = rows["temperature"][0]
    assert temperatures[[0, -1]] == pytest.approx([2.0, 0.2])
    assert np.diff(temperatures) == pytest.approx(-1.8 / 900)
    for k in (200, 400):  # at 1.6 and 1.2
        here = rows["unsatisfied"][:, k - 20 : k + 21].mean() / 8192
        exact = np.mean([ising.torus(ising.CRITICAL_BETA / t, 64, 64) for t in temperatures[k - 20 : k + 21 : 10]])
        assert here == pytest.approx(exact, rel=0.02)
    assert rows["unsatisfied"][:, -1].max() <= 2 * 64 * 2  # the crystal, or two straight walls
    fast = simkit.source("ising-metropolis", temperatures=(2.0,), final=(0.2,), size=64, steps=200, every=2)
    assert fast.generate(2, range(6))["unsatisfied"][:, -1].mean() > rows["unsatisfied"][:, -1].mean()


def test_its_snapshots_are_states_of_cells_that_q2r_can_run():
    source = simkit.source("ising-metropolis", temperatures=(1.5,), size=(32, 48), steps=15, every=3, snapshots=5)
    row = source.generate(0, range(1))
    cells = row["cells"][0]
    spins = states.SPIN[cells]
    assert np.array_equal(2 * spins.sum(axis=(1, 2), dtype=int) - spins[0].size, row["magnetisation"][0, 1:])
    for state, bonds in zip(cells, row["unsatisfied"][0, 1:], strict=True):
        layout.check(state)
        assert lattice.KERNEL.load().run(state, 20, every=20).census[1, 0, lattice.UNSATISFIED] == bonds
    y, x = np.indices((32, 48))
    assert np.array_equal(states.PHASE[cells[0]], (y + x + 1 + 3) % 2)  # step 3 is the turn of odd y + x
