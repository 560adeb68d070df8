"""simkit fractal, a file for each of its commands."""

from __future__ import annotations

import click

from simkit_cli.commands.fractal import classify, explore, gallery, path, render, search


@click.group(name="fractal", short_help="Search, draw, film and explore fractals of planar quadratic maps.")
def command() -> None:
    """Fractals of planar quadratic maps: search for them, draw them, film their attractors, explore them."""


_PARTS: tuple[click.Command, ...] = (
    search.command,
    render.command,
    path.command,
    gallery.command,
    explore.command,
    classify.command,
)

for _part in _PARTS:
    command.add_command(_part)
