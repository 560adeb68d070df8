"""simkit census."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simkit_cli import display, options

if TYPE_CHECKING:
    from simkit.ash.tally import Line, Tally


@click.command(name="census", short_help="Count the objects in ash by apgcode.")
@click.argument("what", metavar="STORE|BOARD.rle", type=click.Path(path_type=Path))
@click.option("--rows", type=options.RowRange(), help="Rows START:STOP of the data set.  [default: all]")
@click.option("--format", "form", type=click.Choice(["text", "csv", "json"]), default="text", show_default=True)
@click.option("--top", type=options.Count(), default=25, show_default=True, help="Lines of a rule's table (text).")
@options.backend
def command(what: Path, rows: range | None, form: str, top: int, backend: str) -> None:
    """Count the objects on the boards of STORE, rule by rule, or on one board in an RLE file.

    Objects are separated exactly and named by apgcode. The standard error is that of the mean number on a board. As
    csv or json every object has an entry; share is among all objects of the same rule.
    """
    tally = _of_board(what, backend) if what.suffix.lower() == ".rle" else _of_store(what, rows, backend)
    lines = tally.lines()
    if form == "json":
        click.echo(json.dumps([asdict(line) for line in lines], indent=2))
    elif form == "csv":
        text = io.StringIO()
        names = ["rule", "apgcode", "name", "count", "per_board", "share", "standard_error"]
        table = csv.DictWriter(text, names, lineterminator="\n")
        table.writeheader()
        table.writerows(asdict(line) for line in lines)
        click.echo(text.getvalue(), nl=False)
    else:
        _print(tally, lines, top)


def _of_store(path: Path, rows: range | None, backend: str) -> Tally:
    from simkit.ash.tally import tally_store
    from simkit.store import open_store

    store = open_store(path)
    rows = rows or range(store.layout.n_rows)
    store.check_row(rows.stop - 1)
    with display.progress_bar(quiet=False) as bar:
        task = bar.add_task("census", total=len(rows))
        return tally_store(store, rows, backend=backend, progress=lambda n_rows: bar.advance(task, n_rows))


def _of_board(path: Path, backend: str) -> Tally:
    from simkit.ash.tally import tally_file

    tally, about = tally_file(path, backend=backend)
    click.echo(f"{path.name}: {about}", err=True)
    return tally


def _print(tally: Tally, lines: list[Line], top: int) -> None:
    for index, rule in enumerate(map(str, tally.rules)):
        mine = [line for line in lines if line.rule == rule]
        n_boards, n_left_out = tally.n_boards[index], tally.n_left_out[index]
        n_objects = sum(line.count for line in mine)
        left_out = f", {n_left_out:,} not censused (never settled, or a rule with B0)" if n_left_out else ""
        click.echo(f"{rule}: {n_objects:,} objects of {len(mine):,} kinds on {n_boards:,} boards{left_out}")
        if mine:
            head = ("apgcode", "name", "count", "per board", "", "share")
            click.echo(display.table_text([head, *(_cells(line) for line in mine[:top])]))
            if len(mine) > top:
                rest = mine[top:]
                count = sum(line.count for line in rest)
                click.echo(f"  and {len(rest):,} kinds more, {count:,} objects ({100 * count / n_objects:.3g} %)")
        found = [line for line in tally.constellations() if line.rule == rule]
        if found:
            click.echo("  constellations")
            click.echo(display.table_text((_cells(line)[1:5] for line in found), indent="    "))
        click.echo("")


def _cells(line: Line) -> tuple[str, ...]:
    code = line.apgcode if len(line.apgcode) <= 40 else line.apgcode[:37] + "..."
    name = line.name if line.name != line.apgcode else "-"
    if line.apgcode == line.name and not line.apgcode.startswith("x"):
        name = line.name  # a constellation
    per_board = f"{line.per_board:.4g}"
    return code, name, f"{line.count:,}", per_board, f"± {line.standard_error:.2g}", f"{100 * line.share:.4g} %"
