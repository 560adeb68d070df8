"""The census of a stack, from popcounts of its bit planes: first a count for each column, then for each region."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.compiling import stamped
from simkit.kernels.lattice import BOND_BIT, MIRROR, SLOT, UNSATISFIED, UP
from simkit.kernels.lattice.planes import CODE, allocate, row
from simkit.kernels.life.circuit import MAJ, XOR3
from simkit.kernels.life.simd import LANES, add, both, differing, load, lut3, popcount, splat, store

_U0 = 13

#: counts of a column of spins: up, unsatisfied bonds to the E and S, and words of u with bit 0, 1, 2, and 0 and 1
N_SPIN_COUNTS = 7


@nb.njit
def _tally(counts, at, words):
    store(counts, at, add(load(counts, at), popcount(words)))


@nb.njit
def ones(word):
    """Return how many bits of a word are 1."""
    n = np.int64(0)
    while word:
        word &= word - np.uint64(1)
        n += np.int64(1)
    return n


@nb.njit
def count_gas(room, at, now, first, time, mask, regions, counts, census):
    """Add the packets of a gas segment whose first column is `first`, of the cells in `mask`, uint64 (word row,)."""
    width = len(regions)
    room_of = at.stride
    counts[: 8 * room_of] = 0
    for w in range(at.n_rows):
        counted = splat(mask[w])
        for d in range(4):
            begin, to = row(at, now + d, w), (2 * d + (w & 1)) * room_of
            for x in range(0, at.n, LANES):
                _tally(counts, to + x, both(load(room, begin + x), counted))
    for d in range(4):
        for parity in range(2):
            for x in range(at.n):
                column = (first + x) % width
                census[regions[column], 2 * d + (parity + column + time) % 2] += counts[(2 * d + parity) * room_of + x]


@nb.njit
def count_spins(room, at, first, seen, is_gas, is_fixed, mask, regions, counts, census):
    """Add what is to be counted of a spin segment, of the cells in `mask`, uint64 (word row,).

    `seen` are the words beyond its ends, uint64 (side, word), which are also in the planes; `is_gas`, `is_fixed` say of
    each side what is there.
    """
    width = len(regions)
    room_of = at.stride
    counts[: 2 * N_SPIN_COUNTS * room_of] = 0
    n_cells = np.int64(0)
    for w in range(at.n_rows):
        n_cells += ones(mask[w])
    for colour in range(2):
        for w in range(at.n_rows):
            counted = splat(mask[w])
            mine, other = row(at, colour, w), row(at, 1 - colour, w)
            parity = (w + colour) & 1
            aside, east = (1, 1) if parity else (-1, 0)
            to = parity * N_SPIN_COUNTS * room_of
            for j in range(0, at.n, LANES):
                s = load(room, mine + j)
                south = differing(s, load(room, other + j + at.stride))
                north = differing(s, load(room, other + j - at.stride))
                here = differing(s, load(room, other + j))
                there = differing(s, load(room, other + j + aside))
                sum_, carry = lut3(XOR3, north, south, here), lut3(MAJ, north, south, here)
                u0, more = differing(sum_, there), both(sum_, there)
                u0, u1, u2 = both(u0, counted), differing(carry, more), both(both(carry, more), counted)
                to_east = differing(s, load(room, other + j + east))
                _tally(counts, to + j, both(s, counted))
                _tally(counts, to + room_of + j, both(to_east, counted))
                _tally(counts, to + 2 * room_of + j, both(south, counted))
                _tally(counts, to + 3 * room_of + j, u0)
                _tally(counts, to + 4 * room_of + j, both(u1, counted))
                _tally(counts, to + 5 * room_of + j, u2)
                _tally(counts, to + 6 * room_of + j, both(u0, u1))
    for parity in range(2):
        for j in range(at.n):
            place = parity * N_SPIN_COUNTS * room_of + j
            region = regions[(first + 2 * j + parity) % width]
            u0, u1, u2, u3 = (
                counts[place + 3 * room_of],
                counts[place + 4 * room_of],
                counts[place + 5 * room_of],
                counts[place + 6 * room_of],
            )
            census[region, UP] += counts[place]
            census[region, UNSATISFIED] += counts[place + room_of] + counts[place + 2 * room_of]
            census[region, _U0] += n_cells - u0 - u1 - u2 + u3
            census[region, _U0 + 1] += u0 - u3
            census[region, _U0 + 2] += u1 - u3
            census[region, _U0 + 3] += u3
            census[region, _U0 + 4] += u2
    for side in range(2):
        region, n = regions[(first + side * (2 * at.n - 1)) % width], np.int64(0)
        for w in range(at.n_rows):
            n += ones((end_spins(room, at, side, w) ^ seen[side, w]) & mask[w])
        if is_gas[side]:
            census[region, BOND_BIT] += n
            if side == 1:
                census[region, UNSATISFIED] -= n  # counted above as a bond to the E
        elif is_fixed[side] and side == 0:
            census[region, UNSATISFIED] += n


@nb.njit
def end_spins(room, at, side, w):
    """Return word `w` of the spins in the first (side 0) or last (side 1) column."""
    colour = (w + side) & 1
    return room[row(at, colour, w) + side * (at.n - 1)]


@nb.njit(nogil=True, cache=True)
@stamped
def ends(room, at, side, _code=CODE):
    """Return the spins in the first (side 0) or last (side 1) column, uint64 (word row,)."""
    words = np.empty(at.n_rows, np.uint64)
    for w in range(at.n_rows):
        words[w] = end_spins(room, at, side, w)
    return words


@nb.njit
def count_ends(slots, region, is_mirror, mask, census):
    """Add the packets that wait beyond an end of a gas segment, of the cells in `mask`, uint64 (word row,)."""
    for w in range(len(slots)):
        census[region, MIRROR if is_mirror else SLOT] += ones(slots[w] & mask[w])


def workspace(strides: list[int]) -> npt.NDArray[np.int64]:
    """Return the room that counting needs for segments of these strides."""
    return allocate(max(8, 2 * N_SPIN_COUNTS) * max(strides)).view(np.int64)
