"""simkit census."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import click

from simkit_cli import display, options


@click.command(name="census", short_help="Count the objects in ash by apgcode.")
@click.argument("what", metavar="STORE|BOARD.rle", type=options.DataSet())
@click.option("--rows", type=options.RowRange(), help="Rows START:STOP of the data set.  [default: all]")
@click.option("--format", "form", type=click.Choice(["text", "csv", "json"]), default="text", show_default=True)
@click.option(
    "--top", type=options.Count(), default=25, show_default=True, help="Kinds that are listed for each rule (text)."
)
@options.backend
def command(what: Path | str, rows: range | None, form: str, top: int, backend: str) -> None:
    """Count the objects on the boards of STORE, rule by rule, or on one board in an RLE file.

    Objects are separated exactly and named by apgcode. The standard error is that of the mean number per board.
    Shares are of all objects under the same rule. With csv and json, every kind of object has an entry.
    """
    from simkit.ash.census import COLUMNS
    from simkit.ash.tally import census

    with display.progress_bar(quiet=False) as bar:
        task = bar.add_task("census", total=None)
        found = census(
            what, rows, backend=backend, progress=lambda n_done, n: bar.update(task, completed=n_done, total=n)
        )
    if found.about:
        click.echo(f"{Path(what).name}: {found.about}", err=True)
    if form == "json":
        click.echo(json.dumps(found.entries(), indent=2))
    elif form == "csv":
        text = io.StringIO()
        table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(found.entries())
        click.echo(text.getvalue(), nl=False)
    else:
        click.echo(found.text(top))
