"""Shards made by the workers of a Dask cluster: real processes, which die or lack something."""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dask_cluster import Cluster, running
from store_samples import N_ROWS, SHARD_ROWS, toy_recipe, tree

import simkit
import simkit.run.task
from simkit.errors import ClusterError, LibraryError, ParameterError, SimkitError, StoreError
from simkit.run import Progress, Share, dask, generate
from simkit.run.dask import connect
from simkit.run.task import Task
from simkit.store import writing

Trees = Callable[..., dict[str, bytes | None]]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with two workers."""
    with running(tmp_path_factory.mktemp("cluster"), n_workers=2) as cluster:
        yield cluster


def make(cluster: Cluster, out: Path, n: int, progress: Callable[[Progress], None] = lambda _: None) -> None:
    with connect(str(cluster.file), 1) as client:
        generate(toy_recipe(n), out, client=client, progress=progress)


def test_the_tree_is_that_of_one_process_though_a_worker_dies(
    cluster: Cluster, out: Path, uninterrupted: Trees
) -> None:
    n, seen = 60 * SHARD_ROWS + 5, list[Progress]()
    dying = cluster.worker("dies")
    make(cluster, out, n, seen.append)
    assert dying.wait(60) == 9
    assert tree(out) == uninterrupted(n)
    done = [now.n_rows_done for now in seen]
    assert done == sorted(done)
    assert done[-1] == seen[-1].n_rows == n


def test_few_tasks_are_under_way_however_many_shards_there_are(cluster: Cluster, out: Path) -> None:
    n_tasks = list[int]()
    deadline = time.monotonic() + 60
    with connect(str(cluster.file), 1) as client:

        def count(_: Progress) -> None:
            n_tasks.append(client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)))
            n_tasks.append(len(client.futures))

        generate(toy_recipe(100 * SHARD_ROWS), out, client=client, progress=count)
        while any(n_tasks[-2:]):  # the scheduler may hear of the last ones only now
            assert time.monotonic() < deadline, f"{n_tasks[-2:]} tasks are still there"
            count(Progress(0, 0, 0))
    assert 2 <= max(n_tasks) <= 2 * 4 + 8 + 4  # twice the threads, and eight; what is done may be let go late


@pytest.mark.slow
def test_a_run_that_is_stopped_leaves_no_tasks_behind(cluster: Cluster, out: Path, uninterrupted: Trees) -> None:
    n = 100 * SHARD_ROWS

    def stop(now: Progress) -> None:
        if now.n_rows_now:
            raise KeyboardInterrupt

    with connect(str(cluster.file), 1) as client:
        with pytest.raises(KeyboardInterrupt):
            generate(toy_recipe(n), out, client=client, progress=stop)
        deadline = time.monotonic() + 20
        while n_tasks := client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):
            assert time.monotonic() < deadline, f"{n_tasks} tasks are still there"
            time.sleep(0.02)
        assert 0 < simkit.open(out).n_rows_done < n
        generate(toy_recipe(n), out, client=client)
    assert tree(out) == uninterrupted(n)


def test_what_another_way_began_is_continued_and_extended(cluster: Cluster, out: Path, uninterrupted: Trees) -> None:
    generate(toy_recipe(), out, share=Share(2, 1))
    make(cluster, out, N_ROWS)
    assert tree(out) == uninterrupted()
    make(cluster, out, 3 * N_ROWS)
    generate(toy_recipe(4 * N_ROWS), out)
    assert tree(out) == uninterrupted(4 * N_ROWS)


def test_threads_and_shares_beside_a_cluster_are_refused(cluster: Cluster, out: Path) -> None:
    with connect(str(cluster.file), 1) as client:
        for wrong in ({"n_threads": 1}, {"share": Share(2, 0)}):
            with pytest.raises(ParameterError, match="leave them out"):
                generate(toy_recipe(), out, client=client, **wrong)
    assert not out.exists()


# ---- what a task does, without Dask


def task(out: Path, **changes: object) -> Task:
    recipe = toy_recipe()
    values = {"path": out, "recipe": pickle.dumps(recipe), "spec": recipe.spec(), "backend": "auto", **changes}
    return Task(**values)  # type: ignore[arg-type]


@pytest.fixture
def begun(out: Path) -> Iterator[Path]:
    """A data set without a row, held for writing by somebody who shares."""
    recipe = toy_recipe()
    with writing(out, recipe.source.schema(), recipe.spec(), {"backend": "cpu", "versions": {}}, shared=True):
        yield out


def test_a_task_makes_its_shard_once(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert task(begun).run("tcp://w", 1) == 1
    assert list(simkit.open(begun).done()) == [1]
    monkeypatch.setattr(simkit.run.task, "run_shard", None)
    assert task(begun).run("tcp://w", 1) == 1  # which is there


WRONG = {
    "another version of the source": ({"spec": {**toy_recipe().spec(), "version": 7}}, "version 1 .* version 7"),
    "no such source": ({"recipe": b"cnowhere\nNothing\n."}, "No module named 'nowhere'"),
    "no such backend": ({"backend": "abacus"}, "no backend 'abacus'"),
    "nothing there": ({"path": Path("/nowhere/x.zarr")}, "/nowhere/x.zarr cannot be seen there"),
}


@pytest.mark.parametrize(("changes", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_no_other_attempt_mends_is_given_back(begun: Path, changes: dict[str, object], message: str) -> None:
    error = task(begun, **changes).run("tcp://w", 0)
    assert isinstance(error, SimkitError)
    with pytest.raises(type(error), match=f"^worker tcp://w: .*{message}"):
        raise error
    assert list(simkit.open(begun).done()) == []


def test_a_task_connects_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """To a server that takes many requests' time; anew where the environment has other keys now."""
    import fsspec

    recipe, n, real = toy_recipe(), 0, fsspec.url_to_fs

    def count(*arguments: object, **named: object) -> object:
        nonlocal n
        n += 1
        return real(*arguments, **named)

    monkeypatch.setattr(fsspec, "url_to_fs", count)
    path = "memory://tasks/x.zarr"
    with writing(path, recipe.source.schema(), recipe.spec(), {"backend": "cpu", "versions": {}}, shared=True):
        assert n == 1
        assert task(path).run("tcp://w", 1) == 1  # type: ignore[arg-type]
        assert n == 1
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "other")
        assert task(path).run("tcp://w", 0) == 0  # type: ignore[arg-type]
        assert n == 2


def test_a_data_set_of_another_recipe_is_not_touched(begun: Path) -> None:
    recipe = toy_recipe(seed=6)
    error = task(begun, recipe=pickle.dumps(recipe), spec=recipe.spec()).run("tcp://w", 0)
    assert isinstance(error, ClusterError)
    assert "another data set" in str(error)
    assert list(simkit.open(begun).done()) == []


def test_a_straggler_does_not_write_into_what_was_extended_meanwhile(
    out: Path, monkeypatch: pytest.MonkeyPatch, uninterrupted: Trees
) -> None:
    """A client that was stopped cannot stop the tasks that run; the last shard has become longer since."""
    generate(toy_recipe(), out)
    simkit.store.forget(out, [2])
    real = simkit.run.task.run_shard

    def slow(*arguments: object) -> object:
        batch = real(*arguments)  # type: ignore[arg-type]
        generate(toy_recipe(2 * N_ROWS), out)
        return batch

    monkeypatch.setattr(simkit.run.task, "run_shard", slow)
    with pytest.raises(StoreError, match="was changed while"):
        task(out).run("tcp://w", 2)
    assert tree(out) == uninterrupted(2 * N_ROWS)


def test_a_straggler_does_not_write_beside_a_process_that_does_not_share(out: Path) -> None:
    recipe = toy_recipe()
    with writing(out, recipe.source.schema(), recipe.spec(), {"backend": "cpu", "versions": {}}) as store:
        with pytest.raises(StoreError, match="^worker tcp://w: .*does not share"):
            task(out).run("tcp://w", 0)
        assert list(store.done()) == []


# ---- addresses


NO_SCHEDULER = {
    "no file": ("no-such.json", "cannot read the scheduler file no-such.json: no such file"),
    "no port": ("localhost", "missing port"),
    "no scheme": ("nonsense://localhost:1", "unknown address scheme"),
    "nobody": ("tcp://127.0.0.1:1", "Timed out"),
}


@pytest.mark.parametrize(("where", "message"), NO_SCHEDULER.values(), ids=NO_SCHEDULER.keys())
def test_where_no_scheduler_is(where: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "_TIMEOUT", 0.5)
    with pytest.raises(ClusterError, match=message), connect(where, 1):
        pass


def test_a_worker_is_no_scheduler(cluster: Cluster) -> None:
    with connect(str(cluster.file), 1) as client:
        (worker, _) = client.nthreads()
    with pytest.raises(ClusterError, match="there is a Worker"), connect(worker, 1):
        pass


def test_a_file_that_is_no_scheduler_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for text in ("", "[]", "{}", "{"):
        path.write_text(text)
        with pytest.raises(ClusterError, match="is no scheduler file"), connect(str(path), 1):
            pass


def test_dask_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(LibraryError, match="--dask needs distributed, which is not installed"), connect("local", 1):
        pass
