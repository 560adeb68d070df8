"""Swatches with words, in one line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]

#: pixels of a swatch, and of the line
_SWATCH, LINE = 11, 18

_EDGE = (84, 88, 97)


def draw_legend(entries: Sequence[tuple[str, npt.NDArray[np.uint8]]], text: Colour, ground: Colour) -> Image.Image:
    """Draw what colours stand for, as (words, colours (n, 3))."""
    font = ImageFont.load_default(size=12)
    widths = [(_SWATCH + 2) * len(table) + 2 + round(font.getlength(words)) + 16 for words, table in entries]
    image = Image.new("RGB", (max(1, sum(widths)), LINE), ground)
    draw = ImageDraw.Draw(image)
    left = 0
    for (words, table), width in zip(entries, widths, strict=True):
        for i, (r, g, b) in enumerate(table.tolist()):
            x = left + i * (_SWATCH + 2)
            draw.rectangle((x, 2, x + _SWATCH - 1, 1 + _SWATCH), fill=(r, g, b), outline=_EDGE)
        draw.text((left + (_SWATCH + 2) * len(table) + 2, 0), words, text, font)
        left += width
    return image
