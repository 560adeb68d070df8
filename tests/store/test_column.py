"""A column is indexed by row, as a NumPy array is by its first axis."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_samples import CHUNK_ROWS, N_ROWS, SHARD_ROWS

import simkit
from simkit.errors import DamageError, ParameterError, StoreError, UnknownNameError
from simkit.schema import Array, Batch, Field, Schema
from simkit.store import forget
from simkit.store.column import Column
from simkit.store.layout import Layout

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


@pytest.mark.parametrize(
    "index",
    [
        np.s_[...],
        np.s_[3, 2],
        np.s_[3, 2, 1],
        np.s_[0:4, 0:2],
        np.s_[..., 1],
        np.s_[..., 3, 2, 1],
        np.s_[5, ..., 1],
        np.s_[[3, 149], 0],
        np.s_[[3, 149], [0, 2]],
        np.s_[[3, 149], :, [1, 0]],
        np.s_[7, [0, 2], 1],
        np.s_[60:70:3, [0, 1]],
        np.s_[-1, None, 0],
        np.s_[()],
    ],
    ids=str,
)
def test_the_other_axes_are_indexed_too(finished: Path, rows: Batch, index: Any) -> None:
    check_same(finished, rows, "board", index)


def test_one_value_is_a_number(finished: Path) -> None:
    assert isinstance(simkit.open(finished)["charge"][5], np.number)
    assert isinstance(simkit.open(finished)["board"][5, 0, 1], np.number)


def test_comparisons_and_arithmetic_are_of_the_whole_field(finished: Path, rows: Batch) -> None:
    store = simkit.open(finished)
    np.testing.assert_array_equal(store["charge"] == 3, rows["charge"] == 3)
    np.testing.assert_array_equal(store["charge"] > 3, rows["charge"] > 3)
    np.testing.assert_array_equal(np.sqrt(abs(store["charge"]) * 2.0), np.sqrt(np.abs(rows["charge"]) * 2.0))
    np.testing.assert_array_equal(store["board"][store["charge"] > 0], rows["board"][rows["charge"] > 0])


def test_classes_are_compared_by_their_labels(finished: Path, rows: Batch) -> None:
    kind = simkit.open(finished)["kind"]
    for number, label in enumerate(kind.field.labels):
        np.testing.assert_array_equal(kind == label, rows["kind"] == number)
        np.testing.assert_array_equal(label != kind, rows["kind"] != number)
    names = np.array(kind.field.labels)[rows["kind"]]
    assert (kind == names).all()
    assert (kind == names.tolist()).all()
    assert (kind != names[::-1]).any()
    assert kind.field.labels[0] in kind
    with pytest.raises(UnknownNameError, match="the field kind has no class 'nothing'"):
        _ = kind == "nothing"


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


def test_labels_are_compared_with_classes_alone(finished: Path) -> None:
    store = simkit.open(finished)
    with pytest.raises(ParameterError, match="charge is a field of numbers; this is 'even'"):
        _ = store["charge"] == "even"
    with pytest.raises(ParameterError, match="kind is compared with labels by == and != alone; this is 'even'"):
        _ = store["kind"] < "even"


def test_what_a_column_is_like_is_asked_without_reading_it(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = simkit.open(finished)["board"]
    monkeypatch.setattr(Column, "__getitem__", lambda *_: pytest.fail("rows are read"))
    assert (np.ndim(board), np.size(board), np.shape(board)) == (3, N_ROWS * 6, (N_ROWS, 3, 2))


def test_methods_of_arrays_are_those_of_the_values(finished: Path) -> None:
    charge = simkit.open(finished)["charge"]
    with pytest.raises(AttributeError, match=r"no attribute 'mean'; its values have: column\[:\]\.mean$"):
        charge.mean()
    with pytest.raises(AttributeError, match="no attribute 'nothing'$"):
        charge.nothing()


def test_a_column_is_only_read(finished: Path, rows: Batch) -> None:
    charge = simkit.open(finished)["charge"]
    with pytest.raises(ParameterError, match=r"is only read; compute with charge\[:\]"):
        charge += 1
    with pytest.raises(TypeError, match="does not support item assignment"):
        charge[3] = 1
    with pytest.raises(ValueError, match="leave copy=False away"):
        np.array(charge, copy=False)
    assert rows["charge"][3] in charge


def test_a_column_can_be_iterated(finished: Path, rows: Batch) -> None:
    charges = [int(charge) for charge in simkit.open(finished)["charge"]]
    assert charges == rows["charge"].tolist()


OUTSIDE = [N_ROWS, -N_ROWS - 1, 10**12, 2**63, np.uint64(2**64 - 1), [0, N_ROWS], np.array([-N_ROWS - 1, 0])]


@pytest.mark.parametrize("row", OUTSIDE, ids=str)
def test_rows_that_are_not_there_are_named(finished: Path, row: Any) -> None:
    outside = next(value for value in np.atleast_1d(row).tolist() if not -N_ROWS <= value < N_ROWS)
    with pytest.raises(ParameterError, match=f"asked for row {outside:,} of .*, which has {N_ROWS} rows"):
        simkit.open(finished)["kind"][row]


WRONG = {
    "float": 1.5,
    "float array": np.array([1.0, 2.0]),
    "text": "5",
    "none": None,
    "bool": True,
    "mask of another length": np.ones(N_ROWS - 1, bool),
    "too many indices": (1, 2, 1, 0),
    "outside of a later axis": (1, 3),
    "none and more": (None, 2),
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
    forget(copied, [1])
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
    assert list(store.done()) == [0, 2]
    assert store.n_rows_done == N_ROWS - SHARD_ROWS


def test_reading_a_damaged_shard_names_the_file_the_field_and_the_shard(copied: Path) -> None:
    for name, key, shards in (("energy", "c.1.0", "shard 1"), ("charge", "c.0", "shards 0 to 1")):
        path = copied / name / key
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(DamageError, match=rf"{name}/{key} .*'{name}', {shards}.* is damaged"):
            simkit.open(copied)[name][70]


def test_reading_a_missing_shard_names_the_file(copied: Path) -> None:
    (copied / "charge" / "c.0").unlink()
    with pytest.raises(DamageError, match=r"charge/c\.0 is missing"):
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


# --- work that grows as the rows do --------------------------------------------------------------------------------


class Counted(np.ndarray):
    """An array that counts the elements of all arrays that it, or what is made of it, goes through."""

    n_elements = 0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **named: Any) -> Any:
        plain = [value.view(np.ndarray) if isinstance(value, Counted) else value for value in inputs]
        result = getattr(ufunc, method)(*plain, **named)
        Counted.n_elements += np.asarray(result).size
        return result.view(Counted) if isinstance(result, np.ndarray) else result

    def __array_function__(self, function: Any, types: Any, arguments: Any, named: Any) -> Any:
        del types
        plain = [value.view(np.ndarray) if isinstance(value, Counted) else value for value in arguments]
        result = function(*plain, **named)
        Counted.n_elements += max(np.asarray(result).size, plain[0].size)
        return result.view(Counted) if isinstance(result, np.ndarray) else result

    def __getitem__(self, index: Any) -> Any:
        result = super().__getitem__(index)
        Counted.n_elements += np.asarray(result).size
        return result


class CountedFetcher:
    """As much of a fetcher as a column asks for: rows that hold their own number, and a count of what is decoded."""

    def __init__(self, n_rows: int) -> None:
        self.ledger = SimpleNamespace(layout=Layout.plan(Schema(row=Field("int32", "the row's number")), n_rows))
        self.n_decoded = 0

    def ahead(self, name: str, chunks: Iterable[int]) -> Iterator[int]:
        return iter(chunks)

    def chunk(self, name: str, chunk: int, out: Array | None = None) -> Array:
        self.n_decoded += 1
        chunk_rows = self.ledger.layout.chunk_rows
        out = np.empty(chunk_rows, np.int32) if out is None else out
        out[:] = np.arange(chunk * chunk_rows, (chunk + 1) * chunk_rows)
        return out


def work(n_rows: int, index: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Return how many elements of index arrays a column looks at, and how many chunks it decodes."""
    fetcher = CountedFetcher(n_rows)
    column, wanted = Column(fetcher, "row"), index(n_rows)  # type: ignore[arg-type]
    real = Column._rows

    def rows(self: Column, given: Any) -> Any:
        found = real(self, given)
        return found if isinstance(found, range) else found.view(Counted)

    Counted.n_elements = 0
    with monkeypatch.context() as patch:
        patch.setattr(Column, "_rows", rows)
        got = column[wanted]
    np.testing.assert_array_equal(got, np.arange(n_rows)[wanted])
    return Counted.n_elements, fetcher.n_decoded


INDICES = {
    "all": lambda n: slice(None),
    "backwards": lambda n: slice(None, None, -1),
    "every third": lambda n: slice(1, None, 3),
    "few": lambda n: slice(0, None, 5 * CHUNK_ROWS),
    "list": lambda n: np.random.default_rng(0).permutation(n),
    "mask": lambda n: np.random.default_rng(0).random(n) < 0.5,
}


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES.keys())
def test_work_grows_as_the_rows_do(index: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten and a hundred times the rows are ten and a hundred times the work, and each chunk is decoded once."""
    n_chunks = [20, 200, 2000]
    found = [work(n * CHUNK_ROWS, index, monkeypatch) for n in n_chunks]
    for (elements, decoded), n in zip(found, n_chunks, strict=True):
        assert decoded <= n
        assert elements <= 12 * n * CHUNK_ROWS
    assert found[2][0] <= 130 * found[0][0]


@pytest.mark.parametrize("part", [range(N_ROWS), range(30, 70), range(140, N_ROWS), range(5, 5)])
def test_batches_are_a_shard_at_most_and_all_the_rows(finished: Path, rows: Batch, part: range) -> None:
    batches = list(simkit.open(finished).batches("charge", "kind", rows=part))
    assert all(len(batch["charge"]) <= SHARD_ROWS for batch in batches)
    for name in ("charge", "kind"):
        got = np.concatenate([rows[name][:0], *(batch[name] for batch in batches)])
        np.testing.assert_array_equal(got, rows[name][part.start : part.stop])


def test_what_is_said_of_finished_rows_does_not_depend_on_how_they_are_read() -> None:
    source = simkit.source("ca-ash", rules=("B3/S23", "B2/S", "B36/S23"))
    random = np.random.default_rng(2)
    settle, rule = random.integers(-1, 9, 60).astype(np.int32), random.choice([0, 2], 60).astype(np.uint8)
    rows = {"settle": settle, "rule": rule}
    whole = source.summary(lambda *names: iter([rows]))
    assert whole == source.summary(
        lambda *names: ({name: rows[name][i : i + 7] for name in names} for i in range(0, 60, 7))
    )
    parts = [f"{source.rules[i]} {settle[(rule == i) & (settle >= 0)].mean():,.0f}" for i in (0, 2)]
    assert whole == (
        f"mean settle {settle[settle >= 0].mean():,.0f} generations ({', '.join(parts)}), "
        f"{(settle < 0).sum()} never settled"
    )
