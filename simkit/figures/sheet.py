"""A sheet of boards, one panel a row."""

from __future__ import annotations

import io
import math
import numbers
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from simkit.errors import ParameterError, StoreError, show
from simkit.figures.legend import draw_legend
from simkit.lattices import colours
from simkit.schema import Field, unpack
from simkit.store import Store, open_store
from simkit.store.place import Place

Colour = tuple[int, int, int]

#: rows of a sheet if none are named
SHEET_ROWS = 16

#: panels of a sheet at most, and the side in pixels that a board is scaled to, up or down
MAX_PANELS, SIDE = 400, 256

#: pixels around panels, and of a line of text
GAP, LINE = 12, 15


class Theme(NamedTuple):
    """Colours of a picture."""

    title: Colour
    text: Colour
    sheet: Colour
    #: dead cells
    paper: Colour


LIGHT = Theme((24, 32, 56), (70, 76, 92), (232, 234, 240), (255, 255, 255))
#: for cells in many colours, which stand out on it
DARK = Theme((236, 240, 248), (166, 174, 190), (13, 16, 23), (25, 30, 41))

#: colours of the boards by the value of the first field of classes (Okabe and Ito, readable without colour vision)
CLASS_INKS = [(0, 60, 110), (170, 60, 0), (0, 100, 75), (140, 60, 110), (120, 95, 0), (40, 110, 160), (60, 60, 60)]


def draw_sheet(store: Store | str | Path, rows: Sequence[int] | None = None) -> Image.Image:
    """Draw rows of a data set as a sheet of panels: ``simkit.preview("x.zarr", rows=[3, 7, 9])``.

    The first field with axes (y, x) or (y, x_byte) is drawn; the scalar fields stand below each panel, classes by
    their labels and in their colours. Boards wider than a panel are reduced so that a pixel is set if any of its
    cells is. Of a lattice's run the last of its ``cells`` is drawn, in the lattices' palette, on a dark sheet.

    Parameters
    ----------
    store : Store or path
    rows : sequence of int, optional
        In the order of the panels; the first 16 if not given.

    Raises
    ------
    ParameterError
        If there are no such rows, or more than MAX_PANELS.
    StoreError
        If the store has no field to draw.
    """
    if not isinstance(store, Store):
        store = open_store(store)
    rows = chosen(store, rows)
    if "cells" in store.schema and store.schema["cells"].dims == ("snapshot", "y", "x"):
        last = store["cells"][rows, -1]
        has_demons = store.recipe["source"] == "ising-creutz"
        table, entries = (
            (colours.DEMONS, colours.demon_legend()) if has_demons else (colours.CELLS, colours.legend(last))
        )
        key = draw_legend(entries, DARK.text, DARK.sheet)
        panels = [_state(cells, table) for cells in last]
        return arrange(panels, captions(store, rows), title(store), theme=DARK, legend=lambda _: key)
    name = next((name for name, field in store.schema.items() if field.dims[:1] == ("y",) and len(field.dims) == 2), "")
    if not name:
        raise StoreError(f"{store.path} has no field with axes (y, x) to draw")
    boards = store[name][rows]
    cells = unpack(boards, store.schema[name].bits) if store.schema[name].bits else boards
    scalars = {key: field for key, field in store.schema.items() if not field.dims}
    classes = next((key for key, field in scalars.items() if field.labels), None)
    inks = store[classes][rows] if classes else np.zeros(len(rows), int)

    panels = []
    for board, ink in zip(cells, inks, strict=True):
        inked = np.array([LIGHT.paper, CLASS_INKS[int(ink) % len(CLASS_INKS)]], np.uint8)
        panels.append(panel((board != 0).astype(np.uint8), inked))
    return arrange(panels, captions(store, rows), title(store))


def chosen(store: Store, rows: Sequence[int] | None) -> list[int]:
    """Return the rows that a sheet shows, the first 16 if none are named.

    Raises
    ------
    ParameterError
        If they are not rows of the store, or too many for a sheet.
    """
    if rows is None:
        return list(range(min(SHEET_ROWS, store.layout.n_rows)))
    n_rows = len(rows) if isinstance(rows, Sequence) or np.ndim(rows) == 1 else 0
    if not n_rows or isinstance(rows, str):
        raise ParameterError(f"a sheet shows a list of rows, such as [3, 7, 9] or range(16); this is {show(rows)}")
    if n_rows > MAX_PANELS:
        raise ParameterError(f"asked for {n_rows:,} rows on a sheet, which holds {MAX_PANELS}; ask for fewer")
    for row in rows:
        if not isinstance(row, numbers.Integral) or not 0 <= row < store.layout.n_rows:
            asked = f"{row:,}" if isinstance(row, int) and abs(row) < 2**64 else show(row)
            raise ParameterError(f"asked for row {asked} of {store.path}, which has {store.layout.n_rows:,} rows")
    return [int(row) for row in rows]


def title(store: Store) -> str:
    """Return what stands above a picture of a store."""
    return f"{store.path.name}: {store.recipe['source']}, seed {store.recipe['seed']}"


def captions(store: Store, rows: list[int]) -> list[list[str]]:
    """Return what stands below the panel of each row: its number and its scalar fields, classes first."""
    scalars = {key: field for key, field in store.schema.items() if not field.dims}
    values = {key: store[key][rows] for key in scalars}
    names = sorted(scalars, key=lambda key: not scalars[key].labels)
    return [
        [f"row {row:,}", *(_caption(key, scalars[key], values[key][i]) for key in names)] for i, row in enumerate(rows)
    ]


def save(picture: Image.Image, out: Path) -> None:
    """Write a picture as PNG, whole or not at all; StoreError if it cannot be written."""
    data = io.BytesIO()
    picture.save(data, "PNG")
    put(data.getvalue(), out)


def put(data: bytes, out: Path) -> None:
    """Write the bytes of a picture, whole or not at all; StoreError if they cannot be written."""
    if os.path.isdir(out):  # noqa: PTH112 - False, not an error, for a path that cannot be looked at
        raise StoreError(f"cannot write the picture {out}: there is a folder; name a file")
    place = Place(out.parent)
    place.create()
    place.put(out.name, data)


def _caption(name: str, field: Field, value: np.generic) -> str:
    return field.labels[int(value)] if field.labels else f"{name} {value:,}"


def scale(board: npt.NDArray[np.uint8], side: int = SIDE, most: int = 2 * SIDE) -> npt.NDArray[np.uint8]:
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


def panel(board: npt.NDArray[np.uint8], inks: npt.NDArray[np.uint8], side: int = SIDE) -> Image.Image:
    """Draw a board whose cells are indices in `inks`, uint8 (n, 3)."""
    return Image.fromarray(inks[scale(board, side, max(side, 2 * SIDE))])


def _state(cells: npt.NDArray[np.uint8], table: npt.NDArray[np.uint8]) -> Image.Image:
    """Draw states in the colours of a table; of boards beyond 2 SIDE every second cell, or third, and so on."""
    shrink = -(-max(cells.shape) // (2 * SIDE))
    return panel(np.ascontiguousarray(cells[::shrink, ::shrink]), table)


def arrange(
    panels: list[Image.Image],
    captions: list[list[str]],
    title: str,
    *,
    theme: Theme = LIGHT,
    legend: Callable[[int], Image.Image] | None = None,
) -> Image.Image:
    """Put panels into a grid with captions below them, a title and, below that, what ``legend(width)`` draws."""
    font = ImageFont.load_default(size=11)
    width, height = panels[0].size
    lines = [_wrap(caption, font, max(width, 120)) for caption in captions]
    cell_width = max(width, 120) + GAP
    cell_height = height + GAP + LINE * max(map(len, lines)) + 4
    n_columns = math.ceil(math.sqrt(len(panels)))
    n_lines = math.ceil(len(panels) / n_columns)
    top = GAP + 22
    key = legend(n_columns * cell_width - GAP) if legend else None
    sheet_width = max(n_columns * cell_width, key.width + GAP if key else 0) + GAP
    below = key.height + GAP if key else 0
    sheet = Image.new("RGB", (sheet_width, top + below + n_lines * cell_height), theme.sheet)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, GAP - 2), title, theme.title, ImageFont.load_default(size=14))
    if key:
        sheet.paste(key, (GAP, top))
    for i, image in enumerate(panels):
        x, y = GAP + i % n_columns * cell_width, top + below + i // n_columns * cell_height
        sheet.paste(image, (x, y))
        for j, line in enumerate(lines[i]):
            draw.text((x, y + height + 3 + j * LINE), line, theme.text, font)
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
