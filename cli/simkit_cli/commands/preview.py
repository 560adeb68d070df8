"""simkit preview."""

from __future__ import annotations

from pathlib import Path

import click

from simkit_cli import options


@click.command(name="preview", short_help="Draw rows of a data set into a picture.")
@options.store
@click.option("--rows", type=options.RowRange(), default="0:16", show_default=True, help="Rows START:STOP, or one.")
@click.option("--out", type=click.Path(path_type=Path), default="sheet.png", show_default=True, help="The PNG file.")
def command(store: Path, rows: range, out: Path) -> None:
    """Draw rows of the data set STORE as a sheet of boards, each with its labels."""
    from simkit.figures.sheet import draw_sheet
    from simkit.store import open_store

    size = draw_sheet(open_store(store), rows, out)
    click.echo(f"{out}: rows {rows.start:,} to {rows.stop - 1:,}, {size[0]} x {size[1]} pixels")
