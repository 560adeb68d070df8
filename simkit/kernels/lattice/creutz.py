"""Creutz's demons on bit planes: spins, low bits and high bits of the demons, each in the two colours of `planes`."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.compiling import stamped
from simkit.kernels.lattice.packing import pack, unpack
from simkit.kernels.lattice.planes import (
    CODE,
    PAD,
    Plane,
    allocate,
    guard_above,
    guard_below,
    place,
    row,
    rows_of,
    to_words,
)
from simkit.kernels.life.circuit import MAJ, SELECT, XOR3
from simkit.kernels.life.simd import LANES, add, both, differing, load, lut3, popcount, splat, store

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

#: first planes of the spins, the low and the high bits of the demons
_SPINS, _LOW, _HIGH, _N_PLANES = 0, 2, 4, 6


def prepare(cells: U8) -> tuple[U64, Plane]:
    """Put cells (y, x) into planes."""
    height, width = cells.shape
    at = place(0, rows_of(height), width // 2, height)
    room = allocate(_N_PLANES * at.size + PAD)
    pack(cells, np.zeros(width, np.uint8), room, at, 0, 0, 3, True)
    return room, at


def cells_of(cells: U8, room: U64, at: Plane, n_steps: int) -> U8:
    """Return the cells of a system that began as `cells`, `n_steps` later."""
    found = np.empty_like(cells)
    y, x = np.indices((2, cells.shape[1]))
    phases = ((cells[0, 0] >> 3) + y + x + n_steps) % 2
    unpack(room, at, 0, 0, 3, True, (8 * phases).astype(np.uint8), found)
    return found


@nb.njit
def _unsatisfied(room, at, colour, w, j):
    """Return the spins of a vector, the bonds to their S and E, and the binary digits of their unsatisfied bonds."""
    mine, other = row(at, _SPINS + colour, w), row(at, _SPINS + 1 - colour, w)
    parity = (w + colour) & 1
    aside = 1 if parity else -1
    s = load(room, mine + j)
    north, south = differing(s, load(room, other + j - at.stride)), differing(s, load(room, other + j + at.stride))
    here, there = differing(s, load(room, other + j)), differing(s, load(room, other + j + aside))
    total, carry = lut3(XOR3, north, south, here), lut3(MAJ, north, south, here)
    more = both(total, there)
    return s, south, here, there, differing(total, there), differing(carry, more), both(carry, more)


@nb.njit
def _show(room, at):
    """Set the words beyond the first and last column, which are each other's."""
    for colour in range(2):
        for w in range(at.n_rows):
            begin = row(at, _SPINS + colour, w)
            room[begin - 1], room[begin + at.n] = room[begin + at.n - 1], room[begin]


@nb.njit
def _update(room, at, colour):
    for w in range(at.n_rows):
        begin = row(at, colour, w)
        for j in range(0, at.n, LANES):
            s, _, _, _, u0, u1, u2 = _unsatisfied(room, at, colour, w, j)
            low, high = load(room, begin + _LOW * at.size + j), load(room, begin + _HIGH * at.size + j)
            carry = both(u0, low)
            t0, t1, t2 = differing(u0, low), lut3(XOR3, u1, high, carry), differing(u2, lut3(MAJ, u1, high, carry))
            flips = differing(t2, t1)  # 2 <= T <= 5
            store(room, begin + j, differing(s, flips))
            store(room, begin + _LOW * at.size + j, lut3(SELECT, flips, t0, low))
            store(room, begin + _HIGH * at.size + j, lut3(SELECT, flips, t2, high))
    guard_above(room, at, _SPINS + colour)
    guard_below(room, at, _SPINS + colour)


@nb.njit
def _tally(counts, index, words):
    store(counts, index * LANES, add(load(counts, index * LANES), popcount(words)))


@nb.njit
def _count(room, at, is_inside, mask, counts, census):
    """Set the census, in the order of CREUTZ_QUANTITIES.

    `is_inside` are words of ones for the columns that exist; `mask`, uint64 (word row,), has the bits that are cells.
    """
    counts[:] = 0
    for colour in range(2):
        for w in range(at.n_rows):
            begin, counted = row(at, colour, w), splat(mask[w])
            for j in range(0, at.n, LANES):
                s, south, here, there, u0, u1, u2 = _unsatisfied(room, at, colour, w, j)
                low, high = load(room, begin + _LOW * at.size + j), load(room, begin + _HIGH * at.size + j)
                inside = both(load(is_inside, j), counted)
                low = both(low, inside)
                _tally(counts, 0, both(s, inside))
                _tally(counts, 1, both(there if (w + colour) & 1 else here, inside))
                _tally(counts, 2, both(south, inside))
                _tally(counts, 3, both(u0, inside))
                _tally(counts, 4, both(u1, inside))
                _tally(counts, 5, both(u2, inside))
                _tally(counts, 6, both(both(u0, u1), inside))
                _tally(counts, 7, low)
                _tally(counts, 8, both(high, inside))
                _tally(counts, 9, both(low, high))
    total = counts.reshape(10, LANES).sum(axis=1).astype(np.int64)
    n = 2 * at.n * at.height
    up, east, south_, u0_, u1_, u2_, u3, low_, high_, three = total
    census[0], census[1] = up, east + south_
    census[2], census[3], census[4], census[5], census[6] = n - u0_ - u1_ - u2_ + u3, u0_ - u3, u1_ - u3, u3, u2_
    census[7], census[8], census[9], census[10] = n - low_ - high_ + three, low_ - three, high_ - three, three


@nb.njit(nogil=True, cache=True)
@stamped
def run(room, at, is_inside, mask, counts, active, n_steps, every, census, _code=CODE):
    """Run `n_steps`, of which the first is the turn of colour `active`; set census[k] after ``k * every`` steps.

    With no census `every` is 0.
    """
    for colour in range(2):
        guard_above(room, at, _SPINS + colour)
        guard_below(room, at, _SPINS + colour)
    _show(room, at)
    if every:
        _count(room, at, is_inside, mask, counts, census[0, 0])
    for t in range(1, n_steps + 1):
        _update(room, at, (active + t - 1) & 1)
        _show(room, at)
        if every and t % every == 0:
            _count(room, at, is_inside, mask, counts, census[t // every, 0])


def workspace(at: Plane) -> tuple[U64, U64, U64]:
    """Return words of ones for the columns that exist, the bits of each word row that are cells, and room to count."""
    is_inside, counts = allocate(at.stride), allocate(10 * LANES)
    is_inside[: at.n] = ~np.uint64(0)
    return is_inside, to_words(np.ones(at.height, np.bool_)), counts
