"""The lattices in Numba on bit planes, 64 cells a word and LANES words a vector. Nothing here holds the GIL.

Stacks (`stack`) run on whole words with no masks; any other layout on planes with masks (`free`).
"""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.lattice import CREUTZ_QUANTITIES, QUANTITIES, Trace, creutz, free, n_samples
from simkit.kernels.lattice.counting import count_ends, count_gas, count_spins, end_spins, ones, workspace
from simkit.kernels.lattice.planes import CODE, Plane, flip, guard_above, guard_below, row, stream
from simkit.kernels.lattice.stack import FIXED, MIRRORED, SELF, load, split, thermal, unload

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]


@nb.njit
def _plane(table, i):
    return Plane(table[i, 0], table[i, 1], table[i, 2], table[i, 3], table[i, 4])


@nb.njit
def _show_gas(stack, now):
    """Set the columns beyond the ends of the gas to what streams in from there; keep aside what heads out."""
    room = stack.room
    for i in range(len(stack.gas)):
        at = _plane(stack.gas, i)
        for w in range(at.n_rows):
            east, west = row(at, now + 1, w), row(at, now + 3, w)
            if stack.gas_ends[i, 0] == SELF:
                room[east - 1], room[west + at.n] = room[east + at.n - 1], room[west]
            else:
                room[east - 1], room[west + at.n] = stack.slots[i, 0, w], stack.slots[i, 1, w]


@nb.njit
def _show_spins(stack):
    """Set the words beyond the ends of the spins to what these see there."""
    room = stack.room
    for j in range(len(stack.spins)):
        at = _plane(stack.spins, j)
        for colour in range(2):
            for w in range(at.n_rows):
                begin = row(at, colour, w)
                if stack.spin_ends[j, 0] == SELF:
                    room[begin - 1], room[begin + at.n] = room[begin + at.n - 1], room[begin]
                else:
                    room[begin - 1], room[begin + at.n] = stack.beyond[j, 0, w], stack.beyond[j, 1, w]


@nb.njit
def _exchange(stack, now):
    """Do the swap at each end of the gas, after the spins were flipped; the gas before the step is in `now`."""
    room = stack.room
    for i in range(len(stack.gas)):
        at = _plane(stack.gas, i)
        for side in range(2):
            end = stack.gas_ends[i, side]
            if end == SELF:
                continue
            for w in range(at.n_rows):
                came = room[row(at, now + 1, w) + at.n - 1] if side else room[row(at, now + 3, w)]
                if end == MIRRORED:
                    stack.slots[i, side, w] = came
                else:
                    j, far = end // 2, end % 2
                    s = end_spins(room, _plane(stack.spins, j), far, w)
                    stack.slots[i, side, w] = s ^ stack.beyond[j, far, w]
                    stack.beyond[j, far, w] = s ^ came


@nb.njit
def _count(stack, now, time, regions, counts, census):
    _show_spins(stack)
    width = len(regions)
    for i in range(len(stack.gas)):
        at = _plane(stack.gas, i)
        count_gas(stack.room, at, now, stack.gas_x[i], time, regions, counts, census)
        for side in range(2):
            end = stack.gas_ends[i, side]
            if end != SELF:
                x = (stack.gas_x[i] - 1 + side * (at.n + 1)) % width
                count_ends(stack.slots[i, side], regions[x], end == MIRRORED, census)
    for j in range(len(stack.spins)):
        ends = stack.spin_ends[j]
        count_spins(
            stack.room, _plane(stack.spins, j), stack.spin_x[j], stack.beyond[j], ends >= 0, ends == FIXED,
            regions, counts, census,
        )  # fmt: skip


@nb.njit(nogil=True, cache=True)
def _run_stack(stack, active, n_steps, every, start, regions, drive, driven, counts, census, given, _code=CODE):
    """Run a stack, with no census if `every` is 0; return in which planes its gas is then."""
    now, so_far = 0, np.zeros(2, np.int64)
    for i in range(len(stack.gas)):
        guard_below(stack.room, _plane(stack.gas, i), 0)
        guard_above(stack.room, _plane(stack.gas, i), 2)
    for j in range(len(stack.spins)):
        for colour in range(2):
            guard_below(stack.room, _plane(stack.spins, j), colour)
            guard_above(stack.room, _plane(stack.spins, j), colour)
    if every:
        _count(stack, now, start, regions, counts, census[0])
    for t in range(1, n_steps + 1):
        _show_gas(stack, now)
        for i in range(len(stack.gas)):
            stream(stack.room, _plane(stack.gas, i), now, 4 - now)
        _show_spins(stack)
        for j in range(len(stack.spins)):
            flip(stack.room, _plane(stack.spins, j), (active + t - 1 - stack.spin_x[j]) & 1)
        _exchange(stack, now)
        now = 4 - now
        for wall in range(len(driven)):
            slots = stack.slots[driven[wall, 0], driven[wall, 1]]
            for w in range(len(slots)):
                new = drive[t - 1, wall, w]
                so_far[wall] += ones(new) - ones(slots[w])
                slots[w] = new
        if every and t % every == 0:
            _count(stack, now, start + t, regions, counts, census[t // every])
            given[t // every] = so_far
    return now


@nb.njit(nogil=True, cache=True)
def _run_free(room, at, width, n_steps, every, start, regions, drive, is_driven, census, given, _code=CODE):
    """Run any layout, from state 0 on, with no census if `every` is 0."""
    so_far = np.zeros(2, np.int64)
    if every:
        free.count(room, at, width, 0, start, regions, census[0])
    for t in range(1, n_steps + 1):
        free.step(room, at, width, (t - 1) % 2)
        if is_driven:
            free.drive_walls(room, at, width, t % 2, drive[t - 1], so_far)
        if every and t % every == 0:
            free.count(room, at, width, t % 2, start + t, regions, census[t // every])
            given[t // every] = so_far


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
    every = every or 0
    words = np.zeros((0, 2, 0), np.uint64) if drive is None else drive
    found = split(cells)
    if found is None:
        room, at = free.prepare(cells)
        width = cells.shape[1]
        _run_free(room, at, width, n_steps, every, start, regions, words, drive is not None, census, given)
        return Trace(free.cells_of(cells, room, at, n_steps % 2), census, given)
    segments, active = found
    stack = load(cells, segments)
    driven = np.zeros((0, 2), np.int64) if drive is None else thermal(stack, cells.shape[1])
    counts = workspace([*stack.gas[:, 2].tolist(), *stack.spins[:, 2].tolist()])
    now = _run_stack(stack, active, n_steps, every, start, regions, words, driven, counts, census, given)
    return Trace(unload(cells, stack, now, n_steps), census, given)


def run_creutz(cells: U8, n_steps: int, *, every: int | None = None) -> Trace:
    """Run the Creutz system; see the package's docstring."""
    census = np.zeros((n_samples(n_steps, every), 1, len(CREUTZ_QUANTITIES)), np.int64)
    given = np.zeros((len(census), 2), np.int64)
    every = every or 0
    if cells.shape[0] % 128:
        cells = cells.copy()
        creutz.run_cells(cells, n_steps, every, census)
        return Trace(cells, census, given)
    room, at = creutz.prepare(cells)
    creutz.run(room, at, *creutz.workspace(at), 1 - int(cells[0, 0] >> 3), n_steps, every, census)
    return Trace(creutz.cells_of(cells, room, at, n_steps), census, given)
