"""simkit preview."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simkit_cli import options

if TYPE_CHECKING:
    from simkit.store import Store


@click.command(name="preview", short_help="Draw rows of a data set into a picture, or film one.")
@options.store
@click.option("--rows", type=options.Rows(), help="START:STOP, or rows as 3,7,9.  [default: 0:16; with --animate 0]")
@click.option("--out", type=click.Path(path_type=Path), help="The PNG file.  [default: sheet.png]")
@click.option("--labels", is_flag=True, help="Draw each object in the colour of its kind, with a legend.")
@click.option("--animate", type=click.Path(path_type=Path), help="Film one row that settles: a .gif, or .png (APNG).")
@options.backend
def command(
    store: Path, rows: list[int] | None, out: Path | None, labels: bool, animate: Path | None, backend: str
) -> None:
    """Draw rows of the data set STORE as a sheet of boards, each with its values below.

    \b
    simkit preview x.zarr --rows 0:16 --out sheet.png
    simkit preview x.zarr --rows 0:4 --labels --out labels.png
    simkit preview x.zarr --rows 3 --animate settling.gif

    The film goes from the soup of a row to its ash and through one cycle, in about ten seconds: every generation at
    first, then longer and longer strides.
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.store import open_store

    if animate and (labels or out):
        raise click.UsageError(f"--animate writes {animate} alone; leave {'--labels' if labels else '--out'} away")
    if animate and rows and len(rows) > 1:
        raise click.UsageError(f"--animate films one row; these are {len(rows):,}")
    opened = open_store(store)
    if animate:
        _film(opened, rows[0] if rows else 0, animate, backend)
        return
    out = out or Path("sheet.png")
    if out.suffix.lower() != ".png":
        raise click.UsageError(f"a sheet is a PNG picture; {out} does not end in .png")
    from simkit.figures.sheet import chosen, draw_sheet, save

    rows = chosen(opened, rows)
    if labels:
        size = _labels(opened, rows, out, backend)
    else:
        sheet = draw_sheet(opened, rows)
        save(sheet, out)
        size = sheet.size
    if rows == list(range(rows[0], rows[-1] + 1)):
        which = f"row {rows[0]:,}" if len(rows) == 1 else f"rows {rows[0]:,} to {rows[-1]:,}"
    else:
        which = f"{len(rows):,} rows"
    click.echo(f"{out}: {which}, {size[0]} x {size[1]} pixels")


def _labels(store: Store, rows: list[int], out: Path, backend: str) -> tuple[int, int]:
    from simkit.ash.objects import survey
    from simkit.figures.labels import MAX_ENTRIES, Entry, draw_labels

    found = survey(store, rows, n_kinds=MAX_ENTRIES, backend=backend)
    entries = [Entry(*kind) for kind in found.kinds]
    others = found.n_other, found.n_other_kinds
    return draw_labels(store, rows, found.masks(), found.n_objects, entries, others, out)


def _film(store: Store, row: int, out: Path, backend: str) -> None:
    from simkit.ash.replay import replay
    from simkit.figures.film import check_film, draw_film

    check_film(out)
    again = replay(store, row, backend=backend)
    width, height, seconds = draw_film(store, row, again.generations, again.boards(), again.settle, again.period, out)
    frames = f"{len(again.generations):,} frames of generations 0 to {again.generations[-1]:,}, {seconds:.1f} s"
    click.echo(f"{out}: row {row:,}, {frames}, {width} x {height} pixels")
