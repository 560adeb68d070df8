"""simkit sources."""

from __future__ import annotations

from pathlib import Path

import click

from simkit_cli import options

#: rows to begin with, where there are as many
_FEW = "1e4"


@click.command(name="sources", short_help="List what can be generated, and show one of it.")
@click.argument("name", required=False, shell_complete=options.complete_sources)
@options.out("A .png file for a sample of the source: rows as its world draws them.")
def command(name: str | None, out: Path | None) -> None:
    """List all sources and recipes, by world. With the NAME of a recipe, show it; with the NAME of a source, show its
    parameters, its fields, what is known exactly of its rows, where they come from, and what its world has.

    \b
    simkit sources ca-ash
    simkit sources ca-ash --out sample.png

    A terminal with colours shows a sample, too.
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit import registry
    from simkit.recipe import load, shipped
    from simkit_cli.commands.sources import catalogue, sample

    if name is None:
        if out:
            raise click.UsageError(f"--out {out} is for the sample of a source; say its NAME")
        click.echo(catalogue.text())
    elif name in shipped():
        if out:
            source = load(shipped()[name])["source"]
            raise click.UsageError(f"{name} is a recipe; `simkit sources {source} --out {out}` draws its source")
        n = load(shipped()[name])["n"]
        click.echo(f"{shipped()[name].read_text('utf-8').rstrip()}\n\nnext: simkit generate {name}{_few(n, n)}")
    else:
        cls = registry.source_class(name)
        if out:
            click.echo(sample.save(cls, out))
            return
        click.echo(catalogue.page(cls))
        sample.show(cls)
        click.echo(f"\nnext: simkit generate {cls.name}{_few(cls.build({}).n_rows())}")


def _few(n_rows: int, n_given: int | None = None) -> str:
    """Return the option for a few rows of so many that there are; none if those given are few."""
    if n_rows > float(_FEW):
        return f" --n {_FEW}"
    return "" if n_rows == n_given else f" --n {n_rows}"
