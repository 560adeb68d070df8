"""Argument sets of `gather`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product

import numpy as np

from simkit.kernels.cases import Call


def gather(n_rows: int, n_bytes: int, n_places: int, seed: int = 0) -> Call:
    """Return a call that takes rows in any order, some more than once."""
    random = np.random.default_rng(seed)
    rows, places = random.integers(0, 256, (n_rows, n_bytes), np.uint8), random.integers(0, n_rows, n_places)
    return Call("gather", (rows, places, np.zeros((n_places, n_bytes), np.uint8)))


def pixels(
    n_images: int, n_channels: int, n_pixels: int, full: int, channels_last: bool, dtype: str, seed: int = 0
) -> Call:
    """Return a call that takes twice as many images as there are, in any order, with all values of a byte."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (n_images, n_channels, n_pixels), np.uint8)
    images.reshape(-1)[:256] = np.arange(min(256, images.size))
    places = random.integers(0, n_images, 2 * n_images)
    shape = (n_pixels, n_channels) if channels_last else (n_channels, n_pixels)
    return Call("pixels", (images, places, full, channels_last, np.zeros((len(places), *shape), dtype)))


CASES: Mapping[str, Callable[[], Call]] = {
    "of whole words": lambda: gather(9, 64, 30),
    "of odd lengths": lambda: gather(9, 37, 30),
    "of one byte": lambda: gather(300, 1, 30),
    "of no bytes": lambda: gather(9, 0, 3),
    "no rows": lambda: gather(9, 8, 0),
    **{
        f"{n_channels} channels{', last' * last}, {dtype}": partial(pixels, 5, n_channels, 77, full, last, dtype)
        for n_channels, full in ((1, 255), (2, 7), (3, 255))
        for last, dtype in product((False, True), ("uint8", "float32"))
    },
}
