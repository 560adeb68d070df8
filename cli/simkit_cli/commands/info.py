"""simkit info."""

from __future__ import annotations

import textwrap
from pathlib import Path

import click

from simkit_cli import display, options


@click.command(name="info", short_help="Show what a data set is and how far it is done.")
@options.store
def command(store: Path | str) -> None:
    """Show the recipe, fields, finished rows, citation, size, digest, versions and backend of the data set STORE."""
    from simkit.errors import counted
    from simkit.interchange.card import citation
    from simkit.store import open_store

    opened = open_store(store)
    recipe, layout = opened.recipe, opened.layout
    n_done = opened.n_rows_done
    state = "complete" if n_done == layout.n_rows else f"{n_done:,} done, {layout.n_rows - n_done:,} missing"
    click.echo(f"{store}: {counted(layout.n_rows, 'row')} of {recipe['source']} version {recipe['version']}, {state}")
    click.echo("\nRecipe")
    parameters = [(name, _plain(value)) for name, value in recipe["parameters"].items()]
    click.echo(display.table_text([("seed", str(recipe["seed"])), ("n", str(recipe["n"])), *parameters]))
    click.echo("\nFields")
    click.echo(
        display.table_text(
            (name, field.dtype, f"({', '.join(('sample', *field.dims))})", str(opened[name].shape), field.doc)
            for name, field in opened.schema.items()
        )
    )
    decoded = n_done * opened.schema.row_nbytes
    on_disk = opened.n_bytes()
    digest = opened.root_digest() if n_done == layout.n_rows else "(when complete)"
    versions = ", ".join(f"{name} {version}" for name, version in opened.made["versions"].items())
    if cited := citation(opened):
        click.echo(f"\nCitation\n{textwrap.indent(textwrap.fill(cited, 98), '  ')}")
    click.echo("\nStore")
    click.echo(
        display.table_text(
            [
                ("size", f"{display.bytes_text(on_disk)} on disk, {display.bytes_text(decoded)} decoded"),
                (
                    "shards",
                    f"{-(-n_done // layout.shard_rows):,} of {layout.n_shards:,} done, "
                    f"{counted(layout.shard_rows, 'row')} each",
                ),
                ("digest", digest),
                ("backend", opened.made["backend"]),
                ("versions", versions),
            ]
        )
    )


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
