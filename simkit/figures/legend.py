"""Draws legends: swatches with words in one line, or patterns with words in lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from simkit.figures.picture import U8, Key, Theme

#: pixels of a swatch, and of a line of swatches; of a cell of a pattern, of a line of patterns, and between those
_SWATCH, _LINE, _CELL, _ROW, _GAP = 11, 18, 5, 44, 24

_EDGE = (84, 88, 97)


def draw_legend(keys: Sequence[Key], theme: Theme, width: int) -> Image.Image:
    """Draw what colours stand for; patterns into lines of at most `width` pixels, or as wide as the widest of them."""
    return _swatches(keys, theme) if keys[0].cells is None else _patterns(keys, theme, width)


def _swatches(keys: Sequence[Key], theme: Theme) -> Image.Image:
    font = ImageFont.load_default(size=12)
    widths = [(_SWATCH + 2) * len(key.colours) + 2 + round(font.getlength(key.words)) + 16 for key in keys]
    image = Image.new("RGB", (max(1, sum(widths)), _LINE), theme.sheet)
    draw = ImageDraw.Draw(image)
    left = 0
    for key, width in zip(keys, widths, strict=True):
        for i, (r, g, b) in enumerate(key.colours.tolist()):
            x = left + i * (_SWATCH + 2)
            draw.rectangle((x, 2, x + _SWATCH - 1, 1 + _SWATCH), fill=(r, g, b), outline=_EDGE)
        draw.text((left + (_SWATCH + 2) * len(key.colours) + 2, 0), key.words, theme.text, font)
        left += width
    return image


def _patterns(keys: Sequence[Key], theme: Theme, width: int) -> Image.Image:
    items = [_item(key, theme) for key in keys]
    places, x, y = [], 0, 0
    for item in items:
        if x and x + item.width > width:
            x, y = 0, y + _ROW
        places.append((x, y))
        x += item.width + _GAP
    size = max(x + item.width for (x, _), item in zip(places, items, strict=True)), y + _ROW
    image = Image.new("RGB", size, theme.sheet)
    for item, place in zip(items, places, strict=True):
        image.paste(item, place)
    return image


def _icon(cells: U8, ink: U8, theme: Theme) -> Image.Image:
    """Draw a pattern as squares with gaps between them, smaller if it is large."""
    side = max(1, min(_CELL, (_ROW - 4) // max(cells.shape)))
    squares = cells.repeat(side, axis=0).repeat(side, axis=1)
    if side > 2:
        squares[side - 1 :: side] = 0
        squares[:, side - 1 :: side] = 0
    return Image.fromarray(np.array([theme.sheet, ink], np.uint8)[squares])


def _item(key: Key, theme: Theme) -> Image.Image:
    icon = _icon(np.ones((1, 1), np.uint8) if key.cells is None else key.cells, key.colours[0], theme)
    large, small = ImageFont.load_default(size=13), ImageFont.load_default(size=11)
    name = key.words if len(key.words) <= 28 else f"{key.words[:25]}..."
    left = icon.width + 8
    width = left + round(max(large.getlength(name), small.getlength(key.note))) + 1
    image = Image.new("RGB", (width, _ROW), theme.sheet)
    image.paste(icon, (0, (_ROW - icon.height) // 2))
    draw = ImageDraw.Draw(image)
    draw.text((left, 6), name, theme.title, large)
    draw.text((left, 23), key.note, theme.text, small)
    return image
