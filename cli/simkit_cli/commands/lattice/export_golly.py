"""simkit lattice export-golly."""

from __future__ import annotations

from pathlib import Path

import click

from simkit_cli import options

#: rows that are written if none are named
_ROWS = 16


@click.command(name="export-golly", short_help="Write rules for Golly, and states of a data set.")
@click.argument("store", type=options.DataSet(), required=False)
@click.option("--rows", type=options.RowRange(), help=f"Rows START:STOP of STORE, or one.  [default: 0:{_ROWS}]")
@click.option("--snapshot", type=int, default=-1, show_default=True, help="Which snapshot of a row; -1 is the last.")
@options.out("The folder.", Path("rules"))
@options.force
def command(store: Path | str | None, rows: range | None, snapshot: int, out: Path, force: bool) -> None:
    """Write rules for Golly (the coupled system, HPP, Q2R and Creutz) and, with a STORE, states of its rows as RLE.

    Each .rule file has the rule as a tree and as a table, with colours and icons. Put them into Golly's folder of rules
    (File, Preferences, Control), or name their folder to bgolly with -s.

    \b
    simkit lattice export-golly --out rules
    simkit lattice export-golly x.zarr --rows 0:2 --out rules
    bgolly -a RuleLoader -s rules/ -m 1000 -o out.rle rules/row-000000.rle
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.interchange.files import Files
    from simkit.lattices.golly import export

    names = export.rule_files()
    if store is None:
        if rows is not None:
            raise click.UsageError("--rows are rows of a data set; name it: simkit lattice export-golly STORE --rows")
        export.write_rules(Files(out, names, replace=force))
    else:
        from simkit.store import open_store

        opened = open_store(store)
        rows = rows or range(min(_ROWS, opened.layout.n_rows))
        patterns = list(export.state_files(rows).values())
        files = Files(out, [*names, *patterns], replace=force)
        export.write_states(opened, rows, snapshot, files)
        export.write_rules(files)
        names += patterns
    click.echo(f"{out}: {', '.join(names[:5])}{f' and {len(names) - 5} more' if len(names) > 5 else ''}")
