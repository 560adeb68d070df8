"""Painting in Numba. Nothing here holds the GIL."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numba as nb
import numpy as np

from simkit.kernels.compiling import CALLED, INNER
from simkit.kernels.raster import F64, I32, I64, U8, binomials
from simkit.kernels.raster.strokes_cpu import blend
from simkit.kernels.raster.strokes_cpu import strokes as strokes


@nb.njit(nogil=True, cache=True, **CALLED)
def _blank(images, colour):
    for i in range(len(images)):
        for c in range(len(colour)):
            images[i, c].ravel()[:] = colour[c]


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
def _discs(images, centres, radii, colours, edge):
    n, n_channels, height, width = images.shape
    for i in range(n):
        image = images[i]
        for k in range(len(radii)):
            cx, cy, radius = centres[i, k, 0], centres[i, k, 1], radii[k]
            reach = radius + edge / 2 + 1  # of pixels' middles, and more than rounding can err
            first, last = clip(cx - reach, width), clip(cx + reach + 1, width)
            for y in range(clip(cy - reach, height), clip(cy + reach + 1, height)):
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
def _subsets(counts, ranks, table, found):
    n = found.shape[1]
    for i in range(len(counts)):
        k, rank = counts[i], ranks[i]
        for x in range(n - 1, -1, -1):  # without a branch, which could not be guessed
            size = table[x, k]
            is_in = rank >= size  # never with k = 0, where C(x, 0) = 1 and the rank is 0
            rank -= size if is_in else 0
            k -= is_in
            found[i, x] = is_in


def subsets(counts: I64, ranks: I64, n: int) -> U8:
    """Return subsets by their ranks; see the package's docstring."""
    found = np.empty((len(counts), n), np.uint8)
    _subsets(counts, ranks, binomials(n), found)
    return found


@nb.njit(nogil=True, cache=True, **CALLED)
def _lines(images, columns, colour):
    n, n_channels, height, width = images.shape
    for i in range(n):
        for c in range(n_channels):
            for y in range(height):
                for x in range(width):
                    images[i, c, y, x] = colour[c] if columns[i, x] else images[i, c, y, x]


def lines(images: U8, columns: U8, colour: Sequence[int]) -> U8:
    """Paint vertical lines; see the package's docstring."""
    _lines(images, columns, np.array(colour, np.uint8))
    return images


@nb.njit(nogil=True, cache=True, **CALLED)
def _tiles(images, maps, offsets, atlas):
    n, n_channels, height, width = images.shape
    n_rows, n_columns = maps.shape[1:]
    side = atlas.shape[2]
    for i in range(n):
        left, top = np.int64(offsets[i, 0]), np.int64(offsets[i, 1])
        for y in range(height):
            row, v = divmod(top + y, side)
            x = 0
            while x < width:
                column, u = divmod(left + x, side)
                is_inside = (row >= 0) & (row < n_rows) & (column >= 0) & (column < n_columns)
                number = maps[i, row, column] if is_inside else np.uint8(0)
                length = min(side - u, width - x)
                for c in range(n_channels):
                    for j in range(length):
                        images[i, c, y, x + j] = atlas[number, c, v, u + j]
                x += length


def tiles(images: U8, maps: U8, offsets: I32, atlas: U8) -> U8:
    """Paint parts of maps of tiles; see the package's docstring."""
    _tiles(images, maps, offsets, atlas)
    return images


@nb.njit(**INNER)
def overlap(first, length, size):
    """Return where that part of a length begins and ends which is within 0..size."""
    return max(first, 0), min(first + length, size)


@nb.njit(nogil=True, cache=True, **CALLED)
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
