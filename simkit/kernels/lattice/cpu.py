"""The lattices in Numba on bit planes, 64 cells a word and LANES words a vector. Nothing here holds the GIL.

Stacks (`stack`) run on whole words with no masks; so do layouts whose rows are each of one kind, which are stacks once
rows are columns. Any other layout runs on planes with masks (`free`).
"""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.compiling import stamped
from simkit.kernels.lattice import CREUTZ_QUANTITIES, PACKETS, QUANTITIES, Trace, creutz, free, free_counting, n_samples
from simkit.kernels.lattice.counting import count_ends, count_gas, count_spins, end_spins, ones, workspace
from simkit.kernels.lattice.packing import transpose
from simkit.kernels.lattice.planes import CODE, Plane, flip, guard_above, guard_below, row, stream, to_words
from simkit.kernels.lattice.stack import FIXED, MIRRORED, SELF, Segment, lies, load, split, thermal, unload
from simkit.kernels.lattice.states import TRANSPOSED

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

#: which packets of a layout on its side those of each direction and class are: W, S, E, N
_TRANSPOSED_PACKETS = [6, 7, 4, 5, 2, 3, 0, 1]


@nb.njit
def _plane(table, i):
    return Plane(table[i, 0], table[i, 1], table[i, 2], table[i, 3], table[i, 4], table[i, 5])


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
def _count(stack, now, time, masks, regions, counts, census):
    """Add the census: of the cells in each of the masks, uint64 (mask, word row), by the regions of their columns."""
    _show_spins(stack)
    width = regions.shape[1]
    for k in range(len(masks)):
        mask, of = masks[k], regions[k]
        for i in range(len(stack.gas)):
            at = _plane(stack.gas, i)
            count_gas(stack.room, at, now, stack.gas_x[i], time, mask, of, counts, census)
            for side in range(2):
                end = stack.gas_ends[i, side]
                if end != SELF:
                    x = (stack.gas_x[i] - 1 + side * (at.n + 1)) % width
                    count_ends(stack.slots[i, side], of[x], end == MIRRORED, mask, census)
        for j in range(len(stack.spins)):
            ends = stack.spin_ends[j]
            count_spins(
                stack.room, _plane(stack.spins, j), stack.spin_x[j], stack.beyond[j], ends >= 0, ends == FIXED, mask,
                of, counts, census,
            )  # fmt: skip


@nb.njit
def _emitted(drive, height, slots):
    """Set the slots of a wall, uint64 (word row,), to what it emits, uint64 (word,); both are interleaved."""
    n, n_rows = len(drive), len(slots)
    if n == n_rows:
        slots[:] = drive
        return
    slots[:] = 0
    for y in range(height):
        slots[y % n_rows] |= (drive[y % n] >> np.uint64(y // n) & np.uint64(1)) << np.uint64(y // n_rows)


@nb.njit(nogil=True, cache=True)
@stamped
def _run_stack(
    stack, height, active, n_steps, every, start, masks, regions, drive, driven, counts, census, given, _code=CODE
):
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
        _count(stack, now, start, masks, regions, counts, census[0])
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
                so_far[wall] -= ones(slots[w] & masks[0, w])
            _emitted(drive[t - 1, wall], height, slots)
            for w in range(len(slots)):
                so_far[wall] += ones(slots[w] & masks[0, w])
        if every and t % every == 0:
            _count(stack, now, start + t, masks, regions, counts, census[t // every])
            given[t // every] = so_far
    return now


@nb.njit(nogil=True, cache=True)
@stamped
def _run_free(lattice, n_steps, every, start, masks, drive, is_driven, counts, census, given, _code=CODE):
    """Run any layout, from state 0 on, with no census if `every` is 0."""
    room, at, width, flags = lattice
    so_far = np.zeros(2, np.int64)
    if every:
        free_counting.count(room, at, flags, 0, start, masks, counts, census[0])
    for t in range(1, n_steps + 1):
        free.step(room, at, width, flags, (t - 1) % 2)
        if is_driven:
            free.drive_walls(room, at, width, t % 2, drive[t - 1], so_far)
        if every and t % every == 0:
            free_counting.count(room, at, flags, t % 2, start + t, masks, counts, census[t // every])
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
    cells = np.ascontiguousarray(cells)
    regions = np.zeros(cells.shape[1], np.int64) if regions is None else regions
    census = np.zeros((n_samples(n_steps, every), int(regions.max()) + 1, len(QUANTITIES)), np.int64)
    given = np.zeros((len(census), 2), np.int64)
    words = np.zeros((0, 2, 0), np.uint64) if drive is None else drive
    found = split(cells)
    if found is not None:
        masks = to_words(np.ones(len(cells), np.bool_))[None]
        after = _stacked(cells, found, n_steps, every or 0, start, masks, regions[None], words, census, given)
        return Trace(after, census, given)
    if drive is None and lies(cells):
        turned = transpose(cells, TRANSPOSED)
        found = split(turned)
        if found is not None:
            is_in = regions == np.arange(census.shape[1])[:, None]
            masks = np.array([to_words(cells_in) for cells_in in is_in])
            of = np.repeat(np.arange(len(masks))[:, None], turned.shape[1], axis=1)
            after = _stacked(turned, found, n_steps, every or 0, start, masks, of, words, census, given)
            census[..., PACKETS] = census[..., _TRANSPOSED_PACKETS]
            return Trace(transpose(after, TRANSPOSED), census, given)
    lattice, masks = free.prepare(cells), free_counting.region_masks(regions)
    counts = free_counting.workspace(masks)
    _run_free(lattice, n_steps, every or 0, start, masks, words, drive is not None, counts, census, given)
    return Trace(free.cells_of(cells, lattice, n_steps), census, given)


def _stacked(
    cells: U8,
    found: tuple[list[Segment], int],
    n_steps: int,
    every: int,
    start: int,
    masks: U64,
    regions: I64,
    drive: U64,
    census: I64,
    given: I64,
) -> U8:
    """Run a stack that `split` has found; return the cells after it and set census and `given`."""
    segments, active = found
    stack = load(cells, segments)
    driven = thermal(stack, cells.shape[1]) if drive.size else np.zeros((0, 2), np.int64)
    counts = workspace([*stack.gas[:, 2].tolist(), *stack.spins[:, 2].tolist()])
    now = _run_stack(
        stack, len(cells), active, n_steps, every, start, masks, regions, drive, driven, counts, census, given
    )
    return unload(cells, stack, active, now, n_steps)


def run_creutz(cells: U8, n_steps: int, *, every: int | None = None) -> Trace:
    """Run the Creutz system; see the package's docstring."""
    cells = np.ascontiguousarray(cells)
    census = np.zeros((n_samples(n_steps, every), 1, len(CREUTZ_QUANTITIES)), np.int64)
    room, at = creutz.prepare(cells)
    creutz.run(room, at, *creutz.workspace(at), 1 - int(cells[0, 0] >> 3), n_steps, every or 0, census)
    return Trace(creutz.cells_of(cells, room, at, n_steps), census, np.zeros((len(census), 2), np.int64))
