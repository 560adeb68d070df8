"""simkit models."""

from __future__ import annotations

import click

from simkit_cli import display


@click.command(name="models", short_help="List architectures of networks, and count their parameters.")
@click.argument("name", required=False)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Set a parameter; may be repeated.")
def command(name: str | None, settings: tuple[str, ...]) -> None:
    """List the architectures that `simkit train` can train, with the numbers that each has to learn; of one NAME, its
    parameters.

    \b
    simkit models
    simkit models res-cnn-cac --set C=32 --set W=64
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.contract import documented
    from simkit.errors import UnknownNameError, show
    from simkit.learn.models import ARCHITECTURES, architecture

    if name is None:
        if settings:
            raise click.UsageError(
                "--set changes the parameters of one architecture; name it, as simkit models lists them"
            )
        lines = []
        for each in ARCHITECTURES:
            found = architecture(each)
            lines.append((each, f"{found.n_parameters:,} parameters", found.title))
        click.echo(display.table_text(lines, indent=""))
        return
    UnknownNameError.check("architecture", name, ARCHITECTURES)
    known = {field: (kind, default, doc) for field, kind, default, doc in documented(type(architecture(name)))}
    values = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise click.UsageError(f"--set takes NAME=VALUE, such as C=32; this is {show(setting)}")
        UnknownNameError.check("parameter", key, known, name)
        is_number = known[key][0] == "int"
        if is_number and not text.lstrip("-").isdigit():
            raise click.UsageError(f"{key} is a whole number; this is {show(text)}")
        values[key] = int(text) if is_number else text
    found = architecture(name, **values)
    click.echo(
        f"{name}: {found.title}; {found.n_parameters:,} parameters, {found.n_weights:,} weights with running statistics"
    )
    click.echo(f"{found.citation}\n")
    shown = {key: value for key, value in found.spec().items() if key != "name"}
    click.echo(display.table_text([(key, str(value), known[key][2]) for key, value in shown.items()], indent="  "))
