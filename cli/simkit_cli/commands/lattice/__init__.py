"""simkit lattice, a file for each of its commands."""

from __future__ import annotations

import click

from simkit_cli.commands.lattice import export_golly, film, magic


@click.group(name="lattice", short_help="Magic states and films of lattices, and rules for Golly.")
def command() -> None:
    """Play with the reversible lattices: the HPP gas, Ising spins, and the interface between them."""


for _part in (magic, export_golly, film):
    command.add_command(_part.command)
