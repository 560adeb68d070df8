"""The command ``simkit``."""

from __future__ import annotations

import importlib

import click

import simkit
from simkit.errors import SimkitError

_COMMANDS = (
    "generate",
    "sources",
    "info",
    "verify",
    "preview",
    "census",
    "baseline",
    "study",
    "export",
    "card",
    "lattice",
    "bench",
)


class _Group(click.Group):
    """Imports a command's file when it is asked for, and prints a SimkitError as one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = importlib.import_module(f"simkit_cli.commands.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except SimkitError as error:
            click.echo(f"simkit: {error}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("stopped: run the same line again", err=True)
            ctx.exit(130)


@click.command(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(simkit.__version__, prog_name="simkit")
def main() -> None:
    """Generate data sets whose causes are fully known, and look at them.

    \b
    simkit generate ca-ash --n 1e6        a million boards of cellular-automaton ash
    simkit sources                        what can be generated
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
