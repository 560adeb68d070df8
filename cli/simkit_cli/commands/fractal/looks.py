"""The options that say what a fractal's picture shows and how, and kinds of values that they have."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simkit.errors import SimkitError, show
from simkit_cli import options

if TYPE_CHECKING:
    from simkit.fractals.render import Look

#: of the compression of PNG, 1..9: higher ones take longer than the picture
EFFORT = 1


class OfMaps(click.Command):
    """Takes a map whose first number is negative as what it is, and no option; lists the presets below the options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [f" {arg}" if re.match(r"-[0-9.]+[^,]*,", arg) else arg for arg in args])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from simkit.fractals.presets import PRESETS

        with formatter.section("Presets"):
            formatter.write_dl([(name, preset.title) for name, preset in PRESETS.items()])


class Number(click.ParamType[Decimal]):
    """A number of any number of digits."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        from simkit.fractals.view import number

        try:
            return number("it", value.strip()) if isinstance(value, str) else value
        except SimkitError:
            self.fail(f"{show(value)} is no finite number that can be read, such as 0.25 or 1e-9", param, ctx)


class Numbers(click.ParamType[tuple[Decimal, ...]]):
    """So many numbers with commas between them."""

    name = "numbers"

    def __init__(self, n: int) -> None:
        self._n = n

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Decimal, ...]:
        if isinstance(value, tuple):
            return value
        parts = value.split(",")
        if len(parts) != self._n:
            self.fail(f"{show(value)} is not {self._n} numbers with commas between them", param, ctx)
        return tuple(Number().convert(part, param, ctx) for part in parts)


class Size(click.ParamType[tuple[int, int]]):
    """WIDTHxHEIGHT in pixels."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        from simkit.fractals.view import check_shape

        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"([0-9]{1,9})x([0-9]{1,9})", value.strip().lower())
        if not match:
            self.fail(f"{show(value)} is not WIDTHxHEIGHT in pixels, such as 1920x1080", param, ctx)
        found = int(match[1]), int(match[2])
        try:
            check_shape(found[::-1])
        except SimkitError as error:
            self.fail(str(error), param, ctx)
        return found


def size(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what adds ``--size``."""
    return click.option("--size", type=Size(), metavar="WxH", default=default, show_default=True, help="In pixels.")


def options_of_a_picture(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how far points are followed, and in which colours they are drawn."""
    for option in (
        click.option("--exposure", type=Numbers(4), metavar="C,C,E,E", help="Iterations of the first and last tone, of "
                     "points that converge and that escape.  [default: from the picture]"),
        click.option("--median/--no-median", default=None, help="Take the median of 3 x 3 pixels, which removes dust."),
        click.option("--supersample", type=options.Count(), default=1, show_default=True,
                     help="Samples along a pixel's side, 1 to 16; their mean smooths edges."),
        click.option("--palette", help="post, dusk or frost.  [default: the preset's, or post]"),
        click.option("--precision", default="float64", show_default=True, help="float64, float32 or auto."),
        click.option("--iterations", type=options.Count(), help="At most.  [default: the preset's, or 1000]"),
    ):  # fmt: skip
        function = option(function)
    return function


def look(
    of: Look, palette: str | None, supersample: int, median: bool | None, exposure: tuple[Decimal, ...] | None
) -> Look:
    """Return a subject's look with what was asked for instead."""
    from simkit.fractals.palettes import Exposure
    from simkit.fractals.render import Look

    ends = [float(end) for end in exposure or ()]
    return Look(
        palette or of.palette,
        supersample,
        of.is_median if median is None else median,
        Exposure((ends[0], ends[1]), (ends[2], ends[3])) if ends else of.exposure,
    )


def check_png(out: Path) -> None:
    """Raise UsageError unless a picture may have that name."""
    if out.suffix.lower() != ".png":
        raise click.UsageError(f"a picture is a .png; {out} does not end so")


def software() -> str:
    """Return what draws pictures, for their texts."""
    import simkit

    return f"simkit {simkit.__version__}"
