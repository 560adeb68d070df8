"""Painting in Numba, an image at a time. Nothing here holds the GIL.

Bound: the bytes of the pictures, written once by `blank`, and read and written again where something is painted; they
stay in a cache when a batch is small. Rows are short, so that a loop over the bytes of a row costs more than what it
copies: lines and tiles go by words of eight bytes, to any place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numba as nb
import numpy as np

from simkit.kernels.compiling import CALLED, INNER, stamped
from simkit.kernels.raster import F64, I32, I64, U8, binomials
from simkit.kernels.raster.strokes_cpu import blend
from simkit.kernels.raster.strokes_cpu import strokes as strokes
from simkit.kernels.raster.words import WORD, load, store

#: subsets that are looked for side by side
LANES = 16

#: pixels by which a disc is taken to reach further than it does: more than rounding can err
_SLACK = 1 / 64


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _blank(images, colour):
    n, n_channels, height, width = images.shape
    planes = images.reshape((n * n_channels, height * width))
    for i in range(len(planes)):
        value = colour[i % n_channels]
        for p in range(height * width):
            planes[i, p] = value


def blank(index: Any, colour: Sequence[int], shape: tuple[int, int]) -> U8:
    """Return pictures of one colour; see the package's docstring."""
    images = np.empty((len(index), len(colour), *shape), np.uint8)
    _blank(images, np.array(colour, np.uint8))
    return images


@nb.njit(**INNER)
def clip(number, most):
    """Return the integer below a number, no less than 0 and no more than `most`."""
    return np.int64(math.floor(min(max(number, 0.0), np.float64(most))))


@nb.njit(nogil=True, cache=True, error_model="numpy", **CALLED)
@stamped
def _discs(images, centres, radii, colours, edge):
    n, n_channels, height, width = images.shape
    for i in range(n):
        image = images[i]
        for k in range(len(radii)):
            cx, cy, radius = centres[i, k, 0], centres[i, k, 1], radii[k]
            reach = radius + edge / 2 + _SLACK
            first, last = clip(cx - reach + 0.5, width), clip(cx + reach + 0.5, width)
            for y in range(clip(cy - reach + 0.5, height), clip(cy + reach + 0.5, height)):
                dy = (y + 0.5) - cy
                for x in range(first, last):
                    dx = (x + 0.5) - cx
                    distance = math.sqrt(dx * dx + dy * dy)
                    if edge == 0:
                        coverage = 1.0 if distance <= radius else 0.0
                    else:
                        coverage = min(max((radius - distance) / edge + 0.5, 0.0), 1.0)
                    opacity = np.uint32(np.int64(coverage * 255 + 0.5))
                    if opacity:
                        for c in range(n_channels):
                            image[c, y, x] = blend(image[c, y, x], colours[k, c], opacity)


def discs(images: U8, centres: F64, radii: F64, colours: U8, edge: float) -> U8:
    """Paint discs; see the package's docstring."""
    _discs(images, centres, radii, colours, float(edge))
    return images


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _subsets(counts, ranks, table, found):
    """Go down the numbers with LANES subsets at a time, each of which waits for its own steps; none has a branch."""
    n = found.shape[1]
    left, rank = np.empty(LANES, np.int64), np.empty(LANES, np.int64)
    for first in range(0, len(counts), LANES):
        n_lanes = min(LANES, len(counts) - first)
        for i in range(n_lanes):
            left[i], rank[i] = counts[first + i], ranks[first + i]
        for x in range(n - 1, -1, -1):
            sizes = table[x]
            for i in range(n_lanes):
                size = sizes[left[i]]
                is_in = rank[i] >= size  # never where none is left: C(x, 0) = 1, and the rank is 0
                rank[i] -= size if is_in else 0
                left[i] -= is_in
                found[first + i, x] = is_in


def subsets(counts: I64, ranks: I64, n: int) -> U8:
    """Return subsets by their ranks; see the package's docstring."""
    found = np.empty((len(counts), n), np.uint8)
    _subsets(counts, ranks, binomials(n), found)
    return found


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _lines(images, columns, colour):
    """Paint words of eight pixels, down all rows with one mask; the last of a row may lie over the one before it."""
    n, n_channels, height, width = images.shape
    rows, flat = images.reshape((n * n_channels * height, width)), images.reshape(images.size)
    mask = np.empty(width, np.uint8)
    for i in range(n):
        for x in range(width):
            mask[x] = 255 if columns[i, x] else 0
        for c in range(n_channels):
            first = (i * n_channels + c) * height
            if width < WORD:
                for x in range(width):
                    if mask[x]:
                        rows[first : first + height, x] = colour[c]
                continue
            word = np.uint64(colour[c]) * np.uint64(0x0101010101010101)
            for at in range(0, width, WORD):
                x = min(at, width - WORD)
                is_line = load(mask, x)
                for y in range(height):
                    place = (first + y) * width + x
                    store(flat, place, (load(flat, place) & ~is_line) | (word & is_line))


def lines(images: U8, columns: U8, colour: Sequence[int]) -> U8:
    """Paint vertical lines; see the package's docstring."""
    _lines(images, columns, np.array(colour, np.uint8))
    return images


@nb.njit(**INNER)
def _row(room, source, places, n_places, v, side, u, start):
    """Copy row v of the tiles that begin at `places` into a row; of the first one, what is right of u."""
    for k in range(n_places):
        place, length = places[k] + v * side + u, side - u
        store(room, start, load(source, place))
        for x in range(WORD, length, WORD):
            store(room, start + x, load(source, place + x))
        start += length
        u = 0


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _tiles(images, maps, offsets, atlas):
    """Paint words of eight pixels from left to right and downwards: what a word has too much the next one hides.

    So that nothing is hidden which is not painted later, a picture is painted into a room of its own, and copied.
    """
    n, n_channels, height, width = images.shape
    n_rows, n_columns = maps.shape[1:]
    side, size = atlas.shape[2], n_channels * height * width
    pictures = images.reshape((n, size))
    source = np.zeros(atlas.size + WORD, np.uint8)
    source[: atlas.size] = atlas.reshape(atlas.size)
    room, places = np.empty(size + side + WORD, np.uint8), np.empty(width // side + 2, np.int64)
    for i in range(n):
        left, top = np.int64(offsets[i, 0]), np.int64(offsets[i, 1])
        first, u = divmod(left, side)
        n_places = (u + width - 1) // side + 1
        start = 0
        for c in range(n_channels):
            row, v = divmod(top, side)
            is_new = True
            for _ in range(height):
                if is_new:
                    for k in range(n_places):
                        column = first + k
                        is_inside = (row >= 0) & (row < n_rows) & (column >= 0) & (column < n_columns)
                        number = np.int64(maps[i, row, column]) if is_inside else np.int64(0)
                        places[k] = (number * n_channels + c) * side * side
                _row(room, source, places, n_places, v, side, u, start)
                start += width
                v += 1
                is_new = v == side
                if is_new:
                    row, v = row + 1, 0
        for p in range(size):
            pictures[i, p] = room[p]


def tiles(images: U8, maps: U8, offsets: I32, atlas: U8) -> U8:
    """Paint parts of maps of tiles; see the package's docstring."""
    _tiles(images, maps, offsets, atlas)
    return images


@nb.njit(**INNER)
def overlap(first, length, size):
    """Return where that part of a length begins and ends which is within 0..size."""
    return max(first, 0), min(first + length, size)


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _sprites(images, numbers, places, atlas):
    n, n_channels, height, width = images.shape
    sprite_height, sprite_width = atlas.shape[2:]
    for i in range(n):
        for k in range(numbers.shape[1]):
            number, left, top = numbers[i, k], np.int64(places[i, k, 0]), np.int64(places[i, k, 1])
            if number < 0:
                continue
            first, last = overlap(left, sprite_width, width)
            above, below = overlap(top, sprite_height, height)
            for y in range(above, below):
                for x in range(first, last):
                    opacity = np.uint32(atlas[number, n_channels, y - top, x - left])
                    if opacity:
                        for c in range(n_channels):
                            over = atlas[number, c, y - top, x - left]
                            images[i, c, y, x] = blend(images[i, c, y, x], over, opacity)


def sprites(images: U8, numbers: I32, places: I32, atlas: U8) -> U8:
    """Paint sprites; see the package's docstring."""
    _sprites(images, numbers, places, atlas)
    return images
