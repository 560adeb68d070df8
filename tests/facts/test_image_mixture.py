"""What is known of the mixture of lines and digits."""

from __future__ import annotations

import numpy as np
import pytest

import simkit
from simkit.errors import ParameterError, UnknownNameError
from simkit.images.digits import Digits
from simkit.kernels.raster import reference

N, POOL, SEED = 20_000, 1500, 3

#: how a fact begins -> the test that holds it
HELD_BY = {
    "Of rows 2j": "test_of_two_rows_one_is_of_lines_in_random_order",
    "kind=overlapping": "test_the_published_size_holds_every_digit_once",
    "The number of lines": "test_lines_are_those_of_their_rank_and_uniform",
    "kind=separate": "test_labels_of_a_separate_mixture_tell_the_origin",
}


def test_every_fact_has_a_test():
    facts = simkit.source("mixture").facts
    for fact in facts:
        (test,) = [test for begin, test in HELD_BY.items() if fact.startswith(begin)]
        assert callable(globals()[test])
    assert len(HELD_BY) == len(facts)


@pytest.fixture(scope="module", params=["overlapping", "separate"])
def mixed(request):
    return request.param, simkit.source("mixture", kind=request.param, pool=POOL).generate(SEED, N)


@pytest.fixture(scope="module")
def digits():
    return Digits().generate(SEED, POOL)


def within(found, probability, n):
    return np.abs(found - n * probability).max() <= 4 * np.sqrt(n * probability * (1 - probability))


def test_of_two_rows_one_is_of_lines_in_random_order(mixed):
    origin = mixed[1]["origin"].reshape(-1, 2)
    assert (origin.sum(axis=1) == 1).all()
    assert within(origin[:, 0].sum(), 0.5, N // 2)
    odd = simkit.source("mixture", kind=mixed[0], pool=POOL).generate(SEED, range(7, 40))
    assert np.array_equal(odd["image"], mixed[1]["image"][7:40])


def test_digits_come_in_the_order_of_the_pool_each_as_often(mixed, digits):
    kind, rows = mixed
    members = np.flatnonzero(digits["label"] >= 5) if kind == "separate" else np.arange(POOL)
    is_digit = rows["origin"] == 1
    index = rows["index"][is_digit]
    assert np.array_equal(index, members[np.arange(N // 2) % len(members)])
    assert np.array_equal(rows["image"][is_digit], digits["image"][index])
    assert np.array_equal(rows["label"][is_digit], digits["label"][index])
    assert not rows["n_lines"][is_digit].any()
    assert (rows["rank"][is_digit] == -1).all()


def test_lines_are_those_of_their_rank_and_uniform(mixed):
    kind, rows = mixed
    most = 5 if kind == "separate" else 10
    is_lines = rows["origin"] == 0
    counts, ranks, images = (rows[name][is_lines] for name in ("n_lines", "rank", "image"))
    columns = reference.subsets(counts[:2000].astype(np.int64), ranks[:2000].astype(np.int64), 28)
    assert np.array_equal(images[:2000], 255 * np.broadcast_to(columns[:, None], (2000, 28, 28)))
    assert np.array_equal(rows["label"][is_lines] + 1, counts)
    assert within(np.bincount(counts, minlength=most + 1)[1:], 1 / most, len(counts))
    assert counts.max() == most
    assert within(np.bincount(ranks[counts == 1], minlength=28), 1 / 28, (counts == 1).sum())
    assert (rows["index"][is_lines] == -1).all()


def test_labels_of_a_separate_mixture_tell_the_origin(mixed):
    kind, rows = mixed
    is_high = rows["label"] >= 5
    if kind == "separate":
        assert np.array_equal(is_high, rows["origin"] == 1)
    else:
        assert all(set(rows["label"][rows["origin"] == origin]) == set(range(10)) for origin in (0, 1))


def test_the_published_size_holds_every_digit_once(digits):
    rows = simkit.source("mixture", pool=POOL).generate(SEED, 2 * POOL)
    assert np.array_equal(np.sort(rows["index"][rows["origin"] == 1]), np.arange(POOL))


def test_lines_of_parts_can_be_kept_apart():
    parts = [
        simkit.source("mixture", kind="separate", pool=POOL, part=part, distinct="parts").generate(SEED, 8000)
        for part in ("train", "test")
    ]
    known, tested = ({pair for pair in zip(part["n_lines"], part["rank"], strict=True) if pair[0]} for part in parts)
    assert not known & tested
    assert 0.4 < (parts[0]["origin"] == parts[1]["origin"]).mean() < 0.6
    shared = simkit.source("mixture", kind="separate", pool=POOL, part="test").generate(SEED, 8000)
    assert known & set(zip(shared["n_lines"], shared["rank"], strict=True))


def test_notes_say_what_share_of_the_lines_is_known():
    overlapping, separate = (simkit.source("mixture", kind=kind).notes()[-1] for kind in ("overlapping", "separate"))
    assert "31.8% of the test images of lines" in overlapping
    assert "63.1% of the test images of lines" in separate
    assert not any("of lines" in note for note in simkit.source("mixture", distinct="parts").notes())


@pytest.mark.parametrize(
    ("wrong", "error", "told"),
    [
        ({"kind": "separated"}, UnknownNameError, "mixture has no kind 'separated'"),
        ({"distinct": "yes"}, UnknownNameError, "no distinct 'yes'"),
        ({"part": "both"}, UnknownNameError, "no part 'both'"),
        ({"pool": -1}, ParameterError, "'pool' takes 1 to 250,000 digits"),
    ],
    ids=str,
)
def test_bad_parameters_are_refused(wrong, error, told):
    with pytest.raises(error, match=told):
        simkit.source("mixture", **wrong)


def test_digits_of_the_higher_classes_are_needed():
    with pytest.raises(
        ParameterError, match=r"mixture needs digits of each class from 5 to 9; the pool of 9 has none of class 9"
    ):
        simkit.source("mixture", kind="separate", origin="sklearn", pool=9).generate(0, 2)
