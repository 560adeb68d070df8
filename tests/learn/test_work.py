"""What a stream does for its batches: calls of sources, chunks read, bytes kept. Counted, not timed."""

from __future__ import annotations

import tracemalloc
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest
import torch
from learn_samples import Many, Same, rows_of

import simkit.learn.streaming.tables
from simkit.backends import Kernels
from simkit.learn import batches, stream
from simkit.schema import Array, Batch
from simkit.store.chunks import StoreChunks


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[range]:
    """The rows of each call of the source `Same`."""
    calls: list[range] = []
    rows = Same.rows

    def counted(self: Same, seed: int, wanted: range, on: Kernels) -> Batch:
        calls.append(wanted)
        return rows(self, seed, wanted, on)

    monkeypatch.setattr(Same, "rows", counted)
    return calls


@pytest.mark.parametrize("n_threads", [0, 3])
@pytest.mark.parametrize(("shuffle", "batch_size"), [(True, 64), (True, 7), (False, 7)])
def test_a_live_source_is_asked_for_each_row_once_and_for_many_at_a_time(made, shuffle, batch_size, n_threads):
    rows = rows_of(
        batches(Same(), n=4050, fields=("board", "row"), shuffle=shuffle, batch_size=batch_size, n_threads=n_threads)
    )
    assert sorted(rows) == list(range(4050))
    assert sorted((call.start, len(call)) for call in made) == [(row, 100) for row in range(0, 4000, 100)] + [
        (4000, 50)
    ]


@pytest.mark.parametrize(("shuffle", "split"), [(True, None), (False, None), (True, "train"), (False, "train")])
def test_a_source_that_likes_many_rows_at_a_time_is_called_seldom(made, shuffle, split, monkeypatch):
    monkeypatch.setattr(Same, "block_rows", 4096)
    rows = rows_of(batches(Same(), n=8000, fields=("board", "row"), shuffle=shuffle, split=split, n_threads=0))
    assert len(set(rows)) == len(rows) == (8000 if split is None else 6400)
    assert len(made) == 10
    assert sum(map(len, made)) <= 8000


def test_a_chunk_of_a_live_source_is_of_few_bytes(made, monkeypatch):
    """Boards of 32 KiB, of which a hundred are much already."""
    monkeypatch.setattr(Same, "block_rows", 4096)
    next(iter(batches(Same(("01" * 256,) * 512), n=1000, shuffle=True, batch_size=1, n_threads=0)))
    assert max(map(len, made)) == 100


def test_of_a_live_source_s_split_few_other_rows_are_made(made):
    for split, most_made, most_calls in (("train", 1.0, 2 * 41), ("validation", 0.2, 8 * 41)):
        made.clear()
        rows = rows_of(batches(Same(), n=4050, fields=("board", "row"), shuffle=True, split=split))
        assert sum(map(len, made)) <= most_made * 4050
        assert len(made) <= min(most_calls, len(rows))


def test_where_a_row_is_a_long_run_only_rows_that_are_wanted_are_made(made, monkeypatch):
    monkeypatch.setattr(Same, "block_rows", 1)
    for shuffle in (True, False):
        made.clear()
        loop = iter(batches(Same(), n=10_000, shuffle=shuffle, split="train", batch_size=8, n_threads=0))
        for n_batches in (1, 2):
            rows = next(loop)["board"]
            assert len(rows) == 8
            assert sum(map(len, made)) == 8 * n_batches


def test_the_next_window_is_made_bit_by_bit(made):
    """So that a loop waits for the whole of a window only once."""
    loop = iter(batches(Same(), n=16_000, shuffle=True, batch_size=100, n_threads=0))
    n_calls = []
    for _ in range(40):
        next(loop)
        n_calls.append(len(made))
    assert n_calls[0] <= 16 + 1
    assert max(np.diff(n_calls)) <= 1


@pytest.mark.parametrize("options", [{}, {"shuffle": True}, {"shuffle": True, "split": "train"}, {"split": "test"}])
def test_the_first_batch_of_a_live_source_takes_no_more_memory_however_many_rows(options):
    assert (
        _peak(lambda: _first(Same(), n=2**40, **options)) < _peak(lambda: _first(Same(), n=10_000, **options)) + 2**18
    )


@pytest.mark.parametrize("options", [{}, {"shuffle": True}])
def test_nothing_is_kept_of_each_row(options, monkeypatch):
    monkeypatch.setattr(simkit.learn.streaming.tables, "open_chunks", Many)
    few, many = (_peak(lambda n=n: _first(str(n), **options)) for n in (10**5, 10**9))
    assert many < few + 2**18


def test_a_split_keeps_four_bytes_a_chunk_and_a_filter_a_bit_a_row(monkeypatch):
    monkeypatch.setattr(simkit.learn.streaming.tables, "open_chunks", Many)
    n = 4 * 10**6
    options = {"shuffle": True, "split": "train"}
    few = _peak(lambda: _first(str(n // 10), **options))
    assert _peak(lambda: _first(str(n), **options)) < few + 16 * n / 512
    options["where"] = {"digit": [3, 4]}
    few = _peak(lambda: _first(str(n // 10), **options))
    assert _peak(lambda: _first(str(n), **options)) < few + 3 * n / 8 + 16 * n / 512


def test_what_a_worker_is_sent_does_not_grow(monkeypatch):
    monkeypatch.setattr(simkit.learn.streaming.tables, "open_chunks", Many)
    for options in ({"shuffle": True}, {"split": "train"}, {"where": {"digit": lambda digits: digits > 4}}):
        sizes = []
        for n in (10**4, 10**6):
            streamed = stream(str(n), **options)
            if "where" in options:  # workers that are not forked are handed the bits as shared memory
                assert 8 * streamed._windows.selection._chosen.nbytes == n
            streamed.batch(0, 0)
            sizes.append(len(ForkingPickler.dumps(streamed)))
        assert sizes[1] < sizes[0] + 100
        assert sizes[1] < 5_000


def test_rows_of_a_sparse_split_are_decoded_once_and_kept(ash, monkeypatch):
    calls: list[int] = []
    read = StoreChunks.read

    def counted(self: StoreChunks, name: str, chunk: int, out: Array) -> None:
        calls.append(chunk)
        read(self, name, chunk, out)

    monkeypatch.setattr(StoreChunks, "read", counted)
    options = {"split": "validation", "batch_size": 8}
    loop, wanted = batches(ash, **options), [batch["ash"] for batch in batches(ash, **options)]
    for n_reads in (True, False):
        calls.clear()
        assert all(torch.equal(batch["ash"], one) for batch, one in zip(loop, wanted, strict=True))
        assert bool(calls) == n_reads
    monkeypatch.setattr(simkit.learn.streaming.tables, "_KEPT_BYTES", 0)
    loop = batches(ash, **options)
    for _ in range(2):
        calls.clear()
        assert all(torch.equal(batch["ash"], one) for batch, one in zip(loop, wanted, strict=True))
        assert calls


def _first(data, **options) -> None:
    next(iter(batches(data, n_threads=0, batch_size=16, **options)))


def _peak(work) -> int:
    """Return the most bytes that were held at once, of a second run: what is compiled or cached is so then."""
    work()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
