"""Gathering rows and images in NumPy: the definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def gather(rows: npt.NDArray[np.uint8], places: npt.NDArray[np.int64], out: npt.NDArray[np.uint8]) -> None:
    """Write rows into `out`; see the package's docstring."""
    out[...] = rows[places]


def pixels(
    images: npt.NDArray[np.uint8],
    places: npt.NDArray[np.int64],
    full: int,
    channels_last: bool,
    out: npt.NDArray[Any],
) -> None:
    """Write images into `out`; see the package's docstring."""
    found = images[places]
    if channels_last:
        found = found.swapaxes(1, 2)
    out[...] = found if out.dtype == np.uint8 else found.astype(np.float32) / np.float32(full)
