"""Gathering rows in NumPy: the definition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def gather(rows: npt.NDArray[np.uint8], places: npt.NDArray[np.int64], out: npt.NDArray[np.uint8]) -> None:
    """Write rows into `out`; see the package's docstring."""
    out[...] = rows[places]
