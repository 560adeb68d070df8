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

#: dead cells put around a pattern of the plane, and generations within which a board must settle
_ROOM, _MAX_STEPS = 64, 100_000


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
    from simkit.errors import ParameterError
    from simkit.store import open_store

    store = open_store(path)
    rows = rows or range(store.layout.n_rows)
    if rows.stop > store.layout.n_rows:
        raise ParameterError(f"asked for row {rows.stop - 1:,} of {path}, which has {store.layout.n_rows:,} rows")
    with display.progress_bar(quiet=False) as bar:
        task = bar.add_task("census", total=len(rows))
        return tally_store(store, rows, backend=backend, progress=lambda n_rows: bar.advance(task, n_rows))


def _of_board(path: Path, backend: str) -> Tally:
    """Tally what the board in an RLE file becomes; on the plane it is put on a torus with room around it."""
    import numpy as np

    from simkit.ash.tally import Tally
    from simkit.errors import PatternError
    from simkit.interchange.rle import read
    from simkit.kernels import life

    try:
        pattern = read(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PatternError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    rule = pattern.rule or life.Rule.parse("B3/S23")
    cells = pattern.board() if pattern.torus else np.pad(pattern.cells, _ROOM)
    height, width = cells.shape
    if not all(life.MIN_SIDE <= side <= life.MAX_SIDE for side in cells.shape):
        raise PatternError(f"{path} is {height}x{width} cells; boards have sides of {life.MIN_SIDE} to {life.MAX_SIDE}")
    boards, which = np.packbits(cells, axis=-1, bitorder="little")[None], np.zeros(1, np.uint8)
    ash, settle, period = life.KERNEL.load(backend).settle(boards, width, (rule,), which, _MAX_STEPS)
    if settle[0] < 0:
        raise PatternError(
            f"{path} does not settle within {_MAX_STEPS:,} generations of {rule}: there is no ash to count"
        )
    where = f"{height}x{width} torus" + ("" if pattern.torus else f" (the pattern with {_ROOM} cells around)")
    click.echo(f"{path.name}: settles at generation {settle[0]:,} with period {period[0]:,} on a {where}", err=True)
    tally = Tally((rule,))
    tally.add(ash, width, which, period, backend=backend)
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
