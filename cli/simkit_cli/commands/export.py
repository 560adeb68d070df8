"""simkit export."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import click

from simkit.errors import UnknownNameError
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
            self.fail(str(UnknownNameError.of("format", value, formats())), param, ctx)
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
@click.option(
    "--rows",
    type=options.RowRange(),
    help="Rows START:STOP, or one.  [default: all; required where each row is a file]",
)
@click.option(
    "--format", "to", type=_Format(), help="What to write; see below.  [default: the format of STORE's world, or npz]"
)
@click.option("--fields", type=_Fields(), help="Fields to write, such as ash,rule.  [default: all]")
@click.option("--packed", is_flag=True, help="Keep boards packed, eight cells per byte.")
@options.out("A file or a folder.  [default: named after STORE]")
@options.force
@options.quiet
def command(
    store: Path | str,
    rows: range | None,
    to: str | None,
    fields: tuple[str, ...] | None,
    packed: bool,
    out: Path | None,
    force: bool,
    quiet: bool,
) -> None:
    """Write the data set STORE, or rows of it, as files that other programs read.

    \b
    simkit export x.zarr --format parquet              x.parquet
    simkit export x.zarr --format hf --fields ash,rule x-hf, a folder for datasets.load_from_disk
    simkit export x.zarr --rows 3                      x-3.rle
    simkit export x.zarr --rows 3 --format rle-soup    x-3.soup.rle, the soup that row 3 came from
    simkit export x.zarr --rows 0:16 --out boards      boards/row-000000.rle to row-000015.rle

    Each file is written whole or not at all. After an interruption, the same command compares what is there and writes
    what is missing. A file that holds something else is not replaced without --force.
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.interchange import default, export, formats
    from simkit.store import open_store

    opened = open_store(store)
    to = to or default(opened)
    if rows is None and not formats()[to].has_fields:
        raise click.UsageError(f"Missing option '--rows': {to} writes one file per row; say which, as --rows 0:16.")
    rows = rows or range(opened.layout.n_rows)
    if out is None:
        out = _named(PurePosixPath(opened.name).stem, to, rows)
    with display.progress_bar(quiet=quiet) as bar:
        task = bar.add_task("exporting", total=len(rows))
        written = export(
            opened,
            to,
            out,
            rows=rows,
            fields=fields,
            packed=packed,
            replace=force,
            progress=lambda n_rows: bar.advance(task, n_rows),
        )
    if not quiet:
        for note in written.notes:
            click.echo(f"note: {note}", err=True)
        which = f"row {rows.start:,}" if len(rows) == 1 else f"rows {rows.start:,} to {rows.stop - 1:,}"
        files = f"{written.n_files:,} file{'s' if written.n_files > 1 else ''}"
        same = f", {written.n_same:,} of them there already" if written.n_same else ""
        click.echo(f"{out}: {which} as {to}, {files}{same}")


def _named(stem: str, to: str, rows: range) -> Path:
    """Return where an export goes by itself."""
    from simkit.interchange import formats

    entry = formats()[to]
    if entry.has_fields:
        return Path(f"{stem}{entry.suffix or f'-{to}'}")
    return Path(f"{stem}-{rows.start}{entry.suffix}" if len(rows) == 1 else f"{stem}-{to}")
