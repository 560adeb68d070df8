"""Argument sets of `gather`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from simkit.kernels.cases import Call


def gather(n_rows: int, n_bytes: int, n_places: int, seed: int = 0) -> Call:
    """Return a call that takes rows in any order, some more than once."""
    random = np.random.default_rng(seed)
    rows, places = random.integers(0, 256, (n_rows, n_bytes), np.uint8), random.integers(0, n_rows, n_places)
    return Call("gather", (rows, places, np.zeros((n_places, n_bytes), np.uint8)))


CASES: Mapping[str, Callable[[], Call]] = {
    "of whole words": lambda: gather(9, 64, 30),
    "of odd lengths": lambda: gather(9, 37, 30),
    "of one byte": lambda: gather(300, 1, 30),
    "of no bytes": lambda: gather(9, 0, 3),
    "no rows": lambda: gather(9, 8, 0),
}
