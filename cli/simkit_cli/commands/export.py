"""simkit export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from simkit.errors import show
from simkit_cli import display, options


class _Format(click.ParamType[str]):
    """A name in the table of formats, which is read when it is needed."""

    name = "format"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        from simkit.interchange import formats

        return f"[{'|'.join(formats())}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from simkit.interchange import formats

        if value not in formats():
            self.fail(f"{show(value)} is not a format to export to; there is {', '.join(formats())}", param, ctx)
        return str(value)


class _Fields(click.ParamType[tuple[str, ...]]):
    """Names, separated by commas."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        del param, ctx
        return value if isinstance(value, tuple) else tuple(name.strip() for name in value.split(","))


class _Export(click.Command):
    """Lists the formats below the options."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from simkit.interchange import formats

        with formatter.section("Formats"):
            formatter.write_dl([(name, entry.about) for name, entry in formats().items()])


@click.command(name="export", cls=_Export, short_help="Write a data set, or rows of it, in other formats.")
@options.store
@click.option("--rows", type=options.RowRange(), help="Rows START:STOP, or one.  [default: all; rle needs it]")
@click.option("--format", "to", type=_Format(), default="rle", show_default=True, help="What to write; see below.")
@click.option("--fields", type=_Fields(), help="Fields to write, such as ash,rule.  [default: all]")
@click.option("--packed", is_flag=True, help="Leave packed boards packed, eight cells a byte.")
@click.option("--out", type=click.Path(path_type=Path), help="A file or a folder.  [default: named after STORE]")
@click.option("--soup", is_flag=True, help="Write the soups that the rows came from (rle).")
@click.option("--force", is_flag=True, help="Replace files that hold something else.")
@options.backend
@options.quiet
def command(
    store: Path,
    rows: range | None,
    to: str,
    fields: tuple[str, ...] | None,
    packed: bool,
    out: Path | None,
    soup: bool,
    force: bool,
    backend: str,
    quiet: bool,
) -> None:
    """Write the data set STORE, or rows of it, as files that other programs read.

    \b
    simkit export x.zarr --format parquet              x.parquet
    simkit export x.zarr --format hf --fields ash,rule x-hf, a folder for datasets.load_from_disk
    simkit export x.zarr --rows 3                      x-3.rle
    simkit export x.zarr --rows 3 --soup --out s.rle   the soup that row 3 came from
    simkit export x.zarr --rows 0:16 --out boards      boards/row-000000.rle to row-000015.rle

    Each file is written whole or not at all: stopped at any moment, the same line again compares what is there and
    writes what is missing. A file that holds something else is not replaced without --force.
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.ash.replay import soups
    from simkit.interchange import export, formats
    from simkit.store import open_store

    if rows is None and not formats()[to].has_fields:
        raise click.UsageError(f"Missing option '--rows': {to} takes a file a row, so say which, such as --rows 0:16.")
    opened = open_store(store)
    rows = rows or range(opened.layout.n_rows)
    if out is None:
        out = _named(opened.path.stem, to, rows, soup)
    with display.progress_bar(quiet=quiet) as bar:
        task = bar.add_task("exporting", total=len(rows))
        written = export(
            opened,
            to,
            out,
            rows=rows,
            fields=fields,
            packed=packed,
            soup=soups(opened, backend) if soup else None,
            replace=force,
            progress=lambda n_rows: bar.advance(task, n_rows),
        )
    if not quiet:
        for note in written.notes:
            click.echo(f"note: {note}", err=True)
        what = "soup of " if soup else ""
        which = f"row {rows.start:,}" if len(rows) == 1 else f"rows {rows.start:,} to {rows.stop - 1:,}"
        files = f"{written.n_files:,} file{'s' if written.n_files > 1 else ''}"
        same = f", {written.n_same:,} of them there already" if written.n_same else ""
        click.echo(f"{out}: {what}{which} as {to}, {files}{same}")


def _named(stem: str, to: str, rows: range, soup: bool) -> Path:
    """Return where an export goes by itself."""
    from simkit.interchange import formats

    entry = formats()[to]
    if entry.has_fields:
        return Path(f"{stem}{entry.suffix or f'-{to}'}")
    name = f"{stem}-{rows.start}" if len(rows) == 1 else stem
    return Path(f"{name}{'-soup' if soup else ''}{entry.suffix if len(rows) == 1 else f'-{to}'}")
