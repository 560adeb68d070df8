"""Exact facts of the source `bits`."""

from __future__ import annotations

import numpy as np
import pytest

import simkit
from simkit.errors import ParameterError, UnknownNameError


def test_counted_every_input_occurs_once_and_its_first_bit_is_the_highest():
    found = simkit.source("bits").generate(rows=32)
    assert found["number"].tolist() == list(range(32))
    assert found["inputs"].tolist() == [[float(digit) for digit in f"{i:05b}"] for i in range(32)]
    assert found["label"].tolist() == [0] * 16 + [1] * 16


def test_counted_there_are_no_more_rows_than_inputs():
    with pytest.raises(ParameterError, match=r"bits has 32 rows with these parameters; asked for the first 33"):
        simkit.source("bits").generate(rows=33)
    assert len(simkit.source("bits", order="drawn").generate(rows=33)["label"]) == 33


@pytest.mark.parametrize("order", ["counted", "drawn"])
def test_random_labels_and_parts_belong_to_the_input_and_not_to_the_row(order):
    of = {"function": "random", "bits": 6, "held_out": 13}
    table = simkit.source("bits", **of).generate(7, 64)
    found = simkit.source("bits", order=order, **of).generate(7, [9, *range(50)])
    for name in ("inputs", "label", "part"):
        assert np.array_equal(found[name], table[name][found["number"]]), name


def test_exactly_so_many_inputs_are_held_out_and_which_depends_on_the_seed():
    """8 of 32, and all or none; each input is among them in a quarter of seeds, within 4 sigma (p = 6e-5, 32 inputs)."""
    source = simkit.source("bits", held_out=8)
    parts = np.array([source.generate(seed, 32)["part"] for seed in range(2000)])
    assert set(parts.sum(axis=1).tolist()) == {8}
    assert np.abs(parts.mean(axis=0) - 1 / 4).max() < 4 * (1 / 4 * 3 / 4 / 2000) ** 0.5
    assert [simkit.source("bits", held_out=n).generate(1, 32)["part"].sum() for n in (0, 32)] == [0, 32]


def test_random_labels_are_fair_over_seeds_and_uncorrelated_with_the_part():
    """4 sigma of 32 * 1000 fair bits, of those in the part test, and of neighbours that agree."""
    source = simkit.source("bits", function="random", held_out=8)
    labels, parts = (np.array([source.generate(seed, 32)[name] for seed in range(1000)]) for name in ("label", "part"))
    for bits in (labels.reshape(-1), labels[parts == 1], labels[:, 1:] ^ labels[:, :-1], labels[1:] ^ labels[:-1]):
        assert abs(float(bits.mean()) - 0.5) < 4 * (0.25 / bits.size) ** 0.5


def test_drawn_inputs_are_uniform():
    """32 numbers, 64,000 rows: each within 4 sigma of its mean."""
    counts = np.bincount(simkit.source("bits", order="drawn").generate(3, 64_000)["number"], minlength=32)
    assert np.abs(counts - 2000).max() < 4 * (64_000 * 31 / 32**2) ** 0.5


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"bits": 17}, "bits: parameter 'bits' takes 1 to 16; this is 17"),
        ({"held_out": 33}, "bits: parameter 'held_out' takes 0 to 32 with 5 bits; this is 33"),
    ],
)
def test_numbers_out_of_range_are_refused(wrong, said):
    with pytest.raises(ParameterError) as error:
        simkit.source("bits", **wrong)
    assert str(error.value) == said


def test_names_that_are_none_are_refused():
    for wrong in ({"function": "last"}, {"order": "shuffled"}):
        with pytest.raises(UnknownNameError, match="bits has no"):
            simkit.source("bits", **wrong)
