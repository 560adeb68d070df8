"""Argument sets of `lattice`: stacks, layouts that are none, and demons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from simkit.kernels.cases import Call
from simkit.kernels.lattice import layout, states

U8 = npt.NDArray[np.uint8]

#: columns of a stack whose spins end at nothing and at spins that never flip
_LOOSE = np.array([states.VOID, *[states.ISING] * 6, states.PINNED], np.uint8)


def stack(height: int, columns: U8, density: float = 0.5) -> U8:
    """Return random cells of columns of the given kinds: packets and spins of the same density."""
    random = np.random.default_rng(height + len(columns))
    shape = height, len(columns)
    drawn = random.random((5, *shape)) < density
    packets = (drawn[:4] << np.arange(4)[:, None, None]).sum(axis=0).astype(np.uint8)
    return layout.fill(np.broadcast_to(columns, shape), packets, drawn[4].astype(np.uint8))


def demons(height: int, width: int) -> U8:
    """Return random cells of the Creutz system."""
    y, x = np.indices((height, width))
    drawn = np.random.default_rng(height + width).integers(0, 8, (height, width))
    return (drawn | (y + x) % 2 << 3).astype(np.uint8)


def run(cells: U8, n_steps: int, *, is_driven: bool = False, **options: Any) -> Call:
    """Return a call that runs cells; between thermal walls, if it is driven."""
    if is_driven:
        shape = n_steps, 2, -(-len(cells) // 64)
        options["drive"] = np.random.default_rng(n_steps).integers(0, 2**64 - 1, shape, np.uint64)
    return Call("run", (cells, n_steps), options)


def _beside(cells: U8) -> U8:
    """Return cells of which one column is not of one kind, so that they are no stack."""
    changed = cells.copy()
    changed[1, 3] = states.FIRST[states.PINNED]
    return changed


def _regions(cells: U8) -> npt.NDArray[np.int64]:
    return np.arange(cells.shape[1]) // 50


def _stacked(height: int, columns: U8, **more: Any) -> Call:
    cells = stack(height, columns)
    return run(cells, 30, every=7, regions=_regions(cells), **more)


CASES: Mapping[str, Callable[[], Call]] = {
    "a ring in one warp": lambda: _stacked(128, layout.ring(70, 70)),
    "a ring in several": lambda: _stacked(256, layout.ring(70, 70)),
    "a ring of few rows, at an odd time": lambda: _stacked(20, layout.ring(7, 6), start=3),
    "between walls": lambda: _stacked(128, layout.sandwich(40, 34)),
    "between thermal walls": lambda: _stacked(128, layout.sandwich(40, 34), is_driven=True),
    "between thermal walls of odd words": lambda: _stacked(50, layout.sandwich(40, 34), is_driven=True),
    "spins between nothing and pinned ones": lambda: _stacked(128, _LOOSE),
    "spins alone": lambda: _stacked(128, np.full(70, states.ISING, np.uint8)),
    "gas alone": lambda: _stacked(128, np.full(71, states.GAS, np.uint8)),
    "no stack": lambda: run(_beside(stack(50, layout.ring(30, 40))), 30, every=7),
    "without a census": lambda: run(stack(128, layout.ring(7, 6)), 30),
    "demons": lambda: Call("run_creutz", (demons(128, 70), 30), {"every": 7}),
    "demons on several warps": lambda: Call("run_creutz", (demons(256, 70), 30), {"every": 7}),
    "demons of odd words": lambda: Call("run_creutz", (demons(50, 70), 30), {"every": 7}),
}
