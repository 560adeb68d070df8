"""Damage is told by data set, field and chunk, or skipped and counted."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from learn_samples import N_ROWS, loader, rows_of

import simkit
from simkit.errors import DamageError
from simkit.learn import batches, stream

#: the chunk of 16 rows that is damaged: rows 80 to 95, the second of the second shard
DAMAGED = set(range(80, 96))


@pytest.fixture
def damaged(ash: Path, tmp_path: Path) -> Path:
    path = tmp_path / "ash.zarr"
    shutil.copytree(ash, path)
    shard = path / "ash" / "c.1.0.0"
    data = bytearray(shard.read_bytes())
    index = np.frombuffer(data[-(16 * 4 + 4) : -4], "<u8").reshape(4, 2)
    data[int(index[1, 0]) + 20] ^= 4
    shard.write_bytes(data)
    return path


@pytest.mark.parametrize("n_threads", [0, 1, 3])
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_damaged_chunk_is_named(damaged, shuffle, n_threads):
    made = batches(damaged, fields=("ash", "row"), batch_size=10, shuffle=shuffle, n_threads=n_threads)
    with pytest.raises(DamageError, match=r"ash.zarr/ash/c.1.0.0 \(field 'ash', shard 1\) is damaged: chunk 1 fails"):
        rows_of(made)
    assert rows_of(batches(damaged, fields=("rule", "row"))) == list(range(N_ROWS))  # other fields are whole


def test_a_worker_names_it_too(damaged):
    with pytest.raises(DamageError, match="chunk 1 fails its checksum"):
        rows_of(loader(stream(damaged, fields=("ash", "row")), 2))


@pytest.mark.parametrize("batch_size", [7, 16, 230])
@pytest.mark.parametrize("n_threads", [0, 2])
@pytest.mark.parametrize("shuffle", [False, True])
def test_damage_is_skipped_and_counted_where_that_is_asked_for(damaged, shuffle, n_threads, batch_size):
    made = batches(
        damaged,
        fields=("ash", "rule", "row"),
        batch_size=batch_size,
        shuffle=shuffle,
        n_threads=n_threads,
        skip_damaged=True,
    )
    with pytest.warns(RuntimeWarning, match=r"16 rows are left out: .*\(field 'ash', shard 1\) is damaged: chunk 1"):
        rows = rows_of(made)
    assert sorted(rows) == sorted(set(range(N_ROWS)) - DAMAGED)
    assert made.stream.n_skipped == 16
    assert all(len(tensor) for batch in _quietly(made) for tensor in batch.values())


def _quietly(made):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from made


def test_a_shard_that_was_swapped_with_another_field_s_is_damage(ash, tmp_path):
    """Its checksums are right, its rows are of another size."""
    path = tmp_path / "ash.zarr"
    shutil.copytree(ash, path)
    shutil.copy(path / "ash" / "c.0.0.0", path / "settle" / "c.0")
    with pytest.raises(DamageError, match="settle/c.0 .* chunk 0 (holds something else|fails its checksum)"):
        rows_of(batches(path, fields=("settle", "row")))
    shutil.copy(path / "settle" / "c.1", path / "ash" / "c.1.0.0")
    with pytest.raises(DamageError, match="ash/c.1.0.0 .* chunk 0 holds something else .64 bytes instead of 1,152"):
        rows_of(batches(path, fields=("ash", "row")))


@pytest.mark.parametrize("n_left", [0, 3, 60, 200])
def test_a_truncated_shard_is_damage(ash, tmp_path, n_left):
    path = tmp_path / "ash.zarr"
    shutil.copytree(ash, path)
    shard = path / "ash" / "c.1.0.0"
    shard.write_bytes(shard.read_bytes()[:n_left])
    with pytest.raises(DamageError, match="c.1.0.0 .field 'ash', shard 1. is damaged: its index is torn"):
        rows_of(batches(path, fields=("ash", "row")))


def test_a_shard_that_is_gone_is_damage(ash, tmp_path):
    path = tmp_path / "ash.zarr"
    shutil.copytree(ash, path)
    (path / "ash" / "c.1.0.0").unlink()
    with pytest.raises(DamageError, match="c.1.0.0 is missing"):
        rows_of(batches(path, fields=("ash", "row")))


def test_a_store_that_changes_under_a_stream_is_read_as_it_was(ash, tmp_path):
    """A shard that is replaced whole, as extending a data set does, is not mixed with the old one."""
    path = tmp_path / "ash.zarr"
    shutil.copytree(ash, path)
    streamed = stream(path, fields=("ash", "row"), batch_size=16)
    first = streamed.batch(0, 0)
    shard = path / "ash" / "c.0.0.0"
    other = shard.with_name("other")
    other.write_bytes(b"something else")
    other.rename(shard)
    streamed.batch(0, 1)
    assert first["ash"].shape == (16, 2, 24, 24)
    assert len(simkit.open(path)["rule"][:]) == N_ROWS
