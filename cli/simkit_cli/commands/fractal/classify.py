"""simkit fractal classify."""

from __future__ import annotations

from decimal import Decimal

import click

from simkit_cli import options
from simkit_cli.commands.fractal import looks


@click.command(name="classify", cls=looks.OfMaps, short_help="Say what an orbit comes to.")
@click.argument("what", metavar="PARAMS|STORE|PRESET")
@click.option("--row", type=options.Count(least=0), help="Row of the data set STORE.  [default: 0]")
@click.option("--start", type=looks.Numbers(2), metavar="X,Y", help="Where the orbit begins.  [default: near 0]")
@click.option("--iterations", type=options.Count(), default=2**14, show_default=True,
              help="Before the orbit is measured, and in each of two halves: 1,024 to 16,777,216.")  # fmt: skip
@options.backend
def command(what: str, row: int | None, start: tuple[Decimal, ...] | None, iterations: int, backend: str) -> None:
    """Say what an orbit comes to: it escapes, or goes to a fixed point, a cycle, a ring or a strange attractor.

    \b
    simkit fractal classify henon
    simkit fractal classify 0,2.1,0,0,-2.1,0,0,1,0,0,0,0
    simkit fractal classify attractors.zarr --row 7 --iterations 1e6

    With Lyapunov exponents in nats per iteration, the dimension that follows from them, and the rotation number of a
    ring in turns. What is certified is proved; what is heuristic is what the numbers look like. A map may have several
    attractors: which of them is found depends on --start.
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    import numpy as np

    from simkit.backends import Kernels
    from simkit.fractals import attractors, subject

    of = subject.subject(what, row)
    on = Kernels.load(attractors.KERNELS, backend)
    point = None if start is None else np.array([[float(number) for number in start]])
    click.echo(f"{of.name}: {attractors.classify(of.quadratic[None], on, point, iterations)[0]}")
