"""Rank correlations, shares and medians over networks against what is known of them."""

from __future__ import annotations

import numpy as np
import pytest

from simkit.study.ranks import median, share, spearman


def test_the_correlation_is_that_of_scipy():
    from scipy.stats import spearmanr  # comes with scikit-learn

    random = np.random.default_rng(0)
    for n in (5, 30):
        x, y = random.normal(size=(2, n))
        x = x.round(0)  # with ties
        found = spearman(x, y, 1)
        assert found.rho == pytest.approx(spearmanr(x, y).statistic, abs=1e-12)
        assert found.n == n


def test_intervals_hold_the_truth_as_often_as_they_say_and_chance_is_chance():
    random = np.random.default_rng(3)
    p, inside = [], 0
    for _ in range(60):
        x = random.normal(size=40)
        y = x + random.normal(size=40)
        found = spearman(x, y, 1)
        inside += found.low <= 0.69 <= found.high  # rho of normal variables whose correlation is 1 / sqrt(2)
        p.append(spearman(x, random.normal(size=40), 1).p)
        assert found.p < 0.2
    assert 50 <= inside <= 60
    assert 0.3 < np.mean(p) < 0.7
    assert found.estimate().error == pytest.approx(0.1, abs=0.06)


def test_monotone_pairs_are_perfect_and_pairs_without_a_number_are_left_out():
    x = np.array([1, 2, 3, 4, 5, np.nan])
    assert spearman(x, np.exp(x), 0).rho == pytest.approx(1)
    assert spearman(x, -x, 0).rho == pytest.approx(-1)
    assert spearman(x, x, 0).n == 5
    assert np.isnan(spearman(x[:3], x[:3], 0).rho)
    assert np.isnan(spearman(x, np.ones(6), 0).rho)


def test_shares_of_all_and_none_have_an_error():
    assert share([True] * 10)[:2] == pytest.approx((1, 0.0657), abs=1e-3)
    assert share([False] * 10).mean == 0
    assert share([False] * 10).error > 0.05
    half = share([True, False] * 50)
    assert half[:2] == pytest.approx((0.5, 0.05), abs=1e-6)
    assert np.isnan(share([]).mean)


def test_the_median_has_the_error_of_resampling():
    values = np.random.default_rng(1).normal(size=400)
    found = median([*values, np.nan], 0)
    assert found.mean == np.median(values)
    assert found.error == pytest.approx(1.2533 / 20, rel=0.3)  # sqrt(pi / 2) / sqrt(n)
    assert found.n_runs == 400
    assert np.isnan(median([np.nan], 0).mean)
