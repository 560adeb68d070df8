"""simkit sources."""

from __future__ import annotations

import click

from simkit.errors import SimkitError, counted
from simkit_cli import display, options

#: what a world has beside its sources -> where it is used
_OF_A_WORLD = {
    "views": "simkit preview --view",
    "formats": "simkit export --format",
    "channels": "simkit.learn.batches(channels=...)",
}


@click.command(name="sources", short_help="List what can be generated.")
@click.argument("name", required=False, shell_complete=options.complete_sources)
def command(name: str | None) -> None:
    """List all sources and recipes. With the NAME of a recipe, show it; with the NAME of a source, show its parameters,
    its fields, and the views, formats and channels that its world has.
    """
    from simkit import registry

    if name is None:
        _list()
        return
    from simkit.contract import documented
    from simkit.recipe import shipped

    if name in shipped():
        click.echo(f"{shipped()[name].read_text('utf-8').rstrip()}\n\nnext: simkit generate {name} --n 1e4")
        return
    cls = registry.source_class(name)
    click.echo(f"{cls.name}, version {cls.version}: {cls.title}")
    click.echo("\nParameters (--set NAME=VALUE)")
    click.echo(
        display.table_text(
            (parameter, kind, f"= {_plain(default)}", doc) for parameter, kind, default, doc in documented(cls)
        )
    )
    schema = cls.build({}).schema()
    click.echo("\nFields, with the default parameters")
    rows = []
    for field_name, field in schema.items():
        rows.append((field_name, field.dtype, f"({field.axes})", field.unit or "-", field.meaning))
    click.echo(display.table_text([("name", "dtype", "axes", "unit", "meaning"), *rows]))
    click.echo(f"  {schema.row_nbytes:,} bytes per row before compression")
    click.echo("\nBeside what all data sets have")
    click.echo(display.table_text([(kind, _names(kind, cls.name), how) for kind, how in _OF_A_WORLD.items()]))
    click.echo(f"\nnext: simkit generate {cls.name} --n 1e4")


def _list() -> None:
    from simkit import registry
    from simkit.recipe import load, shipped

    for world in registry.worlds().values():
        click.echo(f"{world.title[:1].upper()}{world.title[1:]}")
        click.echo(display.table_text(map(_line, world.sources)) + "\n")
    click.echo("Recipes")
    recipes = {name: load(path) for name, path in shipped().items()}
    click.echo(
        display.table_text(
            (name, counted(values["n"], "row"), values.get("title", "")) for name, values in recipes.items()
        )
    )
    click.echo("\nnext: simkit sources NAME")


def _line(name: str) -> tuple[str, str, str]:
    """Return the line of a source; of one that cannot be loaded, why, for the sake of the others."""
    from simkit import registry

    try:
        cls = registry.source_class(name)
    except SimkitError as error:
        return name, "-", str(error)
    return name, f"version {cls.version}", cls.title


def _names(kind: str, source: str) -> str:
    from simkit import registry

    return ", ".join(registry.listed(kind, source)) or "none"


def _plain(value: object) -> str:
    if value == ():
        return "none"
    if isinstance(value, tuple):
        return ("," if isinstance(value[0], str) else "x").join(map(str, value))
    return str(value)
