"""Painting: discs, lines, strokes, tiles and sprites on many small pictures at a time.

Pictures are C-contiguous uint8 (image, channel, y, x), 255 = full brightness. The pixel in row i and column j has its
middle at x = j + 1/2, y = i + 1/2; y grows downwards. Every backend module has these functions. All but `blank` and
`subsets` paint into the pictures that they are given, and return them. What lies outside of a picture is not painted.

``blank(index, colour, shape) -> uint8 (image, channel, y, x)``
    Return pictures of one colour.

    * index: any array (image,), such as what ``on.row_numbers(rows)`` gave; there are as many pictures, and they are
      where it is, in memory or on a device
    * colour: an integer 0..255 for each channel
    * shape: (height, width)

``discs(images, centres, radii, colours, edge) -> images``
    Paint discs, each over those before it.

    * centres: float64 (image, disc, 2), -2**30..2**30: x and y in pixels
    * radii: float64 (disc,), -2**30..2**30 pixels
    * colours: uint8 (disc, channel)
    * edge: width of the soft edge in pixels, 0..2**30; 1 is the usual anti-aliasing. The opacity of a pixel at
      distance d from the centre is (radius - d) / edge + 1/2, no less than 0 and no more than 1, rounded to 255ths.
      Where edge is 0, the disc is of all pixels with d <= radius, and hides what is under it.

``subsets(counts, ranks, n) -> uint8 (image, n)``
    Return subsets of 0..n-1, 1 where a number is in the subset.

    * counts: int64 (image,), how many numbers a subset has, 0..n
    * ranks: int64 (image,), 0 <= rank < C(n, count), the place among the subsets of that size in colexicographic order:
      {c1 < c2 < ...} has the rank C(c1, 1) + C(c2, 2) + ...
    * n: at most MAX_SUBSET

``lines(images, columns, colour) -> images``
    Paint vertical lines, one pixel wide.

    * columns: uint8 (image, x), not 0 where a line is to be
    * colour: an integer 0..255 for each channel

``tiles(images, maps, offsets, atlas) -> images``
    Paint the part of a map of square tiles that each picture shows; all pixels are painted.

    * maps: uint8 (image, row, column), the number of each tile
    * offsets: int32 (image, 2), -2**30..2**30: x and y of the picture's first pixel, in pixels of the map. Beyond the
      map there is tile 0.
    * atlas: uint8 (tile, channel, side, side)

``sprites(images, numbers, places, atlas) -> images``
    Paint small pictures with opacity, each over those before it.

    * numbers: int32 (image, sprite), which picture of the atlas; -1 = none
    * places: int32 (image, sprite, 2), -2**30..2**30: x and y of the sprite's first pixel
    * atlas: uint8 (number, channel + 1, height, width); the last channel is the opacity, 255 hides what is under it

``strokes(images, segments, widths, colours) -> images``
    Paint what a pen draws: segments with round ends, all at once, so that it is no brighter where they overlap.

    * segments: float32 (image, segment, 4), -2**14..2**14: x and y of both ends, in pixels; NaN where there is none
    * widths: float32 (image, segment): half the width of each, in pixels
    * colours: uint8 (image, channel)

    The opacity of a pixel is the greatest that a segment gives it: half its width, less the distance, plus 1/2, no less
    than 0 and no more than 1, rounded to 255ths.

An opacity a, 0..255, changes a channel to ``(under * (255 - a) + over * a + 127) // 255``. Distances are made of sums,
products, quotients and square roots of IEEE 754, each rounded by itself, so that all backends give the same bytes on
every machine.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernel

U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

KERNEL = Kernel("raster", ("cuda", "cpu", "reference"))

#: numbers of which subsets are taken, at most: C(66, 33) is the last of the largest that int64 can hold
MAX_SUBSET = 66

#: a segment whose squared length is not above this is a point
LEAST_SQUARE = 2.0**-40


def binomials(n: int) -> I64:
    """Return the binomial coefficients C(i, k), int64 (i, k), i = 0..n, k = 0..n; 0 where k > i."""
    table = np.zeros((n + 1, n + 1), np.int64)
    table[:, 0] = 1
    for i in range(1, n + 1):
        table[i, 1:] = table[i - 1, 1:] + table[i - 1, :-1]
    return table
