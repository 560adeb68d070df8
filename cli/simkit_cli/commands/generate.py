"""simkit generate."""

from __future__ import annotations

import os
import shlex
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simkit.errors import counted
from simkit_cli import display, options
from simkit_cli.running import shown

if TYPE_CHECKING:
    from simkit.recipe import Recipe
    from simkit.run import Progress, Share
    from simkit.run.dask import Client
    from simkit.store import Store


@click.command(name="generate", short_help="Generate a data set, or continue one.")
@click.argument("what", metavar="SOURCE|RECIPE", shell_complete=options.complete_sources)
@click.option("--n", type=options.Count(), help="Number of rows, e.g. 1e6 or 20k.")
@click.option("--seed", type=int, help="Seed, 0 to 2**64 - 1.  [default: 0]")
@click.option("--set", "settings", type=options.Assignment(), multiple=True, help="Set a parameter; may be repeated.")
@options.out("The data set, a folder or s3://BUCKET/NAME.  [default: SOURCE.zarr]", kind=options.DataSet())
@options.backend
@options.threads
@click.option("--workers", type=click.IntRange(min=1), default=1, help="Processes that share the work.  [default: 1]")
@click.option("--worker", type=click.IntRange(min=0), default=0, help="Number of this process, from 0.  [default: 0]")
@options.dask
@options.quiet
def command(
    what: str,
    n: int | None,
    seed: int | None,
    settings: tuple[tuple[str, str], ...],
    out: Path | str | None,
    backend: str,
    threads: int | None,
    workers: int,
    worker: int,
    dask: str | None,
    quiet: bool,
) -> None:
    """Generate a data set from a SOURCE (`simkit sources` lists them) or from a RECIPE file.

    \b
    simkit generate ca-ash --n 1e6
    simkit generate datasets/ca-ash-4rules.toml
    simkit generate ca-ash --n 2e4 --set rules=B3/S23,B38/S23 --set size=64 --seed 7 --out x.zarr
    simkit generate ca-ash --n 1e8 --out /shared/ash.zarr --dask tcp://HOST:8786

    The same command again continues a data set that was stopped; a larger --n extends a finished one. Whenever it is
    killed, the rows that were finished are kept, and the result is the same to the last byte.
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.run import Progress, Share, generate
    from simkit.store import check_address

    names = [name for name, _ in settings]
    if twice := {name: None for name in names if names.count(name) > 1}:
        raise click.UsageError(f"--set gives a parameter twice: {', '.join(twice)}")
    if out == Path():
        raise click.UsageError("--out names no data set; name the folder to make, such as x.zarr")
    share = Share(workers, worker)
    out = out and check_address(out)
    if dask is not None and share != Share():
        raise click.UsageError(
            "--dask shares the work among the workers of its cluster; leave out --workers and --worker"
        )
    recipe, name = _recipe(what, n, seed, dict(settings))
    out = out or Path(f"{name}.zarr")
    started = time.perf_counter()
    done = Progress(0, 0, 0)
    try:
        with options.computing(dask, threads) as by:
            if not quiet:
                _announce(recipe, name, out, _runs_on(recipe, backend, share, **by))
            with shown(quiet=quiet) as show:

                def take(now: Progress) -> None:
                    nonlocal done
                    done = now
                    show(now)

                store = generate(recipe, out, backend=backend, share=share, progress=take, **by)
    except KeyboardInterrupt:
        _say_stopped(out)
    if not quiet:
        _summarise(store, recipe, done, time.perf_counter() - started)


def _announce(recipe: Recipe, name: str, out: Path | str, runs_on: str) -> None:
    """Say what is made, where, and on what."""
    click.echo(f"{name} -> {out}: {counted(recipe.n, 'row')}, seed {recipe.seed}, on {runs_on}", err=True)
    for note in recipe.source.notes():
        click.echo(f"note: {note}", err=True)


def _runs_on(
    recipe: Recipe, backend: str, share: Share, n_threads: int | None = None, client: Client | None = None
) -> str:
    """Say on what a run computes."""
    from simkit.run import n_processors

    if client is not None:
        from simkit.run.dask import size

        n_workers, n_threads = size(client)
        if not n_workers:
            return "Dask workers, once there are some"
        return f"{counted(n_workers, 'Dask worker')}, {counted(n_threads, 'thread')}"
    n_threads = n_threads or n_processors()
    part = f", worker {share.index} of {share.n_workers}" if share.n_workers > 1 else ""
    return f"{recipe.source.load(backend).backend}, {counted(n_threads, 'thread')}{part}"


def _recipe(what: str, n: int | None, seed: int | None, settings: dict[str, str]) -> tuple[Recipe, str]:
    """Return the recipe that the command line means and what to call it."""
    from simkit import registry
    from simkit.recipe import Recipe, find

    path = find(what)
    if path is None and what in registry.sources() and n is None:
        raise click.UsageError(f"say how many rows: simkit generate {what} --n 1e6")
    recipe = Recipe.of(what, n=n, seed=seed, parameters=settings)
    recipe.source.check_there(recipe.n)  # before anything is said of what is going to be made
    return recipe, what if path is None else path.stem


def _summarise(store: Store, recipe: Recipe, done: Progress, seconds: float) -> None:
    from simkit import registry

    n_now = done.n_rows_now
    n_done, n = store.n_rows_done, store.layout.n_rows
    if n_done < n:
        missing = f"{counted(n - n_done, 'row')} {'is' if n - n_done == 1 else 'are'} for other workers"
        click.echo(
            f"{store.path}: {n_done:,} of {counted(n, 'row')}, {display.bytes_text(store.n_bytes())} on disk; {missing}"
        )
        return
    state = "complete" if n_now else "was complete, nothing to do"
    size = display.bytes_text(store.n_bytes())
    click.echo(f"{store.path}: {counted(n, 'row')}, {state}; {size} on disk, digest {store.root_digest()}")
    if n_now:
        compiled = f", {display.time_text(done.compiled)} of it compiling" if done.compiled >= 0.05 else ""
        speed = display.rate_text(n_now / (seconds - done.compiled))
        rate = f"{counted(n_now, 'row')} in {display.time_text(seconds)}{compiled}, {speed}"
        limit = "" if done.n_workers is not None else f", limited by {_limit(done)}"
        # as many rows as this run made: extending a large data set by a few must not read all of it
        about = recipe.source.summary(partial(store.batches, rows=range(n - n_now, n)))
        of_these = f"of the last {counted(n_now, 'row')}: " if n_now < n else ""
        click.echo(f"{rate}{limit}" + (f"; {of_these}{about}" if about else ""))
    place = shlex.quote(str(store.path))
    has_boards = any(field.dims[:1] == ("y",) and len(field.dims) == 2 for field in store.schema.values())
    is_drawn = has_boards or "sheet" in registry.listed("views", store.recipe["source"])
    following = f"preview {place} --rows 0:{min(16, n)} --out sheet.png" if is_drawn else f"info {place}"
    click.echo(f"next: simkit {following}")


def _limit(done: Progress) -> str:
    """Say what a run waited for."""
    is_computing = done.waited_computing - done.compiled > done.waited_writing
    return "computing" if is_computing else "encoding and writing"


def _say_stopped(out: Path | str) -> None:
    """Say how to go on, and leave at once: compiled code cannot be interrupted and has nothing to save."""
    from simkit.errors import StoreError
    from simkit.store import open_store

    try:
        store = open_store(out)
        kept = f"{store.n_rows_done:,} of {counted(store.layout.n_rows, 'row')} are kept in {out}"
    except StoreError:
        kept = "nothing was finished yet"
    click.echo(f"stopped: {kept}; run the same line again to continue", err=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(130)
