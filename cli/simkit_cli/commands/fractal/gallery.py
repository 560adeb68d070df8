"""simkit fractal gallery."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import click

from simkit_cli import display, options
from simkit_cli.commands.fractal import looks


@click.command(name="gallery", cls=looks.OfMaps, short_help="Draw many fractals on one sheet.")
@click.argument("what", metavar="[STORE|PRESET]...", nargs=-1)
@click.option("--rows", type=options.Rows(), help="Rows of each data set.  [default: the first 12]")
@click.option("--columns", type=options.Count(), help="Pictures in a line.  [default: about as many as lines]")
@looks.size("320x320")
@looks.options_of_a_picture
@options.out("The sheet, a .png.", Path("gallery.png"))
@options.threads
@options.backend
@options.quiet
def command(
    what: tuple[str, ...],
    rows: list[int] | None,
    columns: int | None,
    size: tuple[int, int],
    iterations: int | None,
    precision: str,
    palette: str | None,
    supersample: int,
    median: bool | None,
    exposure: tuple[Decimal, ...] | None,
    out: Path,
    threads: int | None,
    backend: str,
    quiet: bool,
) -> None:
    """Draw presets, rows of data sets and maps on one sheet, each with its name below.

    \b
    simkit fractal gallery --columns 4 --size 440x440 --supersample 4
    simkit fractal gallery maps.zarr --rows 0:24 --median --out sheet.png

    Without any it draws twelve presets that annealing found.
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.backends import Kernels
    from simkit.figures.sheet import draw_sheet, save
    from simkit.fractals import subject
    from simkit.fractals.pictures import gallery

    looks.check_png(out)
    of = subject.subjects(what, rows)
    pictures = [(each, looks.look(each.look, palette, supersample, median, exposure)) for each in of]
    on = Kernels.load(subject.KERNELS, backend)
    with display.progress_bar(quiet=quiet) as bar:
        task = bar.add_task("drawing", total=len(pictures))
        sheet = gallery(
            pictures, on, size[::-1], columns or 0, threads, max_iterations=iterations, precision=precision,
            progress=lambda n: bar.advance(task, n),
        )  # fmt: skip
    drawn = draw_sheet(sheet)
    save(drawn, out)
    if not quiet:
        click.echo(f"{out}: {len(pictures)} fractals, {drawn.width} x {drawn.height} pixels")
