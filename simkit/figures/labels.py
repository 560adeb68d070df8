"""A sheet of boards with their objects in colours, and a legend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from simkit.errors import ParameterError
from simkit.figures.sheet import DARK, GAP, Colour, arrange, captions, chosen, panel, save, title
from simkit.store import Store

U8 = npt.NDArray[np.uint8]


class Entry(NamedTuple):
    """A kind of object in the legend."""

    apgcode: str
    name: str
    #: uint8 (y, x): what one looks like
    cells: U8
    #: on all boards together
    n_objects: int


#: What colours are for. The first eight are Okabe and Ito's, with black as white and blue lightened for a dark ground;
#: tests/facts/test_colours.py holds them apart for all kinds of colour vision. Kinds that are common keep theirs.
INKS: dict[str, Colour] = {
    "xs4_33": (230, 159, 0),  # block
    "xp2_7": (86, 180, 233),  # blinker
    "xs6_696": (240, 228, 66),  # beehive
    "xs7_2596": (0, 158, 115),  # loaf
    "xs5_253": (204, 121, 167),  # boat
    "xs4_252": (213, 94, 0),  # tub
    "xs8_6996": (255, 255, 255),  # pond
    "xs6_356": (48, 120, 235),  # ship
}

#: kinds that have a colour
MAX_ENTRIES = len(INKS)

#: objects of other kinds; cells of boards without a census
OTHER, UNKNOWN = (104, 108, 117), (84, 88, 97)

#: boards that are drawn larger because they are few: number of boards, side in pixels
_SIDES = ((1, 768), (4, 512), (400, 256))

#: pixels of a cell in the legend, and the height of its lines
_CELL, _ROW = 5, 44


def draw_labels(
    store: Store,
    rows: Sequence[int],
    masks: Iterable[U8],
    n_objects: Sequence[int],
    entries: Sequence[Entry],
    others: tuple[int, int],
    out: Path,
) -> tuple[int, int]:
    """Draw `rows` of `store` with the cells of each kind of object in a colour, and write the sheet as PNG.

    Parameters
    ----------
    store : Store
    rows : sequence of int
    masks : iterable of uint8 (y, x), one a row, taken one at a time
        0 where a cell is dead; ``k`` is of a kind ``entries[k - 1]``; one more is of any other kind, and two more of a
        board without a census.
    n_objects : sequence of int
        Of each row; -1 without a census.
    entries : sequence of Entry, at most MAX_ENTRIES
    others : int, int
        Objects of other kinds, and the number of these kinds.
    out : Path

    Returns
    -------
    width, height : int
        Of the picture, in pixels.

    Raises
    ------
    ParameterError
        If there are no such rows, or too many rows or entries.
    StoreError
        If `out` cannot be written.
    """
    rows = chosen(store, rows)
    if len(entries) > MAX_ENTRIES:
        raise ParameterError(f"a legend has colours for {MAX_ENTRIES} kinds of objects; these are {len(entries)}")
    inks = colours_of([entry.apgcode for entry in entries])
    colours = np.array([DARK.paper, *inks, OTHER, UNKNOWN], np.uint8)
    side = next(side for n, side in _SIDES if len(rows) <= n)
    panels = [panel(mask, colours, side) for mask in masks]
    texts = [
        [*caption, f"{n:,} object{'' if n == 1 else 's'}" if n >= 0 else "no census"]
        for caption, n in zip(captions(store, rows), n_objects, strict=True)
    ]
    n_unknown = sum(n < 0 for n in n_objects)
    sheet = arrange(
        panels,
        texts,
        title(store),
        theme=DARK,
        legend=lambda width: _legend(list(zip(entries, inks, strict=True)), others, n_unknown, width),
    )
    save(sheet, out)
    return sheet.size


def colours_of(apgcodes: Sequence[str]) -> list[Colour]:
    """Return a colour for each kind: its own if it has one, else one that is free."""
    free = iter([ink for apgcode, ink in INKS.items() if apgcode not in apgcodes])
    return [INKS[apgcode] if apgcode in INKS else next(free) for apgcode in apgcodes]


def _legend(entries: list[tuple[Entry, Colour]], others: tuple[int, int], n_unknown: int, width: int) -> Image.Image:
    """Draw the legend into lines of at most `width` pixels, or as wide as its widest item."""
    items = [_item(_icon(entry.cells, ink), entry.name, f"{entry.n_objects:,}") for entry, ink in entries]
    if others[0]:
        kinds = f"{others[0]:,} · {others[1]:,} kind{'s' if others[1] > 1 else ''}"
        items.append(_item(_icon(np.ones((3, 3), np.uint8), OTHER), "other", kinds))
    if n_unknown:
        boards = f"{n_unknown:,} board{'s' if n_unknown > 1 else ''}"
        items.append(_item(_icon(np.ones((3, 3), np.uint8), UNKNOWN), "no census", boards))
    if not items:
        items.append(_item(_icon(np.zeros((3, 3), np.uint8), OTHER), "no objects", "all boards are empty"))
    places, x, y = [], 0, 0
    for item in items:
        if x and x + item.width > width:
            x, y = 0, y + _ROW
        places.append((x, y))
        x += item.width + 2 * GAP
    image = Image.new(
        "RGB", (max(x + item.width for (x, _), item in zip(places, items, strict=True)), y + _ROW), DARK.sheet
    )
    for item, place in zip(items, places, strict=True):
        image.paste(item, place)
    return image


def _icon(cells: U8, ink: Colour) -> Image.Image:
    """Draw an object as squares with gaps between them, smaller if it is large."""
    side = max(1, min(_CELL, (_ROW - 4) // max(cells.shape)))
    squares = cells.repeat(side, axis=0).repeat(side, axis=1)
    if side > 2:
        squares[side - 1 :: side] = 0
        squares[:, side - 1 :: side] = 0
    return Image.fromarray(np.array([DARK.sheet, ink], np.uint8)[squares])


def _item(icon: Image.Image, name: str, count: str) -> Image.Image:
    large, small = ImageFont.load_default(size=13), ImageFont.load_default(size=11)
    name = name if len(name) <= 28 else f"{name[:25]}..."
    left = icon.width + 8
    width = left + round(max(large.getlength(name), small.getlength(count))) + 1
    image = Image.new("RGB", (width, _ROW), DARK.sheet)
    image.paste(icon, (0, (_ROW - icon.height) // 2))
    draw = ImageDraw.Draw(image)
    draw.text((left, 6), name, DARK.title, large)
    draw.text((left, 23), count, DARK.text, small)
    return image
