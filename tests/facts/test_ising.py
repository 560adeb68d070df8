"""The exact results against brute force on small lattices, and against their own limits."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from simkit import ising


def brute_force(n, n_rows, along, across):
    total = 0.0
    for bits in itertools.product((-1, 1), repeat=n * n_rows):
        s = np.array(bits).reshape(n_rows, n)
        rows = (s * np.roll(s, 1, axis=1)).sum(axis=1)
        gaps = (s[1:] * s[:-1]).sum(axis=1)
        total += math.exp(float(rows @ along + gaps @ across))
    return math.log(total)


@pytest.mark.parametrize(("n", "n_rows"), [(4, 3), (6, 2), (4, 1), (2, 4)])
def test_the_cylinder_is_that_of_brute_force(n, n_rows):
    rng = np.random.default_rng(n)
    along, across = rng.uniform(0.1, 0.9, n_rows), rng.uniform(0.1, 0.9, n_rows - 1)
    found = ising.log_partition_function(n, along, across)
    assert found == pytest.approx(brute_force(n, n_rows, along, across), abs=1e-12)


def test_its_energy_is_that_of_brute_force():
    n, n_rows, beta = 4, 3, 0.7
    weights = energy = 0.0
    for bits in itertools.product((0, 1), repeat=n * n_rows):
        s = np.array(bits).reshape(n_rows, n)
        bonds = (s != np.roll(s, 1, axis=1)).sum() + (s[1:] != s[:-1]).sum()
        weights += math.exp(-beta * bonds)
        energy += bonds * math.exp(-beta * bonds)
    exact = energy / weights / (n * (2 * n_rows - 1))
    assert ising.cylinder(beta, n, n_rows) == pytest.approx(exact, abs=1e-8)
    assert ising.cylinder(-beta, n, n_rows) == pytest.approx(1 - exact, abs=1e-8)


def test_onsagers_energy():
    assert ising.unsatisfied(ising.CRITICAL_BETA) == pytest.approx((1 - math.sqrt(0.5)) / 2, abs=1e-7)
    assert ising.unsatisfied(0) == ising.cylinder(0, 4, 4) == 0.5
    for beta in (0.3, 0.7, 0.95, 1.4):
        assert ising.unsatisfied(-beta) == pytest.approx(1 - ising.unsatisfied(beta), abs=1e-12)
        assert ising.cylinder(beta, 256, 1024) == pytest.approx(ising.unsatisfied(beta), rel=0.02)  # edges
    assert ising.unsatisfied(1e-3) == pytest.approx(0.5 - 1e-3 / 4, abs=1e-8)
    assert ising.unsatisfied(3.0) == pytest.approx(2 * math.exp(-12.0), rel=0.05)


def test_yangs_magnetisation():
    assert ising.magnetisation(ising.CRITICAL_BETA) == 0
    assert ising.magnetisation(0.2) == 0
    assert ising.magnetisation(2.0) == pytest.approx(1 - 2 * math.exp(-8.0), rel=1e-3)


def test_the_published_cylinders():
    """256 x 128 at beta of four long runs (measured apart from this code, to 1e-5)."""
    for beta, exact in ((0.8990, 0.12841), (0.8805, 0.15351), (0.7319, 0.26434), (0.4323, 0.38299)):
        assert ising.cylinder(beta, 256, 128) == pytest.approx(exact, abs=5e-4)
