"""Argument sets of `metropolis`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from simkit.kernels.cases import Call

U8 = npt.NDArray[np.uint8]

#: 2**32 exp(-2 beta) at the critical point
CRITICAL = round(2**32 / (1 + 2**0.5) ** 2)

#: the same at temperatures of every size, the extremes among them
_ACCEPTANCE = (2**31, CRITICAL, 0, 2**32 - 1, 5)


def spins(seed: int, shape: tuple[int, ...]) -> U8:
    """Return random spins of a shape."""
    return np.random.default_rng(seed).integers(0, 2, shape, np.uint8)


def run(cells: U8, n_steps: int, acceptance: Sequence[int] = _ACCEPTANCE, *, every: int = 7, **options: Any) -> Call:
    """Return a call that runs spins, with the next of the acceptances after every so many steps."""
    n_intervals = max(1, -(-(options.get("start", 0) + n_steps) // every))
    of_each = np.resize(np.array(acceptance, np.uint32), n_intervals)
    return Call("run", (cells, n_steps), {"acceptance": of_each, "seed": 1, "row": 2, "every": every, **options})


CASES: Mapping[str, Callable[[], Call]] = {
    "less than a warp": lambda: run(spins(2, (16, 48)), 28),
    "more words than a warp has lanes": lambda: run(spins(2, (144, 32)), 28),
}
