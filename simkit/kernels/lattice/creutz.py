"""Creutz's demons on bit planes: spins, low bits and high bits of the demons, each in the two colours of `planes`.

Tori whose height is no multiple of 128 are run cell by cell.
"""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.lattice.planes import (
    CODE,
    PAD,
    Plane,
    allocate,
    colours,
    guard_above,
    guard_below,
    place,
    row,
    to_bits,
    to_words,
)
from simkit.kernels.life.circuit import MAJ, SELECT, XOR3
from simkit.kernels.life.simd import LANES, add, both, differing, load, lut3, popcount, store

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

#: first planes of the spins, the low and the high bits of the demons
_SPINS, _LOW, _HIGH, _N_PLANES = 0, 2, 4, 6


def prepare(cells: U8) -> tuple[U64, Plane]:
    """Put cells (y, x) into planes."""
    height, width = cells.shape
    at = place(0, height // 64, width // 2)
    room = allocate(_N_PLANES * at.size + PAD)
    for index, bit in ((_SPINS, 0), (_LOW, 1), (_HIGH, 2)):
        colours(room, at, index, to_words(cells >> np.uint8(bit) & np.uint8(1)), into=True)
    return room, at


def cells_of(cells: U8, room: U64, at: Plane, n_steps: int) -> U8:
    """Return the cells of a system that began as `cells`, `n_steps` later."""
    found: U8 = (cells & np.uint8(8)) ^ np.uint8(n_steps % 2 * 8)
    for index, bit in ((_SPINS, 0), (_LOW, 1), (_HIGH, 2)):
        words = np.empty((at.n_rows, 2 * at.n), np.uint64)
        colours(room, at, index, words, into=False)
        found |= to_bits(words) << np.uint8(bit)
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
def _count(room, at, is_inside, counts, census):
    """Set the census, in the order of CREUTZ_QUANTITIES; `is_inside` are words of ones for the columns that exist."""
    counts[:] = 0
    for colour in range(2):
        for w in range(at.n_rows):
            begin = row(at, colour, w)
            for j in range(0, at.n, LANES):
                s, south, here, there, u0, u1, u2 = _unsatisfied(room, at, colour, w, j)
                low, high = load(room, begin + _LOW * at.size + j), load(room, begin + _HIGH * at.size + j)
                mask = load(is_inside, j)
                low = both(low, mask)
                _tally(counts, 0, both(s, mask))
                _tally(counts, 1, both(there if (w + colour) & 1 else here, mask))
                _tally(counts, 2, both(south, mask))
                _tally(counts, 3, both(u0, mask))
                _tally(counts, 4, both(u1, mask))
                _tally(counts, 5, both(u2, mask))
                _tally(counts, 6, both(both(u0, u1), mask))
                _tally(counts, 7, low)
                _tally(counts, 8, both(high, mask))
                _tally(counts, 9, both(low, high))
    total = counts.reshape(10, LANES).sum(axis=1).astype(np.int64)
    n = 128 * at.n_rows * at.n
    up, east, south_, u0_, u1_, u2_, u3, low_, high_, three = total
    census[0], census[1] = up, east + south_
    census[2], census[3], census[4], census[5], census[6] = n - u0_ - u1_ - u2_ + u3, u0_ - u3, u1_ - u3, u3, u2_
    census[7], census[8], census[9], census[10] = n - low_ - high_ + three, low_ - three, high_ - three, three


@nb.njit(nogil=True, cache=True)
def run(room, at, is_inside, counts, active, n_steps, every, census, _code=CODE):
    """Run `n_steps`, of which the first is the turn of colour `active`; set census[k] after ``k * every`` steps.

    With no census `every` is 0.
    """
    for colour in range(2):
        guard_above(room, at, _SPINS + colour)
        guard_below(room, at, _SPINS + colour)
    _show(room, at)
    if every:
        _count(room, at, is_inside, counts, census[0, 0])
    for t in range(1, n_steps + 1):
        _update(room, at, (active + t - 1) & 1)
        _show(room, at)
        if every and t % every == 0:
            _count(room, at, is_inside, counts, census[t // every, 0])


def workspace(at: Plane) -> tuple[U64, U64]:
    """Return the words of ones for the columns that exist, and the room that counting needs."""
    is_inside, counts = allocate(at.stride), allocate(10 * LANES)
    is_inside[: at.n] = ~np.uint64(0)
    return is_inside, counts


@nb.njit(nogil=True, cache=True)
def run_cells(cells, n_steps, every, census):
    """Run cells (y, x) in place, one by one; `every` is as in `run`."""
    height, width = cells.shape
    for t in range(n_steps + 1):
        if every and t % every == 0:
            _count_cells(cells, census[t // every, 0])
        if t == n_steps:
            return
        for y in range(height):
            for x in range(width):
                cell = cells[y, x]
                if cell & 8:
                    total = np.int64(cell >> 1 & 3)
                    for near in _near(cells, y, x):
                        total += (cell ^ near) & 1
                    if 2 <= total <= 5:
                        cells[y, x] = (cell & 1 ^ 1) | (total - 2) << 1 | 8
        for y in range(height):
            for x in range(width):
                cells[y, x] ^= 8


@nb.njit
def _near(cells, y, x):
    height, width = cells.shape
    return cells[y - 1, x], cells[y, (x + 1) % width], cells[(y + 1) % height, x], cells[y, x - 1]


@nb.njit
def _count_cells(cells, census):
    for y in range(cells.shape[0]):
        for x in range(cells.shape[1]):
            cell = np.int64(cells[y, x])
            north, east, south, west = _near(cells, y, x)
            a, b = (cell ^ east) & 1, (cell ^ south) & 1
            census[0] += cell & 1
            census[1] += a + b
            census[2 + a + b + ((cell ^ north) & 1) + ((cell ^ west) & 1)] += 1
            census[7 + (cell >> 1 & 3)] += 1
