"""Fields of pixels on a sheet: those of a row beside each other, each channel as it is seen best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simkit.figures.picture import LIGHT, U8, Colour, Panel, Sheet, title
from simkit.schema import Array, Batch, Field, Schema
from simkit.store import Store

#: pixels that a picture is scaled to, up or down; several beside each other have as much room as two
_SIDE = 192

#: of the colours themselves there is no table
NO_COLOURS: U8 = np.zeros((0, 3), np.uint8)


def names(schema: Schema) -> list[str]:
    """Return the fields of pixels, the picture first."""
    return [name for name, field in schema.items() if field.full is not None]


def sheet(store: Store, rows: list[int], texts: Sequence[Sequence[str]]) -> Sheet:
    """Return a sheet of all fields of pixels of some rows, with `texts` below each row."""
    found = pictures(store.schema, {name: store[name][rows] for name in names(store.schema)})
    panels = [Panel(picture, NO_COLOURS, words) for picture, words in zip(found, texts, strict=True)]
    return Sheet(title(store), panels, side=side(found[0]))


def side(picture: U8) -> int:
    """Return the pixels that a picture is scaled to on a sheet."""
    height, width = picture.shape[:2]
    return _SIDE if width < 2 * height else 2 * _SIDE


def pictures(schema: Schema, batch: Batch) -> list[U8]:
    """Return one picture of each row, uint8 (y, x, 3), with all its fields of pixels beside each other."""
    fields = [(schema[name], batch[name]) for name in names(schema)]
    n_rows = len(fields[0][1])
    return [beside([part for field, values in fields for part in coloured(field, values[i])]) for i in range(n_rows)]


def coloured(field: Field, pixels: Array) -> list[U8]:
    """Return a picture as colours, uint8 (y, x, 3): one if it is grey or has three channels, else one per channel."""
    bright = (pixels.astype(np.uint16) * 255 // (field.full or 1)).clip(0, 255).astype(np.uint8)
    planes = bright.reshape(-1, *bright.shape[-2:])
    if len(planes) == 3:
        return [np.moveaxis(planes, 0, -1)]
    return [plane[..., None].repeat(3, axis=-1) for plane in planes]


def beside(pictures: Sequence[U8], ground: Colour = LIGHT.sheet) -> U8:
    """Return pictures side by side, on a ground that shows between them, and below those that are not as high."""
    height = max(len(picture) for picture in pictures)
    gap = max(1, height // 32)
    width = sum(picture.shape[1] + gap for picture in pictures) - gap
    out = np.full((height, width, 3), ground, np.uint8)
    left = 0
    for picture in pictures:
        out[: len(picture), left : left + picture.shape[1]] = picture
        left += picture.shape[1] + gap
    return out
