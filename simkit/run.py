"""Source -> Store: which shards, which threads, resume."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

import simkit
from simkit.backends import AUTO, MAX_THREADS, own_stream
from simkit.contract import MAX_ROWS, Source
from simkit.errors import DamageError, ParameterError, StoreError, show
from simkit.recipe import Recipe
from simkit.schema import Batch
from simkit.store import Store, writing

#: rows of a block, the work that a thread takes at a time: at most so many rows and bytes
_BLOCK_ROWS, _BLOCK_BYTES = 256, 2**19

#: shards that a GPU makes side by side: the long last boards of one then leave no multiprocessor idle
_N_STREAMS = 4

#: blocks of a shard at most, as the source has them: a shard of long runs must not take hours, which a kill would lose
_SHARD_BLOCKS = 16

_T = TypeVar("_T")


@dataclass(frozen=True)
class Share:
    """Worker `index` of `n_workers` makes the shards ``index, index + n_workers, ...``."""

    n_workers: int = 1
    index: int = 0

    def __post_init__(self) -> None:
        ParameterError.check_integer("the number of workers", self.n_workers, 1, MAX_ROWS - 1)
        ParameterError.check_integer("the number of a worker", self.index, 0, MAX_ROWS - 1)
        if self.index >= self.n_workers:
            raise ParameterError(
                f"worker {self.index} of {self.n_workers}: workers are numbered 0 to --workers minus 1"
            )


@dataclass(frozen=True)
class Progress:
    """What a run has done so far; rows of its own share."""

    n_rows: int
    n_rows_before: int
    n_rows_now: int
    #: seconds that the run has waited for rows to be computed, and for shards to be encoded and written
    waited_computing: float = 0.0
    waited_writing: float = 0.0


def generate(
    what: Recipe | Source | str | Path,
    out: str | Path | None = None,
    *,
    n: int | None = None,
    seed: int | None = None,
    backend: str = AUTO,
    n_threads: int | None = None,
    share: Share = Share(),
    progress: Callable[[Progress], None] = lambda _: None,
    **parameters: Any,
) -> Store:
    """Generate a data set, or the rows of it that are missing: ``generate("ca-ash", n=20_000, size=64, out="x.zarr")``.

    Parameters
    ----------
    what : Recipe, Source, str or path
        A recipe or source, or the name or file of one.
    out : path, optional
        Created, continued or extended; refused if it holds anything else. The name of the source or recipe with
        ``.zarr`` if not given.
    n : int, optional
        Rows; needed unless `what` is a recipe.
    seed : int, optional
        0..2**64-1; the recipe's, or 0, if not given.
    backend : str
        As in `Source.generate`; recorded in the data set when it is created.
    n_threads : int, optional
        Threads that compute; all processors that this process may use if not given.
    share : Share
        Which part of the work this process does, when several share it.
    progress : callable
        Called now and then from this thread.
    **parameters
        Of the source, where they differ from its defaults or the recipe's.

    Raises
    ------
    UnknownNameError, RecipeError, ParameterError
        If there is no such source, recipe or parameter, or one is out of its range.
    StoreError
        If `out` cannot be written or holds something else. What is finished is kept.
    DamageError
        If the finished data set does not have the digest of the recipe.
    """
    recipe = Recipe.of(what, n=n, seed=seed, parameters=parameters)
    n_threads = n_processors() if n_threads is None else n_threads
    n_threads = ParameterError.check_integer("the number of threads that compute", n_threads, 1, MAX_THREADS)
    if not isinstance(share, Share):
        raise ParameterError(f"share is a Share(n_workers, index); this is {show(share)}")
    resolved = recipe.source.resolve(backend)
    made = {"backend": resolved, "versions": versions()}
    source = recipe.source
    name = Path(what).stem if isinstance(what, (str, Path)) else source.name
    path = Path(f"{name}.zarr") if out is None else StoreError.check_path(out)
    most_rows = _SHARD_BLOCKS * source.block_rows
    with writing(path, source.schema(), recipe.spec(), made, shared=share.n_workers > 1, most_rows=most_rows) as store:
        _fill(store, recipe, resolved, n_threads, share, progress)
        if recipe.digest is not None and store.n_rows_done == store.layout.n_rows:
            found = store.root_digest()
            if found != recipe.digest:
                raise DamageError(
                    f"{path} has digest {found}, the recipe says {recipe.digest}; run simkit verify --full"
                )
    return store


def n_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def versions() -> dict[str, str]:
    """Return the versions that a data set records."""
    others = {name: metadata.version(name) for name in ("numpy", "numba", "zarr", "numcodecs")}
    return {"simkit": simkit.__version__, **others}


def _fill(
    store: Store, recipe: Recipe, backend: str, n_threads: int, share: Share, progress: Callable[[Progress], None]
) -> None:
    """Compute blocks, put them together to shards, and commit these on other threads.

    On a processor `n_threads` threads compute blocks of few rows and one writes. On a GPU a few threads keep it busy,
    each with whole shards on a stream of its own, and `n_threads` encode and write. Blocks are collected in order and
    at most `ahead` of them are under way, one shard is being put together and two for each writer are being written:
    memory does not depend on the number of rows.
    """
    layout = store.layout
    done = set(store.done())
    mine = range(share.index, layout.n_shards, share.n_workers)
    n_rows = len(mine) * layout.shard_rows
    if layout.n_shards - 1 in mine:
        n_rows -= layout.shard_rows - len(layout.rows(layout.n_shards - 1))
    n_before = sum(len(layout.rows(index)) for index in done if index in mine)
    most = min(_BLOCK_ROWS, recipe.source.block_rows)
    block_rows = max(1, min(most, _BLOCK_BYTES // store.schema.row_nbytes))
    n_computing, n_writing, ahead = n_threads, 1, 4 * n_threads
    if backend == "cuda":
        n_computing, n_writing, ahead, block_rows = _N_STREAMS, n_threads, 2 * _N_STREAMS, layout.shard_rows
    n_now = 0
    waited = {"waited_computing": 0.0, "waited_writing": 0.0}
    progress(Progress(n_rows, n_before, 0))

    def compute(rows: range) -> Batch:
        with own_stream(backend):
            return recipe.source.generate(recipe.seed, rows, backend=backend)

    def wait(for_: str, future: Future[_T]) -> _T:
        began = perf_counter()
        try:
            return future.result()
        finally:
            waited[for_] += perf_counter() - began

    computing, writing_ = ThreadPoolExecutor(n_computing, "compute"), ThreadPoolExecutor(n_writing, "write")
    try:
        blocks = ((index, rows) for index in mine if index not in done for rows in _cut(layout.rows(index), block_rows))
        under_way = deque((rows, index, computing.submit(compute, rows)) for index, rows in islice(blocks, ahead))
        commits: deque[Future[None]] = deque()
        batch: Batch = {}
        while under_way:
            rows, index, future = under_way.popleft()
            whole = layout.rows(index)
            block = wait("waited_computing", future)
            if rows == whole:
                batch = block
            else:
                if rows.start == whole.start:
                    batch = store.schema.empty(len(whole))
                for name, values in block.items():
                    batch[name][rows.start - whole.start : rows.stop - whole.start] = values
            if rows.stop == whole.stop:
                if len(commits) == 2 * n_writing:
                    wait("waited_writing", commits.popleft())
                commits.append(writing_.submit(store.commit, index, batch))
            for index_, rows_ in islice(blocks, 1):
                under_way.append((rows_, index_, computing.submit(compute, rows_)))
            n_now += len(rows)
            progress(Progress(n_rows, n_before, n_now, **waited))
        for commit in commits:
            wait("waited_writing", commit)
        progress(Progress(n_rows, n_before, n_now, **waited))
    finally:
        computing.shutdown(wait=False, cancel_futures=True)
        writing_.shutdown(wait=True, cancel_futures=True)


def _cut(rows: range, n: int) -> Iterator[range]:
    for start in range(rows.start, rows.stop, n):
        yield range(start, min(start + n, rows.stop))


def compare_schema(store: Store) -> list[str]:
    """Return a line for each field that is not what the recipe's source declares.

    Raises
    ------
    SimkitError
        If the source is not installed, or in another version only.
    """
    wanted, found = Recipe.parse(store.recipe).source.schema(), store.schema
    names = [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]
    return [
        f"{store.path}: field {show(name)} is {found.get(name)}, the source has {wanted.get(name)}" for name in names
    ]


def regenerate(
    store: Store, n_rows: int, *, backend: str = AUTO, progress: Callable[[int], None] = lambda n_rows: None
) -> tuple[str, list[str]]:
    """Run `n_rows` rows of a data set anew, chosen at random among the finished ones, and compare.

    Returns
    -------
    backend, faults : str, list of str
        The backend that ran, and one line for each row and field that differs by more than the field's ``atol``.
    """
    source, seed = Recipe.parse(store.recipe).source, store.recipe["seed"]
    resolved = source.resolve(backend)
    done = [row for index in store.done() for row in (store.layout.rows(index).start, store.layout.rows(index).stop)]
    starts, stops = np.array(done[::2], np.int64), np.array(done[1::2], np.int64)
    ends = np.cumsum(stops - starts)
    n_done = int(ends[-1]) if ends.size else 0
    chosen = np.sort(np.random.default_rng().choice(n_done, min(n_rows, n_done), replace=False))
    shards = np.searchsorted(ends, chosen, side="right")
    faults = []
    for row in (stops[shards] - (ends[shards] - chosen)).tolist():
        again = source.generate(seed, range(row, row + 1), backend=resolved)
        for name, field in store.schema.items():
            stored = store[name][row : row + 1]
            if not np.allclose(again[name], stored, rtol=0, atol=field.atol, equal_nan=True):
                faults.append(f"row {row:,}, field {show(name)}: {store.path} does not hold what {resolved} computes")
        progress(1)
    return resolved, faults
