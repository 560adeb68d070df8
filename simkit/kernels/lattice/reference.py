"""The coupled system and the Creutz system in NumPy, one byte a cell: the definition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.kernels.lattice import CREUTZ_QUANTITIES, QUANTITIES, Trace, n_samples
from simkit.kernels.lattice.states import (
    BOND,
    DIRECTIONS,
    GAS,
    INTERFACE,
    IS_GAS,
    IS_SPIN,
    KIND,
    MIRROR,
    PERMUTED,
    PHASE,
    SLOT,
    SPIN,
    G,
    compose,
)

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]


def _near(cells: U8) -> list[U8]:
    """Return the cells to the N, E, S and W of each."""
    return [np.roll(cells, (-dy, -dx), (-2, -1)) for dy, dx in DIRECTIONS]


def _unsatisfied(cells: U8, near: list[U8]) -> list[U8]:
    """Return whether the bond to the N, E, S and W is unsatisfied; that of an interface cell to the gas is its bit."""
    is_interface = KIND[cells] == INTERFACE
    return [np.where(is_interface & (IS_GAS[n] == 1), BOND[cells], SPIN[cells] ^ SPIN[n]) for n in near]


def move(cells: U8) -> U8:
    """Do the first half of a step, A, on cells (..., y, x)."""
    near = _near(cells)
    g, slot = np.zeros_like(cells), np.zeros_like(cells)
    for d in range(4):
        back = (d + 2) % 4
        origin = near[back]
        from_slot = np.where(KIND[origin] == INTERFACE, SLOT[origin], G[cells] >> back & 1)
        g |= np.where(IS_GAS[origin] == 1, G[origin] >> d & 1, from_slot).astype(np.uint8) << d
        slot |= IS_GAS[near[d]] & G[near[d]] >> back & 1
    n_unsatisfied = sum(_unsatisfied(cells, near))
    flips = ((n_unsatisfied == 2) & (PHASE[cells] == 1)).astype(np.uint8)
    return compose(KIND[cells], g, SPIN[cells] ^ flips, BOND[cells] ^ flips, slot, PHASE[cells])


def step(cells: U8) -> U8:
    """Return cells (..., y, x) one step later."""
    return PERMUTED[move(cells)]


def count(cells: U8, regions: I64, time: int) -> I64:
    """Return the census of cells (y, x) at `time`: int64 (region, quantity), as QUANTITIES says."""
    y, x = np.indices(cells.shape)
    parity = (y + x + time) % 2
    near = _near(cells)
    unsatisfied = _unsatisfied(cells, near)
    is_spin = IS_SPIN[cells] == 1
    is_interface = KIND[cells] == INTERFACE
    bonds = np.zeros(cells.shape, np.int64)
    for d in range(4):
        is_mine = is_spin if d in (1, 2) else is_spin & (IS_SPIN[near[d]] == 0)  # E and S; others to what is no spin
        bonds += is_mine & ~(is_interface & (IS_GAS[near[d]] == 1)) & (unsatisfied[d] == 1)
    n_unsatisfied = sum(unsatisfied)
    per_cell = [
        *((KIND[cells] == GAS) & (G[cells] >> d & 1 == 1) & (parity == c) for d in range(4) for c in (0, 1)),
        np.where(KIND[cells] == MIRROR, np.bitwise_count(G[cells]), 0),
        SLOT[cells],
        BOND[cells],
        is_spin & (SPIN[cells] == 1),
        bonds,
        *(is_spin & (n_unsatisfied == u) for u in range(5)),
    ]
    census = np.zeros((int(regions.max()) + 1, len(QUANTITIES)), np.int64)
    for i, values in enumerate(per_cell):
        np.add.at(census[:, i], regions, values.sum(axis=0, dtype=np.int64))
    return census


def _driven(cells: U8, words: U64) -> tuple[U8, list[int]]:
    """Replace what the outer mirrors are about to emit; return the cells and the packets that each wall gave."""
    y = np.arange(cells.shape[0])
    n_words = words.shape[-1]
    cells, given = cells.copy(), []
    for wall, (column, bit) in enumerate(((0, 2), (-1, 8))):
        new = (words[wall, y % n_words] >> (y // n_words).astype(np.uint64) & np.uint64(1)).astype(np.uint8)
        old = G[cells[:, column]]
        given.append(int(new.sum(dtype=np.int64)) - int(((old & bit) > 0).sum()))
        cells[:, column] += (old & ~np.uint8(bit) | new * np.uint8(bit)) - old
    return cells, given


def run(
    cells: U8,
    n_steps: int,
    *,
    every: int | None = None,
    regions: I64 | None = None,
    start: int = 0,
    drive: U64 | None = None,
) -> Trace:
    """Run the coupled system; see the package's docstring."""
    regions = np.zeros(cells.shape[1], np.int64) if regions is None else regions
    census = np.zeros((n_samples(n_steps, every), int(regions.max()) + 1, len(QUANTITIES)), np.int64)
    given = np.zeros((len(census), 2), np.int64)
    so_far = np.zeros(2, np.int64)
    for t in range(n_steps + 1):
        if t > 0:
            cells = step(cells)
        if t > 0 and drive is not None:
            cells, now = _driven(cells, drive[t - 1])
            so_far = so_far + now
        if every and t % every == 0:
            census[t // every], given[t // every] = count(cells, regions, start + t), so_far
    return Trace(cells.copy(), census, given)


def step_creutz(cells: U8) -> U8:
    """Return Creutz cells (..., y, x) one half-sweep later."""
    spin, demon, phase = cells & 1, cells >> 1 & 3, cells >> 3
    total = demon + sum(spin ^ n & 1 for n in _near(cells))
    flips = (phase == 1) & (total >= 2) & (total <= 5)
    after: U8 = np.where(flips, spin ^ 1, spin) + 2 * np.where(flips, total - 2, demon) + 8 * (phase ^ 1)
    return after


def count_creutz(cells: U8) -> I64:
    """Return the census of Creutz cells (y, x): int64 (1, quantity), as CREUTZ_QUANTITIES says."""
    spin, demon = cells & 1, cells >> 1 & 3
    unsatisfied = [spin ^ n & 1 for n in _near(cells)]
    sites = np.sum(unsatisfied, axis=0)
    counts = [
        spin.sum(dtype=np.int64),
        (unsatisfied[1] + unsatisfied[2]).sum(dtype=np.int64),
        *(np.count_nonzero(sites == u) for u in range(5)),
        *(np.count_nonzero(demon == k) for k in range(4)),
    ]
    return np.array([counts], np.int64).reshape(1, len(CREUTZ_QUANTITIES))


def run_creutz(cells: U8, n_steps: int, *, every: int | None = None) -> Trace:
    """Run the Creutz system; see the package's docstring."""
    census = np.zeros((n_samples(n_steps, every), 1, len(CREUTZ_QUANTITIES)), np.int64)
    for t in range(n_steps + 1):
        if t > 0:
            cells = step_creutz(cells)
        if every and t % every == 0:
            census[t // every] = count_creutz(cells)
    return Trace(cells.copy(), census, np.zeros((len(census), 2), np.int64))
