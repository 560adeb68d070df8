"""Shards made by threads of this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from simkit.backends import Kernels
from simkit.recipe import Recipe
from simkit.run.plan import Plan, Progress, blocks
from simkit.run.report import Report
from simkit.run.shard import put_block, run_block
from simkit.schema import Batch
from simkit.store import Store

#: shards that a GPU makes side by side: the long last boards of one then leave no multiprocessor idle
_N_STREAMS = 4


def run_threads(
    store: Store, recipe: Recipe, on: Kernels, n_threads: int, plan: Plan, progress: Callable[[Progress], None]
) -> None:
    """Make the shards of a plan as `run_shard` does, but the blocks on several threads, and commit them on others.

    On a processor `n_threads` threads compute blocks of few rows and one writes, or several where writing is mostly
    waiting. On a GPU a few threads keep it busy, each with whole shards on a stream of its own, and `n_threads` encode
    and write. Blocks are collected in order and
    at most `ahead` of them are under way, one shard is being put together and two for each writer are being written:
    memory does not depend on the number of rows.
    """
    n_computing, n_writing, ahead = n_threads, 1, 4 * n_threads
    if on.is_device:
        n_computing, n_writing, ahead = _N_STREAMS, n_threads, 2 * _N_STREAMS
    n_writing = max(n_writing, store.place.n_at_once)
    layout, report = store.layout, Report(plan, on, progress)
    computing, writing = ThreadPoolExecutor(n_computing, "compute"), ThreadPoolExecutor(n_writing, "write")

    def begin(n: int) -> Iterator[tuple[range, int, Future[Batch]]]:
        """Let the next `n` blocks be computed."""
        for index, rows in islice(todo, n):
            yield rows, index, computing.submit(run_block, recipe, rows, on)

    try:
        with report:
            todo = ((index, rows) for index in plan.shards() for rows in blocks(recipe.source, layout.rows(index), on))
            under_way = deque(begin(ahead))
            commits: deque[Future[None]] = deque()
            batch: Batch = {}
            while under_way:
                rows, index, future = under_way.popleft()
                whole = layout.rows(index)
                batch = put_block(store.schema, batch, whole, rows, report.wait("computing", future))
                if rows.stop == whole.stop:
                    if len(commits) == 2 * n_writing:
                        report.wait("writing", commits.popleft())
                    commits.append(writing.submit(store.commit, index, batch))
                under_way.extend(begin(1))
                report.add(len(rows))
            for commit in commits:
                report.wait("writing", commit)
            report.add(0)
    finally:
        computing.shutdown(wait=False, cancel_futures=True)
        writing.shutdown(wait=True, cancel_futures=True)
