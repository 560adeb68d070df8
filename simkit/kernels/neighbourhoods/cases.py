"""Argument sets of `codes`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product

import numpy as np

from simkit.kernels.cases import Call
from simkit.kernels.neighbourhoods import PADDINGS

#: numbers of boards, heights and widths: of whole bytes and words, of neither, the smallest, boards of many rows
_SIZES = ((2, 64, 64), (3, 16, 24), (3, 7, 13), (3, 3, 3), (2, 5, 9), (1, 3, 300), (1, 90, 8), (0, 8, 8))

#: such as only a torus has
_SMALL = ((5, 1, 1), (5, 2, 2), (4, 1, 9), (4, 9, 1), (2, 2, 17))


def codes(n: int, height: int, width: int, padding: str, density: float = 0.5, seed: int = 0) -> Call:
    """Return a call for some boards of random bytes, spare bits among them, with about `density` of the cells alive."""
    random = np.random.default_rng(seed)
    cells = random.random((n, height, -(-width // 8) * 8)) < density
    return Call("codes", (np.packbits(cells, axis=-1, bitorder="little"), width, padding))


CASES: Mapping[str, Callable[[], Call]] = {
    **{
        f"{n} of {height}x{width}, {padding}": partial(codes, n, height, width, padding)
        for (n, height, width), padding in product(_SIZES, PADDINGS)
    },
    **{f"{n} of {height}x{width}": partial(codes, n, height, width, "circular") for n, height, width in _SMALL},
    "few cells": partial(codes, 3, 40, 50, "zeros", 0.05),
    "many cells": partial(codes, 3, 40, 50, "circular", 0.95),
}
