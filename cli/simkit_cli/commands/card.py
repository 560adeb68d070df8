"""simkit card."""

from __future__ import annotations

from pathlib import Path

import click

from simkit_cli import options


@click.command(name="card", short_help="Write the data card of a data set.")
@options.store
@click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    help="Recipe file with its title and citation.  [default: the recipe of simkit that made it]",
)
@options.out("The folder to write to.  [default: STORE]")
@options.force
@options.quiet
def command(store: Path | str, recipe: Path | None, out: Path | None, force: bool, quiet: bool) -> None:
    """Write a data card of the data set STORE, for people (README.md) and for programs (croissant.json, MLCommons
    Croissant 1.0): its recipe, its fields and, once it is finished, its digest.
    """
    from simkit.interchange import card

    written = card.write(store, out, recipe_file=recipe, replace=force)
    if not quiet:
        same = f", {written.n_same} of them there already" if written.n_same else ""
        click.echo(f"{store if out is None else out}: {card.README} and {card.CROISSANT}{same}")
