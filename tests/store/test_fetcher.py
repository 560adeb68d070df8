"""Reading from far away: how many requests, of how many bytes, how many at once; and what a cache keeps."""

from __future__ import annotations

import os
import pickle
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from far import Far, files, use
from store_samples import CHUNK_ROWS, N_ROWS, SHARD_ROWS, toy_recipe

import simkit
import simkit.store.fetcher
from simkit.errors import DamageError, ParameterError, StoreError
from simkit.run import generate
from simkit.schema import Batch
from simkit.store import Store, verify
from simkit.store.copies import Copies

#: chunks of a shard, and of an object of `energy`, which are not merged
PER_SHARD = SHARD_ROWS // CHUNK_ROWS


@pytest.fixture
def far(finished: Path) -> Far:
    import simkit.store.foreign
    import simkit.store.writer  # noqa: F401 - what `use` changes

    return Far(files(finished))


@pytest.fixture
def address(far: Far, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(simkit.store.fetcher, "_SMALL_BYTES", 200)  # of the toy's fields is_odd and kind alone
    return use(far, monkeypatch)


def of(far: Far, name: str) -> list[tuple[int | None, int | None]]:
    """Return the reads of a field's objects."""
    return [(start, stop) for key, start, stop in far.reads if key.startswith(f"{name}/")]


def test_to_open_what_is_finished_takes_one_request(far: Far, address: str) -> None:
    simkit.open(address)
    assert far.calls == {"read": 1}


def test_a_row_takes_the_index_and_one_chunk(far: Far, address: str, rows: Batch) -> None:
    column = simkit.open(address)["energy"]
    far.clear()
    assert np.array_equal(column[SHARD_ROWS + 3], rows["energy"][SHARD_ROWS + 3], equal_nan=True)
    (index, _), (start, stop) = of(far, "energy")
    assert (index, far.calls) == (-(16 * PER_SHARD + 4), {"read": 2})
    assert 0 <= start < stop < len(far.objects["energy/c.1.0"])
    far.clear()
    np.testing.assert_array_equal(column[SHARD_ROWS : SHARD_ROWS + 5], rows["energy"][SHARD_ROWS : SHARD_ROWS + 5])
    assert far.reads == []  # it is the chunk that was read last
    assert np.array_equal(column[SHARD_ROWS + CHUNK_ROWS], rows["energy"][SHARD_ROWS + CHUNK_ROWS], equal_nan=True)
    assert far.calls == {"read": 1}  # the index is kept


def test_what_is_small_is_read_as_a_whole(far: Far, address: str, rows: Batch) -> None:
    column = simkit.open(address)["is_odd"]
    far.clear()
    for row in (0, CHUNK_ROWS, 3 * CHUNK_ROWS):
        assert column[row] == rows["is_odd"][row]
    assert of(far, "is_odd") == [(None, None)]


def test_objects_of_which_all_is_wanted_are_read_by_one_request_each(far: Far, address: str, rows: Batch) -> None:
    store = simkit.open(address)
    far.clear()
    for name in store:
        np.testing.assert_array_equal(store[name][:], rows[name])
    keys = [key for key in far.objects if "/c." in key and not key.startswith("ledger/")]
    assert Counter(key for key, _, _ in far.reads) == Counter(keys)
    assert far.n_bytes == sum(len(far.objects[key]) for key in keys)


def test_neighbours_are_read_at_once_and_what_lies_far_apart_is_not(far: Far, address: str, monkeypatch) -> None:
    monkeypatch.setattr(simkit.store.shard, "_GAP", 0)
    column = simkit.open(address)["energy"]
    column[0]
    far.clear()
    column[[CHUNK_ROWS, 2 * CHUNK_ROWS]]
    assert len(far.reads) == 1
    far.clear()
    column = simkit.open(address)["energy"]
    far.clear()
    index = 16 * PER_SHARD + 4
    column[[0]]
    column[[CHUNK_ROWS, 3 * CHUNK_ROWS]]
    assert len(far.reads) == 1 + 1 + 2
    lengths = [stop - start for start, stop in of(far, "energy") if stop is not None]
    assert far.n_bytes == sum(lengths) + index


def test_latencies_do_not_add_up(far: Far, address: str, rows: Batch) -> None:
    """Each of these reads waits until as many are under way as there are objects."""
    column = simkit.open(address)["energy"]
    meeting = threading.Barrier(3, timeout=60)
    far.answer = lambda key, data: data if meeting.wait() >= 0 else b""
    np.testing.assert_array_equal(column[:], rows["energy"])
    assert far.n_most == 3


def test_what_is_ahead_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows are asked for, no more than two for each request that a place takes at once are on the way."""
    generate(toy_recipe(60 * SHARD_ROWS), tmp_path / "x.zarr")
    far = Far(files(tmp_path / "x.zarr"))
    store = simkit.open(use(far, monkeypatch))
    pieces = simkit.store.Column(store.fetcher(), "energy").pieces(range(store.n_rows), SHARD_ROWS)
    far.clear()
    next(pieces)
    pieces.close()
    assert len({key for key, _, _ in far.reads}) <= 2 * far.n_at_once + 1


def test_fields_are_fetched_ahead_side_by_side(far: Far, address: str, rows: Batch) -> None:
    store = simkit.open(address)
    far.clear()
    found = list(store.batches("energy", "kind", rows=range(5, N_ROWS)))
    for name in ("energy", "kind"):
        np.testing.assert_array_equal(np.concatenate([batch[name] for batch in found]), rows[name][5:])
    assert len(far.reads) == len({key for key, _, _ in far.reads})


def test_a_damaged_chunk_is_asked_for_again_and_then_told_in_one_line(far: Far, address: str, rows: Batch) -> None:
    key = "energy/c.1.0"
    column = simkit.open(address)["energy"]
    faults = iter([True])
    far.answer = lambda key_, data: data[:-1] + b"x" if key_ == key and next(faults, False) else data
    np.testing.assert_array_equal(column[:], rows["energy"])
    column, faults = simkit.open(address)["energy"], iter([False, True])  # the index, and a single chunk
    np.testing.assert_array_equal(column[SHARD_ROWS], rows["energy"][SHARD_ROWS])
    assert next(faults, None) is None
    whole = far.objects[key]
    far.objects[key] = b"x" * 40 + whole[40:]
    column = simkit.open(address)["energy"]
    with pytest.raises(DamageError, match=r"^far://x.zarr/energy/c.1.0 .* chunk 0 fails its checksum$"):
        column[:]
    np.testing.assert_array_equal(column[SHARD_ROWS + CHUNK_ROWS :], rows["energy"][SHARD_ROWS + CHUNK_ROWS :])
    far.objects[key] = whole[:-9]
    with pytest.raises(DamageError, match="its index is torn"):
        simkit.open(address)["energy"][SHARD_ROWS]
    del far.objects[key]
    with pytest.raises(DamageError, match="far://x.zarr/energy/c.1.0 is missing"):
        simkit.open(address)["energy"][:]


def test_an_object_that_was_written_anew_meanwhile_is_read_as_it_is_now(far: Far, address: str, tmp_path) -> None:
    """The last shard of a data set that was extended: its chunks lie elsewhere than the index said that was read."""
    column = simkit.open(address)["energy"]
    column[2 * SHARD_ROWS]
    generate(toy_recipe(N_ROWS + 40), tmp_path / "x.zarr")
    key = "energy/c.2.0"
    new = files(tmp_path / "x.zarr")[key]
    assert new != far.objects[key]
    far.objects[key] = new
    expected = simkit.open(tmp_path / "x.zarr")["energy"][N_ROWS - 1]
    np.testing.assert_array_equal(column[N_ROWS - 1], expected)


def test_what_is_not_finished_is_read_where_it_is_done_and_not_kept(tmp_path, monkeypatch, rows: Batch) -> None:
    path = tmp_path / "x.zarr"
    generate(toy_recipe(), path)
    simkit.store.forget(path, [1])
    far = Far(files(path))
    store = simkit.open(use(far, monkeypatch))
    for name in ("energy", "kind"):
        np.testing.assert_array_equal(store[name][:SHARD_ROWS], rows[name][:SHARD_ROWS])
        with pytest.raises(StoreError, match="rows 64 to 127 of far://x.zarr are not generated yet"):
            store[name][:]
    with pytest.raises(ParameterError, match="cache= is for data sets that are finished; of far://x.zarr 64 rows"):
        simkit.open("far://x.zarr", cache=tmp_path / "cache")


# --- the cache -----------------------------------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def read_all(store: Store, rows: Batch) -> None:
    for name in store:
        np.testing.assert_array_equal(store[name][:], rows[name])
        np.testing.assert_array_equal(store[name][[70, 3, 100]], rows[name][[70, 3, 100]])


def copies(cache: Path) -> list[Path]:
    return sorted(path for path in cache.rglob("c.*") if path.is_file())


def test_what_was_read_is_not_fetched_again(far: Far, address: str, cache: Path, rows: Batch) -> None:
    read_all(simkit.open(address, cache=cache), rows)
    far.clear()
    store = simkit.open(address, cache=cache)
    read_all(store, rows)
    read_all(pickle.loads(pickle.dumps(store)), rows)
    assert [key for key, _, _ in far.reads] == ["zarr.json"]


def test_of_an_object_only_what_was_read_is_kept(far: Far, address: str, cache: Path, rows: Batch) -> None:
    simkit.open(address, cache=cache)["energy"][SHARD_ROWS]
    (copy,) = copies(cache)
    data = copy.read_bytes()
    whole = far.objects["energy/c.1.0"]
    assert len(data) == len(whole)
    assert data != whole
    assert sum(a != b for a, b in zip(data, whole, strict=True)) <= len(whole)
    far.clear()
    store = simkit.open(address, cache=cache)
    store["energy"][SHARD_ROWS]
    assert of(far, "energy") == []
    np.testing.assert_array_equal(
        store["energy"][SHARD_ROWS : 2 * SHARD_ROWS], rows["energy"][SHARD_ROWS:][:SHARD_ROWS]
    )
    assert copy.read_bytes() == whole


def test_wrong_and_torn_copies_are_fetched_again(far: Far, address: str, cache: Path, rows: Batch) -> None:
    def torn(data: bytes) -> bytes:
        return data[: len(data) // 2] + b"\0" * (len(data) - len(data) // 2)

    def flipped(data: bytes) -> bytes:
        return bytes(byte ^ 1 for byte in data)

    for spoil in (torn, flipped, lambda data: data[:-1], lambda data: data + b"x", lambda _: b""):
        read_all(simkit.open(address, cache=cache), rows)
        found = copies(cache)
        assert len(found) == len([key for key in far.objects if "/c." in key and "ledger" not in key])
        for copy in found:
            copy.write_bytes(spoil(copy.read_bytes()))
        far.clear()
        read_all(simkit.open(address, cache=cache), rows)
        assert {key for key, _, _ in far.reads} >= {"energy/c.0.0", "board/c.1.0.0", "zarr.json"}
    far.clear()
    read_all(simkit.open(address, cache=cache), rows)
    assert [key for key, _, _ in far.reads] == ["zarr.json"]


def test_what_is_at_the_address_now_is_read_and_not_what_was(far: Far, address: str, cache: Path, tmp_path) -> None:
    """Extended, and generated anew from another seed."""
    rows = {n: simkit.open(address, cache=cache)[n][:] for n in ("energy", "kind")}
    for recipe in (toy_recipe(N_ROWS + 40), toy_recipe(N_ROWS, seed=9)):
        path = tmp_path / f"{recipe.n}.zarr"
        far.objects = files(generate(recipe, path).path)
        store, here = simkit.open(address, cache=cache), simkit.open(path)
        for name in rows:
            np.testing.assert_array_equal(store[name][:], here[name][:])
            assert not np.array_equal(store[name][:], rows[name])


def test_an_index_that_is_kept_and_no_longer_fits_is_fetched_again(far, address, cache: Path, rows: Batch) -> None:
    """The same rows, encoded by another version of zstd: chunks lie elsewhere, and the digest is the same."""
    simkit.open(address, cache=cache)["energy"][SHARD_ROWS]
    key, here = "energy/c.1.0", rows["energy"][SHARD_ROWS : 2 * SHARD_ROWS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simkit.store.shard, "ZSTD_LEVEL", 19)
        far.objects[key] = simkit.store.shard.encode(here, SHARD_ROWS, CHUNK_ROWS)
    assert far.objects[key] != simkit.store.shard.encode(here, SHARD_ROWS, CHUNK_ROWS)
    found = simkit.open(address, cache=cache)["energy"][SHARD_ROWS + CHUNK_ROWS : 2 * SHARD_ROWS]
    np.testing.assert_array_equal(found, here[CHUNK_ROWS:])


def test_verify_reads_what_is_there_and_no_copy(far: Far, address: str, cache: Path, rows: Batch) -> None:
    store = simkit.open(address, cache=cache)
    read_all(store, rows)
    far.objects["energy/c.1.0"] = b"x" * 40 + far.objects["energy/c.1.0"][40:]
    read_all(simkit.open(address, cache=cache), rows)
    assert len(verify(store, full=True)) == 1


def test_a_cache_has_a_size(far: Far, address: str, cache: Path, rows: Batch, monkeypatch) -> None:
    monkeypatch.setattr(simkit.store.copies, "_PATIENCE", 0)
    block = 4096  # what a file takes of the disk at least
    for n_blocks in (0, 1, 3, 6):
        read_all(simkit.open(address, cache=cache, cache_bytes=n_blocks * block), rows)
        taken = sum(512 * path.stat().st_blocks for path in copies(cache))
        assert taken <= (n_blocks + 1) * block
        assert bool(taken) == bool(n_blocks)


def test_what_was_not_used_for_longest_goes_and_what_is_in_use_stays(
    far: Far, address, cache, rows, monkeypatch
) -> None:
    monkeypatch.setattr(simkit.store.copies, "_PATIENCE", 0)
    old = cache / ("0" * 64) / "energy"
    old.mkdir(parents=True)
    (cache / "letter").write_text("not a copy")
    for i in range(3):
        (old / f"c.{i}.0").write_bytes(b"x" * 4096)
        os.utime(old / f"c.{i}.0", (i, i))
    read_all(simkit.open(address, cache=cache, cache_bytes=5 * 4096), rows)
    left = copies(cache)
    assert old / "c.0.0" not in left  # of another data set, and older than all
    mine = [path for path in left if path.parts[-3] != "0" * 64]
    assert mine
    assert (cache / "letter").read_text() == "not a copy"
    far.clear()
    read_all(simkit.open(address, cache=cache, cache_bytes=5 * 4096), rows)
    fetched = {key for key, _, _ in far.reads}
    assert any("/".join(path.parts[-2:]) not in fetched for path in mine)


def test_a_full_disk_is_told_once_and_reading_goes_on(far, address, cache, rows: Batch, monkeypatch) -> None:
    def full(file: int, data: bytes, start: int) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    store = simkit.open(address, cache=cache)
    with pytest.warns(RuntimeWarning, match="no more copies are kept in .*cache: No space left on device") as told:
        read_all(store, rows)
    assert len(told) == 1


def test_a_cache_that_cannot_be_is_told_in_one_line(far: Far, address: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot keep copies in .*file: .*; choose another cache="):
        simkit.open(address, cache=tmp_path / "file")
    with pytest.raises(ParameterError, match="cache_bytes is a whole number from 0"):
        simkit.open(address, cache=tmp_path / "cache", cache_bytes=-1)


def test_a_copy_is_not_followed_out_of_the_cache(far: Far, address, cache: Path, rows: Batch, tmp_path: Path) -> None:
    store = simkit.open(address, cache=cache)
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    for key in ("energy/c.0.0", "energy/c.1.0", "energy/c.2.0"):
        path = cache / store.identity() / key
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(victim)
    with pytest.warns(RuntimeWarning, match="no more copies are kept"):
        np.testing.assert_array_equal(store["energy"][:], rows["energy"])
    assert victim.read_bytes() == b"mine"


def test_writers_of_the_same_copy_do_not_disturb_each_other(far: Far, address, cache: Path, rows: Batch) -> None:
    stores = [simkit.open(address, cache=cache) for _ in range(4)]
    failed: list[BaseException] = []

    def read(store: Store) -> None:
        try:
            read_all(store, rows)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=read, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    far.clear()
    read_all(simkit.open(address, cache=cache), rows)
    assert [key for key, _, _ in far.reads] == ["zarr.json"]


def test_a_folder_may_be_read_by_way_of_a_cache(finished: Path, cache: Path, rows: Batch) -> None:
    """Such as one on a network's disk."""
    read_all(simkit.open(finished, cache=cache), rows)
    store = simkit.open(finished, cache=cache)
    store.place.open = None  # type: ignore[assignment, method-assign]
    assert isinstance(store.copies, Copies)
    assert copies(cache)
