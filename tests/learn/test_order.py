"""The order of an epoch: a pure function of seed, epoch and position."""

from __future__ import annotations

import hashlib
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkit.errors import ParameterError, UnknownNameError
from simkit.learn.streaming.bijection import permuted
from simkit.learn.streaming.options import Order
from simkit.learn.streaming.selection import Selection
from simkit.learn.streaming.windows import ORDER, Windows, permutation
from simkit.split import Split


def rows(order: Windows, epoch: int, start: int, stop: int) -> list[int]:
    return [int(row) for window, part in order.pieces(epoch, range(start, stop)) for row in window.rows[part]]


def chosen(mask, chunk_rows: int) -> Selection:
    return Selection(len(mask), chunk_rows, Split(None), np.packbits(np.array(mask)))


def made(selection: Selection, **order) -> Windows:
    return Windows(selection, Order(**order))


def whole(n_rows: int, chunk_rows: int, part: str | None = None) -> Selection:
    return Selection(n_rows, chunk_rows, Split(part))


masks = st.integers(1, 150).flatmap(
    lambda n: st.tuples(
        st.one_of(st.lists(st.booleans(), min_size=n, max_size=n), st.just([True] * n)),
        st.integers(1, 40),
        st.integers(1, 6),
    )
)


@given(masks, st.booleans(), st.integers(0, 3), st.data())
def test_an_epoch_visits_each_selected_row_once_however_it_is_cut(drawn, shuffle, epoch, data):
    mask, chunk_rows, window = drawn
    selection = whole(len(mask), chunk_rows) if all(mask) else chosen(mask, chunk_rows)
    order = made(selection, seed=7, shuffle=shuffle, window=window)
    wanted = np.flatnonzero(mask).tolist()
    visited = rows(order, epoch, 0, order.n_rows)
    assert sorted(visited) == wanted
    assert shuffle or visited == wanted
    cuts = sorted({0, order.n_rows, *data.draw(st.lists(st.integers(0, order.n_rows), max_size=5))})
    again = pickle.loads(pickle.dumps(order))
    assert [
        row for start, stop in zip(cuts, cuts[1:], strict=False) for row in rows(again, epoch, start, stop)
    ] == visited


def test_epochs_and_seeds_differ_and_rows_stay_near_their_window():
    order = made(whole(640, 16), seed=0, shuffle=True, window=4)
    first, second = rows(order, 0, 0, 640), rows(order, 1, 0, 640)
    other = rows(made(whole(640, 16), seed=1, shuffle=True, window=4), 0, 0, 640)
    assert len({tuple(first), tuple(second), tuple(other)}) == 3
    for start in range(0, 640, 64):
        chunks = {row // 16 for row in first[start : start + 64]}
        assert sorted(chunk // 10 for chunk in chunks) == [0, 1, 2, 3]  # a whole chunk of each quarter, and no other
    assert len({row // 16 for row in first[:16]}) > 1  # mixed among each other


@pytest.mark.parametrize("n_rows", [5, 16, 17, 250, 271, 1000, 1007])
@pytest.mark.parametrize("part", [None, "train"])
def test_windows_are_of_even_size_and_positions_are_found_without_counting(n_rows, part):
    """Also where chunks and windows do not come out even; a part in chunks of 16 has to be counted."""
    order = made(whole(n_rows, 16, part), seed=3, shuffle=True, window=7)
    for epoch in range(3):
        windows = [order._window(epoch, number) for number in range(len(order))]
        starts = np.cumsum([0, *(len(window.rows) for window in windows)])
        assert [order._start(epoch, number) for number in range(len(order) + 1)] == starts.tolist()
        sizes = [sum(chunk < n_rows // 16 for chunk in window.chunks) for window in windows]
        assert max(sizes) - min(sizes) <= 1
        assert max(sizes) <= 7


def test_the_order_is_the_one_it_was():
    """A digest of the rows of epochs: a change must raise ORDER and be told in CHANGELOG."""
    found = hashlib.sha256()
    for selection in (
        whole(10_000, 64),
        whole(10_007, 512),
        whole(10_007, 100, "validation"),
        whole(10_007, 64, "train"),
        chosen(np.arange(5_000) % 7 < 3, 64),
    ):
        for shuffle, epoch in ((False, 0), (True, 0), (True, 5)):
            order = made(selection, seed=11, shuffle=shuffle, window=16)
            found.update(np.array(rows(order, epoch, 0, order.n_rows), "<i8").data)
    far = made(whole(2**40, 100, "test"), seed=2**64 - 1, shuffle=True, window=16)
    found.update(np.array(rows(far, 2**29 - 1, 2**36, 2**36 + 1000), "<i8").data)
    assert (ORDER, found.hexdigest()) == (2, "bf756ce9a5a1e193113218fd8b367ca5d2844ec73a525e324ba4144206d61b46")


@pytest.mark.parametrize("n", [1, 2, 3, 5, 16, 17, 1000])
def test_a_bijection_hits_each_place_once(n):
    for number in range(5):
        found = permuted(np.arange(n), np.full(n, n), 1, 2, np.full(n, number))
        assert sorted(found.tolist()) == list(range(n))
    far = permuted(np.arange(2**50, 2**50 + 100), np.full(100, 2**51 + 3), 1, 2, np.zeros(100, np.int64))
    assert len(set(found := far.tolist())) == 100
    assert max(found) <= 2**51 + 2


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_all_permutations_come_up_equally_often(n):
    """Chi-squared of 40,000 keys; the bound is one that equal frequencies exceed once in 10**6."""
    n_keys, keys = 40_000, np.arange(40_000)
    ends = [permuted(np.full(n_keys, place), np.full(n_keys, n), 7, 2**31, keys) for place in range(n)]
    _, counts = np.unique(np.stack(ends, 1), axis=0, return_counts=True)
    n_all = math.factorial(n)
    assert len(counts) == n_all
    each = n_keys / n_all
    assert ((counts - each) ** 2 / each).sum() < {2: 24.0, 3: 36.0, 4: 74.0, 5: 206.0}[n]


@pytest.mark.parametrize("kind", ["sorted", "classes"])
def test_batches_of_sorted_data_scatter_little_more_than_random_ones(kind):
    """The mean row of a batch, its variance beside that of rows drawn at random, over all batches of two epochs.

    512 chunks of 128 rows. In sorted data a window is a stratified sample, which adds 1 / 16**2 of a batch's worth;
    of 512 classes one after the other it has 16 or 64, which add 256 / 16 or 256 / 64 to the 1 of random rows. The means
    of 512 batches have a relative error of sqrt(2 / 512) of their variance; bounds are five of these away.
    """
    n_chunks, chunk_rows, size = 512, 128, 256
    n_rows = n_chunks * chunk_rows
    values = np.arange(n_rows) / n_rows
    if kind == "classes":
        values = np.random.default_rng(0).normal(size=n_chunks)[np.arange(n_rows) // chunk_rows]
    ratio = {}
    for window in (16, 64):
        order = made(whole(n_rows, chunk_rows), seed=5, shuffle=True, window=window)
        visited = np.concatenate([np.array(rows(order, epoch, 0, n_rows)) for epoch in (0, 1)])
        ratio[window] = values[visited].reshape(-1, size).mean(axis=1).var() / (values.var() / size)
    off = 1 + 5 * math.sqrt(2 / 512)
    if kind == "sorted":
        assert ratio[16] < (1 + 1 / 16) * off
        assert ratio[64] < off
    else:
        assert ratio[16] > (1 + 8) / off  # the test can tell: neighbours alike, and few of them in a batch
        assert ratio[64] < (1 + 256 / 64) * off


def test_a_permutation_is_even():
    counts = np.zeros((5, 5), int)
    for row in range(4000):
        counts[np.arange(5), permutation(3, 1, row, 5)] += 1
    assert abs(counts - 800).max() < 5 * np.sqrt(4000 * 0.2 * 0.8)


def test_rows_keep_their_part_when_there_are_more_and_parts_are_disjoint_and_exact():
    parts = {name: Split(name).mask(0, 12_345) for name in ("train", "validation", "test")}
    assert (sum(mask.astype(int) for mask in parts.values()) == 1).all()
    assert [mask[:12_300].sum() for mask in parts.values()] == [9840, 1230, 1230]
    for name, mask in parts.items():
        np.testing.assert_array_equal(Split(name).mask(0, 777), mask[:777])
        np.testing.assert_array_equal(Split(name).mask(1234, 5678), mask[1234:5678])
    places = np.flatnonzero(parts["test"]) % 100
    assert len(np.unique(places)) == 100  # not the same places in each hundred


@pytest.mark.parametrize("n_rows", [1, 99, 100, 101, 777, 10**12 + 7])
def test_a_split_of_a_live_source_is_that_of_a_data_set(n_rows):
    live = whole(n_rows, 100, "validation")
    stop = min(n_rows, 200)
    found = live.inside(np.arange(-(-stop // 100)))
    numbers = np.concatenate([100 * chunk + inside for chunk, inside in enumerate(found)])
    np.testing.assert_array_equal(numbers, np.flatnonzero(Split("validation").mask(0, stop)))
    assert live.n_rows == (n_rows // 100) * 10 + Split("validation").mask(n_rows // 100 * 100, n_rows).sum()


@pytest.mark.parametrize("parts", [{"a": 0.5, "b": 0.6}, {"a": 0.333}, {"a": -0.1}])
def test_shares_that_cannot_be_are_refused(parts):
    with pytest.raises(ParameterError, match="shares of a split"):
        Split("a", parts)


def test_an_unknown_part_is_refused():
    with pytest.raises(UnknownNameError, match="the split has no part 'trian'; did you mean 'train'"):
        Split("trian")
