"""Painting in CUDA C++, a thread for a pixel: each is written by one thread, in the order of what is painted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simkit.kernels.cuda import Array, back, compile_module, empty, to_device, to_host
from simkit.kernels.raster import LEAST_SQUARE, binomials

#: threads of a block
_N_THREADS = 256


@cache
def module() -> Any:
    """Return the compiled kernels."""
    files = (Path(__file__).with_name(name) for name in ("raster.cu", "strokes.cu"))
    return compile_module(files, N_THREADS=_N_THREADS)


def blank(index: Array, colour: Sequence[int], shape: tuple[int, int]) -> Array:
    """Return pictures of one colour; see the package's docstring."""
    images = empty((len(index), len(colour), *shape), np.uint8)
    images[...] = _colours(colour)[:, None, None]
    return back(images, index)


def discs(images: Array, centres: Array, radii: Array, colours: Array, edge: float) -> Array:
    """Paint discs; see the package's docstring."""
    given = to_device(centres, np.float64), to_device(radii, np.float64), to_device(colours, np.uint8)
    return paint(module(), "discs", images, *given, np.uint32(len(radii)), np.float64(edge))


def subsets(counts: Array, ranks: Array, n: int) -> Array:
    """Return subsets by their ranks; see the package's docstring."""
    found = empty((len(counts), n), np.uint8)
    if found.size:
        given = to_device(counts, np.int64), to_device(ranks, np.int64), np.uint32(len(counts))
        grid = (-(-len(counts) // _N_THREADS),)
        table = to_device(binomials(n), np.int64)
        module().get_function("subsets")(grid, (_N_THREADS,), (*given, table, np.int32(n), found))
    return back(found, counts)


def lines(images: Array, columns: Array, colour: Sequence[int]) -> Array:
    """Paint vertical lines; see the package's docstring."""
    return paint(module(), "lines", images, to_device(columns, np.uint8), _colours(colour))


def tiles(images: Array, maps: Array, offsets: Array, atlas: Array) -> Array:
    """Paint parts of maps of tiles; see the package's docstring."""
    given = to_device(maps, np.uint8), *map(np.int32, maps.shape[1:]), to_device(offsets, np.int32)
    return paint(module(), "tiles", images, *given, to_device(atlas, np.uint8), np.int32(atlas.shape[2]))


def sprites(images: Array, numbers: Array, places: Array, atlas: Array) -> Array:
    """Paint sprites; see the package's docstring."""
    given = to_device(numbers, np.int32), to_device(places, np.int32), np.uint32(numbers.shape[1])
    return paint(module(), "sprites", images, *given, to_device(atlas, np.uint8), *map(np.int32, atlas.shape[2:]))


def strokes(images: Array, segments: Array, widths: Array, colours: Array) -> Array:
    """Paint what a pen draws; see the package's docstring."""
    given = to_device(segments, np.float32), to_device(widths, np.float32), to_device(colours, np.uint8)
    return paint(module(), "strokes", images, *given, np.uint32(segments.shape[1]), np.float32(LEAST_SQUARE))


def paint(compiled: Any, name: str, images: Array, *arguments: Any) -> Array:
    """Run a kernel of a thread for each pixel of pictures, on a device or not, and return these, painted."""
    n, n_channels, height, width = images.shape
    if images.size:
        target, n_pixels = to_device(images, np.uint8), n * height * width
        given = target, np.uint64(n_pixels), np.uint32(n_channels), np.int32(height), np.int32(width)
        compiled.get_function(name)((-(-n_pixels // _N_THREADS),), (_N_THREADS,), (*given, *arguments))
        if target is not images:
            images[...] = target if isinstance(images, type(target)) else to_host(target)
    return images


def _colours(colour: Sequence[int]) -> Array:
    return to_device(np.array(colour, np.uint8), np.uint8)
