"""The logarithm that is made of exact operations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simkit.kernels.logarithm import log


def test_logarithms_are_right_to_some_last_places():
    numbers = np.exp(np.random.default_rng(0).uniform(-700, 700, 20_000))
    assert np.allclose(log(numbers), np.log(numbers), rtol=4e-16, atol=4e-16)
    assert log(np.array([1.5]), np.array([10_000]))[0] == pytest.approx(10_000 * math.log(2) + math.log(1.5), rel=1e-15)
    assert log(np.array([0.0, 1.0, np.inf])).tolist() == [-np.inf, 0.0, np.inf]


def test_near_1_and_at_powers_of_two():
    numbers = np.concatenate((np.linspace(2.0**-33, 2, 5001), 2.0 ** np.arange(-60, 60), [0.7071067811865475, 0.7072]))
    for x, found in zip(numbers.tolist(), log(numbers).tolist(), strict=True):
        assert abs(found - math.log(x)) <= 1e-15 * max(1, abs(math.log(x)))
