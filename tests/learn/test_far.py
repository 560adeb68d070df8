"""Streaming from far away: what a stream asks a server for, and what a cache saves."""

from __future__ import annotations

import itertools
import shutil
import threading
from collections import Counter
from pathlib import Path

import pytest
import torch
from far import Far, files, use
from learn_samples import CHUNK_ROWS, N_ROWS, loader, make, rows_of, source
from servers import CLOSE, CUT

import simkit
import simkit.store.fetcher
import simkit.store.foreign
import simkit.store.writer
from simkit.errors import DamageError, ParameterError
from simkit.learn import batches, stream
from simkit.learn.streaming.stream import Stream

OPTIONS = {"batch_size": 20, "seed": 3}


@pytest.fixture
def far(ash: Path) -> Far:
    return Far(files(ash))


@pytest.fixture
def address(far: Far, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(simkit.store.fetcher, "_SMALL_BYTES", 2 * 64)
    return use(far, monkeypatch)


@pytest.mark.parametrize("options", [{}, {"shuffle": True}, {"shuffle": True, "split": "validation"}])
@pytest.mark.parametrize("n_threads", [0, 2])
def test_what_is_streamed_is_as_on_disk_and_each_byte_is_fetched_once(far, address, ash, options, n_threads) -> None:
    made = batches(address, **OPTIONS, **options, n_threads=n_threads, window=3)
    far.clear()
    for one, other in zip(made, batches(ash, **OPTIONS, **options, window=3), strict=True):
        assert all(torch.equal(one[name], other[name]) for name in other)
    reads = Counter(far.reads)
    assert max(reads.values()) == 1  # no index and no chunk twice
    n_stored = sum(len(data) for key, data in far.objects.items() if "/c." in key and not key.startswith("ledger"))
    assert far.n_bytes <= n_stored
    assert far.calls == {"read": len(far.reads)}


def test_a_thread_that_is_late_finds_its_window_still_there(far, address, monkeypatch) -> None:
    """The first of two threads waits until the other has made all batches that may be made meanwhile."""
    others, make, lock = set(range(3, 12)), Stream.batch, threading.Lock()
    is_made = threading.Event()

    def late(self: Stream, epoch: int, index: int, consumed: int = 0) -> dict[str, torch.Tensor]:
        if index == 0:
            assert is_made.wait(60)
        batch = make(self, epoch, index, consumed)
        with lock:
            others.discard(index)
            if not others:
                is_made.set()
        return batch

    made = batches(address, **OPTIONS, shuffle=True, n_threads=2, window=3)
    far.clear()
    monkeypatch.setattr(Stream, "batch", late)
    list(made)
    assert max(Counter(far.reads).values()) == 1


def test_to_begin_takes_few_requests(far, address) -> None:
    next(iter(batches(address, fields=("rule",), shuffle=True, window=1, n_threads=0, **OPTIONS)))
    keys = [key for key, _, _ in list(far.reads)]  # a thread may still be reading ahead
    assert len(set(keys)) == len(keys) <= 3  # the root, and the small objects of two windows
    assert set(far.calls) == {"read"}


@pytest.mark.parametrize("shuffle", [False, True])
def test_the_chunks_of_a_window_and_of_the_next_are_under_way_at_once(far, address, shuffle: bool) -> None:
    """With each read held back until as many others are under way as the two windows have objects."""
    made = batches(address, fields=("ash",), shuffle=shuffle, window=8, n_threads=0, **OPTIONS)
    n_objects = len({key for key in far.objects if key.startswith("ash/c.")})
    assert (n_objects, -(-N_ROWS // CHUNK_ROWS)) == (4, 15)
    meeting = threading.Barrier(2, timeout=60)
    gate = iter(range(2))

    def answer(key: str, data: bytes) -> bytes:
        if next(gate, None) is not None:
            meeting.wait()
        return data

    far.answer = answer
    next(iter(made))
    assert far.n_most >= 2


def test_the_next_window_is_fetched_while_this_one_is_used(far, address) -> None:
    """Also where nothing is shuffled. A window is an object here, and that is one read."""
    n_asked = threading.Semaphore(0)

    def answer(key: str, data: bytes) -> bytes:
        n_asked.release()
        return data

    made = batches(address, fields=("ash",), window=4, n_threads=0, **OPTIONS)
    far.answer = answer
    next(iter(made))
    for _ in range(2):
        assert n_asked.acquire(timeout=60)


def test_a_filter_reads_each_object_of_its_field_once(far, address, ash) -> None:
    made = batches(address, where={"rule": "B3/S23"}, fields=("row",), **OPTIONS)
    assert rows_of(made) == rows_of(batches(ash, where={"rule": "B3/S23"}, fields=("row",), **OPTIONS))
    reads = [key for key, _, _ in far.reads]
    assert sorted(reads) == sorted(["zarr.json", *(key for key in far.objects if key.startswith("rule/c."))])


def test_a_second_epoch_and_a_second_process_fetch_nothing_that_is_kept(far, address, ash, tmp_path) -> None:
    options = {**OPTIONS, "shuffle": True, "cache": tmp_path / "cache"}
    made = batches(address, **options)
    first = rows_of(batches(ash, fields=("row",), shuffle=True, **OPTIONS))
    list(made)
    far.clear()
    list(made)
    assert far.reads == []
    assert rows_of(batches(address, fields=("row", "ash"), **options)) == first
    assert [key for key, _, _ in far.reads] == ["zarr.json"]


def test_workers_share_a_cache(far, address, ash, tmp_path) -> None:
    options = {"fields": ("ash", "row"), "shuffle": True, "batch_size": 20}
    found = list(loader(stream(address, cache=tmp_path / "cache", **options), 2))
    for one, other in zip(found, stream(ash, **options), strict=True):
        assert torch.equal(one["ash"], other["ash"])
    far.clear()
    list(stream(address, cache=tmp_path / "cache", **options))
    assert [key for key, _, _ in far.reads] == ["zarr.json"]


def test_damage_is_told_or_left_out_and_costs_no_other_rows(far, address) -> None:
    key = "ash/c.1.0.0"
    far.objects[key] = b"x" * 20 + far.objects[key][20:]
    with pytest.raises(DamageError, match=r"^far://x.zarr/ash/c.1.0.0 .*chunk 0 fails its checksum"):
        list(batches(address, shuffle=True, **OPTIONS))
    with pytest.warns(RuntimeWarning, match="16 rows are left out: far://"):
        rows = rows_of(batches(address, fields=("ash", "row"), skip_damaged=True, **OPTIONS))
    assert rows == [row for row in range(N_ROWS) if not 64 <= row < 64 + CHUNK_ROWS]


def test_a_loop_that_was_left_does_not_hold_up_the_next(far, address, ash) -> None:
    made = batches(address, fields=("ash", "row"), shuffle=True, window=2, **OPTIONS)
    for _ in range(4):
        next(iter(made))
    made.set_epoch(0)
    assert rows_of(made) == rows_of(batches(ash, fields=("row",), shuffle=True, window=2, **OPTIONS))


def test_a_cache_is_for_what_is_read(address, tmp_path, ash) -> None:
    with pytest.raises(ParameterError, match="cache= goes with a path or an address"):
        batches(source(), n=100, cache=tmp_path / "cache")
    with pytest.raises(ParameterError, match="give that of an opened data set to simkit.open"):
        batches(simkit.open(ash), cache=tmp_path / "cache")


def test_an_extended_data_set_is_read_as_it_is_now(far, address, small_shards, tmp_path) -> None:
    options = {"fields": ("row", "settle"), "cache": tmp_path / "cache", **OPTIONS}
    list(batches(address, **options))
    far.objects = files(make(tmp_path / "longer.zarr", N_ROWS + 30))
    here = list(batches(tmp_path / "longer.zarr", fields=("row", "settle"), **OPTIONS))
    for one, other in zip(batches(address, **options), here, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in other)


@pytest.mark.slow
def test_a_real_server_that_stumbles_is_streamed_from_as_a_disk_is(rclone, proxy, ash, tmp_path) -> None:
    """Every fifth answer is 503, cut in its middle, or none at all; and what was kept is not asked for again."""
    shutil.copytree(ash, rclone.server.root / rclone.name / "x.zarr")
    address = f"{rclone.address}/x.zarr"
    numbers, faults = itertools.count(), itertools.cycle([503, CUT, CLOSE])
    proxy.fault = lambda method, path: next(faults) if next(numbers) % 5 == 4 else None
    options = {"shuffle": True, "window": 3, **OPTIONS}
    made = batches(address, cache=tmp_path / "cache", n_threads=2, **options)
    n_requests = []
    for _ in range(2):
        made.set_epoch(0)
        for one, other in zip(made, batches(ash, **options), strict=True):
            assert all(torch.equal(one[name], other[name]) for name in other)
        n_requests.append(proxy.requests.total())
    assert n_requests[0] == n_requests[1] > 5
    rclone.server.kill()
    assert len(rows_of(batches(ash, fields=("row",)))) == sum(len(batch["rule"]) for batch in made)
