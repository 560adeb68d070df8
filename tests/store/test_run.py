"""Shards as tasks: made in any order, in other processes, more than once, they are the data set of one run."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from store_samples import GROUP_SHARDS, SHARD_ROWS, Toy, batches_equal, toy_recipe, tree

import simkit
from simkit.recipe import Recipe
from simkit.run import Share, generate, run_shard, versions
from simkit.run.plan import Plan, most_rows
from simkit.store import writing

Trees = Callable[..., dict[str, bytes | None]]
HERE = Path(__file__).parent

#: three whole groups, and a last one whose last shard is not full
N = 3 * GROUP_SHARDS * SHARD_ROWS + 22


def hold(path: Path, recipe: Recipe):
    """Create the data set and hold it, as whoever hands out the shards does."""
    made = {"backend": recipe.source.load().backend, "versions": versions()}
    return writing(path, recipe.source.schema(), recipe.spec(), made, most_rows=most_rows(recipe.source))


def make(path: Path, *shards: int) -> subprocess.Popen[str]:
    """Start a process that makes and commits shards in this order, and knows nothing else."""
    command = [sys.executable, HERE / "tasks.py", path, *map(str, shards)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def end(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert (process.returncode, errors) == (0, "")


def test_shards_made_by_other_processes_in_any_order_are_the_data_set_of_one_run(
    out: Path, uninterrupted: Trees
) -> None:
    recipe = toy_recipe(N)
    with hold(out, recipe) as store:
        shards = list(Plan.of(store, Share()).shards())
        random.Random(3).shuffle(shards)
        end(make(out, *shards[:2]))
        end(make(out, *shards[2:5]), make(out, *shards[4:], *shards[:1]))  # two make one shard, and one is made again
    assert tree(out) == uninterrupted(N)


def test_a_shard_committed_again_changes_nothing(out: Path, uninterrupted: Trees) -> None:
    recipe = toy_recipe(N)
    with hold(out, recipe) as store:
        for index in [*range(store.layout.n_shards), *reversed(range(store.layout.n_shards))]:
            store.commit(index, run_shard(recipe, store.layout.rows(index), "auto"))
            assert index in store.done()
    assert tree(out) == uninterrupted(N)


def test_one_shard_committed_by_many_threads_at_once(out: Path, uninterrupted: Trees) -> None:
    recipe, errors = toy_recipe(N), []

    def commit(start: threading.Barrier) -> None:
        try:
            for index in range(store.layout.n_shards):
                batch = run_shard(recipe, store.layout.rows(index), "auto")
                start.wait(60)
                store.commit(index, batch)
        except Exception as error:  # noqa: BLE001 - shown below, in the thread of the test
            errors.append(error)
            start.abort()

    with hold(out, recipe) as store:
        start = threading.Barrier(4)
        threads = [threading.Thread(target=commit, args=(start,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
    assert tree(out) == uninterrupted(N)


def test_what_tasks_left_is_continued_by_threads(out: Path, uninterrupted: Trees) -> None:
    recipe = toy_recipe(N)
    with hold(out, recipe) as store:
        for index in (5, 0, store.layout.n_shards - 1):
            store.commit(index, run_shard(recipe, store.layout.rows(index), "auto"))
        assert set(Plan.of(store, Share()).shards()).isdisjoint((5, 0, store.layout.n_shards - 1))
    generate(recipe, out)
    assert tree(out) == uninterrupted(N)


@pytest.mark.parametrize("backend", ["auto", "reference"])
def test_a_shard_is_computed_block_by_block_and_is_what_the_source_makes(backend: str, monkeypatch) -> None:
    computed, real = [], Toy.rows
    monkeypatch.setattr(Toy, "rows", lambda *arguments: computed.append(arguments[2]) or real(*arguments))
    rows, recipe = range(SHARD_ROWS, 2 * SHARD_ROWS), toy_recipe(N)
    batch = run_shard(recipe, rows, backend)
    assert [row for part in computed for row in part] == list(rows)
    assert max(map(len, computed)) < SHARD_ROWS
    assert batches_equal(batch, recipe.source.generate(recipe.seed, rows))


def test_a_plan_of_more_shards_than_there_is_memory_begins_at_once(out: Path) -> None:
    with hold(out, toy_recipe(10**18)) as store:
        plan = Plan.of(store, Share(3, 1))
        assert list(islice(plan.shards(), 2)) == [1, 4]
        assert 3 * 10**17 < plan.n_rows < 4 * 10**17


def test_a_plan_counts_the_rows_of_its_share(out: Path) -> None:
    recipe = toy_recipe(N)
    with hold(out, recipe) as store:
        for index in (1, 6):
            store.commit(index, run_shard(recipe, store.layout.rows(index), "auto"))
        whole, odd = Plan.of(store, Share()), Plan.of(store, Share(2, 1))
    assert (list(whole.shards()), whole.n_rows, whole.n_rows_before) == ([0, 2, 3, 4, 5], N, SHARD_ROWS + 22)
    assert (list(odd.shards()), odd.n_rows, odd.n_rows_before) == ([3, 5], 3 * SHARD_ROWS, SHARD_ROWS)
    assert simkit.open(out).n_rows_done == SHARD_ROWS + 22
