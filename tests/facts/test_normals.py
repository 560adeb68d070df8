"""Normal numbers: their quantiles to the last places, and their distribution."""

from __future__ import annotations

import math

import numpy as np
import pytest
from where import COMPILED, load

from simkit.kernels import philox
from simkit.kernels.philox import cases

mpmath = pytest.importorskip("mpmath")

PLACES = [*COMPILED, "reference"]


def exact(number):
    """Return the quantile by mpmath, with 40 digits."""
    with mpmath.workdps(40):
        return mpmath.sqrt(2) * mpmath.erfinv(mpmath.mpf(2 * number + 1 - 2**64) / 2**64)


@pytest.mark.parametrize("place", PLACES)
def test_quantiles_are_right_to_1e_15(place):
    """In the middle, in both tails and at the ends: 6.5e-16 is the largest error found among 10,000 numbers."""
    (numbers,) = cases.quantiles(150).arguments
    found = load(philox.KERNEL, place).quantiles(numbers)
    wanted = [exact(int(number)) for number in numbers]
    assert max(abs(value / right - 1) for value, right in zip(found.tolist(), wanted, strict=True)) < 1e-15


@pytest.mark.parametrize("place", PLACES)
def test_quantiles_at_the_ends_and_beside_the_middle(place):
    quantiles = load(philox.KERNEL, place).quantiles
    ends = quantiles(np.array([0, 2**64 - 1], np.uint64))
    assert ends == pytest.approx(np.array([-9.155293773, 9.155293773]), rel=1e-9)
    beside = quantiles(np.arange(2**63 - 2, 2**63 + 2, dtype=np.uint64))
    assert beside == pytest.approx(np.array([-3, -1, 1, 3]) * (np.pi / 2) ** 0.5 / 2**64, rel=1e-14)


def test_normal_numbers_are_the_quantiles_of_pairs_of_words():
    rows = np.array([3, 2**40], np.uint64)
    words = philox.KERNEL.load().words(1, rows, 2, 10).astype(np.uint64)
    wanted = philox.KERNEL.load().quantiles((words[:, 0::2] | words[:, 1::2] << np.uint64(32)).reshape(-1))
    assert philox.KERNEL.load().normals(1, rows, 2, 5).tolist() == wanted.reshape(2, 5).tolist()


def test_moments_are_those_of_the_normal_distribution():
    """The first six, by their standard errors: the variance of z^k is E z^2k - (E z^k)^2; 4 sigma."""
    drawn = philox.KERNEL.load().normals(4, np.arange(500, dtype=np.uint64), 0, 1000).reshape(-1)
    moment = [1.0, 0.0]
    for k in range(2, 13):
        moment.append((k - 1) * moment[k - 2])
    for k in range(1, 7):
        sigma = ((moment[2 * k] - moment[k] ** 2) / drawn.size) ** 0.5
        assert abs(float((drawn**k).mean()) - moment[k]) < 4 * sigma, k


def test_the_distribution_is_normal():
    """Kolmogorov-Smirnov: D sqrt(n) is above 2.27 with the probability of 4 sigma, 6.3e-5."""
    drawn = np.sort(philox.KERNEL.load().normals(5, np.arange(20, dtype=np.uint64), 0, 1001).reshape(-1))
    below = np.array([math.erfc(-z / math.sqrt(2)) / 2 for z in drawn.tolist()])
    steps = np.arange(drawn.size + 1) / drawn.size
    furthest = max(float((steps[1:] - below).max()), float((below - steps[:-1]).max()))
    assert furthest * drawn.size**0.5 < 2.27


def test_numbers_are_independent_of_their_neighbours_in_rows_and_columns():
    """Correlations of them and of their squares: 4 sigma of 1 / sqrt(n)."""
    drawn = philox.KERNEL.load().normals(6, np.arange(600, dtype=np.uint64), 0, 500)
    for values in (drawn, (drawn * drawn - 1) / 2**0.5):
        for a, b in ((values[:, 1:], values[:, :-1]), (values[1:], values[:-1])):
            assert abs(float((a * b).mean())) < 4 / a.size**0.5
