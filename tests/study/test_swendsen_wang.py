"""Cluster sampling against every state of a small cylinder, and against the exact one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from simkit.lattices import ising
from simkit.lattices.swendsen_wang import clusters, sample_cylinder
from simkit.study.statistics import over_time


@pytest.mark.parametrize("beta", [0.4, 1.0])
def test_small_cylinders_are_those_of_brute_force(beta):
    spins = np.array(list(itertools.product((-1, 1), repeat=12))).reshape(-1, 3, 4)
    bonds = (spins != np.roll(spins, 1, axis=2)).sum(axis=(1, 2)) + (spins[:, 1:] != spins[:, :-1]).sum(axis=(1, 2))
    weights = np.exp(-beta * bonds)
    unsatisfied, magnetisation = map(over_time, sample_cylinder(beta, 4, 3, 20_000, 1))
    assert abs(unsatisfied.mean - weights @ bonds / weights.sum() / 20) < 4 * unsatisfied.error
    exact = weights @ abs(spins.mean(axis=(1, 2))) / weights.sum()
    assert abs(magnetisation.mean - exact) < 4 * magnetisation.error
    assert magnetisation.error < 0.01


def test_its_energy_is_that_of_the_exact_cylinder():
    found = over_time(sample_cylinder(0.9, 64, 32, 2000, 2)[0])
    assert abs(found.mean - ising.cylinder(0.9, 64, 32)) < 4 * found.error < 0.01


def test_clusters():
    root = clusters(7, np.array([0, 1, 5, 2]), np.array([1, 2, 4, 0]))
    assert len(set(root[[0, 1, 2]])) == len(set(root[[4, 5]])) == 1
    assert len(set(root)) == 4
