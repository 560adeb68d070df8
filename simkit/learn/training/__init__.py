"""Training of populations of networks: recipe -> store, a row a network."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

import torch

from simkit.backends import MAX_THREADS, n_processors
from simkit.errors import ParameterError, counted, show
from simkit.learn.training.checkpoints import Checkpoints as Checkpoints
from simkit.learn.training.recipe import Population as Population
from simkit.learn.training.recipe import read as read
from simkit.learn.training.settings import Course as Course
from simkit.learn.training.settings import Data as Data
from simkit.learn.training.settings import Optimiser as Optimiser
from simkit.learn.training.source import Training as Training
from simkit.recipe import Recipe
from simkit.run import Progress, Share, generate, versions
from simkit.run.plan import Plan
from simkit.schema import Batch
from simkit.store import Store, open_store, writing

#: seconds between two reports at most
_TICK = 0.2


def train(
    what: Population | str | Path,
    out: str | Path | None = None,
    *,
    models: int | None = None,
    seed: int | None = None,
    data: str | Path | None = None,
    n_threads: int | None = None,
    share: Share = Share(),  # noqa: B008 - it is frozen
    progress: Callable[[Progress], None] = lambda _: None,
    data_progress: Callable[[Progress], None] = lambda _: None,
) -> Store:
    """Train a population of networks, or those of it that are missing: ``simkit.train("recipe.toml", models=128)``.

    The data set is made first, or continued, if it is not there. The state of each network is kept after each
    measurement in the folder ``OUT.checkpoints`` beside the networks, until its row is written: whenever this is
    killed, the same call goes on from there, to the same bits.

    Parameters
    ----------
    what : Population or path
        The population, or the file of its recipe.
    out : path, optional
        The data set of networks, a folder; created, continued or extended. The recipe's name with ``.zarr`` if not
        given.
    models : int, optional
        Networks; the recipe's number if not given.
    seed : int, optional
        0..2**64-1; the recipe's if not given.
    data : path, optional
        Where the data set is, or is to be made; beside `out` under its own name if not given.
    n_threads : int, optional
        Networks that are trained side by side, each by one thread; all processors if not given.
    share : Share
        Which part of the work this process does, when several share it.
    progress, data_progress : callable
        Called now and then from this thread, with the steps of all networks, and with the rows of the data set.

    Returns
    -------
    Store
        A row a network; see `Training.schema`.

    Raises
    ------
    RecipeError, UnknownNameError, ParameterError
        If there is no such recipe or name, the data have not the field or the digest, or a value is out of its range.
    StoreError
        If something cannot be written or holds something else. What is finished is kept.
    """
    population = read(what) if isinstance(what, (str, Path)) else what
    if not isinstance(population, Population):
        raise ParameterError(f"training needs a recipe's file or a Population; this is {show(what)}")
    n_threads = n_processors() if n_threads is None else n_threads
    n_threads = ParameterError.check_integer("the number of threads", n_threads, 1, MAX_THREADS)
    population = replace(
        population,
        models=population.models if models is None else models,
        seed=population.seed if seed is None else seed,
    )
    out = Path(f"{population.name}.zarr") if out is None else Path(out)
    place = _made(population, out, data, n_threads, data_progress)
    training = population.training(open_store(place)).at(place)
    training.opened()  # which checks it before anything is written
    of = {**training.parameters(), "seed": population.seed, "version": training.version}
    training = training.at(place, Checkpoints(out.with_name(f"{out.name}.checkpoints"), of))
    recipe = Recipe(training, population.seed, population.models)
    made = {"backend": "torch", "versions": {**versions(), "torch": torch.__version__}}
    is_shared = share.n_workers > 1
    with writing(out, training.schema(), recipe.spec(), made, shared=is_shared, most_rows=1) as store:
        _run(training, recipe, store, n_threads, share, progress)
    return store


def _made(
    population: Population, out: Path, data: str | Path | None, n_threads: int, progress: Callable[[Progress], None]
) -> Path:
    """Return where the data set is, which is made if it is not there."""
    if isinstance(population.data, Path):
        return population.data if data is None else Path(data)
    place = out.parent / f"{population.data_name}.zarr" if data is None else Path(data)
    generate(population.data, place, n_threads=n_threads, progress=progress)
    return place


def _run(
    training: Training, recipe: Recipe, store: Store, n_threads: int, share: Share, progress: Callable[[Progress], None]
) -> None:
    """Train the networks of a share that are missing, so many side by side, and write each when it is finished."""
    plan, n_steps = Plan.of(store, share), training.course.steps
    todo = deque(plan.shards())
    begun, made = dict[int, int](), dict[int, int]()

    def one(shard: int) -> Batch:
        return training.trained(recipe.seed, store.layout.rows(shard), tell)

    def tell(row: int, step: int) -> None:
        begun.setdefault(row, step)
        made[row] = step

    def report() -> None:
        steps, first = made.copy(), begun.copy()
        n_now = sum(step - first[row] for row, step in steps.items())
        n_before = plan.n_rows_before * n_steps + sum(first.values())
        doing = f"training, {plan.n_rows_before + n_finished:,} of {counted(plan.n_rows, 'network')} done"
        progress(Progress(plan.n_rows * n_steps, n_before, n_now, unit="step", doing=doing))

    n_finished = 0
    pool = ThreadPoolExecutor(n_threads, "train")
    running: dict[Future[Batch], int] = {}
    try:
        while todo or running:
            while todo and len(running) < n_threads:
                shard = todo.popleft()
                running[pool.submit(one, shard)] = shard
            finished, _ = wait(running, timeout=_TICK, return_when=FIRST_COMPLETED)
            for future in finished:
                batch, shard = future.result(), running.pop(future)
                store.commit(shard, batch)
                if training.checkpoints is not None:
                    training.checkpoints.remove(shard)
                n_finished += 1
            report()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
