"""Draws sheets: boards in a grid, with a title and a legend."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from simkit.errors import StoreError
from simkit.figures.legend import draw_legend
from simkit.figures.picture import Panel, Sheet
from simkit.store.local import Folder

#: pixels around panels, and of a line of text in letters of 11 pixels; the least width of a panel with its writing
GAP, LINE, _WIDTH = 12, 15, 120

#: the most pixels that a board of many cells has
_MOST = 512


def draw_sheet(sheet: Sheet) -> Image.Image:
    """Draw panels in a grid with their captions below them, a title and, below that, the legend."""
    panels = [_draw_panel(panel, sheet.side) for panel in sheet.panels]
    font, theme = ImageFont.load_default(size=sheet.letters), sheet.theme
    spacing = LINE + sheet.letters - 11
    width, height = panels[0].size
    lines = [_wrap(panel.captions, font, max(width, _WIDTH)) for panel in sheet.panels]
    cell_width = max(width, _WIDTH) + GAP
    cell_height = height + GAP + spacing * max(map(len, lines)) + 4
    n_columns = min(len(panels), sheet.columns or math.ceil(math.sqrt(len(panels))))
    top = GAP + 22
    key = draw_legend(sheet.keys, theme, n_columns * cell_width - GAP) if sheet.keys else None
    if key and not sheet.columns:  # narrow boards fill the width that the legend needs
        n_columns = min(len(panels), max(n_columns, math.ceil((key.width + GAP) / cell_width)))
    n_lines = math.ceil(len(panels) / n_columns)
    sheet_width = max(n_columns * cell_width, key.width + GAP if key else 0) + GAP
    below = key.height + GAP if key else 0
    image = Image.new("RGB", (sheet_width, top + below + n_lines * cell_height), theme.sheet)
    draw = ImageDraw.Draw(image)
    draw.text((GAP, GAP - 2), sheet.title, theme.title, ImageFont.load_default(size=14))
    if key:
        image.paste(key, (GAP, top))
    for i, panel in enumerate(panels):
        x, y = GAP + i % n_columns * cell_width, top + below + i // n_columns * cell_height
        image.paste(panel, (x, y))
        for j, line in enumerate(lines[i]):
            draw.text((x, y + height + 3 + j * spacing), line, theme.text, font)
    return image


def draw_panels(sheet: Sheet, side: int) -> list[npt.NDArray[np.uint8]]:
    """Return each board alone, uint8 (y, x, 3), at most `side` pixels a side, each the mean of what it covers."""
    pictures = [_draw_panel(panel, side) for panel in sheet.panels]
    for picture in pictures:
        picture.thumbnail((side, side), Image.Resampling.BOX)
    return [np.asarray(picture) for picture in pictures]


def scale(board: npt.NDArray[np.uint8], side: int, most: int) -> npt.NDArray[np.uint8]:
    """Return a board at up to `side` pixels, each cell a square; up to `most` if its cells are that many.

    If they are more, a pixel has the largest value of its cells.
    """
    shrink = -(-max(board.shape) // most)
    if shrink > 1:
        height, width = (-(-length // shrink) * shrink for length in board.shape)
        padded = np.zeros((height, width), np.uint8)
        padded[: board.shape[0], : board.shape[1]] = board
        board = padded.reshape(height // shrink, shrink, width // shrink, shrink).max(axis=(1, 3))
    grow = max(1, side // max(board.shape))
    return board.repeat(grow, axis=0).repeat(grow, axis=1)


def save(picture: Image.Image, out: Path) -> None:
    """Write a picture as PNG, whole or not at all; StoreError if it cannot be written."""
    data = io.BytesIO()
    picture.save(data, "PNG")
    put(data.getvalue(), out)


def put(data: bytes, out: Path) -> None:
    """Write the bytes of a picture, whole or not at all; StoreError if they cannot be written."""
    folder_of(out).put(out.name, data)


def folder_of(out: Path) -> Folder:
    """Return the folder of a picture that is to be written, made if there is none; StoreError if that cannot be."""
    if os.path.isdir(out):  # noqa: PTH112 - False, not an error, for a path that cannot be looked at
        raise StoreError(f"cannot write the picture {out}: there is a folder; name a file")
    place = Folder(out.parent)
    place.create()
    return place


def _draw_panel(panel: Panel, side: int) -> Image.Image:
    most, cells = max(side, _MOST), panel.cells
    if cells.ndim == 3:  # a mean of colours is one, too
        shrink, grow = -(-max(cells.shape[:2]) // most), max(1, side // max(cells.shape[:2]))
        return Image.fromarray(cells.repeat(grow, axis=0).repeat(grow, axis=1)).reduce(shrink)
    if panel.is_thinned:
        shrink = -(-max(cells.shape) // most)
        cells = np.ascontiguousarray(cells[::shrink, ::shrink])
    return Image.fromarray(panel.colours[scale(cells, side, most)])


def _wrap(words: Sequence[str], font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """Join captions with dots between, beginning a new line where they get too wide."""
    lines = [words[0]]
    for word in words[1:]:
        longer = f"{lines[-1]} · {word}"
        if font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
