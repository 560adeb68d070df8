"""A Dask cluster of which something is killed, missing, full or of another version: the same tree, or one line."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dask_cluster import HERE, Cluster, running
from store_samples import SHARD_ROWS, shard_faults, toy_recipe, tree

import simkit
from simkit.errors import ClusterError, StoreError
from simkit.run import generate
from simkit.run.dask import connect

pytestmark = pytest.mark.slow

Trees = Callable[..., dict[str, bytes | None]]
Start = Callable[[Path, int], subprocess.Popen[str]]

#: rows that take a cluster of two workers some seconds
MANY = 120 * SHARD_ROWS + 5


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler without workers."""
    with running(tmp_path / "cluster", n_workers=0) as cluster:
        yield cluster


@pytest.fixture
def client(cluster: Cluster) -> Iterator[Start]:
    """Start dask_client.py."""
    started: list[subprocess.Popen[str]] = []

    def start(out: Path, n: int) -> subprocess.Popen[str]:
        assert cluster.address
        command = [sys.executable, str(HERE / "dask_client.py"), str(out), str(n), str(cluster.file)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def midway(process: subprocess.Popen[str], n_rows: int) -> None:
    """Wait until a client has reported so many rows."""
    assert process.stdout is not None
    for line in process.stdout:
        if int(line.split()[0]) >= n_rows:
            return
    raise AssertionError("it ended before")


def one_line(process: subprocess.Popen[str]) -> str:
    """Return what a client that fails says, which waits for nothing that will not come."""
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    assert len(errors.splitlines()) == 1, errors
    return errors


def check_continued(cluster: Cluster, out: Path, whole: dict[str, bytes | None]) -> None:
    """Continue on this machine, as any other way of running would.

    Tasks that run when their client ends may still write a shard, and this process does not share: so the workers end.
    """
    cluster.stop_workers()
    assert shard_faults(out) == []
    assert 0 < simkit.open(out).n_rows_done < MANY
    generate(toy_recipe(MANY), out)
    assert tree(out) == whole


REFUSED = {
    "has_no_simkit": (ClusterError, "simkit cannot be imported there"),
    "has_another_simkit": (ClusterError, "simkit has version 0.0.9 there"),
    "has_another_source": (ClusterError, "version 2 .* there, and version 1"),
    "has_no_source": (ClusterError, "'toy' cannot be loaded there"),
    "sees_no_folder": (ClusterError, "nowhere cannot be seen there"),
    "sees_another_folder": (ClusterError, "has written shard 0 of another"),
    "fills_its_disk": (StoreError, "no space left"),
}


@pytest.mark.parametrize("odd", REFUSED)
def test_a_worker_that_cannot_is_named_in_one_line(odd: str, cluster: Cluster, out: Path) -> None:
    kind, message = REFUSED[odd]
    twin = out.with_name(f"{out.name}-twin")
    generate(toy_recipe(), twin)
    before = tree(twin)
    cluster.worker(odd)
    with connect(str(cluster.file), 1) as client, pytest.raises(kind, match=f"worker tcp://.*{message}"):
        generate(toy_recipe(), out, client=client)
    cluster.stop_workers()
    cluster.worker()
    with connect(str(cluster.file), 1) as client:
        generate(toy_recipe(), out, client=client)
    assert tree(out) == before == tree(twin)


def test_an_error_that_passes_is_tried_again(cluster: Cluster, out: Path, uninterrupted: Trees) -> None:
    cluster.worker("fills_its_disk_for_a_while")
    with connect(str(cluster.file), 1) as client:
        generate(toy_recipe(), out, client=client)
    assert tree(out) == uninterrupted()


def test_workers_that_join_late_take_part(cluster: Cluster, out: Path, client: Start, uninterrupted: Trees) -> None:
    process = client(out, MANY)
    assert process.stdout is not None
    assert process.stdout.readline() == "0 0\n"
    cluster.worker()
    midway(process, SHARD_ROWS)
    cluster.worker()
    reports, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    assert reports.splitlines()[-1] == f"{MANY} 2"
    assert tree(out) == uninterrupted(MANY)


def test_all_workers_die_and_others_come(cluster: Cluster, out: Path, client: Start, uninterrupted: Trees) -> None:
    cluster.worker()
    process = client(out, MANY)
    midway(process, 10 * SHARD_ROWS)
    cluster.stop_workers()
    cluster.worker()
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    assert tree(out) == uninterrupted(MANY)


def test_a_shard_that_kills_its_workers_is_given_up(cluster: Cluster, out: Path, client: Start) -> None:
    process = client(out, SHARD_ROWS)
    for _ in range(4):
        cluster.worker("dies_at_once")
    assert "4 workers died while they had the same shard" in one_line(process)


def test_the_scheduler_dies(cluster: Cluster, out: Path, client: Start, uninterrupted: Trees) -> None:
    for _ in range(2):
        cluster.worker()
    process = client(out, MANY)
    midway(process, 10 * SHARD_ROWS)
    cluster.scheduler.kill()
    assert "the Dask scheduler is lost" in one_line(process)
    check_continued(cluster, out, uninterrupted(MANY))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_the_client_is_stopped(
    how: signal.Signals, cluster: Cluster, out: Path, client: Start, uninterrupted: Trees
) -> None:
    for _ in range(2):
        cluster.worker()
    process = client(out, MANY)
    midway(process, 10 * SHARD_ROWS)
    process.send_signal(how)
    process.wait(30)
    with connect(str(cluster.file), 1) as other:
        deadline = time.monotonic() + 20
        while other.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):
            assert time.monotonic() < deadline, "its tasks are still there"
            time.sleep(0.1)
    check_continued(cluster, out, uninterrupted(MANY))


def test_two_clients_at_once(cluster: Cluster, out: Path, client: Start, uninterrupted: Trees) -> None:
    for _ in range(2):
        cluster.worker()
    both = [client(out, MANY) for _ in range(2)]
    for process in both:
        _, errors = process.communicate(timeout=200)
        assert (process.returncode, errors) == (0, "")
    assert tree(out) == uninterrupted(MANY)
