"""The options that say what a magic state becomes, and the picture that they mean."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simkit_cli import options

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def options_of_a_picture(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what a magic state becomes."""
    for option in (
        click.option("--size", type=options.Count(), help="Side of the board in cells.  [default: 256]"),
        click.option("--invert", is_flag=True, help="Swap ink and paper."),
        click.option("--picture", type=click.Path(path_type=Path), help="A PNG; its dark part is ink."),
        click.option("--text", help="A text; \\n starts a new line."),
    ):
        function = option(function)
    return function


def read(text: str | None, picture: Path | None, size: int | None, *, invert: bool) -> npt.NDArray[np.bool_]:
    """Return the picture as ink on paper, bool (y, x)."""
    from simkit.figures import ink
    from simkit.lattices.magic import SIDES, balance

    size = 256 if size is None else size
    if (text is None) == (picture is None):
        raise click.UsageError("a magic state becomes a text or a picture; give one of --text and --picture")
    if size not in SIDES:
        raise click.UsageError(f"--size takes {SIDES.start} to {SIDES[-1]}, a multiple of {SIDES.step}; this is {size}")
    found = ink.of_text(text, size) if text is not None else ink.of_picture(picture or Path(), size)
    balanced = balance(found)
    if balanced is not found:
        click.echo("note: the picture is counterchanged in a band, so that about half is ink: hot enough", err=True)
    return ~balanced if invert else balanced
