"""The bytes of a shard: they come back, they are zarr-python's own, and damage never passes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn
from store_samples import CHUNK_ROWS, SHARD_ROWS

from simkit.errors import DamageError
from simkit.schema import Array, Field, Schema
from simkit.store.layout import Layout
from simkit.store.shard import Reader, encode

DTYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]


@dataclass(frozen=True)
class Case:
    """Rows of a shard and how the shard is cut."""

    rows: Array
    shard_rows: int
    chunk_rows: int

    @property
    def field(self) -> Field:
        shape = self.rows.shape[1:]
        return Field(str(self.rows.dtype), "any", dims=tuple(f"axis{i}" for i in range(len(shape))), shape=shape)

    def encoded(self) -> bytes:
        return encode(self.rows, self.shard_rows, self.chunk_rows)

    def reader(self, data: bytes) -> Reader:
        return Reader(data, self.field, self.shard_rows, self.chunk_rows, "the shard")


@st.composite
def cases(draw: st.DrawFn, min_rows: int = 0) -> Case:
    chunk_rows, n_chunks = draw(st.sampled_from([1, 2, 3, 8])), draw(st.integers(1, 4))
    n_rows = draw(st.integers(min_rows, chunk_rows * n_chunks))
    shape = draw(stn.array_shapes(min_dims=0, max_dims=3, max_side=4))
    rows = draw(stn.arrays(draw(st.sampled_from(DTYPES)), (n_rows, *shape)))
    return Case(rows, chunk_rows * n_chunks, chunk_rows)


def small_case() -> Case:
    """Two chunks and a part of a third, of four."""
    return Case(np.random.default_rng(0).integers(0, 99, (10, 3), np.int32), 16, 4)


@given(cases())
def test_the_rows_come_back_bit_for_bit(case: Case) -> None:
    back = case.reader(case.encoded()).rows(len(case.rows))
    assert back.dtype == case.rows.dtype
    assert back.shape == case.rows.shape
    assert back.tobytes() == case.rows.tobytes()


@given(cases(min_rows=1))
def test_a_chunk_is_its_rows_and_then_zeros(case: Case) -> None:
    reader = case.reader(case.encoded())
    for i in range(-(-len(case.rows) // case.chunk_rows)):
        held = case.rows[i * case.chunk_rows : (i + 1) * case.chunk_rows]
        chunk = reader.chunk(i)
        assert chunk.shape == (case.chunk_rows, *case.rows.shape[1:])
        assert chunk[: len(held)].tobytes() == held.tobytes()
        assert not chunk[len(held) :].any()


@pytest.mark.parametrize("order", ["F", "strided", "big-endian"])
def test_the_bytes_do_not_depend_on_how_the_rows_lie_in_memory(order: str) -> None:
    rows = small_case().rows
    same = {
        "F": np.asfortranarray(rows),
        "strided": np.repeat(rows, 2, axis=0)[::2],
        "big-endian": rows.astype(rows.dtype.newbyteorder(">")),
    }[order]
    assert encode(same, 16, 4) == encode(rows, 16, 4)


def _written_by_zarr(rows: Array, field: Field, layout: Layout, folder: Path) -> bytes:
    """Let zarr-python write the rows with our metadata, and return the bytes of its only shard."""
    for key, content in layout.metadata({}).items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with zarr.config.set({"array.write_empty_chunks": True}):
        array = zarr.open_group(folder, mode="r+")["field"]
        array[:] = rows
    return (folder / layout.key("field", 0)).read_bytes()


@pytest.mark.parametrize("n_rows", [SHARD_ROWS, SHARD_ROWS - 1, 2 * CHUNK_ROWS + 1, 2 * CHUNK_ROWS, CHUNK_ROWS, 1])
@pytest.mark.parametrize("kind", ["random", "zeros", "floats", "scalar"])
def test_the_bytes_are_those_that_zarr_python_writes(kind: str, n_rows: int, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    rows = {
        "random": random.integers(0, 256, (n_rows, 24, 3), np.uint8),
        "zeros": np.zeros((n_rows, 5), np.int32),
        "floats": random.normal(size=(n_rows, 2, 2, 2)),
        "scalar": random.integers(-9, 9, n_rows, np.int16),
    }[kind]
    field = Field(str(rows.dtype), "any", dims=("a", "b", "c")[: rows.ndim - 1], shape=rows.shape[1:])
    layout = Layout.plan(Schema(field=field), n_rows)
    assert (layout.shard_rows, layout.chunk_rows) == (SHARD_ROWS, CHUNK_ROWS)
    assert encode(rows, layout.spans["field"] * SHARD_ROWS, CHUNK_ROWS) == _written_by_zarr(
        rows, field, layout, tmp_path
    )


def test_a_shard_cut_at_any_length_is_damage() -> None:
    case = small_case()
    data = case.encoded()
    for length in range(len(data)):
        with pytest.raises(DamageError, match="the shard is damaged"):
            case.reader(data[:length]).rows(len(case.rows))


def test_a_shard_that_lost_its_head_or_grew_is_damage() -> None:
    case = small_case()
    data = case.encoded()
    for wrong in (data[1:], b"\0" + data, data + b"\0", data + data, b""):
        with pytest.raises(DamageError, match="the shard is damaged"):
            case.reader(wrong).rows(len(case.rows))


def test_every_flipped_bit_is_damage() -> None:
    case = small_case()
    data = bytearray(case.encoded())
    for bit in range(8 * len(data)):
        data[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DamageError, match="the shard is damaged"):
            case.reader(bytes(data)).rows(len(case.rows))
        data[bit // 8] ^= 1 << bit % 8


@given(cases(min_rows=1), st.data())
@settings(max_examples=200)
def test_a_run_of_overwritten_bytes_is_damage_or_changes_nothing(case: Case, data: st.DataObject) -> None:
    whole = case.encoded()
    start = data.draw(st.integers(0, len(whole) - 1))
    junk = data.draw(st.binary(min_size=1, max_size=30))
    wrong = whole[:start] + junk[: len(whole) - start] + whole[start + len(junk) :]
    if wrong == whole:
        return
    with pytest.raises(DamageError, match="the shard is damaged"):
        case.reader(wrong).rows(len(case.rows))


def test_rows_that_a_shard_does_not_hold_are_damage() -> None:
    case = small_case()
    with pytest.raises(DamageError, match="the shard is damaged"):
        case.reader(case.encoded()).rows(13)


@pytest.mark.parametrize("other", [np.zeros((10, 2), np.int32), np.zeros((10, 3), np.int64), np.zeros(10, np.int8)])
def test_a_whole_shard_of_another_field_is_damage(other: Array) -> None:
    case = small_case()
    with pytest.raises(DamageError, match="the shard is damaged"):
        case.reader(encode(other, 16, 4)).rows(len(case.rows))
