"""Standard errors of data whose correlations are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simkit.study.blocking import Estimate, blocked, combined, jackknifed, over_runs


def ar1(rng, memory, n, n_series):
    """Series of variance 1 whose correlation falls by the factor `memory` a step (series, t)."""
    noise = rng.normal(size=(n_series, n)) * math.sqrt(1 - memory**2)
    values = np.empty((n_series, n))
    last = rng.normal(size=n_series)
    for t in range(n):
        last = memory * last + noise[:, t]
        values[:, t] = last
    return values


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9, 0.97])
def test_blocking_finds_the_error_of_correlated_data(memory):
    """The variance of the mean is (1 + a) / (1 - a) / n."""
    n = 8192
    series = ar1(np.random.default_rng(1), memory, n, 60)
    exact = math.sqrt((1 + memory) / (1 - memory) / n)
    errors = np.array([blocked(one).error for one in series])
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(exact, rel=0.1)
    assert errors.std() < 0.3 * exact
    z = np.array([blocked(one).mean for one in series]) / errors
    assert abs(z.mean()) < 0.4
    assert z.std() == pytest.approx(1, abs=0.3)


def test_blocking_without_blocks_would_be_wrong():
    one = ar1(np.random.default_rng(2), 0.97, 8192, 1)[0]
    assert blocked(one).error > 5 * one.std() / math.sqrt(len(one))


def test_series_without_noise_or_too_short():
    assert blocked(np.ones(100)) == Estimate(1.0, 0.0)
    assert math.isnan(blocked(np.arange(15)).error)


def test_runs():
    assert over_runs([1.0, 3.0]) == Estimate(2.0, 1.0)
    assert math.isnan(over_runs([1.0]).error)


def test_the_larger_error_counts():
    assert combined([Estimate(1, 0.1), Estimate(3, 0.1)]) == Estimate(2, 1.0)
    assert combined([Estimate(2, 3.0), Estimate(2, 4.0)]) == Estimate(2, 2.5)
    assert combined([Estimate(2, 3.0)]) == Estimate(2, 3.0)
    assert combined([Estimate(1, math.nan), Estimate(3, math.nan)]) == Estimate(2, 1.0)
    assert math.isnan(combined([Estimate(1, math.nan)]).error)


def test_the_jackknife_of_a_mean_is_the_standard_error():
    values = np.random.default_rng(3).normal(size=20)
    left_out = (values.sum() - values) / 19
    assert jackknifed(values.mean(), left_out) == pytest.approx(over_runs(values))
