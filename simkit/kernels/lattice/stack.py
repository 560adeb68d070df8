"""Stacks: layouts whose columns are each of one kind, cut into segments of gas and segments of spins.

A gas segment ends at an interface, at a mirror or (closed to a ring) at itself; a spin segment at the gas, at pinned or
void cells, or at itself. Of an interface cell only two bits are kept beside its spin: the slot, which streams into the
gas like a packet of the next column, and b = spin xor bond bit, which is what the fourth neighbour of an ordinary spin
would be. Then interface spins flip like all others, and the swap of every step is
``slot, b = spin ^ b, spin ^ packet that came``. A mirror keeps what it turned back in the same place as a slot.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.kernels.lattice.counting import ends
from simkit.kernels.lattice.packing import add_column, column, follows, pack, unpack
from simkit.kernels.lattice.planes import PAD, Plane, allocate, place, rows_of
from simkit.kernels.lattice.states import (
    BOND,
    FIRST,
    GAS,
    INTERFACE,
    ISING,
    KIND,
    MIRROR,
    PHASE,
    PINNED,
    SLOT,
    SPIN,
    VOID,
    G,
)

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

#: what is beyond the end of a segment: itself; a mirror (of gas); cells that never change (of spins). Else, from 0 on,
#: the segment of the other sort and its side, ``2 * segment + side``
SELF, MIRRORED, FIXED = -2, -1, -3

#: of each kind: first state, number of states, and the bit of a state (less the first one) that is the phase
_LEAST = np.array([FIRST[kind] for kind in range(6)], np.uint8)
_N_STATES = np.bincount(KIND).astype(np.uint8)
_PHASE_BIT = np.array([{ISING: 2, INTERFACE: 8}.get(kind, 0) for kind in range(6)], np.uint8)

#: what streams out of an interface, or out of a mirror of a stack
_KEPT = SLOT | ((MIRROR == KIND) & (G > 0)).astype(np.uint8)

#: planes of a gas segment (two states of N, E, S, W) and of a spin segment (two colours)
_N_GAS, _N_SPIN = 8, 2


class Stack(NamedTuple):
    """A stack in bit planes. Sides of a segment: 0 left (west), 1 right."""

    room: U64
    #: int64 (segment, 6): the planes of each, as `planes.Plane` has it
    gas: I64
    spins: I64
    #: int64 (segment,): first column of each
    gas_x: I64
    spin_x: I64
    #: int64 (segment, side): what is beyond, as above
    gas_ends: I64
    spin_ends: I64
    #: uint64 (segment, side, word): what streams in there next; what the spins there see beyond the end
    slots: U64
    beyond: U64


class Segment(NamedTuple):
    """Columns of gas, or of spins, side by side."""

    is_gas: bool
    first: int
    n: int


def split(cells: U8) -> tuple[list[Segment], int] | None:
    """Cut a stack into segments and find which spins are active first; None if `cells` is no stack.

    Those spins are at the (y, x) whose sum is even (0) or odd (1). The cells are read once, one byte each.
    """
    height, width = cells.shape
    kinds = KIND[cells[0]]
    is_spin = (kinds == ISING) | (kinds == INTERFACE)
    if height % 2 and is_spin.any():
        return None
    segments = _runs(kinds == GAS, is_gas=True) + _runs(is_spin, is_gas=False)
    edges = {x % width for s in segments if not s.is_gas and s.n < width for x in (s.first, s.first + s.n - 1)}
    is_plain = set(np.flatnonzero(kinds == INTERFACE).tolist()) <= edges
    if not is_plain or not all(_ends_well(segment, kinds) for segment in segments):
        return None
    sides = [(_packet_of(kinds, x), x) for x in np.flatnonzero(kinds == MIRROR).tolist()]
    if not all(packet for packet, _ in sides):
        return None
    x = int(np.argmax(is_spin))
    active = (int(PHASE[cells[0, x]]) + x + 1) % 2 if is_spin.any() else 0
    wanted = _PHASE_BIT[kinds] * _phases(width, active)
    watched = _PHASE_BIT[kinds]
    for packet, x in sides:
        watched[x] = 15 - packet
    if not follows(cells, _LEAST[kinds], _N_STATES[kinds] - np.uint8(1), watched, wanted):
        return None
    return segments, active


def lies(cells: U8) -> bool:
    """Say whether a layout may be a stack on its side, each row of one kind, from the look of three columns."""
    kinds = KIND[cells[:, [0, cells.shape[1] // 2, -1]]]
    return bool((kinds == kinds[:, :1]).all())


def _phases(width: int, active: int) -> U8:
    """Return the phases of spins in even and in odd rows, uint8 (2, x), if those with y + x = `active` are active."""
    return (np.add.outer(np.arange(2), np.arange(width) + active + 1) % 2).astype(np.uint8)


def _runs(member: npt.NDArray[np.bool_], *, is_gas: bool) -> list[Segment]:
    """Return the runs of columns that are members, round the torus."""
    if member.all():
        return [Segment(is_gas, 0, len(member))]
    firsts = np.flatnonzero(member & ~np.roll(member, 1)).tolist()
    return [Segment(is_gas, first, int(np.argmin(np.roll(member, -first)))) for first in firsts]


def _ends_well(segment: Segment, kinds: U8) -> bool:
    """Say whether a segment ends as one of a stack may, and spins have columns in pairs."""
    width, after = len(kinds), segment.first + segment.n
    if not segment.is_gas and (segment.n % 2 or (after > width and width % 2)):
        return False
    if segment.n == width:
        return True
    for end, beyond in ((segment.first, segment.first - 1), ((after - 1) % width, after % width)):
        allowed = (MIRROR, INTERFACE) if segment.is_gas else (GAS,) if kinds[end] == INTERFACE else (VOID, PINNED)
        if kinds[beyond] not in allowed:
            return False
    return True


def _packet_of(kinds: U8, x: int) -> int:
    """Return the packet, one bit, that mirrors of column `x` may hold, back to their gas; 0 if they are no wall."""
    east, west = kinds[(x + 1) % len(kinds)], kinds[x - 1]
    packet, other = (2, west) if east == GAS else (8, east)
    return packet if GAS in (east, west) and other in (MIRROR, VOID, PINNED) else 0


def load(cells: U8, segments: list[Segment]) -> Stack:
    """Put a stack into bit planes. The cells are read once; beside the planes there is nothing of their size."""
    height, width = cells.shape
    n_rows = rows_of(height)
    kinds = KIND[cells[0]]
    least = _LEAST[kinds]
    base, gas, spins = 0, [], []
    for segment in segments:
        at = place(base, n_rows, segment.n if segment.is_gas else segment.n // 2, height)
        (gas if segment.is_gas else spins).append(at)
        base += (_N_GAS if segment.is_gas else _N_SPIN) * at.size
    room = allocate(base + PAD)
    of_gas, of_spins = [s for s in segments if s.is_gas], [s for s in segments if not s.is_gas]
    gas_ends, spin_ends = (np.full((len(s), 2), SELF, np.int64) for s in (of_gas, of_spins))
    slots, beyond = (np.zeros((len(s), 2, n_rows), np.uint64) for s in (of_gas, of_spins))
    for i, (segment, at) in enumerate(zip(of_gas, gas, strict=True)):
        pack(cells, least, room, at, 0, segment.first, 4, False)
        if segment.n == width:
            continue
        for side, x in _beyond(segment, width):
            if kinds[x] == MIRROR:
                gas_ends[i, side] = MIRRORED
            else:
                j = next(j for j, s in enumerate(of_spins) if (s.first + (s.n - 1) * (1 - side)) % width == x)
                gas_ends[i, side], spin_ends[j, 1 - side] = 2 * j + 1 - side, 2 * i + side
                beyond[j, 1 - side] = column(cells, x, SPIN ^ BOND, n_rows)
            slots[i, side] = column(cells, x, _KEPT, n_rows)
    for j, (segment, at) in enumerate(zip(of_spins, spins, strict=True)):
        pack(cells, least, room, at, 0, segment.first, 1, True)
        if segment.n == width:
            continue
        for side, x in _beyond(segment, width):
            if kinds[x] in (VOID, PINNED):
                spin_ends[j, side] = FIXED
                beyond[j, side] = ~np.uint64(0) if kinds[x] == PINNED else np.uint64(0)
    first = [np.array([s.first for s in some], np.int64) for some in (of_gas, of_spins)]
    of_planes = [np.array(some, np.int64).reshape(-1, len(Plane._fields)) for some in (gas, spins)]
    return Stack(room, of_planes[0], of_planes[1], first[0], first[1], gas_ends, spin_ends, slots, beyond)


def _beyond(segment: Segment, width: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return (side, column beyond it) of both sides."""
    return (0, (segment.first - 1) % width), (1, (segment.first + segment.n) % width)


def thermal(stack: Stack, width: int) -> I64:
    """Return the ends of the gas, (segment, side), that columns 0 and -1 are the mirrors of: int64 (2, 2)."""
    left = np.flatnonzero((stack.gas_x == 1) & (stack.gas_ends[:, 0] == MIRRORED))
    right = np.flatnonzero((stack.gas_x + stack.gas[:, 4] == width - 1) & (stack.gas_ends[:, 1] == MIRRORED))
    return np.array([[left[0], 0], [right[0], 1]], np.int64)


def unload(cells: U8, stack: Stack, active: int, now: int, n_steps: int) -> U8:
    """Return the cells of a stack that began as `cells`, its gas in planes ``now..now + 3``, `n_steps` later."""
    height, width = cells.shape
    kinds = KIND[cells[0]]
    base = _LEAST[kinds] + _PHASE_BIT[kinds] * _phases(width, active + n_steps)
    found = np.empty((height, width), np.uint8)
    others = np.flatnonzero(np.isin(kinds, (VOID, PINNED, MIRROR)))
    for parity in range(2):
        found[parity::2, others] = base[parity, others]
    for i, at in enumerate(map(Plane._make, stack.gas.tolist())):
        unpack(stack.room, at, now, int(stack.gas_x[i]), 4, False, base, found)
    for j, at in enumerate(map(Plane._make, stack.spins.tolist())):
        unpack(stack.room, at, 0, int(stack.spin_x[j]), 1, True, base, found)
        for side in range(2):
            if stack.spin_ends[j, side] >= 0:
                x = (stack.spin_x[j] + side * (2 * at.n - 1)) % width
                add_column(found, x, ends(stack.room, at, side) ^ stack.beyond[j, side], 1)
    for i, at in enumerate(map(Plane._make, stack.gas.tolist())):
        for side in range(2):
            x = (stack.gas_x[i] + (-1, at.n)[side]) % width
            if stack.gas_ends[i, side] == MIRRORED:
                add_column(found, x, stack.slots[i, side], (1, 3)[side])
            elif stack.gas_ends[i, side] >= 0:
                add_column(found, x, stack.slots[i, side], 2)
    return found
