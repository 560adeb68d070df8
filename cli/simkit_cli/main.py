"""The command ``simkit``."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

import simkit
from simkit.errors import SimkitError, UnknownNameError, WorldWarning, one_line
from simkit_cli.interrupts import interruptible

#: sections of the help -> commands
_SECTIONS = {
    "Data": ("generate", "sources", "info", "verify", "preview", "export", "card"),
    "Worlds": ("census", "lattice", "fractal", "study"),
    "Networks": ("baseline", "models", "train"),
    "This machine": ("bench",),
}

_COMMANDS = tuple(name for names in _SECTIONS.values() for name in names)

#: what click raises to show the help of a group without a command (from version 8.2 on)
_HELP: type[Exception] | tuple[()] = getattr(click.exceptions, "NoArgsIsHelpError", ())


@contextmanager
def _misuse_in_one_line() -> Iterator[None]:
    """Shorten what click says of a command line, which it may quote at any length."""
    try:
        yield
    except click.UsageError as error:
        if isinstance(error, _HELP):
            raise
        raise click.UsageError(one_line(error.format_message()), error.ctx) from error


@contextmanager
def _worlds_in_one_line() -> Iterator[None]:
    """Print in one line that a world is left out, without the place in the code."""
    with warnings.catch_warnings():
        show = warnings.showwarning

        def shown(message: Warning | str, category: type[Warning], *where: Any, **others: Any) -> None:
            if issubclass(category, WorldWarning):
                click.echo(f"simkit: {message}", err=True)
            else:
                show(message, category, *where, **others)

        warnings.showwarning = shown
        yield


class _Group(click.Group):
    """Imports a command's file when it is asked for, and prints errors as one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = importlib.import_module(f"simkit_cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands section by section."""
        longest = max(map(len, _COMMANDS))
        for section, names in _SECTIONS.items():
            with formatter.section(section):
                commands = {name: self.get_command(ctx, name) for name in names}
                formatter.write_dl(
                    [
                        (name.ljust(longest), command.get_short_help_str(formatter.width - 6 - longest))
                        for name, command in commands.items()
                        if command
                    ]
                )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(str(UnknownNameError.of("command", args[0], _COMMANDS)), ctx)
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with _misuse_in_one_line():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            with interruptible(), _misuse_in_one_line(), _worlds_in_one_line():
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
