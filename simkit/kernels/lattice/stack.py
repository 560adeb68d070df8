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

from simkit.kernels.lattice.planes import PAD, Plane, allocate, colours, inside, place, to_bits, to_words
from simkit.kernels.lattice.states import (
    BOND,
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
    compose,
)

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

#: what is beyond the end of a segment: itself; a mirror (of gas); cells that never change (of spins). Else, from 0 on,
#: the segment of the other sort and its side, ``2 * segment + side``
SELF, MIRRORED, FIXED = -2, -1, -3

#: planes of a gas segment (two states of N, E, S, W) and of a spin segment (two colours)
_N_GAS, _N_SPIN = 8, 2


class Stack(NamedTuple):
    """A stack in bit planes. Sides of a segment: 0 left (west), 1 right."""

    room: U64
    #: int64 (segment, 5): the planes of each, as `planes.Plane` has it
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

    Those spins are at the (y, x) whose sum is even (0) or odd (1).
    """
    height, width = cells.shape
    kinds = KIND[cells[0]]
    if height % 128 or (KIND[cells] != kinds).any():
        return None
    is_spin = (kinds == ISING) | (kinds == INTERFACE)
    y, x = np.indices(cells.shape)
    boards = ((PHASE[cells] + y + x + 1) % 2)[:, is_spin]
    if (boards != boards[:1, :1]).any():
        return None
    segments = _runs(kinds == GAS, is_gas=True) + _runs(is_spin, is_gas=False)
    ends = {x % width for s in segments if not s.is_gas and s.n < width for x in (s.first, s.first + s.n - 1)}
    is_plain = set(np.flatnonzero(kinds == INTERFACE).tolist()) <= ends
    if not is_plain or not all(_ends_well(segment, kinds) for segment in segments):
        return None
    if not all(_turns_back(cells, kinds, x) for x in np.flatnonzero(kinds == MIRROR).tolist()):
        return None
    return segments, int(boards[0, 0]) if boards.size else 0


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


def _turns_back(cells: U8, kinds: U8, x: int) -> bool:
    """Say whether the mirrors of column `x` have gas on one side alone, and hold nothing but what goes back there."""
    east, west = kinds[(x + 1) % len(kinds)], kinds[x - 1]
    bit, other = (2, west) if east == GAS else (8, east)
    is_one_sided = GAS in (east, west) and other in (MIRROR, VOID, PINNED)
    return is_one_sided and not (G[cells[:, x]] & np.uint8(15 - bit)).any()


def load(cells: U8, segments: list[Segment]) -> Stack:
    """Put a stack into bit planes."""
    height, width = cells.shape
    n_rows = height // 64
    kinds = KIND[cells[0]]
    base, gas, spins = 0, [], []
    for segment in segments:
        at = place(base, n_rows, segment.n if segment.is_gas else segment.n // 2)
        (gas if segment.is_gas else spins).append(at)
        base += (_N_GAS if segment.is_gas else _N_SPIN) * at.size
    room = allocate(base + PAD)
    of_gas, of_spins = [s for s in segments if s.is_gas], [s for s in segments if not s.is_gas]
    gas_ends, spin_ends = (np.full((len(s), 2), SELF, np.int64) for s in (of_gas, of_spins))
    slots, beyond = (np.zeros((len(s), 2, n_rows), np.uint64) for s in (of_gas, of_spins))
    for i, (segment, at) in enumerate(zip(of_gas, gas, strict=True)):
        columns = G[cells[:, segment.first + np.arange(segment.n) - width]]
        for d in range(4):
            inside(room, at, d)[:] = to_words(columns >> np.uint8(d) & np.uint8(1))
        if segment.n == width:
            continue
        for side, x in _beyond(segment, width):
            if kinds[x] == MIRROR:
                gas_ends[i, side] = MIRRORED
                bits = (G[cells[:, x]] > 0).astype(np.uint8)
            else:
                j = next(j for j, s in enumerate(of_spins) if (s.first + (s.n - 1) * (1 - side)) % width == x)
                gas_ends[i, side], spin_ends[j, 1 - side] = 2 * j + 1 - side, 2 * i + side
                bits = SLOT[cells[:, x]]
                beyond[j, 1 - side] = to_words((SPIN ^ BOND)[cells[:, x, None]])[:, 0]
            slots[i, side] = to_words(bits[:, None])[:, 0]
    for j, (segment, at) in enumerate(zip(of_spins, spins, strict=True)):
        words = to_words(SPIN[cells[:, segment.first + np.arange(segment.n) - width]])
        colours(room, at, 0, words, into=True)
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


def unload(cells: U8, stack: Stack, now: int, n_steps: int) -> U8:
    """Return the cells of a stack that began as `cells`, its gas in planes ``now..now + 3``, `n_steps` later."""
    width = cells.shape[1]
    kinds = KIND[cells]
    g, spin, bond, slot = (np.zeros_like(cells) for _ in range(4))
    spin[:] = SPIN[cells]
    for i, at in enumerate(map(Plane._make, stack.gas.tolist())):
        columns = (stack.gas_x[i] + np.arange(at.n)) % width
        g[:, columns] = sum(to_bits(inside(stack.room, at, now + d)) << np.uint8(d) for d in range(4))
        for side in range(2):
            x, kept = (stack.gas_x[i] + (-1, at.n)[side]) % width, to_bits(stack.slots[i, side][:, None])[:, 0]
            if stack.gas_ends[i, side] == MIRRORED:
                g[:, x] = kept * np.uint8((2, 8)[side])
            elif stack.gas_ends[i, side] >= 0:
                slot[:, x] = kept
    for j, at in enumerate(map(Plane._make, stack.spins.tolist())):
        words = np.empty((at.n_rows, 2 * at.n), np.uint64)
        colours(stack.room, at, 0, words, into=False)
        columns = (stack.spin_x[j] + np.arange(2 * at.n)) % width
        spin[:, columns] = to_bits(words)
        for side in range(2):
            if stack.spin_ends[j, side] >= 0:
                x = columns[-side]
                bond[:, x] = spin[:, x] ^ to_bits(stack.beyond[j, side][:, None])[:, 0]
    return compose(kinds, g, spin, bond, slot, PHASE[cells] ^ np.uint8(n_steps % 2))
