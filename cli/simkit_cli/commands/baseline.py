"""simkit baseline."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from simkit_cli import display, options


@click.command(name="baseline", short_help="Predict the rule of ash from trivial features.")
@options.store
@click.option("--rows", type=options.RowRange(), help="Rows START:STOP.  [default: the first 100,000]")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(store: Path | str, rows: range | None, form: str) -> None:
    """Measure how well the rule of a board of STORE is told from its population, from its counts of objects, and from
    both, by logistic regression and by gradient-boosted trees: what a network has to beat.

    They learn from the training rows of STORE, and errors are those of its test rows: the rows that
    simkit.learn.batches has with split="train" and split="test".
    """
    from simkit.ash.baseline import baselines
    from simkit.store import open_store

    opened = open_store(store)
    rows = rows or range(min(100_000, opened.layout.n_rows))
    opened.check_row(rows.stop - 1)
    with display.progress_bar(quiet=False) as bar:
        task = bar.add_task("fitting", total=6)
        found = baselines(opened, rows, progress=lambda n_fits: bar.advance(task, n_fits))
    if form == "json":
        click.echo(json.dumps([asdict(line) for line in found], indent=2))
        return
    click.echo(
        f"{store}: error in telling the rule of the {found[0].n_test:,} rows with split=test, learnt from the "
        f"{found[0].n_train:,} with split=train, of rows {rows.start:,} to {rows.stop - 1:,}"
    )
    head = ("a classifier that sees", "features", "linear", "trees", "± (of the better)")
    lines = [
        (
            line.features,
            str(line.n_features),
            _percent(line.linear),
            _percent(line.trees),
            _percent(line.standard_error),
        )
        for line in found
    ]
    click.echo(display.table_text([head, *lines]))


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
