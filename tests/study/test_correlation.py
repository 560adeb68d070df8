"""Correlations of spins: their counting, what they are compared with, and the graph's course."""

from __future__ import annotations

import numpy as np
import pytest
from test_fluctuations import verdicts

from simkit.lattices import ising
from simkit.study.conduct import conduct
from simkit.study.thermo import STUDY, TINY, Scale, correlation


def test_correlations_are_the_mean_products_along_rows_and_columns():
    spins = np.random.default_rng(0).integers(0, 2, (3, 8, 8), dtype=np.uint8)
    found = correlation.correlations(spins)
    assert found.shape == (3, 5)
    values = 2.0 * spins - 1
    for r in range(5):
        wanted = sum((values * np.roll(values, r, axis)).mean(axis=(1, 2)) for axis in (1, 2)) / 2
        assert found[:, r] == pytest.approx(wanted)


def test_what_they_are_compared_with():
    """Neighbours are the energy, and what is of the infinite lattice is claimed only where the side is long enough."""
    for temperature in correlation.TEMPERATURES:
        wanted = correlation.exact(temperature, 128)
        assert wanted[1] == pytest.approx(1 - 2 * ising.torus(ising.CRITICAL_BETA / temperature, 128, 128), abs=1e-4)
        assert (np.diff(wanted) < 0).all()
    assert [correlation.is_known(1.0, r, 128) for r in (1, 2, 4, 64)] == [True, False, True, True]
    assert [correlation.is_known(1.05, r, 128) for r in (1, 32, 33)] == [True, True, False]
    assert not correlation.is_known(1.05, 1, 64)


def test_the_graph_at_a_size_that_shows_that_it_works(tmp_path):
    found = verdicts(conduct("thermo", "correlation", tmp_path, Scale(2, TINY.steps, TINY.side, TINY.sweeps))["claims"])
    assert "NOT" not in found.values()
    assert found["correlation at distance 1, T/Tc 1.3"] == "ok"


@pytest.mark.slow
def test_the_physics(tmp_path):
    assert not {"NOT", "frozen"} & set(
        verdicts(conduct("thermo", "correlation", tmp_path, STUDY.scales["small"])["claims"]).values()
    )
