"""simkit study."""

from __future__ import annotations

import math
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

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
    "conduction",
    "negative",
    "invariants",
    "freezing",
)


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
    written beside them as GRAPH.zarr (points), GRAPH-claims.zarr and GRAPH.png. Every number has a standard error, from
    independent runs and from blocks within them, whichever is larger; `z` is the deviation from what is exact in such
    errors, ok within 4 of them or within what the table says.
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.figures.study import check_matplotlib, draw_study
    from simkit.store import open_store
    from simkit.study.thermo import TINY, Scale, study

    check_matplotlib()
    usual = TINY if tiny else Scale()
    scale = Scale(runs or usual.runs, steps or usual.steps, usual.side, usual.sweeps, seed)
    verdicts: list[str] = []
    for graph in graphs or GRAPHS:
        began = time.monotonic()
        with display.progress_bar(quiet=quiet) as bar:
            task = bar.add_task(graph, total=None)

            def tell(name: str, n_done: int, n_rows: int) -> None:
                bar.update(task, description=name, completed=n_done, total=n_rows)  # noqa: B023 - called in the loop

            points, claims = study(graph, out, scale, backend=backend, n_threads=threads, progress=tell)
        figure = out / f"{graph}.png"
        draw_study(open_store(points), figure)
        if not quiet:
            verdicts += _show(graph, open_store(claims), figure, time.monotonic() - began)
    if not quiet:
        _conclude(verdicts, out, scale, tiny=tiny)


def _show(graph: str, claims: Store, figure: Path, seconds: float) -> list[str]:
    """Print the claims of a graph as a table; return their verdicts."""
    parameters = claims.recipe["parameters"]
    labels = {name: claims.schema[name].labels for name in ("claim", "verdict")}
    columns = {name: claims[name][:].tolist() for name in claims}
    lines = [(graph, "measured", "exact", "z", "needed", "")]
    for i, claim in enumerate(labels["claim"]):
        low, high = columns["within"][i]
        lines.append(
            (
                claim,
                number(columns["value"][i], columns["error"][i]),
                number(columns["exact"][i], columns["exact_error"][i]),
                "" if math.isnan(columns["z"][i]) else f"{columns['z'][i]:+.1f}",
                "" if math.isnan(low) else f"> {low:.4g}" if math.isinf(high) else f"{low:.4g} .. {high:.4g}",
                labels["verdict"][columns["verdict"][i]],
            )
        )
    click.echo(display.table_text(lines, indent=""))
    for note in parameters["notes"]:
        click.echo(f"! {note}")
    click.echo(f"{figure}, {display.time_text(seconds)}\n")
    sys.stdout.flush()
    return [line[-1] for line in lines[1:]]


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
        "unclear": " (errors too large for what is needed)",
        "frozen": " (in no equilibrium: nothing is claimed)",
    }
    counts = {name: verdicts.count(name) for name in meanings}
    click.echo(", ".join(f"{n} {name}{meanings[name]}" for name, n in counts.items() if n or name in ("ok", "NOT")))
    if tiny:
        click.echo("small and short runs: too few for what is needed; next: simkit study thermo")
    else:
        click.echo(f"next, smaller errors: simkit study thermo --out {shlex.quote(str(out))} --runs {2 * scale.runs}")
