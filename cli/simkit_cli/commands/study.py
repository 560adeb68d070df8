"""simkit study."""

from __future__ import annotations

import math
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from simkit_cli import display, options

if TYPE_CHECKING:
    from simkit.store import Store
    from simkit.study.thermo import Scale

#: as simkit.study.thermo has them, which is not loaded for this help
GRAPHS = (
    "energy",
    "magnetisation",
    "equilibration",
    "creutz",
    "fluctuations",
    "scaling",
    "correlation",
    "entropy",
    "boxes",
    "reversal",
    "conduction",
    "negative",
    "invariants",
    "cooling",
    "freezing",
)


#: exit status if a claim does not hold: not 1 (an error), 2 (misuse, click's own) or from 126 on (the shell's)
NOT_STATUS = 3


@click.group(name="study", short_help="Ask a question of data: measure, compare, draw.")
def command() -> None:
    """Ask a question of data sets: make those that it needs, measure, compare with what is exact, draw figures."""


@command.command(short_help="Thermodynamics of lattice gases and Ising spins.")
@click.argument("graphs", metavar="[GRAPH]...", nargs=-1, type=click.Choice(GRAPHS))
@click.option("--out", type=click.Path(path_type=Path), default=Path("thermo"), show_default=True, help="Folder.")
@click.option("--runs", type=options.Count(), help="Independent runs of each point, at least 2.  [default: 4]")
@click.option("--steps", type=options.Count(), help="Steps of the longest runs, a multiple of 2e4.  [default: 2e6]")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--tiny", is_flag=True, help="Small and short: shows in seconds that it works, and no physics.")
@click.option("--threads", type=click.IntRange(1), help="Threads that compute.  [default: all processors]")
@options.backend
@options.quiet
def thermo(
    graphs: tuple[str, ...],
    out: Path,
    runs: int | None,
    steps: int | None,
    seed: int,
    *,
    tiny: bool,
    threads: int | None,
    backend: str,
    quiet: bool,
) -> None:
    """Measure the thermodynamics of spins, gas and demons, and draw it: each GRAPH, or all of them.

    \b
    energy          energy against temperature, beside the exact finite system
    magnetisation   magnetisation against temperature and against energy
    equilibration   how long spins and gas take to come to equilibrium
    creutz          Creutz's demons beside the gas
    conduction      Fourier's law, and conductivity against temperature
    negative        negative temperatures
    invariants      what the gas conserves beside its energy
    freezing        freezing below the critical temperature

    The data sets that a graph needs are made in OUT/data, or continued where they were stopped; what was found is
    written beside them as GRAPH.zarr (points), GRAPH-claims.zarr and GRAPH.png. Every number has a standard error in
    brackets, from the scatter of independent runs or from the correlations within them, whichever is larger; `dof` are
    the degrees of freedom that this error is known from. `z` is the deviation from what is exact in such errors, as
    that of a normal variable that is as probable. A claim is ok within 4 of them, which one right claim in 16,000
    misses, or if it is inside the interval under `needed` by at least one error; it is NOT if it is 4 errors away.

    If anything is NOT, the exit status is 3, and each such claim is a line on standard error, with --quiet, too.
    (Errors end with status 1, misuse with 2.)
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.figures.study import check_matplotlib, draw_study
    from simkit.store import open_store
    from simkit.study.thermo import TINY, Scale, study

    check_matplotlib()
    usual = TINY if tiny else Scale()
    scale = Scale(runs or usual.runs, steps or usual.steps, usual.side, usual.sweeps, seed)
    verdicts: list[str] = []
    wrong: list[str] = []
    for graph in graphs or GRAPHS:
        began = time.monotonic()
        with display.progress_bar(quiet=quiet) as bar:
            task = bar.add_task(graph, total=None)

            def tell(name: str, n_done: int, n_rows: int) -> None:
                bar.update(task, description=name, completed=n_done, total=n_rows)  # noqa: B023 - called in the loop

            points, claims = study(graph, out, scale, backend=backend, n_threads=threads, progress=tell)
        figure = out / f"{graph}.png"
        draw_study(open_store(points), figure)
        rows = list(_rows(open_store(claims)))
        if not quiet:
            click.echo(_table(graph, rows))
            for note in open_store(claims).recipe["parameters"]["notes"]:
                click.echo(f"! {note}")
            click.echo(f"{figure}, {display.time_text(time.monotonic() - began)}\n")
            sys.stdout.flush()
        verdicts += [row.verdict for row in rows]
        wrong += [f"NOT: {graph}: {row.sentence()}" for row in rows if row.verdict == "NOT"]
    if not quiet:
        _conclude(verdicts, out, scale, tiny=tiny)
    for sentence in wrong:
        click.echo(sentence, err=True)
    if wrong:
        sys.exit(NOT_STATUS)


class _Row(NamedTuple):
    """A claim as it is printed."""

    claim: str
    at: str
    measured: str
    runs: str
    dof: str
    exact: str
    z: str
    needed: str
    verdict: str

    def sentence(self) -> str:
        needed = f"needed {self.needed}" if self.needed else f"exact {self.exact}"
        at = f" ({self.at})" if self.at else ""
        return f"{self.claim}{at}: measured {self.measured}, {needed}, z {self.z or 'unknown'}"


_HEADER = _Row("", "at", "measured", "runs", "dof", "exact", "z", "needed", "")


def _rows(claims: Store) -> Iterator[_Row]:
    """Read the claims of a graph."""
    labels = {name: claims.schema[name].labels for name in ("claim", "at", "verdict")}
    columns = {name: claims[name][:].tolist() for name in claims}
    for i, claim in enumerate(labels["claim"]):
        low, high = columns["within"][i]
        dof, z = columns["dof"][i], columns["z"][i]
        yield _Row(
            claim,
            labels["at"][columns["at"][i]],
            number(columns["value"][i], columns["error"][i]),
            str(columns["n_runs"][i]),
            "" if math.isinf(dof) else f"{dof:.0f}",
            number(columns["exact"][i], columns["exact_error"][i]),
            "" if math.isnan(z) else f"{z:+.1f}",
            "" if math.isnan(low) else f"> {low:.4g}" if math.isinf(high) else f"{low:.4g} .. {high:.4g}",
            labels["verdict"][columns["verdict"][i]],
        )


def _table(graph: str, rows: list[_Row]) -> str:
    """Return the claims of a graph as a table, without columns that are empty."""
    lines = [_HEADER._replace(claim=graph), *rows]
    filled = [i for i in range(len(_HEADER)) if any(row[i] for row in rows)]
    return display.table_text([[line[i] for i in filled] for line in lines], indent="")


def number(value: float, error: float) -> str:
    """Return a value with as many digits as its error leaves, two of which are shown in brackets: 0.2610(22)."""
    if math.isnan(value):
        return ""
    if math.isnan(error) or error <= 0:
        return f"{value:.6g}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    shown = f"{error * 10**digits:.0f}" if digits else f"{error:,.0f}"
    return f"{value:,.{digits}f}({shown})"


def _conclude(verdicts: list[str], out: Path, scale: Scale, *, tiny: bool) -> None:
    meanings = {
        "ok": "",
        "NOT": "",
        "unclear": " (errors too large for what is needed, or none known)",
        "short": " (runs too short against their correlation time)",
        "frozen": " (in no equilibrium: nothing is claimed)",
    }
    counts = {name: verdicts.count(name) for name in meanings}
    click.echo(", ".join(f"{n} {name}{meanings[name]}" for name, n in counts.items() if n or name in ("ok", "NOT")))
    if tiny:
        click.echo("small and short runs: too few for what is needed; next: simkit study thermo")
    else:
        click.echo(f"next, smaller errors: simkit study thermo --out {shlex.quote(str(out))} --runs {2 * scale.runs}")
