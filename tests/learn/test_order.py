"""The order of an epoch: a pure function of seed, epoch and position."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkit.errors import ParameterError, UnknownNameError
from simkit.learn.order import Order, permutation
from simkit.learn.selection import Chosen, Split, Spread


def rows(order: Order, epoch: int, start: int, stop: int) -> list[int]:
    return [int(row) for window, slots in order.pieces(epoch, range(start, stop)) for row in window.rows(slots)]


masks = st.integers(1, 150).flatmap(
    lambda n: st.tuples(st.lists(st.booleans(), min_size=n, max_size=n), st.integers(1, 40), st.integers(1, 6))
)


@given(masks, st.booleans(), st.integers(0, 3), st.data())
def test_an_epoch_visits_each_selected_row_once_however_it_is_cut(drawn, shuffle, epoch, data):
    mask, chunk_rows, window = drawn
    order = Order(Chosen(np.array(mask), chunk_rows), 7, shuffle=shuffle, window=window)
    wanted = np.flatnonzero(mask).tolist()
    whole = rows(order, epoch, 0, order.n_rows)
    assert sorted(whole) == wanted
    assert shuffle or whole == wanted
    cuts = sorted({0, order.n_rows, *data.draw(st.lists(st.integers(0, order.n_rows), max_size=5))})
    again = pickle.loads(pickle.dumps(order))
    assert [
        row for start, stop in zip(cuts, cuts[1:], strict=False) for row in rows(again, epoch, start, stop)
    ] == whole


def test_epochs_and_seeds_differ_and_rows_stay_near_their_window():
    chosen = Chosen(np.ones(640, bool), 16)
    order = Order(chosen, 0, shuffle=True, window=4)
    first, second = rows(order, 0, 0, 640), rows(order, 1, 0, 640)
    other = rows(Order(chosen, 1, shuffle=True, window=4), 0, 0, 640)
    assert len({tuple(first), tuple(second), tuple(other)}) == 3
    for start in range(0, 640, 64):
        assert len({row // 16 for row in first[start : start + 64]}) == 4  # four whole chunks, and no other
    assert len({row // 16 for row in first[:16]}) > 1  # mixed among each other


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
    spread = Spread(n_rows, Split("validation"))
    stop = min(n_rows, 2 * spread.chunk_rows)
    found = spread.slots(np.arange(-(-stop // spread.chunk_rows)))
    np.testing.assert_array_equal(found, np.flatnonzero(Split("validation").mask(0, stop)))
    assert len(spread.counts) <= 2**20
    assert spread.n_rows == (n_rows // 100) * 10 + Split("validation").mask(n_rows // 100 * 100, n_rows).sum()


@pytest.mark.parametrize("parts", [{"a": 0.5, "b": 0.6}, {"a": 0.333}, {"a": -0.1}])
def test_shares_that_cannot_be_are_refused(parts):
    with pytest.raises(ParameterError, match="shares of a split"):
        Split("a", parts)


def test_an_unknown_part_is_refused():
    with pytest.raises(UnknownNameError, match="no part of the split 'trian'; did you mean 'train'"):
        Split("trian")
