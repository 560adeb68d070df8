"""simkit export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from simkit_cli import display, options


class _Format(click.ParamType[str]):
    """A name in the table of formats, which is read when it is needed."""

    name = "format"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        from simkit.interchange import FORMATS

        return f"[{'|'.join(FORMATS)}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from simkit.interchange import FORMATS

        if value not in FORMATS:
            self.fail(f"{value!r} is not a format to export to; there is {', '.join(FORMATS)}", param, ctx)
        return str(value)


class _Export(click.Command):
    """Lists the formats below the options."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from simkit.interchange import FORMATS

        with formatter.section("Formats"):
            formatter.write_dl([(name, entry.about) for name, entry in FORMATS.items()])


@click.command(name="export", cls=_Export, short_help="Write rows as files of other programs.")
@options.store
@click.option("--rows", type=options.RowRange(), required=True, help="Rows START:STOP, or one.")
@click.option("--format", "to", type=_Format(), default="rle", show_default=True, help="What to write; see below.")
@click.option("--out", type=click.Path(path_type=Path), help="A file or a folder.  [default: named after STORE]")
@click.option("--soup", is_flag=True, help="Write the soups that the rows came from.")
@click.option("--force", is_flag=True, help="Replace files that hold something else.")
@options.backend
@options.quiet
def command(
    store: Path, rows: range, to: str, out: Path | None, soup: bool, force: bool, backend: str, quiet: bool
) -> None:
    """Write rows of the data set STORE as files that other programs read.

    \b
    simkit export x.zarr --rows 3                      x-3.rle
    simkit export x.zarr --rows 3 --soup --out s.rle   the soup that row 3 came from
    simkit export x.zarr --rows 0:16 --out boards      boards/row-000000.rle to row-000015.rle

    Each file is written whole or not at all: stopped at any moment, the same line again writes what is missing.
    A file that holds something else is not replaced without --force.
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    import importlib

    from simkit.interchange import FORMATS
    from simkit.interchange.selection import Selection
    from simkit.replay import soups
    from simkit.store import open_store

    opened = open_store(store)
    selection = Selection(opened, rows, soups(opened, backend) if soup else None)
    if out is None:
        which = f"-{rows.start}" if len(rows) == 1 else ""
        out = Path(f"{opened.path.stem}{which}{'-soup' if soup else ''}")
        out = out.with_name(out.name + FORMATS[to].suffix) if which else out.with_name(f"{out.name}-{to}")
    with display.progress_bar(quiet=quiet) as bar:
        task = bar.add_task("exporting", total=len(rows))
        written = importlib.import_module(FORMATS[to].module).export(
            selection, out, replace=force, progress=lambda n_rows: bar.advance(task, n_rows)
        )
    if not quiet:
        for note in written.notes:
            click.echo(f"note: {note}", err=True)
        what = "soup of " if soup else ""
        which = f"row {rows.start:,}" if len(rows) == 1 else f"rows {rows.start:,} to {rows.stop - 1:,}"
        files = f"{written.n_files:,} file{'s' if written.n_files > 1 else ''}"
        same = f", {written.n_same:,} of them there already" if written.n_same else ""
        click.echo(f"{out}: {what}{which} as {to}, {files}{same}")
