"""The Metropolis algorithm in Numba, 64 spins a word and LANES words a vector. Nothing here holds the GIL.

Each binary digit decides half of the comparisons that are left, so that n spins of a vector that compare need about
log2(n) + 4/3 digits: some ten for 512 spins, where one that compares by itself takes a word of 32. A pair of digits for
a vector is a block of Philox in each lane, and takes the operations that `peak` counts.
"""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.compiling import stamped
from simkit.kernels.lattice.planes import CODE, allocate
from simkit.kernels.life.circuit import MAJ, SELECT, XOR3
from simkit.kernels.life.simd import (
    LANES,
    add,
    both,
    differ,
    differing,
    load,
    lut3,
    multiply_low,
    popcount,
    shift_down,
    shift_up,
    splat,
    store,
)
from simkit.kernels.metropolis import FIRST_STREAM, N_PAIRS, QUANTITIES, Trace, lanes, to_cells, to_words
from simkit.kernels.philox import MULTIPLIER_0, MULTIPLIER_1, N_ROUNDS, WEYL_0, WEYL_1

U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]

_M0, _M1, _LOW = np.uint64(MULTIPLIER_0), np.uint64(MULTIPLIER_1), np.uint64(0xFFFFFFFF)
_0, _ONES = np.uint64(0), ~np.uint64(0)

#: tables of three inputs: a or (b and c); neither b nor c; a and (b = c); a and not b and c; a or b
_OR_BOTH, _NEITHER, _AND_SAME, _AND_MORE, _OR = 0xF8, 0x11, 0x90, 0x20, 0xFC

#: bits that lie in the first and in the last of eight columns of parts
_FIRST, _LAST = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)


@nb.njit
def _round_y(word, up):
    """Return a word at the other edge of its part: that of the part above (`up`) or below."""
    return word << np.uint64(8) | word >> np.uint64(56) if up else word >> np.uint64(8) | word << np.uint64(56)


@nb.njit
def _round_x(word, left):
    """Return a word at the other edge of its part: that of the part to the left or to the right."""
    if left:
        return (word & ~_LAST) << np.uint64(1) | (word & _LAST) >> np.uint64(7)
    return (word & ~_FIRST) >> np.uint64(1) | (word & _FIRST) << np.uint64(7)


@nb.njit
def _show(words, aside, height, width, colour):
    """Set what spins of `colour` see beyond the edges: rows above and below, and all words beside them.

    Words of the other colour are ``words[1 - colour, width:]``, a row of guards before and behind.
    """
    other = words[1 - colour]
    n = height * width
    for j in range(width):
        other[j] = _round_y(other[n + j], True)
        other[n + width + j] = _round_y(other[width + j], False)
    for y in range(height):
        begin = (1 + y) * width
        if (y + colour) & 1:
            for j in range(width - 1):
                aside[y * width + j] = other[begin + j + 1]
            aside[y * width + width - 1] = _round_x(other[begin], False)
        else:
            for j in range(1, width):
                aside[y * width + j] = other[begin + j - 1]
            aside[y * width] = _round_x(other[begin + width - 1], True)


@nb.njit
def _bonds(words, aside, width, colour, p):
    """Return the spins of a vector, XOR3 and MAJ of whether three of their bonds are unsatisfied, and the fourth."""
    mine, other = words[colour], words[1 - colour]
    s = load(mine, width + p)
    north, south = differing(s, load(other, p)), differing(s, load(other, 2 * width + p))
    here, there = differing(s, load(other, width + p)), differing(s, load(aside, p))
    return s, lut3(XOR3, north, south, here), lut3(MAJ, north, south, here), there


@nb.njit
def _pair(keys, c0, c1, c2, c3):
    """Return a pair of digits of a vector, Philox's block for the counter."""
    m0, m1 = splat(_M0), splat(_M1)
    for i in range(N_ROUNDS):
        p0, p1 = multiply_low(c0, m0), multiply_low(c2, m1)
        c0, c1 = lut3(XOR3, shift_down(p1, splat(np.uint64(32))), c1, splat(keys[2 * i])), p1
        c2, c3 = lut3(XOR3, shift_down(p0, splat(np.uint64(32))), c3, splat(keys[2 * i + 1])), p0
    low, up = splat(_LOW), splat(np.uint64(32))
    return lut3(SELECT, low, c1, shift_up(c0, up)), lut3(SELECT, low, c3, shift_up(c2, up))


@nb.njit
def _compare(flips, undecided, random, none, digits, j):
    """Compare digit `j` of the random numbers with that of the thresholds; return what flips and what is undecided."""
    wanted = lut3(SELECT, none, splat(digits[0, j]), splat(digits[1, j]))
    flips = lut3(_OR, flips, lut3(_AND_MORE, undecided, random, wanted), flips)
    return flips, lut3(_AND_SAME, undecided, random, wanted)


@nb.njit
def _update(words, aside, width, n, colour, digits, keys, row, stream, lane):
    """Give all spins of a colour their turn; `digits` are those of the two thresholds, words of 0 or 1."""
    nothing = splat(_0)
    c1, c2, c3 = splat(row & _LOW), splat(row >> np.uint64(32)), splat(stream)
    mine = words[colour]
    for p in range(0, n, LANES):
        s, odd, two, there = _bonds(words, aside, width, colour, p)
        flips = lut3(_OR_BOTH, two, odd, there)
        undecided = differing(flips, splat(_ONES))
        none = lut3(_NEITHER, nothing, odd, there)
        number = np.uint64(N_PAIRS * p)
        k = 0
        while k < N_PAIRS and differ(undecided, nothing):
            # two blocks at a time, whose multiplications fill each other's latency
            a, b = _pair(keys, add(load(lane, 0), splat(number + np.uint64(k))), c1, c2, c3)
            c, d = _pair(keys, add(load(lane, 0), splat(number + np.uint64(k + 1))), c1, c2, c3)
            flips, undecided = _compare(flips, undecided, a, none, digits, 2 * k)
            flips, undecided = _compare(flips, undecided, b, none, digits, 2 * k + 1)
            flips, undecided = _compare(flips, undecided, c, none, digits, 2 * k + 2)
            flips, undecided = _compare(flips, undecided, d, none, digits, 2 * k + 3)
            k += 2
        store(mine, width + p, differing(s, flips))


@nb.njit
def _tally(counts, index, value):
    store(counts, index * LANES, add(load(counts, index * LANES), popcount(value)))


@nb.njit
def _count(words, aside, height, width, is_inside, counts, census):
    """Set the census; `is_inside` are words of ones for those that exist."""
    counts[:] = 0
    n = height * width
    for colour in range(2):
        _show(words, aside, height, width, colour)
        for p in range(0, n, LANES):
            s, odd, two, there = _bonds(words, aside, width, colour, p)
            mask = load(is_inside, p)
            u0, more = both(differing(odd, there), mask), both(both(odd, there), mask)
            two = both(two, mask)
            u1 = differing(two, more)
            _tally(counts, 0, both(s, mask))
            _tally(counts, 1, u0)
            _tally(counts, 2, u1)
            _tally(counts, 3, both(two, more))
            _tally(counts, 4, both(u0, u1))
    up, u0_, u1_, four, three = counts.reshape(5, LANES).sum(axis=1).astype(np.int64)
    census[0], census[1] = up, (u0_ + 2 * u1_ + 4 * four) // 2
    census[2], census[3] = 128 * n - u0_ - u1_ - four + three, u0_ - three
    census[4], census[5], census[6] = u1_ - three, three, four


@nb.njit(nogil=True, cache=True)
@stamped
def _run(words, height, width, n_steps, every, start, tables, keys, row, lane, aside, is_inside, counts, census,
         _code=CODE):  # fmt: skip
    n = height * width
    _count(words, aside, height, width, is_inside, counts, census[0])
    for t in range(start, start + n_steps):
        colour = t & 1
        _show(words, aside, height, width, colour)
        digits = tables[t // every - start // every]
        _update(words, aside, width, n, colour, digits, keys, row, np.uint64(FIRST_STREAM + t), lane)
        if (t + 1 - start) % every == 0:
            _count(words, aside, height, width, is_inside, counts, census[(t + 1 - start) // every])


def run(
    cells: U8, n_steps: int, *, acceptance: npt.NDArray[np.uint32], seed: int, row: int, every: int = 1, start: int = 0
) -> Trace:
    """Run spins; see the package's docstring."""
    at = lanes(cells.shape)
    width = at.width // 2
    census = np.zeros((1 + n_steps // every, len(QUANTITIES)), np.int64)
    n_guarded = (at.height + 2) * width + LANES
    words = allocate(2 * n_guarded).reshape(2, n_guarded)
    inside = words[:, width : width + at.n_words]
    inside[:] = to_words(cells)
    aside, is_inside, counts = allocate(at.n_words + LANES), allocate(at.n_words + LANES), allocate(5 * LANES)
    is_inside[: at.n_words] = _ONES
    lane = allocate(LANES)
    lane[:] = N_PAIRS * np.arange(LANES)
    used = acceptance[start // every : -(-(start + n_steps) // every)].astype(np.uint64)
    _run(words, at.height, width, n_steps, every, start, _tables(used), _keys(seed), np.uint64(row), lane, aside,
         is_inside, counts, census)  # fmt: skip
    return Trace(to_cells(inside, cells.shape), census)


def _tables(acceptance: U64) -> U64:
    """Return the digits, from the highest, of both thresholds: words of 0 or 1, uint64 (interval, threshold, digit)."""
    both_ = np.stack((acceptance * acceptance, acceptance << np.uint64(32)), axis=-1)
    places = np.arange(2 * N_PAIRS - 1, -1, -1, dtype=np.uint64)
    found: U64 = _0 - (both_[..., None] >> places & np.uint64(1))
    return found


def _keys(seed: int) -> U64:
    """Return the keys of Philox's rounds, two each."""
    rounds = np.arange(N_ROUNDS, dtype=np.uint64)[:, None]
    first = np.array([seed & 0xFFFFFFFF, seed >> 32], np.uint64)
    keys: U64 = (first + rounds * np.array([WEYL_0, WEYL_1], np.uint64)) & _LOW
    return keys.ravel()
