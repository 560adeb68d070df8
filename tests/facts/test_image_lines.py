"""What is known of images of lines: how they are drawn, how many there are, and how many a test set repeats."""

from __future__ import annotations

import math

import numpy as np
import pytest

import simkit
from simkit.errors import ParameterError, UnknownNameError
from simkit.images.draws import MAX_BOUND, below
from simkit.images.leaks import leaks
from simkit.images.lines import Lines
from simkit.kernels.raster import reference

N = 40_000

#: how a fact begins -> the test that holds it
HELD_BY = {
    "The number of lines": "test_images_of_a_part_are_uniform",
    "A column": "test_numbers_of_lines_and_columns_are_uniform",
    "The sum": "test_pixels_are_the_columns_white_and_the_label_counts_them",
    "Of 10,000": "test_how_many_images_of_a_test_set_are_known",
    "With distinct=parts": "test_distinct_parts_share_no_image_whatever_the_seeds",
}


def test_every_fact_has_a_test():
    for fact in Lines.facts:
        (test,) = [test for begin, test in HELD_BY.items() if fact.startswith(begin)]
        assert callable(globals()[test])
    assert len(HELD_BY) == len(Lines.facts)


@pytest.fixture(scope="module")
def drawn():
    return simkit.source("lines").generate(5, N)


def near(found, probability, n):
    """Say whether a count is within 4 standard deviations of what a probability makes of n draws."""
    return abs(found - n * probability) <= 4 * math.sqrt(n * probability * (1 - probability))


def uniform(counts):
    """Say whether counts of n values are those of a uniform one: chi^2 is n - 1, with a variance of 2 (n - 1).

    Six standard deviations, since that is skewed; single values of few draws are more so, and would fail by chance.
    """
    expected, free = sum(counts) / len(counts), len(counts) - 1
    return abs(sum((count - expected) ** 2 for count in counts) / expected - free) <= 6 * math.sqrt(2 * free)


def subset(rank, k, n=28):
    """The columns of a rank, by the definition: all sets in colexicographic order."""
    columns = []
    for size in range(k, 0, -1):
        column = next(c for c in range(n - 1, -1, -1) if math.comb(c, size) <= rank)
        rank -= math.comb(column, size)
        columns.append(column)
    return columns[::-1]


def test_pixels_are_the_columns_white_and_the_label_counts_them(drawn):
    assert np.array_equal(drawn["image"], np.broadcast_to(255 * drawn["columns"][:, None], (N, 28, 28)))
    assert np.array_equal(drawn["columns"].sum(axis=1), drawn["n_lines"])
    assert np.array_equal(drawn["label"], drawn["n_lines"])
    assert np.array_equal(drawn["image"].sum(axis=(1, 2), dtype=np.int64), 28 * 255 * drawn["label"].astype(np.int64))
    code = simkit.source("lines", profile="code").generate(5, N)
    assert np.array_equal(code["label"] + 1, code["n_lines"])
    assert all(np.array_equal(code[name], drawn[name]) for name in ("image", "n_lines", "columns", "rank"))
    assert set(code["label"]) == set(range(10))


def test_names_of_labels_are_numbers_of_lines():
    for profile, first in (("text", 0), ("code", 1)):
        labels = simkit.source("lines", profile=profile).schema()["label"].labels
        assert [int(name.split()[0].replace("no", "0")) for name in labels] == list(range(first, 11))


def test_numbers_of_lines_and_columns_are_uniform(drawn):
    counts = np.bincount(drawn["n_lines"], minlength=11)
    assert counts[0] == 0
    assert all(near(count, 0.1, N) for count in counts[1:])
    assert all(near(count, 5.5 / 28, N) for count in drawn["columns"].sum(axis=0, dtype=np.int64))
    two = drawn["rank"][drawn["n_lines"] == 2]
    assert uniform(np.bincount(two, minlength=378))
    touching = (drawn["columns"][:, 1:] & drawn["columns"][:, :-1]).any(axis=1)[drawn["n_lines"] == 4]
    assert near(touching.sum(), 1 - math.comb(25, 4) / math.comb(28, 4), len(touching))


@pytest.mark.parametrize(("distinct", "part", "gap"), [("no", "train", 1), ("parts", "train", 0), ("parts", "test", 1)])
def test_images_of_a_part_are_uniform(distinct, part, gap):
    """Whatever the part has: so columns are not, where it has few images."""
    source = simkit.source("lines", distinct=distinct, part=part, gap=gap)
    found = source.generate(6, N)
    assert all(near(count, 0.1, N) for count in np.bincount(found["n_lines"], minlength=11)[1:])
    for k in (1, 2):
        ranks = found["rank"][found["n_lines"] == k]
        counts = np.unique(ranks, return_counts=True)[1]
        n = source.n_images(k)
        assert n - 3 <= len(counts) <= n  # one that 4,000 draws leave out is no wonder
        assert uniform([*counts, *[0] * (n - len(counts))])


def test_the_rank_is_the_place_of_the_image(drawn):
    for row in range(0, N, 97):
        k, rank = int(drawn["n_lines"][row]), int(drawn["rank"][row])
        assert np.flatnonzero(drawn["columns"][row]).tolist() == subset(rank, k)
    for k in range(1, 11):
        ranks = drawn["rank"][drawn["n_lines"] == k]
        assert 0 <= ranks.min() <= ranks.max() < math.comb(28, k)


def test_a_product_of_words_is_the_exact_share():
    words = np.array([0, 1, 2**32 - 1, 0x89ABCDEF, 2**31], np.uint32)
    for bound in (1, 10, 28, 13_123_110, MAX_BOUND):
        for high in words:
            found = below(np.full(len(words), high, np.uint32), words, bound)
            assert found.tolist() == [(int(high) * 2**32 + int(low)) * bound >> 64 for low in words]


@pytest.mark.parametrize("gap", [1, 2])
def test_lines_with_a_gap_are_as_far_apart_and_all_of_them_occur(gap):
    """Among all sets of columns that far apart, each is drawn with the same probability."""
    source = simkit.source("lines", gap=gap)
    found = source.generate(2, 20_000)
    for k in range(1, 11):
        columns = found["columns"][found["n_lines"] == k]
        places = np.nonzero(columns)[1].reshape(-1, k)
        assert k == 1 or np.diff(places, axis=1).min() > gap
        n = math.comb(28 - (k - 1) * gap, k)
        assert found["rank"][found["n_lines"] == k].max() < n == source.n_images(k)
        if n < 60:
            assert len(np.unique(places, axis=0)) == n
        elif n < 400:
            counts = np.unique(places, axis=0, return_counts=True)[1]
            assert uniform([*counts, *[0] * (n - len(counts))])
    assert np.array_equal(found["columns"].sum(axis=1), found["n_lines"])
    assert np.array_equal(found["image"][:, 13], 255 * found["columns"])


def test_how_many_images_of_a_test_set_are_known():
    """Probabilities as published for 60,000 training images: 31.8 % of all, and 84 % with three lines."""
    source = simkit.source("lines")
    share = {k: source.recurrence(k, 60_000) for k in range(1, 11)}
    assert round(sum(share.values()) / 10, 3) == 0.318
    assert [round(share[k], 3) for k in (1, 2, 3, 4)] == [1, 1, 0.840, 0.254]
    for k in range(1, 11):
        assert math.isclose(share[k], 1 - (1 - 1 / (10 * math.comb(28, k))) ** 60_000, rel_tol=1e-6)
    assert "31.8%" in source.notes()[0]
    assert "84% with 3" in source.notes()[0]


def stores(tmp_path, n_train, n_test, **parameters):
    return [
        simkit.generate(simkit.source("lines", part=part, **parameters), tmp_path / part, n=n, seed=42)
        for part, n in (("train", n_train), ("test", n_test))
    ]


def test_leaks_are_counted_as_they_are_expected(tmp_path):
    found = leaks(*stores(tmp_path, 6000, 4000))
    known = {tuple(each) for each in simkit.open(tmp_path / "train")["columns"][:].tolist()}
    tested = simkit.open(tmp_path / "test")["columns"][:]
    assert found[-1].n_leaked == sum(tuple(each) in known for each in tested.tolist())
    assert found[-1].n_test == sum(each.n_test for each in found[:-1]) == 4000
    assert found[-1].n_images == sum(math.comb(28, k) for k in range(1, 11))
    for leak in found[:-1]:
        assert leak.n_test == (tested.sum(axis=1) == leak.k).sum()
        # a test row is leaked with a probability that the training rows vary, too: by less than a draw of its own
        spread = math.sqrt(leak.expected * (1 - leak.expected) * (1 / leak.n_test + 1 / leak.n_images))
        # and three more, since there is hardly one of many lines
        assert abs(leak.n_leaked / leak.n_test - leak.expected) <= 4 * spread + 3 / leak.n_test
    assert [round(leak.expected, 2) for leak in found[:4]] == [1, 0.8, 0.17, 0.03]


def test_distinct_parts_share_no_image_whatever_the_seeds(tmp_path):
    train, test = stores(tmp_path, 20_000, 4000, distinct="parts")
    found = leaks(train, test)
    assert found[-1] == (0, found[-1].n_images, 4000, 0, 0)
    source = Lines(distinct="parts", part="test")
    assert len(np.unique(test["rank"][:][test["n_lines"][:] == 1])) == source.n_images(1) == 4
    assert len(np.unique(train["rank"][:][train["n_lines"][:] == 1])) == 24
    other = source.generate(7, 5000)
    for k in (1, 2, 3, 4):
        known = set(train["rank"][:][train["n_lines"][:] == k].tolist())
        assert not known & set(other["rank"][other["n_lines"] == k].tolist())


@pytest.mark.parametrize("gap", [0, 1])
@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_the_images_of_a_part_are_spread_evenly(k, gap):
    """The parts are all images once, and a column is as often white in one as in the other."""
    source = Lines(distinct="parts", gap=gap)
    n, n_test, step = source.images(k)
    assert n_test == max(1, n // 7)
    ranks = np.arange(min(n, 2**18)) * step % n
    assert len(np.unique(ranks)) == len(ranks)
    assert math.gcd(step, n) == 1
    ranks = ranks[:n_test]
    columns = reference.subsets(np.full(len(ranks), k), ranks, 28).mean(axis=0)
    share = k / (28 - (k - 1) * gap)
    assert np.abs(columns[: round(k / share)] - share).max() <= 4 * math.sqrt(share * (1 - share) / len(ranks))


def test_the_summary_says_what_share_of_further_images_is_known():
    source = simkit.source("lines")
    rows = source.generate(3, 3000)
    parts = [{name: rows[name][part] for name in ("n_lines", "rank")} for part in (slice(0, 1000), slice(1000, 3000))]
    found = source.summary(lambda *names: iter(parts))
    shares = [len(np.unique(rows["rank"][rows["n_lines"] == k])) / math.comb(28, k) for k in range(1, 11)]
    assert found.startswith(f"{sum(shares) / 10:.1%} of further images of this part are among these rows (100% with 1")
    assert "none of part=test" in Lines(distinct="parts").summary(lambda *names: iter(parts))


@pytest.mark.parametrize(
    ("wrong", "error", "told"),
    [
        ({"gap": 3}, ParameterError, "takes 0 to 2 columns, since 10 lines must fit into 28; this is 3"),
        ({"gap": -1}, ParameterError, "takes 0 to 2 columns"),
        ({"gap": 2, "distinct": "parts"}, ParameterError, "there is one image of 10 lines"),
        ({"profile": "codes"}, UnknownNameError, "lines has no profile 'codes'"),
        ({"part": "validation"}, UnknownNameError, "lines has no part 'validation'"),
        ({"distinct": "yes"}, UnknownNameError, "lines has no distinct 'yes'"),
    ],
    ids=str,
)
def test_bad_parameters_are_refused(wrong, error, told):
    with pytest.raises(error, match=told):
        simkit.source("lines", **wrong)


def test_leaks_are_of_lines_alone(tmp_path):
    lines = simkit.generate(simkit.source("lines", gap=1), tmp_path / "lines", n=10)
    with pytest.raises(ParameterError, match="not numbered as"):
        leaks(lines, simkit.generate(simkit.source("lines"), tmp_path / "other", n=10))
    bits = simkit.generate(simkit.source("bits"), tmp_path / "bits", n=10)
    with pytest.raises(ParameterError, match=r"data sets of the source lines; .*bits is of bits"):
        leaks(lines, bits)
