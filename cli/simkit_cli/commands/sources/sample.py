"""A sample of a source as a picture: rows of a data set in a temporary folder, drawn as its world draws them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simkit.errors import StoreError, counted
from simkit_cli import terminal
from simkit_cli.commands.sources.catalogue import plain, shortened, width

if TYPE_CHECKING:
    from simkit.contract import Source
    from simkit.figures.picture import Sheet
    from simkit.store import Store

#: rows of a picture in a file
_ROWS = 6

#: pixels of a side of a picture in a terminal, where a character is one wide and two high (wide pictures have twice as
#: many across), and columns between two
_SIDE, _GAP = 32, 2

#: needs nothing compiled, and gives the same bits as all others
_BACKEND = "reference"


@contextmanager
def sampled(source: Source, n_rows: int, backend: str) -> Iterator[Store]:
    """Give a data set of the first rows of a source, which is gone afterwards."""
    from simkit.recipe import Recipe
    from simkit.run import generate

    with tempfile.TemporaryDirectory(prefix="simkit-sample-") as folder:
        yield generate(Recipe(source, 0, n_rows), Path(folder) / "sample", backend=backend)


def save(cls: type[Source], out: Path) -> str:
    """Write the picture of some rows as PNG, and return the line that says so."""
    if out.suffix.lower() != ".png":
        raise click.UsageError(f"a sample is a PNG picture; {out} does not end in .png")
    from simkit.figures.sheet import draw_sheet
    from simkit.figures.sheet import save as write

    sheet = _sheet(cls, _ROWS)
    picture = draw_sheet(sheet)
    write(picture, out)
    size = f"{picture.width} x {picture.height} pixels"
    return f"{out}: {counted(len(sheet.panels), 'row')} of {cls.name}{_made_with(cls)}, {size}"


def show(cls: type[Source]) -> None:
    """Print some rows in colours, and what they are; where there are none, how to have the picture as a file."""
    console = terminal.colours()
    if console is None:
        click.echo(f"\n`simkit sources {cls.name} --out sample.png` draws a sample{_made_with(cls)}")
        return
    from simkit.figures.sheet import draw_panels

    try:
        sheet = _sheet(cls, _beside(_SIDE))
    except StoreError as error:
        click.echo(f"\nNo sample: {error}")
        return
    height, breadth = sheet.panels[0].cells.shape[:2]
    side = 2 * _SIDE if 2 * breadth >= 3 * height else _SIDE
    shown = replace(sheet, panels=sheet.panels[: _beside(side)])
    click.echo(f"\nSample: {counted(len(shown.panels), 'row')}{_made_with(cls)}")
    terminal.print_pictures(console, draw_panels(shown, side), _GAP)
    for panel in shown.panels:
        click.echo(shortened(" · ".join(panel.captions), width()))


def _beside(side: int) -> int:
    """Return how many pictures of a width have room in a line."""
    return max(1, (width() + _GAP) // (side + _GAP))


def _made_with(cls: type[Source]) -> str:
    chosen = ", ".join(f"{name}={plain(value)}" for name, value in cls.sample.items())
    return f" with {chosen}" if chosen else " with the default parameters"


def _sheet(cls: type[Source], n_rows: int) -> Sheet:
    """Return the sheet of the first rows, of all if there are fewer; StoreError if the world cannot draw one."""
    from simkit.figures.picture import Sheet
    from simkit.figures.preview import SHEET, describe

    source = cls.build(cls.sample)
    n_rows = min(n_rows, source.n_rows())
    with sampled(source, n_rows, _BACKEND) as store:
        try:
            found = describe(store, range(n_rows), SHEET, _BACKEND)
        except StoreError as error:
            raise StoreError(str(error).replace(str(store.path), cls.name)) from None
    if not isinstance(found, Sheet):
        raise StoreError(f"{cls.name} has a film in place of a sheet, which a sample does not show")
    return found
