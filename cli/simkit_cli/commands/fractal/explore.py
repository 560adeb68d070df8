"""simkit fractal explore."""

from __future__ import annotations

import click

from simkit_cli import options
from simkit_cli.commands.fractal import looks


@click.command(name="explore", cls=looks.OfMaps, short_help="Explore fractals in a browser.")
@click.argument("what", metavar="[PARAMS|STORE|PRESET]", required=False)
@click.option("--row", type=options.Count(least=0), help="Row of the data set STORE.  [default: 0]")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes any that is free.  [default: 8653]")
@click.option("--browser/--no-browser", default=True, help="Tell the browser to show the page.  [default: browser]")
@options.threads
@options.backend
def command(
    what: str | None, row: int | None, port: int | None, browser: bool, threads: int | None, backend: str
) -> None:
    """Show a page on which fractals are moved, zoomed and changed; it is served to this machine alone, until Ctrl-C.

    \b
    simkit fractal explore
    simkit fractal explore julia-rabbit
    simkit fractal explore 0.1,-0.9,1,0,-1,0.9,0.1,0,2,0 --no-browser

    It begins with a map's numbers PARAMS, a row of the data set STORE, or a PRESET, as `simkit fractal render` takes
    them.
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.backends import Kernels, told_of_compiling
    from simkit.fractals.subject import KERNELS, subject
    from simkit.fractals.tiles import values
    from simkit.run import n_processors
    from simkit.viewer.server import PORT, serve
    from simkit_cli.running import say_compiling

    if row is not None and what is None:
        raise click.UsageError("--row is a row of a data set; name it: simkit fractal explore STORE --row")
    of = None if what is None else subject(what, row)
    on = Kernels.load(KERNELS, backend)
    try:
        with told_of_compiling(say_compiling, on):
            serve(
                "fractal",
                {} if of is None else {of.name: values(of, on)},
                n_threads=threads or n_processors(),
                port=PORT if port is None else port,
                backend=backend,
                is_opened=browser,
                tell=lambda address: click.echo(f"{address}\nCtrl-C stops it"),
            )
    except KeyboardInterrupt:
        click.echo("stopped")
