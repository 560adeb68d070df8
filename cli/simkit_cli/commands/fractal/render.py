"""simkit fractal render."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import click

from simkit_cli import display, options
from simkit_cli.commands.fractal import looks


@click.command(name="render", cls=looks.OfMaps, short_help="Draw a fractal as PNG.")
@click.argument("what", metavar="PARAMS|STORE|PRESET")
@click.option("--row", type=options.Count(least=0), help="Row of the data set STORE.  [default: 0]")
@click.option("--center", "centre", type=looks.Numbers(2), metavar="X,Y", help="Middle of the view.")
@click.option("--width", type=looks.Number(), help="Width of the view, in the plane.")
@click.option("--zoom", type=looks.Number(), help="Make the view so many times narrower; as deep as a width of 1e-100.")
@looks.size("1920x1080")
@looks.options_of_a_picture
@options.out("The picture, a .png.  [default: NAME.png]")
@options.threads
@options.backend
@options.quiet
def command(
    what: str,
    row: int | None,
    centre: tuple[Decimal, ...] | None,
    width: Decimal | None,
    zoom: Decimal | None,
    size: tuple[int, int],
    iterations: int | None,
    precision: str,
    palette: str | None,
    supersample: int,
    median: bool | None,
    exposure: tuple[Decimal, ...] | None,
    out: Path | None,
    threads: int | None,
    backend: str,
    quiet: bool,
) -> None:
    """Draw a fractal as PNG: of a map's numbers PARAMS, a row of the data set STORE, or a PRESET.

    \b
    simkit fractal render julia-rabbit --out rabbit.png
    simkit fractal render 0.1,-0.9,1,0,-1,0.9,0.1,0,2,0 --size 3840x2160 --supersample 3
    simkit fractal render maps.zarr --row 7 --zoom 1e9 --center 0.25,-0.5 --palette dusk

    What has commas is numbers: the coefficients of x, y, x^2, xy, y^2 in x', then those in y', or all twelve with the
    constants first. A path that exists, or a name that ends in .zarr, is a data set. All else is a preset. Without
    --width the view is the preset's, or one that holds all that does not escape. The picture holds the command that
    draws it again, in its PNG text "simkit".
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.backends import Kernels
    from simkit.figures import png
    from simkit.figures.sheet import put
    from simkit.fractals import subject
    from simkit.fractals.render import render

    began = time.perf_counter()
    of = subject.subject(what, row)
    out = out or Path(f"{of.name}.png")
    looks.check_png(out)
    look = looks.look(of.look, palette, supersample, median, exposure)
    on = Kernels.load(subject.KERNELS, backend)
    scene, certificate = subject.scene(
        of, on, size[::-1], centre=(centre[0], centre[1]) if centre else None, width=width, zoom=zoom,
        max_iterations=iterations, precision=precision,
    )  # fmt: skip
    with display.progress_bar(quiet=quiet) as bar:
        task = bar.add_task("drawing", total=1)
        picture = render(scene, look, on, threads, progress=lambda share: bar.advance(task, share))
    texts = {"Title": of.name, "Software": looks.software(), "simkit": subject.command(scene, look, picture.exposure)}
    put(png.encoded(picture.pixels, texts, looks.EFFORT), out)
    if not quiet:
        seconds = time.perf_counter() - began
        click.echo(f"{out}: {size[0]} x {size[1]} pixels; {picture.shares}; {scene.method}, {seconds:.2f} s")
        click.echo(f"{of.name}: {certificate}")
