"""Codes of neighbourhoods in NumPy: the definition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.kernels.neighbourhoods import N_PATTERNS, check


def codes(boards: npt.NDArray[np.uint8], width: int, padding: str) -> npt.NDArray[np.uint16]:
    """Return the code of each cell; see the package's docstring."""
    check(boards, width, padding)
    cells = np.unpackbits(boards, axis=-1, count=width, bitorder="little").astype(np.uint16)
    height, width = cells.shape[1:]
    around = ((0, 0), (1, 1), (1, 1))
    padded = np.pad(cells, around, mode="wrap") if padding == "circular" else np.pad(cells, around)
    found = np.zeros_like(cells)
    for k in range(9):
        y, x = divmod(k, 3)
        found |= padded[:, y : y + height, x : x + width] << k
    if padding == "zeros":
        found += N_PATTERNS * places(height, width)
    return found


def places(height: int, width: int) -> npt.NDArray[np.uint16]:
    """Return the number of each cell's place among `PLACES`, uint16 (y, x)."""
    found = np.zeros((height, width), np.uint16)
    found[0], found[-1], found[:, 0], found[:, -1] = 2, 7, 4, 5
    found[0, 0], found[0, -1], found[-1, 0], found[-1, -1] = 1, 3, 6, 8
    return found
