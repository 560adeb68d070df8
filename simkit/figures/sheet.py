"""A sheet of boards, one panel a row."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from simkit.errors import ParameterError, StoreError
from simkit.schema import Field, unpack
from simkit.store import Store

#: panels of a sheet at most, and the side in pixels that a board is scaled to, up or down
MAX_PANELS, _SIDE = 400, 256

_INK, _PAPER, _TEXT, _SHEET, _GAP, _LINE = (24, 32, 56), (255, 255, 255), (70, 76, 92), (232, 234, 240), 12, 15
#: colours of the boards by the value of the first field of classes (Okabe and Ito, readable without colour vision)
_CLASS_INKS = [(0, 60, 110), (170, 60, 0), (0, 100, 75), (140, 60, 110), (120, 95, 0), (40, 110, 160), (60, 60, 60)]


def draw_sheet(store: Store, rows: range, out: Path) -> tuple[int, int]:
    """Draw `rows` of `store` as a sheet of panels and write it as PNG.

    The first field with axes (y, x) or (y, x_byte) is drawn; the scalar fields stand below each panel, classes by
    their labels and in their colours. Boards wider than a panel are reduced so that a pixel is set if any of its
    cells is.

    Returns
    -------
    width, height : int
        Of the picture, in pixels.

    Raises
    ------
    ParameterError
        If there are no such rows, or more than MAX_PANELS.
    StoreError
        If the store has no field to draw, or `out` cannot be written.
    """
    if rows.stop > store.layout.n_rows:
        raise ParameterError(f"asked for row {rows.stop - 1:,} of {store.path}, which has {store.layout.n_rows:,} rows")
    if len(rows) > MAX_PANELS:
        raise ParameterError(f"asked for {len(rows):,} rows on a sheet, which holds {MAX_PANELS}; ask for fewer")
    name = next((name for name, field in store.schema.items() if field.dims[:1] == ("y",) and len(field.dims) == 2), "")
    if not name:
        raise StoreError(f"{store.path} has no field with axes (y, x) to draw")
    boards = store[name][rows.start : rows.stop]
    cells = unpack(boards, store.schema[name].bits) if store.schema[name].bits else boards
    scalars = {key: field for key, field in store.schema.items() if not field.dims}
    values = {key: store[key][rows.start : rows.stop] for key in scalars}
    inks = next((values[key] for key, field in scalars.items() if field.labels), np.zeros(len(rows), int))

    panels = [_panel(board, _CLASS_INKS[int(ink) % len(_CLASS_INKS)]) for board, ink in zip(cells, inks, strict=True)]
    names = sorted(scalars, key=lambda key: not scalars[key].labels)  # the class first
    captions = [
        [f"row {row:,}", *(_caption(key, scalars[key], values[key][i]) for key in names)] for i, row in enumerate(rows)
    ]
    sheet = _arrange(panels, captions, f"{store.path.name}: {store.recipe['source']}, seed {store.recipe['seed']}")
    try:
        sheet.save(out, "PNG")
    except OSError as error:
        raise StoreError(f"cannot write the picture {out}: {error.strerror or error}") from None
    return sheet.size


def _caption(name: str, field: Field, value: np.generic) -> str:
    return field.labels[int(value)] if field.labels else f"{name} {value:,}"


def _panel(board: npt.NDArray[np.uint8], ink: tuple[int, int, int]) -> Image.Image:
    shrink = -(-max(board.shape) // (2 * _SIDE))
    if shrink > 1:
        height, width = (-(-side // shrink) * shrink for side in board.shape)
        padded = np.zeros((height, width), bool)
        padded[: board.shape[0], : board.shape[1]] = board != 0
        board = padded.reshape(height // shrink, shrink, width // shrink, shrink).max(axis=(1, 3)).astype(np.uint8)
    grow = max(1, _SIDE // max(board.shape))
    pixels = np.where((board != 0)[..., None], np.array(ink, np.uint8), np.array(_PAPER, np.uint8))
    return Image.fromarray(pixels.repeat(grow, axis=0).repeat(grow, axis=1))


def _arrange(panels: list[Image.Image], captions: list[list[str]], title: str) -> Image.Image:
    font = ImageFont.load_default(size=11)
    width, height = panels[0].size
    lines = [_wrap(caption, font, max(width, 120)) for caption in captions]
    cell_width = max(width, 120) + _GAP
    cell_height = height + _GAP + _LINE * max(map(len, lines)) + 4
    n_columns = math.ceil(math.sqrt(len(panels)))
    n_lines = math.ceil(len(panels) / n_columns)
    top = _GAP + 22
    sheet = Image.new("RGB", (n_columns * cell_width + _GAP, top + n_lines * cell_height), _SHEET)
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP, _GAP - 2), title, _INK, ImageFont.load_default(size=14))
    for i, panel in enumerate(panels):
        x, y = _GAP + i % n_columns * cell_width, top + i // n_columns * cell_height
        sheet.paste(panel, (x, y))
        for j, line in enumerate(lines[i]):
            draw.text((x, y + height + 3 + j * _LINE), line, _TEXT, font)
    return sheet


def _wrap(words: list[str], font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """Join captions with dots between, beginning a new line where they get too wide."""
    lines = [words[0]]
    for word in words[1:]:
        longer = f"{lines[-1]} · {word}"
        if font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
