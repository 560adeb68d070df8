"""simkit fractal search."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simkit.errors import counted
from simkit_cli import options
from simkit_cli.commands import generate

if TYPE_CHECKING:
    from simkit.fractals.annealing import Watch
    from simkit.store import Store

#: seconds between two lines about the best so far, and how many of the best are shown in the end
_SILENT, _N_SHOWN = 10.0, 5


class _Best:
    """Says now and then how far chains are, and what is the best of all of them."""

    def __init__(self) -> None:
        self._said_at, self._best, self._line = time.monotonic(), -(2**62), ""

    def __call__(self, now: Watch) -> None:
        from simkit.fractals.maps import text

        place = int(now.scores.argmax())
        if now.scores[place] > self._best:
            self._best = int(now.scores[place])
            self._line = f"best so far {self._best:,}, of row {now.rows[place]}: {text(now.maps[place])}"
        if time.monotonic() - self._said_at >= _SILENT:
            self._said_at = time.monotonic()
            rows = f"rows {now.rows[0]:,} to {now.rows[-1]:,}"
            click.echo(f"step {now.step:,} of {now.n_steps:,} of {rows}; {self._line}", err=True)


@click.command(name="search", short_help="Search for fractals with long boundaries.")
@click.option("--chains", type=options.Count(), default=64, help="Searches, each a row of the data set.  [default: 64]")
@click.option("--steps", type=options.Count(), help="Maps that a search tries.  [default: 2,000]")
@click.option("--objective", help="What is maximised: raw, certified or clean boundaries.  [default: clean]")
@click.option("--seed", type=int, help="Seed, 0 to 2**64 - 1.  [default: 0]")
@click.option("--set", "settings", type=options.Assignment(), multiple=True, help="Set a parameter; may be repeated.")
@options.out("The data set, a folder or s3://BUCKET/NAME.  [default: found.zarr]", kind=options.DataSet())
@options.backend
@options.threads
@options.dask
@options.quiet
@click.pass_context
def command(
    ctx: click.Context,
    chains: int,
    steps: int | None,
    objective: str | None,
    seed: int | None,
    settings: tuple[tuple[str, str], ...],
    out: Path | str | None,
    backend: str,
    threads: int | None,
    dask: str | None,
    quiet: bool,
) -> None:
    """Search for maps whose fractals have long boundaries, by simulated annealing.

    \b
    simkit fractal search --out found.zarr
    simkit fractal search --chains 1e3 --steps 1e4 --objective certified --seed 7 --out many.zarr

    It is `simkit generate quadratic-map --set origin=annealed`: the same line continues a search that was stopped, and
    more chains extend one. "raw" counts pairs of pixels of which one converges and one does not, which slow maps
    exploit; "certified" those of which one is proved to converge and one to escape; "clean" does so after a median that
    removes dust, and subtracts undecided pixels.
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.fractals.annealing import watched
    from simkit.fractals.quadratic_map import QuadraticMap
    from simkit.store import open_store

    out = out or Path("found.zarr")
    for name, _ in settings:
        if name == "origin":
            raise click.UsageError("--set origin: a search anneals; simkit generate quadratic-map draws maps at random")
        if name in ("steps", "objective"):
            raise click.UsageError(f"--set {name}: give it as --{name}")
    given = {"steps": steps, "objective": objective}
    own = [("origin", "annealed"), *((name, str(value)) for name, value in given.items() if value is not None)]
    best = _Best()
    with watched(lambda now: None if quiet else best(now)):
        ctx.invoke(
            generate.command, what=QuadraticMap.name, n=chains, seed=seed, settings=(*own, *settings), out=out,
            backend=backend, threads=threads, workers=1, worker=0, dask=dask, quiet=quiet,
        )  # fmt: skip
    if not quiet:
        _say_best(open_store(out))


def _say_best(store: Store) -> None:
    """Print the best rows, and how to draw the first."""
    import numpy as np

    from simkit.fractals.maps import text

    scores = np.concatenate([batch["score"] for batch in store.batches("score")])
    rows = np.argsort(-scores, kind="stable")[:_N_SHOWN]
    click.echo(f"the best of {counted(len(scores), 'chain')}:")
    for row in rows.tolist():
        click.echo(f"  row {row}, score {scores[row]:,}: {text(store['parameters'][row])}")
    click.echo(f"next: simkit fractal render {shlex.quote(str(store.path))} --row {rows[0]} --out best.png")
