"""Standard errors of data whose correlations are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simkit.errors import ParameterError
from simkit.study.distributions import exceedance, normal_deviate
from simkit.study.statistics import Estimate, combined, jackknifed, over_runs, over_time


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
def test_the_error_of_correlated_data_is_found(memory):
    """The variance of the mean is (1 + a) / (1 - a) / n."""
    n = 8192
    found = [over_time(one) for one in ar1(np.random.default_rng(1), memory, n, 100)]
    inefficiency = (1 + memory) / (1 - memory)
    errors = np.array([one.error for one in found])
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(math.sqrt(inefficiency / n), rel=0.15)
    assert np.median([one.n_effective for one in found]) == pytest.approx(n / inefficiency, rel=0.2)
    assert np.sqrt(np.mean([one.z() ** 2 for one in found])) == pytest.approx(1, abs=0.3)
    assert not any(one.is_short for one in found)


@pytest.mark.parametrize("ratio", [4, 6, 10, 20, 50])
def test_errors_are_right_down_to_4_correlation_times(ratio):
    """What is short is known badly, which the degrees of freedom say: deviations count as what they are worth."""
    found = [over_time(one) for one in ar1(np.random.default_rng(2), 19 / 20, 39 * ratio, 500)]
    z = np.array([one.z() for one in found])
    assert 0.8 < np.sqrt(np.mean(z**2)) < 1.2
    assert np.mean(np.abs(z) > 3) < 0.03


@pytest.mark.parametrize("n", [20, 39, 78])
def test_what_is_shorter_is_marked(n):
    """Half a correlation time, one, and two; without Student's t the deviations would have an rms of 2 and more."""
    found = [over_time(one) for one in ar1(np.random.default_rng(3), 19 / 20, n, 300)]
    assert np.mean([one.is_short for one in found]) > 0.85
    assert np.sqrt(np.mean([(one.mean / one.error) ** 2 for one in found])) > 1.8


def test_means_of_short_runs_have_the_error_of_their_scatter():
    short = combined([over_time(one) for one in ar1(np.random.default_rng(4), 0.99, 200, 5)])
    assert short.is_short
    assert short.dof == 4
    long = combined([over_time(one) for one in ar1(np.random.default_rng(4), 0.5, 2000, 5)])
    assert not long.is_short
    assert long.dof > 50
    apart = combined([over_time(one) for one in ar1(np.random.default_rng(4), 0.5, 2000, 5) + np.arange(5)[:, None]])
    assert apart.dof == 4
    assert apart.error == pytest.approx(math.sqrt(2.5 / 5), rel=0.1)


def test_series_without_noise_or_too_short_or_not_a_number():
    assert over_time(np.ones(100))[:2] == (1.0, 0.0)
    assert math.isnan(over_time(np.arange(15)).error)
    assert math.isnan(over_time([1.0, math.nan] * 20).error)
    assert over_time(np.arange(15)).is_short


def test_differences_and_ratios_of_estimates():
    one, other = Estimate(6.0, 0.3, 5, 4), Estimate(2.0, 0.4, 10, 3)
    assert one.less(other)[:2] == pytest.approx((4.0, 0.5))
    assert one.less(other).dof == pytest.approx(0.5**4 / (0.3**4 / 5 + 0.4**4 / 10))  # Welch and Satterthwaite
    assert one.over(other)[:2] == pytest.approx((3.0, 3 * math.hypot(0.05, 0.2)))
    assert one.scaled(-2) == Estimate(-12.0, 0.6, 5, 4)
    assert one.z(5.7) == pytest.approx(normal_deviate(1.0, 5))
    assert Estimate(1.0, 0.1).z(0.7) == pytest.approx(3)
    assert math.isnan(Estimate(1.0, math.nan).z())


@pytest.mark.parametrize(
    ("f", "n", "m", "p"),
    [  # published tables: chi squared, Student's t, F
        (3.841459 / 1, 1, math.inf, 0.05),
        (9.210340 / 2, 2, math.inf, 0.01),
        (2.570582**2, 1, 5, 0.05),
        (12.92398**2, 1, 3, 0.001),
        (4.737414, 2, 7, 0.05),
        (2.203274, 15, 20, 0.05),
    ],
)
def test_tails_are_those_of_the_tables(f, n, m, p):
    assert exceedance(f, n, m) == pytest.approx(p, rel=1e-4)


def test_limits_of_the_tails():
    assert [exceedance(f, 2, 3) for f in (0, math.inf)] == [1, 0]
    assert exceedance(1, 7, 7) == pytest.approx(0.5)
    assert exceedance(2.0, 2, 1e9) == pytest.approx(math.exp(-2), rel=1e-4)
    assert exceedance(1.3, 1000) == pytest.approx(3.88973649949e-10, rel=1e-4, abs=0)  # the incomplete gamma function
    assert math.isnan(exceedance(math.nan, 1, 2))
    assert normal_deviate(-3, math.inf) == -3
    assert normal_deviate(-3, 1e6) == pytest.approx(-3, rel=1e-4)
    assert normal_deviate(12.92398, 3) == pytest.approx(3.290527, rel=1e-4)
    assert 30 < normal_deviate(1e300, 1e6) < 40


def test_runs():
    assert over_runs([1.0, 3.0]) == Estimate(2.0, 1.0, 1, 2)
    assert math.isnan(over_runs([1.0]).error)


def test_the_larger_error_counts():
    assert combined([Estimate(1, 0.1, 9), Estimate(3, 0.1, 9)]) == Estimate(2, 1.0, 1, 2)
    assert combined([Estimate(2, 3.0), Estimate(2, 4.0)]) == Estimate(2, 2.5, math.inf, 2)
    assert combined([Estimate(2, 3.0, 7)])[:3] == pytest.approx((2, 3.0, 7))
    assert combined([Estimate(1, math.nan), Estimate(3, math.nan)]) == Estimate(2, 1.0, 1, 2)
    assert math.isnan(combined([Estimate(1, math.nan)]).error)


def test_the_jackknife_of_a_mean_is_the_standard_error():
    values = np.random.default_rng(3).normal(size=20)
    left_out = (values.sum() - values) / 19
    assert jackknifed(values.mean(), left_out) == pytest.approx(over_runs(values))


@pytest.mark.parametrize("strange", [[], "x", b"x", 1.0, np.zeros((2, 2)), [[1], [1, 2]], None, [10**400]])
@pytest.mark.parametrize("mean", [over_time, over_runs])
def test_what_is_no_series_is_refused_in_one_line(mean, strange):
    with pytest.raises(ParameterError, match="a mean is of one or more numbers along one axis; this is"):
        mean(strange)
