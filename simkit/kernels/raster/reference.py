"""Painting in NumPy: the definition. One picture after another, and one thing after another on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simkit.kernels.raster import F64, I32, I64, U8, binomials
from simkit.kernels.raster.strokes_reference import blend
from simkit.kernels.raster.strokes_reference import strokes as strokes


def blank(index: Any, colour: Sequence[int], shape: tuple[int, int]) -> U8:
    """Return pictures of one colour; see the package's docstring."""
    images = np.empty((len(index), len(colour), *shape), np.uint8)
    images[...] = np.array(colour, np.uint8)[:, None, None]
    return images


def discs(images: U8, centres: F64, radii: F64, colours: U8, edge: float) -> U8:
    """Paint discs; see the package's docstring."""
    y, x = np.arange(images.shape[2])[:, None] + 0.5, np.arange(images.shape[3]) + 0.5
    for image, places in zip(images, centres, strict=True):
        for (cx, cy), radius, colour in zip(places, radii, colours, strict=True):
            dx, dy = x - cx, y - cy
            distance = np.sqrt(dx * dx + dy * dy)
            coverage = (radius - distance) / edge + 0.5 if edge else (distance <= radius).astype(np.float64)
            opacity = np.floor(np.clip(coverage, 0, 1) * 255 + 0.5).astype(np.uint8)
            image[...] = blend(image, colour[:, None, None], opacity)
    return images


def subsets(counts: I64, ranks: I64, n: int) -> U8:
    """Return subsets by their ranks; see the package's docstring."""
    found, table = np.zeros((len(counts), n), np.uint8), binomials(n)
    for row, count, rank in zip(found, counts, ranks, strict=True):
        for k in range(count, 0, -1):
            largest = np.flatnonzero(table[:, k] <= rank)[-1]
            row[largest] = 1
            rank -= table[largest, k]
    return found


def lines(images: U8, columns: U8, colour: Sequence[int]) -> U8:
    """Paint vertical lines; see the package's docstring."""
    for image, is_line in zip(images, columns != 0, strict=True):
        image[:, :, is_line] = np.array(colour, np.uint8)[:, None, None]
    return images


def tiles(images: U8, maps: U8, offsets: I32, atlas: U8) -> U8:
    """Paint parts of maps of tiles; see the package's docstring."""
    side = atlas.shape[2]
    for image, numbers, (left, top) in zip(images, maps, offsets, strict=True):
        y, x = top + np.arange(image.shape[1])[:, None], left + np.arange(image.shape[2])
        row, column = y // side, x // side
        is_inside = (row >= 0) & (row < maps.shape[1]) & (column >= 0) & (column < maps.shape[2])
        number = np.zeros(is_inside.shape, np.uint8)
        number[is_inside] = numbers[tuple(at[is_inside] for at in np.broadcast_arrays(row, column))]
        for channel, plane in enumerate(image):
            plane[...] = atlas[number, channel, y % side, x % side]
    return images


def sprites(images: U8, numbers: I32, places: I32, atlas: U8) -> U8:
    """Paint sprites; see the package's docstring."""
    y, x = np.arange(images.shape[2])[:, None], np.arange(images.shape[3])
    for image, shown, corners in zip(images, numbers, places, strict=True):
        for number, (left, top) in zip(shown, corners, strict=True):
            if number < 0:
                continue
            *channels, opacity = atlas[number]
            i, j = np.broadcast_arrays(y - top, x - left)
            on = (i >= 0) & (i < atlas.shape[2]) & (j >= 0) & (j < atlas.shape[3])
            for plane, channel in zip(image, channels, strict=True):
                plane[on] = blend(plane[on], channel[i[on], j[on]], opacity[i[on], j[on]])
    return images
