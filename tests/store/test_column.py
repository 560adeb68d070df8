"""A column is indexed by row, as a NumPy array is by its first axis."""

from __future__ import annotations

import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_samples import N_ROWS, SHARD_ROWS

import simkit
from simkit.errors import DamageError, ParameterError, StoreError, UnknownNameError
from simkit.schema import Batch

positions = st.integers(-N_ROWS, N_ROWS - 1)
ends = st.none() | st.integers(-2 * N_ROWS, 2 * N_ROWS)
steps = st.none() | st.integers(-40, 40).filter(bool)
names = st.sampled_from(["board", "energy", "charge", "is_odd", "kind"])


def check_same(finished: Path, rows: Batch, name: str, index: Any) -> None:
    """Compare what the column gives with what NumPy gives, to the dtype and the shape."""
    got, wanted = simkit.open(finished)[name][index], rows[name][index]
    assert np.shape(got) == np.shape(wanted)
    assert got.dtype == wanted.dtype
    np.testing.assert_array_equal(got, wanted)


@given(names, ends, ends, steps)
def test_slices(finished: Path, rows: Batch, name: str, start: int | None, stop: int | None, step: int | None) -> None:
    check_same(finished, rows, name, slice(start, stop, step))


@given(names, positions)
def test_single_rows(finished: Path, rows: Batch, name: str, row: int) -> None:
    check_same(finished, rows, name, row)
    check_same(finished, rows, name, np.int64(row))


@given(names, st.lists(positions, max_size=30))
def test_lists_of_rows(finished: Path, rows: Batch, name: str, chosen: list[int]) -> None:
    got = simkit.open(finished)[name][chosen]
    np.testing.assert_array_equal(got, rows[name][np.array(chosen, np.int64)])


@given(names, st.lists(st.integers(0, 127), min_size=1, max_size=9), st.sampled_from("bBhHiIqQ"))
def test_arrays_of_rows_of_any_integer_kind(
    finished: Path, rows: Batch, name: str, chosen: list[int], kind: str
) -> None:
    check_same(finished, rows, name, np.array(chosen, kind))


def test_arrays_of_rows_with_two_axes(finished: Path, rows: Batch) -> None:
    check_same(finished, rows, "energy", np.array([[1, -2, 3], [149, 64, 3]]))


@pytest.mark.parametrize("kind", ["b", "h", "i", "q"])
def test_negative_rows_of_any_signed_kind(finished: Path, rows: Batch, kind: str) -> None:
    check_same(finished, rows, "charge", np.array([-1, 3, -100], kind))


def test_no_rows(finished: Path, rows: Batch) -> None:
    for nothing in ([], np.array([], int), slice(0, 0), slice(N_ROWS, None), slice(5, 2)):
        got = simkit.open(finished)["board"][nothing]
        assert got.shape == (0, 3, 2)
        assert got.dtype == rows["board"].dtype


def test_a_column_reads_on_correctly_after_other_rows(finished: Path, rows: Batch) -> None:
    column = simkit.open(finished)["energy"]
    for row in (0, 149, 1, 64, 63, 0, 127, 128, 64):
        np.testing.assert_array_equal(column[row], rows["energy"][row])


def test_several_threads_may_read_a_column_at_once(finished: Path, rows: Batch) -> None:
    """A column keeps its last chunk and shard; one thread must not be given what another has just read."""
    column = simkit.open(finished)["energy"]

    def read(seed: int) -> bool:
        chosen = np.random.default_rng(seed).integers(0, N_ROWS, 300)
        return all(np.array_equal(column[int(row)], rows["energy"][row], equal_nan=True) for row in chosen)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(read, range(16)))
    finally:
        sys.setswitchinterval(interval)


def test_what_a_column_gives_can_be_changed_without_changing_what_it_gives_next(finished: Path, rows: Batch) -> None:
    column = simkit.open(finished)["charge"]
    for index in (slice(None), [3, 4], slice(0, 16)):
        column[index][:] = 0
    np.testing.assert_array_equal(column[:], rows["charge"])


def test_a_column_can_be_iterated(finished: Path, rows: Batch) -> None:
    charges = [int(charge) for charge in simkit.open(finished)["charge"]]
    assert charges == rows["charge"].tolist()


OUTSIDE = [N_ROWS, -N_ROWS - 1, 10**12, 2**63, np.uint64(2**64 - 1), [0, N_ROWS], np.array([-N_ROWS - 1, 0])]


@pytest.mark.parametrize("row", OUTSIDE, ids=str)
def test_rows_that_are_not_there_are_named(finished: Path, row: Any) -> None:
    outside = next(value for value in np.atleast_1d(row).tolist() if not -N_ROWS <= value < N_ROWS)
    with pytest.raises(ParameterError, match=f"row {outside} of .*: there are {N_ROWS} rows"):
        simkit.open(finished)["kind"][row]


WRONG = {
    "float": 1.5,
    "float array": np.array([1.0, 2.0]),
    "text": "5",
    "none": None,
    "ellipsis": ...,
    "bool": True,
    "mask of another length": np.ones(N_ROWS - 1, bool),
    "two indices": (1, 2),
    "ragged": [0, [1]],
    "float slice": slice(0.5, 3),
    "far too large": 2**70,
}


@pytest.mark.parametrize("index", WRONG.values(), ids=WRONG.keys())
def test_an_index_of_another_kind_is_refused(finished: Path, index: Any) -> None:
    with pytest.raises(ParameterError, match=r"board|row"):
        simkit.open(finished)["board"][index]


@pytest.fixture
def with_a_gap(copied: Path) -> Path:
    """A data set whose second shard, rows 64 to 127, is not done."""
    (copied / "ledger" / "c.1.0.0").unlink()
    return copied


@pytest.mark.parametrize("index", [64, 127, slice(60, 70), slice(None), [0, 100], -30])
def test_rows_that_are_not_generated_yet_are_named(with_a_gap: Path, index: Any) -> None:
    with pytest.raises(StoreError, match="rows 64 to 127 of .* are not generated yet.*simkit generate"):
        simkit.open(with_a_gap)["energy"][index]


@pytest.mark.parametrize("index", [63, 128, slice(0, 64), slice(128, None), [0, 149, -1]])
def test_the_finished_rows_beside_them_can_be_read(with_a_gap: Path, rows: Batch, index: Any) -> None:
    check_same(with_a_gap, rows, "energy", index)


def test_the_rows_that_are_done_are_counted(with_a_gap: Path) -> None:
    store = simkit.open(with_a_gap)
    assert store.done() == [0, 2]
    assert store.n_rows_done == N_ROWS - SHARD_ROWS


def test_reading_a_damaged_shard_names_the_file_the_field_and_the_shard(copied: Path) -> None:
    path = copied / "charge" / "c.1"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamageError, match=r"charge/c\.1 .*'charge', shard 1.* is damaged"):
        simkit.open(copied)["charge"][70]


def test_reading_a_missing_shard_names_the_file(copied: Path) -> None:
    (copied / "charge" / "c.1").unlink()
    with pytest.raises(DamageError, match=r"charge/c\.1 is missing"):
        simkit.open(copied)["charge"][70]


def test_columns_and_errors_go_to_other_processes(finished: Path) -> None:
    store = simkit.open(finished)
    column = store["charge"]
    before = column[3:5]
    assert np.array_equal(pickle.loads(pickle.dumps(column))[3:5], before)
    with pytest.raises(UnknownNameError) as caught:
        store["chrage"]
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert "did you mean 'charge'?" in str(caught.value)


@given(names, st.integers(0, 2**32 - 1))
def test_a_mask_of_all_rows(finished: Path, rows: Batch, name: str, seed: int) -> None:
    mask = np.random.default_rng(seed).random(N_ROWS) < 0.1
    np.testing.assert_array_equal(simkit.open(finished)[name][mask], rows[name][mask])
