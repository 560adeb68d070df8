"""Real processes: killed at any moment, several at once, with any split of the work."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from store_samples import N_ROWS, SHARD_ROWS, shard_faults, toy_recipe, tree

import simkit
from simkit.errors import StoreError
from simkit.run import Share, generate

Start = Callable[..., subprocess.Popen[str]]
Trees = Callable[..., dict[str, bytes | None]]


def finish(process: subprocess.Popen[str]) -> None:
    """Wait until a process ends, as it should, without a word."""
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")


def n_entries(out: Path) -> int:
    return len(list(out.glob("ledger/c.*.0.0")))


def kill_at_random(out: Path, n: int, n_kills: int, seed: int, start: Start) -> int:
    """Start and SIGKILL so many processes, each after it made some progress; return how many were hit alive."""
    moments, n_hit = random.Random(seed), 0
    for _ in range(n_kills):
        process = start(out, n)
        wanted = n_entries(out) + moments.randrange(3)
        while n_entries(out) < wanted and process.poll() is None:
            time.sleep(0.001)
        while not out.exists() and process.poll() is None:
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.03))
        process.send_signal(signal.SIGKILL)
        n_hit += process.wait() == -signal.SIGKILL
        if (out / "zarr.json").exists():
            assert shard_faults(out) == []
    return n_hit


def check_killed(out: Path, n: int, n_kills: int, seed: int, start: Start, whole: dict[str, bytes | None]) -> None:
    n_hit = kill_at_random(out, n, n_kills, seed, start)
    assert n_hit > 0  # where this process has to wait for its turn, others may be at their end before they are killed
    finish(start(out, n))
    assert tree(out) == whole
    assert not list(out.rglob("*.part"))


@pytest.mark.slow
def test_killed_very_often(out: Path, start: Start, uninterrupted: Trees) -> None:
    n = 50 * SHARD_ROWS + 5
    check_killed(out, n, n_kills=20, seed=1, start=start, whole=uninterrupted(n))


@pytest.mark.slow
def test_workers_killed_very_often(out: Path, start: Start, uninterrupted: Trees) -> None:
    n = 40 * SHARD_ROWS + 5
    moments = random.Random(7)
    for _ in range(6):
        both = [start(out, n, 2, worker) for worker in range(2)]
        time.sleep(moments.uniform(0.4, 1.2))
        for process in both:
            process.kill()
            process.wait()
    for worker in range(2):
        finish(start(out, n, 2, worker))
    assert tree(out) == uninterrupted(n)


@pytest.fixture
def holder(out: Path, tmp_path: Path, start: Start) -> Callable[..., Callable[[], None]]:
    """Start a process that has the data set and waits; returns what lets it go on and waits for its end."""

    def hold(*share: int) -> Callable[[], None]:
        go = tmp_path / "go"
        process = start(out, N_ROWS, *share, "--hold", go)
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"

        def release() -> None:
            go.touch()
            finish(process)

        return release

    return hold


def test_a_second_process_is_told_that_there_is_a_first(
    out: Path, start: Start, holder: Callable[..., Callable[[], None]], uninterrupted: Trees
) -> None:
    release = holder()
    second = start(out, N_ROWS)
    _, errors = second.communicate(timeout=60)
    assert second.returncode == 1
    assert len(errors.splitlines()) == 1
    assert "x.zarr is being written by another process" in errors
    assert "--workers N --worker I" in errors
    release()
    finish(start(out, N_ROWS))
    assert tree(out) == uninterrupted()


def test_one_that_does_not_share_is_told_that_others_do(
    out: Path, holder: Callable[..., Callable[[], None]], uninterrupted: Trees
) -> None:
    release = holder(2, 0)
    with pytest.raises(StoreError, match="is being written by another process"):
        generate(toy_recipe(), out)
    generate(toy_recipe(), out, share=Share(2, 1))
    release()
    assert tree(out) == uninterrupted()


def test_one_that_shares_is_told_that_another_does_not(out: Path, holder: Callable[..., Callable[[], None]]) -> None:
    release = holder()
    with pytest.raises(StoreError, match="is being written by another process"):
        generate(toy_recipe(), out, share=Share(2, 1))
    release()


def test_a_data_set_can_be_read_while_it_is_written(
    out: Path, holder: Callable[..., Callable[[], None]], uninterrupted: Trees
) -> None:
    release = holder()
    store = simkit.open(out)
    assert store.n_rows_done == 0
    with pytest.raises(StoreError, match="not generated yet"):
        store["charge"][0]
    release()
    assert store.n_rows_done == N_ROWS
    assert store["charge"][:].size == N_ROWS
    assert tree(out) == uninterrupted()


def test_a_process_that_was_killed_holds_nothing_any_more(out: Path, start: Start, tmp_path: Path) -> None:
    process = start(out, N_ROWS, "--hold", tmp_path / "never")
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.wait()
    assert generate(toy_recipe(), out).n_rows_done == N_ROWS


SPLITS = {
    "two workers": [(2, 0), (2, 1)],
    "two splits": [(2, 0), (3, 0), (2, 1), (3, 1), (3, 2)],
    "the same share twice": [(2, 0), (2, 0), (2, 1)],
}


@pytest.mark.parametrize(
    "shares",
    [
        pytest.param(shares, id=name, marks=[pytest.mark.slow] * (name == "two splits"))
        for name, shares in SPLITS.items()
    ],
)
def test_several_processes_at_once(
    shares: list[tuple[int, int]], out: Path, start: Start, uninterrupted: Trees
) -> None:
    n = 20 * SHARD_ROWS + 5
    for process in [start(out, n, *share) for share in shares]:
        finish(process)
    assert tree(out) == uninterrupted(n)


def test_workers_one_after_the_other(out: Path, uninterrupted: Trees) -> None:
    n = 4 * SHARD_ROWS + 5
    for worker in (2, 0, 1):
        generate(toy_recipe(n), out, share=Share(3, worker))
        assert simkit.open(out).n_rows_done < n or worker == 1
    assert tree(out) == uninterrupted(n)


def test_a_worker_does_its_share_and_no_more(out: Path) -> None:
    generate(toy_recipe(5 * SHARD_ROWS), out, share=Share(3, 1))
    assert list(simkit.open(out).done()) == [1, 4]


def test_more_workers_than_shards(out: Path, uninterrupted: Trees) -> None:
    for worker in range(5):
        generate(toy_recipe(), out, share=Share(5, worker))
    assert tree(out) == uninterrupted()


@pytest.mark.parametrize(("n_workers", "index"), [(0, 0), (2, 2), (2, -1), (-1, 0)])
def test_a_worker_that_is_not_one_of_them_is_refused(n_workers: int, index: int) -> None:
    with pytest.raises(simkit.SimkitError, match="worker"):
        Share(n_workers, index)
