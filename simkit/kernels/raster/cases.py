"""Argument sets of `blank`, `discs`, `subsets`, `lines`, `tiles`, `sprites` and `strokes`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from simkit.kernels.cases import Call
from simkit.kernels.raster import U8


def pictures(chance: np.random.Generator, n: int, n_channels: int, shape: tuple[int, int]) -> U8:
    """Return pictures on which something is already."""
    return chance.integers(0, 256, (n, n_channels, *shape), np.uint8)


def blank(n: int, colour: tuple[int, ...], shape: tuple[int, int]) -> Call:
    """Return a call for pictures of one colour."""
    return Call("blank", (np.arange(n, dtype=np.uint64), colour, shape))


def discs(n: int, n_discs: int, seed: int, shape: tuple[int, int] = (24, 31), *, edge: float = 1.0) -> Call:
    """Return a call for discs of three colours, some of them beyond the picture, two of radius 0 and below."""
    chance = np.random.default_rng(seed)
    centres = chance.uniform(-0.2, 1.2, (n, n_discs, 2)) * shape[::-1]
    centres[::3] = np.round(centres[::3] * 2) / 2  # exact distances, and ties
    radii = np.resize([3.2, 5.0, 0.0, 11.75, -0.25], n_discs)
    colours = chance.integers(0, 256, (n_discs, 3), np.uint8)
    return Call("discs", (pictures(chance, n, 3, shape), centres, radii, colours, edge))


def far() -> Call:
    """Return a call for discs that are far away, and one that is larger than everything."""
    centres = np.array([[[2, 2], [2.0**30, 0], [-(2.0**30), 5], [4, -1e9]]])
    radii, colours = np.array([1e9, 3, 2.0**30 + 5, 1e9 + 4.25]), np.array([[1], [2], [3], [4]], np.uint8)
    return Call("discs", (np.zeros((1, 1, 9, 9), np.uint8), centres, radii, colours, 1.0))


def subsets(n: int, size: int, seed: int) -> Call:
    """Return a call for subsets of all sizes, the first and the last of each size among them."""
    chance = np.random.default_rng(seed)
    counts = np.arange(n) % (size + 1)
    ranks = [int(chance.integers(0, math.comb(size, k))) for k in counts.tolist()]
    ranks[: size + 1] = [0] * len(ranks[: size + 1])
    ranks[size + 1 : 2 * size + 2] = [math.comb(size, k) - 1 for k in counts[size + 1 : 2 * size + 2].tolist()]
    return Call("subsets", (counts, np.array(ranks, np.int64), size))


def lines(n: int, n_channels: int, seed: int, shape: tuple[int, int] = (28, 28)) -> Call:
    """Return a call for lines on pictures on which something is already."""
    chance = np.random.default_rng(seed)
    columns = chance.integers(0, 3, (n, shape[1]), np.uint8)
    return Call("lines", (pictures(chance, n, n_channels, shape), columns, tuple(range(255, 255 - n_channels, -1))))


def tiles(
    n: int, side: int, seed: int, shape: tuple[int, int] = (30, 37), size: tuple[int, int] = (7, 9), far: int = 0
) -> Call:
    """Return a call for parts of maps, with what is around the maps."""
    chance = np.random.default_rng(seed)
    maps, atlas = chance.integers(0, 6, (n, *size), np.uint8), chance.integers(0, 256, (6, 3, side, side), np.uint8)
    around = np.array(shape[::-1]) + 3 + far
    offsets = chance.integers(-around, np.array(size[::-1]) * side + 3 + far, (n, 2))
    return Call("tiles", (pictures(chance, n, 3, shape), maps, offsets.astype(np.int32), atlas))


def sprites(n: int, n_sprites: int, seed: int, shape: tuple[int, int] = (20, 26)) -> Call:
    """Return a call for sprites in and around pictures: of some opacity, with holes, and none."""
    chance, size = np.random.default_rng(seed), (6, 9)
    atlas = chance.integers(0, 256, (4, 4, *size), np.uint8)
    atlas[1, -1], atlas[2, -1] = 255, 255 * chance.integers(0, 2, size, np.uint8)
    places = chance.integers(-12, np.array(shape[::-1]) + 3, (n, n_sprites, 2)).astype(np.int32)
    numbers = chance.integers(-1, 4, (n, n_sprites)).astype(np.int32)
    return Call("sprites", (pictures(chance, n, 3, shape), numbers, places, atlas))


def strokes(n: int, n_segments: int, seed: int, n_channels: int = 1, shape: tuple[int, int] = (28, 28)) -> Call:
    """Return a call for what a pen draws that is lifted now and then, goes beyond the picture, and stands still."""
    chance = np.random.default_rng(seed)
    steps = chance.normal(0, 1.5, (n, n_segments + 1, 2))
    steps[:, 0] = chance.uniform(-3, np.array(shape[::-1]) + 3, (n, 2))
    steps[:, 5::7] = 0
    steps[::2] = np.round(steps[::2] * 2) / 2  # exact distances, and ties
    steps[1::5] *= 40
    points = steps.cumsum(axis=1)
    segments = np.concatenate((points[:, :-1], points[:, 1:]), axis=2).astype(np.float32)
    segments[chance.random((n, n_segments)) < 0.1] = np.nan
    widths = chance.uniform(-0.6, 3, (n, n_segments)).astype(np.float32)
    colours = chance.integers(0, 256, (n, n_channels), np.uint8)
    return Call("strokes", (pictures(chance, n, n_channels, shape), segments, widths, colours))


CASES: Mapping[str, Callable[[], Call]] = {
    "blank": lambda: blank(5, (255, 0, 128), (9, 7)),
    "one channel": lambda: blank(3, (17,), (1, 1)),
    "no pictures": lambda: blank(0, (1, 2), (4, 4)),
    "discs": lambda: discs(9, 6, 1),
    "hard discs": lambda: discs(9, 6, 2, edge=0),
    "blurred discs": lambda: discs(7, 5, 3, edge=4.5),
    "discs on one pixel": lambda: discs(9, 6, 4, (1, 1)),
    "no discs": lambda: discs(2, 0, 5),
    "discs from afar": far,
    "subsets": lambda: subsets(200, 28, 6),
    "large subsets": lambda: subsets(300, 66, 7),
    "subsets of nothing": lambda: subsets(3, 0, 8),
    "lines": lambda: lines(9, 1, 9),
    "lines in colours": lambda: lines(5, 3, 10, (5, 70)),
    "lines on one row": lambda: lines(5, 2, 11, (1, 3)),
    "tiles": lambda: tiles(40, 5, 12),
    "tiles of one pixel": lambda: tiles(9, 1, 13),
    "tiles of eight pixels": lambda: tiles(20, 8, 14),
    "tiles larger than the picture": lambda: tiles(20, 19, 15, (6, 4), (3, 2)),
    "tiles far from the map": lambda: tiles(9, 3, 16, far=2**29),
    "sprites": lambda: sprites(20, 7, 17),
    "sprites larger than the picture": lambda: sprites(20, 5, 18, (4, 3)),
    "no sprites": lambda: sprites(2, 0, 19),
    "strokes": lambda: strokes(20, 36, 20),
    "strokes in colours": lambda: strokes(20, 20, 21, 3, (19, 33)),
    "strokes on one pixel": lambda: strokes(20, 9, 22, 2, (1, 1)),
    "a stroke": lambda: strokes(20, 1, 23, 1, (9, 5)),
    "no strokes": lambda: strokes(2, 0, 24),
}
