"""Arrays on the device stay there from kernel to kernel; NumPy arrays come back as such."""

from __future__ import annotations

import numpy as np
import pytest
from where import COMPILED, load, on

from simkit.backends import probe
from simkit.kernels import life, philox
from simkit.kernels.life import Rule

RULES = (Rule.parse("B3/S23"), Rule.parse("B36/S23"))


@pytest.mark.parametrize("place", [place for place in COMPILED if place != "cpu"])
def test_from_random_words_to_ash_without_leaving_the_device(place):
    draws, automaton = load(philox.KERNEL, place), load(life.KERNEL, place)
    rows, which = np.arange(10, dtype=np.uint64), np.array([0, 1] * 5, np.uint8)
    on_device = draws.to_device(rows, np.uint64)
    soups = draws.bits(1, on_device, 0, 64 * 2, 2**31).view(np.uint8).reshape(10, 64, 8)
    settled = automaton.settle(soups, 64, RULES, which, 5000)
    later = automaton.step(settled.ash, 64, RULES[0], 3)
    assert {type(array) for array in (soups, *settled, later)} == {type(on_device)}

    wanted = draws.bits(1, rows, 0, 64 * 2, 2**31).view(np.uint8).reshape(10, 64, 8)
    wanted = automaton.settle(wanted, 64, RULES, which, 5000)
    assert {type(array) for array in wanted} == {np.ndarray}
    for found, values in zip(settled, wanted, strict=True):
        assert np.array_equal(draws.back(found, rows), values)
    assert np.array_equal(draws.back(later, rows), automaton.step(wanted.ash, 64, RULES[0], 3))


@pytest.mark.parametrize("place", COMPILED)
def test_no_rows_are_no_work(place):
    draws, automaton = load(philox.KERNEL, place), load(life.KERNEL, place)
    assert draws.bits(1, np.empty(0, np.uint64), 0, 8, 2**31).shape == (0, 8)
    assert draws.words(1, np.arange(3, dtype=np.uint64), 0, 0).shape == (3, 0)
    for boards, width in ((np.empty((0, 64, 8), np.uint8), 64), (np.empty((0, 9, 2), np.uint8), 9)):
        assert automaton.step(boards, width, RULES[0], 5).shape == boards.shape
        settled = automaton.settle(boards, width, RULES, np.empty(0, np.uint8), 100)
        assert [array.shape for array in settled] == [boards.shape, (0,), (0,)]


def test_where_a_device_is_required_its_lack_is_a_failure(monkeypatch):
    if probe("cuda") is None:
        pytest.skip("there is a device")
    for value, outcome in (("1", pytest.fail.Exception), ("0", pytest.skip.Exception)):
        monkeypatch.setenv("SIMKIT_REQUIRE_CUDA", value)
        with pytest.raises(outcome, match=probe("cuda").replace("(", r"\(")), on("cuda"):
            pass
