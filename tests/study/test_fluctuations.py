"""Fluctuations and finite-size scaling: their statistics on data that are known, and their course."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simkit.lattices import ising
from simkit.store import open_store
from simkit.study.conduct import conduct
from simkit.study.statistics import Estimate
from simkit.study.thermo import TINY, Scale, fluctuations, scaling


def verdicts(path):
    store = open_store(path)
    texts, labels = store.schema["claim"].labels, store.schema["verdict"].labels
    return {text: labels[i] for text, i in zip(texts, store["verdict"][:], strict=True)}


def test_the_variance_of_correlated_samples_has_a_right_error():
    """An autoregressive series of variance 4, inefficiency 19, whose runs have means of their own."""
    rng, pulls = np.random.default_rng(0), []
    for _ in range(60):
        runs = np.empty((4, 4000))
        runs[:, 0] = 2 * rng.normal(size=4)
        noise = 2 * math.sqrt(1 - 0.81) * rng.normal(size=runs.shape)
        for t in range(1, 4000):
            runs[:, t] = 0.9 * runs[:, t - 1] + noise[:, t]
        pulls.append(fluctuations.variance(runs + np.array([[0], [5], [-3], [1]])).z(4.0))
    assert abs(np.mean(pulls)) < 0.5
    assert 0.7 < np.std(pulls) < 1.35


def test_what_a_bath_takes_of_the_fluctuations_is_given_back():
    spins, bath = 300.0, 200.0
    together = Estimate(1 / (1 / spins + 1 / bath), 1.0)
    alone = fluctuations.without_bath(together, bath)
    assert alone.mean == pytest.approx(spins)
    more = fluctuations.without_bath(together._replace(mean=together.mean + 1e-4), bath)
    assert alone.error == pytest.approx((more.mean - alone.mean) / 1e-4, rel=1e-3)
    assert fluctuations.without_bath(together, math.inf) == together


def test_the_temperatures_of_a_side_are_those_of_its_scaling_variable():
    for side in (32, 128):
        beta = ising.CRITICAL_BETA / np.array(scaling.temperatures(side))
        assert (1 / np.sinh(beta) - np.sinh(beta)) / 2 * side == pytest.approx(scaling.SCALED, abs=1e-6)
    assert scaling.temperatures(32)[scaling.SCALED.index(0)] == 1


def test_cumulants_exponents_and_their_errors():
    rng = np.random.default_rng(1)
    assert scaling.cumulant(np.array([1.0, 1.0])) == pytest.approx(2 / 3)
    gauss = scaling.over_moments(rng.normal(size=(40, 500)), scaling.cumulant)
    assert abs(gauss.z(0.0)) < 4
    assert gauss.error < 0.02
    small, large = Estimate(2.0, 0.02, 10), Estimate(2.0 * 4**-0.25, 0.01, 10)
    found = scaling.exponent(small, large, 4.0)
    assert found.mean == pytest.approx(-0.25)
    assert found.error == pytest.approx(math.hypot(0.01, 0.01 / large.mean) / math.log(4))


@pytest.mark.slow
def test_both_graphs_at_a_size_that_shows_that_they_work(tmp_path):
    """What is of equilibrium there is right; what is too short is said to be."""
    tiny = Scale(runs=2, steps=TINY.steps, side=TINY.side, sweeps=TINY.sweeps)
    found = verdicts(conduct("thermo", "fluctuations", tmp_path, tiny)["claims"])
    warm = [
        verdict for text, verdict in found.items() if "Metropolis, T/Tc 2" in text or "Metropolis, T/Tc 1.5" in text
    ]
    assert warm == ["ok"] * 4
    assert all(verdict == "short" for text, verdict in found.items() if "beside gas" in text)
    found = verdicts(conduct("thermo", "scaling", tmp_path, tiny)["claims"])
    assert found["Binder cumulant at Tc, side 16"] == "ok"
    assert "NOT" not in found.values()


@pytest.mark.slow
@pytest.mark.parametrize(("graph", "n_claims", "n_ok"), [("fluctuations", 40, 38), ("scaling", 15, 14)])
def test_the_physics(tmp_path, graph, n_claims, n_ok):
    """With half the steps of the scale `small`, which leave few claims open."""
    found = verdicts(conduct("thermo", graph, tmp_path, Scale(steps=200_000))["claims"])
    assert not {"NOT", "frozen"} & set(found.values())
    assert len(found) == n_claims
    assert list(found.values()).count("ok") >= n_ok
