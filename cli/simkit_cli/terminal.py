"""Pictures in a terminal: two pixels in each character, as its upper and its lower half."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from rich.console import Console
    from rich.segment import Segment

_UPPER_HALF = "▀"


def colours() -> Console | None:
    """Return what prints on standard output in colours; None if that is no terminal, or one without colours."""
    from rich.console import Console

    console = Console(highlight=False)
    is_coloured = console.is_terminal and console.color_system and not console.no_color
    return console if is_coloured else None


def print_pictures(console: Console, pictures: Sequence[npt.NDArray[np.uint8]], gap: int) -> None:
    """Print pictures, uint8 (y, x, 3), side by side, `gap` columns apart, in the nearest colours that there are."""
    from rich.segment import Segment, Segments

    lines = []
    blanks = [[Segment(" " * picture.shape[1])] for picture in pictures]
    for beside in zip_longest(*map(half_blocks, pictures)):
        for i, (line, blank) in enumerate(zip(beside, blanks, strict=True)):
            lines += [*([Segment(" " * gap)] if i else []), *(line or blank)]
        lines.append(Segment.line())
    console.print(Segments(lines), end="")


def half_blocks(pixels: npt.NDArray[np.uint8]) -> list[list[Segment]]:
    """Return the lines of characters that show a picture, uint8 (y, x, 3)."""
    from rich.color import Color
    from rich.segment import Segment
    from rich.style import Style

    def line(upper: list[tuple[int, int, int]], lower: list[tuple[int, int, int] | None]) -> list[Segment]:
        return [
            Segment(_UPPER_HALF, Style(color=Color.from_rgb(*above), bgcolor=below and Color.from_rgb(*below)))
            for above, below in zip(upper, lower, strict=True)
        ]

    rows = pixels.tolist()
    return [line(upper, lower or [None] * len(upper)) for upper, lower in zip_longest(rows[::2], rows[1::2])]
