"""What previews show of synthetic images and small tasks: the pictures, or heat maps where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from simkit.figures import pixels
from simkit.figures.picture import LIGHT, U8, Key, Panel, Sheet, title
from simkit.schema import Array, Batch, Field, Schema
from simkit.store import Store

#: what stands first below a picture, if it is there
_FIRST = ("label", "reward", "action")

#: fields of a row that are written below it at most, and entries of each
_MOST_WORDS, _MOST_COLUMNS = 7, 4

#: pixels across a heat map, up to which a row of it is high, and between those of two fields
_WIDTH, _HEIGHT, _GAP = 176, 28, 6

#: numbers in a line of a heat map at most, where they do not fill whole lines of twice as many as there are lines
_IN_LINE = 32

#: colours from low to high, told apart without colour vision: dark blue to yellow; blue to orange by way of white
_RISING = ((0, 32, 76), (87, 92, 109), (166, 157, 117), (255, 234, 70))
_SIGNED = ((0, 68, 136), (120, 178, 220), (247, 247, 247), (240, 170, 100), (166, 60, 0))

#: share of the numbers of a field that the ends of its colours hold: few are larger by far
_WITHIN = 0.99

#: swatches of a legend
_SWATCHES = 5


def sheet(store: Store, rows: list[int], backend: str) -> Sheet:
    """Return the pictures of rows with label and factors below them, or heat maps of their numbers."""
    del backend
    texts, schema = captions(store, rows), store.schema
    shown = [name for name, field in schema.items() if field.full is not None or _is_brightness(field)]
    shown = shown or [name for name, field in schema.items() if _is_heat(name, field)]
    found, keys = drawn(schema, {name: store[name][rows] for name in shown})
    panels = [Panel(picture, pixels.NO_COLOURS, words) for picture, words in zip(found, texts, strict=True)]
    return Sheet(title(store), panels, keys, side=_WIDTH if keys else pixels.side(found[0]))


def drawn(schema: Schema, batch: Batch) -> tuple[list[U8], list[Key]]:
    """Return a picture of each row, uint8 (y, x, 3), and what its colours stand for if it is a heat map."""
    fields = {name: schema[name] for name in batch}
    floats = [name for name, field in fields.items() if _is_brightness(field)]
    if not floats and not pixels.names(Schema(**fields)):
        return _heat(schema, batch)
    for name in floats:
        fields[name] = replace(fields[name], dtype="uint8", full=255)
        batch = {**batch, name: np.rint(batch[name].clip(0, 1) * 255).astype(np.uint8)}
    return pixels.pictures(Schema(**fields), batch), []


def _is_brightness(field: Field) -> bool:
    """Say whether a field has the axes of colours, and numbers that are 0 to 1 from black to full brightness."""
    return field.dtype == "float32" and field.dims == ("channel", "y", "x")


def captions(store: Store, rows: Sequence[int]) -> list[list[str]]:
    """Return what stands below each row: its number, then names and values, first of what is to be told."""
    names = [name for name, field in store.schema.items() if not field.shape or _has_names(field)]
    names.sort(key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    words: list[list[str]] = [[] for _ in rows]
    for name in names:
        field, values = store.schema[name], store[name][list(rows)]
        for row, value in zip(words, values, strict=True):
            row.append(f"{name} {', '.join(_value(field, number) for number in value.reshape(-1))}")
    return [[f"row {row:,}", *found[:_MOST_WORDS]] for row, found in zip(rows, words, strict=True)]


def _has_names(field: Field) -> bool:
    return len(field.shape) == 1 and 0 < len(field.columns) <= _MOST_COLUMNS


def _value(field: Field, value: np.generic) -> str:
    if field.labels:
        return field.class_name(int(value))
    return f"{value:.3g}" if isinstance(value, np.floating) else f"{value:,}"


def _heat(schema: Schema, batch: Batch) -> tuple[list[U8], list[Key]]:
    """Return one picture of the numbers of each row, uint8 (y, x, 3), and what the colours stand for.

    Each field has a line or a block, one below the other: those with axes, and what is to be told.
    """
    blocks, keys = [], []
    for name, values in batch.items():
        if not _is_heat(name, schema[name]):
            continue
        numbers = values.reshape(len(values), -1).astype(np.float64)
        lowest, highest = _range(schema[name], numbers)
        colours = _SIGNED if lowest < 0 else _RISING
        blocks.append([_block((line - lowest) / (highest - lowest), colours) for line in numbers])
        ramp = _coloured(np.linspace(0, 1, _SWATCHES), colours)
        keys.append(Key(f"{name} {lowest:.3g} to {highest:.3g}", ramp))
    return [_stacked(parts) for parts in zip(*blocks, strict=True)], keys


def _is_heat(name: str, field: Field) -> bool:
    return bool(field.shape) or name in _FIRST


def _range(field: Field, values: Array) -> tuple[float, float]:
    """Return the values of the two ends of the colours: even around 0 where there are negative ones."""
    if field.labels:
        return 0.0, float(max(1, len(field.labels) - 1))
    largest = float(np.quantile(np.abs(values), _WITHIN)) if values.size else 0.0
    largest = largest or float(np.abs(values).max(initial=0.0)) or 1.0
    if (values < 0).any():
        return -largest, largest
    return (
        0.0,
        1.0 if 0.5 < largest < 1 else largest,
    )  # shares and the like, of which one field has the scale of another


def _coloured(shares: npt.NDArray[np.float64], colours: Sequence[tuple[int, int, int]]) -> U8:
    """Return shares 0..1 as colours between those given, uint8 (..., 3); what is beyond has those of the ends."""
    places = np.linspace(0, 1, len(colours))
    parts = [np.interp(shares, places, [colour[i] for colour in colours]) for i in range(3)]
    return np.rint(np.stack(parts, axis=-1)).astype(np.uint8)


def _block(shares: npt.NDArray[np.float64], colours: Sequence[tuple[int, int, int]]) -> U8:
    """Return numbers as cells in lines, uint8 (y, x, 3), as wide as the sheet's pictures."""
    is_line = len(shares) <= _IN_LINE
    n_columns = len(shares) if is_line else int(np.ceil(np.sqrt(2 * len(shares))))
    n_lines = -(-len(shares) // n_columns)
    cells = np.full((n_lines * n_columns, 3), LIGHT.sheet, np.uint8)
    cells[: len(shares)] = _coloured(shares, colours)
    if is_line:  # of any width; and told apart where they are alike
        edges = np.arange(n_columns + 1) * _WIDTH // n_columns
        line = cells.repeat(np.diff(edges), axis=0)
        line[edges[1:-1] - 1] = LIGHT.sheet
        return line[None].repeat(_HEIGHT, axis=0)
    side = max(1, _WIDTH // n_columns)
    return cells.reshape(n_lines, n_columns, 3).repeat(side, axis=1).repeat(min(side, _HEIGHT), axis=0)


def _stacked(blocks: Sequence[U8]) -> U8:
    """Return blocks one below the other, with gaps between them."""
    width = max(block.shape[1] for block in blocks)
    out = np.full((sum(len(block) + _GAP for block in blocks) - _GAP, width, 3), LIGHT.sheet, np.uint8)
    top = 0
    for block in blocks:
        out[top : top + len(block), : block.shape[1]] = block
        top += len(block) + _GAP
    return out
