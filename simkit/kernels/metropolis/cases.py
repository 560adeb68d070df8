"""Argument sets of `metropolis`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from simkit.kernels.cases import Call

#: 2**32 exp(-2 beta): of every size, the critical one and the extremes among them
_ACCEPTANCE = (2**31, 736_800_000, 0, 2**32 - 1, 5)


def run(height: int, width: int, n_steps: int) -> Call:
    """Return a call that runs spins, with another temperature after every seven steps."""
    cells = np.random.default_rng(2).integers(0, 2, (height, width), np.uint8)
    acceptance = np.resize(np.array(_ACCEPTANCE, np.uint32), -(-n_steps // 7))
    return Call("run", (cells, n_steps), {"acceptance": acceptance, "seed": 1, "row": 2, "every": 7})


CASES: Mapping[str, Callable[[], Call]] = {
    "less than a warp": lambda: run(16, 48, 28),
    "more words than a warp has lanes": lambda: run(144, 32, 28),
}
