"""simkit train."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simkit.errors import counted
from simkit_cli import display, options
from simkit_cli.running import shown

if TYPE_CHECKING:
    from simkit.store import Store


@click.command(name="train", short_help="Train a population of networks, or continue it.")
@click.argument("recipe", type=options.LocalPath())
@click.option("--models", type=options.Count(), help="Number of networks.  [default: the recipe's]")
@click.option("--seed", type=int, help="Seed of the population, 0 to 2**64 - 1.  [default: the recipe's, or 0]")
@click.option("--data", type=options.LocalPath(), help="Where the data set is or is made.  [default: beside OUT]")
@options.out("The data set of networks, a folder.  [default: RECIPE.zarr]")
@options.threads
@click.option("--workers", type=click.IntRange(min=1), default=1, help="Processes that share the work.  [default: 1]")
@click.option("--worker", type=click.IntRange(min=0), default=0, help="Number of this process, from 0.  [default: 0]")
@options.quiet
def command(
    recipe: Path,
    models: int | None,
    seed: int | None,
    data: Path | None,
    out: Path | None,
    threads: int | None,
    workers: int,
    worker: int,
    quiet: bool,
) -> None:
    """Train the networks of a RECIPE, a TOML file that names architecture, data, optimiser and course.

    \b
    simkit train model-diversity.toml --models 128 --out models.zarr
    simkit train model-diversity.toml --models 256 --out models.zarr

    The data set is made first, if it is not there. Each network is a row: its weights, losses and errors. The same
    command again continues what was stopped; more --models extend what is finished. Whenever it is killed, at most the
    steps since the last measurement are lost, and the result is the same to the last bit on the same kind of machine.
    As many networks as there are --threads are trained side by side, each by one of them.
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.backends import keep_memory
    from simkit.learn.training import read, train
    from simkit.run import Progress, Share

    share = Share(workers, worker)
    population = read(recipe)
    out = out or Path(f"{population.name}.zarr")
    n_models = models or population.models
    if not quiet:
        architecture = population.architecture
        click.echo(
            f"{recipe} -> {out}: {counted(n_models, 'network')} {architecture.name} of {architecture.n_parameters:,} "
            f"parameters, {population.course.steps:,} steps each",
            err=True,
        )
    keep_memory()
    began, done = time.perf_counter(), Progress(0, 0, 0)
    try:
        with shown(quiet=quiet) as show:

            def take(now: Progress) -> None:
                nonlocal done
                done = now
                show(now)

            store = train(
                population, out, models=models, seed=seed, data=data, n_threads=threads, share=share, progress=take,
                data_progress=lambda now: show(now, "data"),
            )  # fmt: skip
    except KeyboardInterrupt:
        click.echo(
            f"stopped: what is finished is kept in {out}, and the states of unfinished networks in {out}.checkpoints; "
            "run the same line again to continue",
            err=True,
        )
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)
    if quiet:
        return
    n_done, n = store.n_rows_done, store.n_rows
    if n_done < n:
        click.echo(f"{store.path}: {n_done:,} of {counted(n, 'network')}; the others are for other workers")
        return
    state = "complete" if done.n_rows_now else "was complete, nothing to do"
    size = display.bytes_text(store.n_bytes())
    click.echo(f"{store.path}: {counted(n, 'network')}, {state}; {size} on disk, digest {store.root_digest()}")
    if done.n_rows_now:
        seconds = time.perf_counter() - began
        rate = display.rate_text(done.n_rows_now / seconds, "step")
        click.echo(f"{counted(done.n_rows_now, 'step')} in {display.time_text(seconds)}, {rate}; {_errors(store)}")
    click.echo(f'next: simkit info {shlex.quote(str(store.path))}; in Python: simkit.models.load("{store.path}", 0)')


def _errors(store: Store) -> str:
    """Say in a phrase how the networks did."""
    import numpy as np

    error, nan_step = store["test_error"][:], store["nan_step"][:]
    text = f"test error {100 * np.median(error):.2f} % (median), {100 * error.min():.2f} to {100 * error.max():.2f} %"
    n_nan = int((nan_step >= 0).sum())
    return text + (f"; the loss of {counted(n_nan, 'network')} became infinite or NaN (nan_step)" if n_nan else "")
