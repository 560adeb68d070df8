"""simkit preview."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simkit_cli import options

if TYPE_CHECKING:
    from simkit.store import Store


class _Preview(click.Command):
    """Lists the views below the options."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from simkit import registry

        worlds = registry.worlds().values()
        of = [(", ".join(name for name in world.views if name != "sheet"), world.title) for world in worlds]
        with formatter.section("Views"):
            formatter.write_dl(
                [("sheet", "for all boards"), *((names, f"for {title}") for names, title in of if names)]
            )


@click.command(name="preview", cls=_Preview, short_help="Draw rows of a data set, or make a film of one.")
@options.store
@click.option("--rows", type=options.Rows(), help="Rows, such as 0:16 or 3,7,20:25.  [default: 0:16; of a film, 0]")
@click.option("--view", help="What to show; see below.  [default: sheet]")
@options.out("A .png file; of a film, a .gif, .apng or .mp4.  [default: sheet.png or film.gif]")
@click.option("--labels", is_flag=True, help="The same as --view labels.")
@click.option("--animate", type=options.LocalPath(), help="The same as --view film --out.")
@options.backend
def command(
    store: Path | str,
    rows: list[int] | None,
    view: str | None,
    out: Path | None,
    labels: bool,
    animate: Path | None,
    backend: str,
) -> None:
    """Draw rows of the data set STORE as a sheet of boards, each with its values below, or show another VIEW of them.

    \b
    simkit preview x.zarr --rows 0:16 --out sheet.png
    simkit preview x.zarr --rows 0:4 --labels --out labels.png
    simkit preview x.zarr --rows 3 --animate settling.gif

    Which views there are depends on the data; see below.
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.store import open_store

    if animate and (labels or out):
        raise click.UsageError(f"--animate writes {animate} alone; leave {'--labels' if labels else '--out'} away")
    if view and (labels or animate):
        raise click.UsageError(f"--view {view} is one view, and --{'labels' if labels else 'animate'} another")
    if animate:
        view, out = "film", animate
    view = view or ("labels" if labels else "sheet")
    opened = open_store(store)
    from simkit.figures.film import check_film, draw_film
    from simkit.figures.picture import Film
    from simkit.figures.preview import chosen, describe
    from simkit.figures.sheet import draw_sheet, save

    if animate:
        check_film(animate)
        if rows and len(rows) > 1:
            raise click.UsageError(f"--animate films one row; these are {len(rows):,}")
    with _told(opened, view, backend):
        found = describe(opened, rows, view, backend)
        out = out or Path("film.gif" if isinstance(found, Film) else "sheet.png")
        if isinstance(found, Film):
            width, height, n_frames, seconds = draw_film(found, out)
            click.echo(f"{out}: {found.names[0]}, {n_frames:,} frames, {seconds:.1f} s, {width} x {height} pixels")
            return
    if out.suffix.lower() != ".png":
        raise click.UsageError(f"a sheet is a PNG picture; {out} does not end in .png")
    sheet = draw_sheet(found)
    save(sheet, out)
    rows = chosen(opened, rows)
    which = f"row {rows[0]:,}" if len(rows) == 1 else f"{len(rows):,} rows"
    if len(rows) > 1 and rows == list(range(rows[0], rows[-1] + 1)):
        which = f"rows {rows[0]:,} to {rows[-1]:,}"
    click.echo(f"{out}: {which}, {sheet.width} x {sheet.height} pixels")


def _told(store: Store, view: str, backend: str) -> AbstractContextManager[None]:
    """Say what is compiled for a view of a source that is installed; a sheet of boards computes nothing."""
    from simkit import registry
    from simkit.recipe import Recipe
    from simkit_cli.running import compiling_said

    if view == "sheet" or store.recipe["source"] not in registry.sources():
        return nullcontext()
    return compiling_said(Recipe.parse(store.recipe).source, backend)
