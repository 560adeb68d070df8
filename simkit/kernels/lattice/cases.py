"""Argument sets of `lattice`: stacks, layouts that are none, and demons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from simkit.kernels.cases import Call
from simkit.kernels.lattice import layout, states
from simkit.kernels.lattice.states import GAS, INTERFACE, ISING, KIND, MIRROR, PINNED, VOID

U8 = npt.NDArray[np.uint8]

#: name -> kinds of columns: every way in which a segment of a stack can end
STACKS: Mapping[str, U8] = {
    "ring": layout.ring(7, 6),
    "ring that wraps": np.roll(layout.ring(10, 20), 4),
    "interfaces alone": layout.ring(1, 2),
    "sandwich": layout.sandwich(9, 18),
    "gas ring": np.full(11, GAS, np.uint8),
    "gas between mirrors": np.array([MIRROR, *[GAS] * 8, MIRROR], np.uint8),
    "two rings in one": np.concatenate((layout.ring(3, 4), layout.ring(16, 16))),
    "spins": np.full(18, ISING, np.uint8),
    "spins between void and pinned": np.array([VOID, *[ISING] * 6, PINNED], np.uint8),
    "one wall": np.array([MIRROR, *[GAS] * 3, INTERFACE, ISING, ISING, ISING, PINNED], np.uint8),
}


def random_cells(seed: int, height: int, width: int, *, kinds: U8 | None = None) -> U8:
    """Return cells of random kinds and bits whose phases are one checkerboard. Interface is where one gas is near."""
    random = np.random.default_rng(seed)
    if kinds is None:
        kinds = random.choice(
            np.array([VOID, GAS, GAS, ISING, ISING, ISING, PINNED, MIRROR], np.uint8), (height, width)
        )
        gas = np.isin(kinds, (GAS, MIRROR)).astype(int)
        n_gas = sum(np.roll(gas, by, axis) for axis in (0, 1) for by in (1, -1))
        kinds[(kinds == ISING) & (n_gas == 1)] = INTERFACE
    y, x = np.indices(kinds.shape)
    g = random.integers(0, 16, kinds.shape, np.uint8)
    spin, bond, slot = (random.integers(0, 2, kinds.shape, np.uint8) for _ in range(3))
    phase = np.asarray((x + y + random.integers(2)) % 2, np.uint8)
    return states.compose(kinds, g, spin, bond, slot, phase)


def random_stack(seed: int, columns: U8, height: int) -> U8:
    """Return cells of random bits in a stack of columns of the given kinds, its mirrors empty."""
    kinds = np.broadcast_to(np.asarray(columns, np.uint8), (height, len(columns))).copy()
    cells = random_cells(seed, height, len(columns), kinds=kinds)
    return np.where(KIND[cells] == MIRROR, states.FIRST[MIRROR], cells).astype(np.uint8)


def random_demons(seed: int, height: int, width: int) -> U8:
    """Return random cells of the Creutz system."""
    random = np.random.default_rng(seed)
    y, x = np.indices((height, width))
    return (random.integers(0, 8, (height, width)) | ((x + y + random.integers(2)) % 2) << 3).astype(np.uint8)


def beside(cells: U8) -> U8:
    """Return cells of which one column is not of one kind, so that they are no stack."""
    changed = cells.copy()
    changed[1, 3] = states.FIRST[PINNED]
    return changed


def run(cells: U8, n_steps: int, *, is_driven: bool = False, **options: Any) -> Call:
    """Return a call that runs cells, or several systems of them; between thermal walls, if they are driven."""
    if is_driven:
        shape = *cells.shape[:-2], n_steps, 2, -(-cells.shape[-2] // 64)
        options["drive"] = np.random.default_rng(n_steps).integers(0, 2**64 - 1, shape, np.uint64)
    return Call("run", (cells, n_steps), options)


def run_creutz(cells: U8, n_steps: int, **options: Any) -> Call:
    """Return a call that runs spins with demons."""
    return Call("run_creutz", (cells, n_steps), options)


def _regions(cells: U8) -> npt.NDArray[np.int64]:
    return np.arange(cells.shape[1]) // 50


def _stacked(height: int, columns: U8, **more: Any) -> Call:
    cells = random_stack(height, columns, height)
    return run(cells, 30, every=7, regions=_regions(cells), **more)


CASES: Mapping[str, Callable[[], Call]] = {
    "a ring in one warp": lambda: _stacked(128, layout.ring(70, 70)),
    "a ring in several": lambda: _stacked(256, layout.ring(70, 70)),
    "a ring of few rows, at an odd time": lambda: _stacked(20, layout.ring(7, 6), start=3),
    "between walls": lambda: _stacked(128, layout.sandwich(40, 34)),
    "between thermal walls": lambda: _stacked(128, layout.sandwich(40, 34), is_driven=True),
    "between thermal walls of odd words": lambda: _stacked(50, layout.sandwich(40, 34), is_driven=True),
    "spins between nothing and pinned ones": lambda: _stacked(128, STACKS["spins between void and pinned"]),
    "spins alone": lambda: _stacked(128, np.full(70, ISING, np.uint8)),
    "gas alone": lambda: _stacked(128, np.full(71, GAS, np.uint8)),
    "no stack": lambda: run(beside(random_stack(1, layout.ring(30, 40), 50)), 30, every=7),
    "without a census": lambda: run(random_stack(1, layout.ring(7, 6), 128), 30),
    "demons": lambda: run_creutz(random_demons(1, 128, 70), 30, every=7),
    "demons on several warps": lambda: run_creutz(random_demons(2, 256, 70), 30, every=7),
    "demons of odd words": lambda: run_creutz(random_demons(3, 50, 70), 30, every=7),
}
