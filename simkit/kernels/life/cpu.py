"""Life-like automata in Numba, 64 cells a word and LANES words a vector.

`bands` says how a board lies in memory. With even and odd cells in words of their own (`_pair`) each of the two is
the other's neighbour on one side, and one shift gives that on the other side: with the two row sums and six nodes of
the rule stage, B3/S23 costs 9 vector operations for 64 x LANES cells. Words of 64 cells in a row (`_column`) take two
shifts; if the width is no multiple of 64, the first and last word column wrap at the bit ``width % 64`` (`edge`).
Column after column, the sums of two rows stay in registers.

Nothing here holds the GIL. Constants in calls are NumPy's, since Numba compiles a function anew for each literal.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.life import Settled
from simkit.kernels.life.bands import N_STATES, load_board, store_board, to_bytes, to_words, workspace
from simkit.kernels.life.circuit import MAJ, SELECT, XOR3
from simkit.kernels.life.quads import N_SUMS, N_WORDS, one_row, row_sums, two_rows
from simkit.kernels.life.rule import Rule
from simkit.kernels.life.simd import (
    HAS_AVX512,
    LANES,
    both,
    differ,
    differing,
    either,
    load,
    lut3,
    rotate,
    rotate32,
    rule_stage,
    shift_down,
    shift_in,
    shift_up,
    splat,
    store,
)

U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]

#: generations between two looks for a cycle: finds the periods 1, 2, 3, 4, 6, 12 at once, with little overshoot
STRIDE: Any = np.int64(12)

#: looks that a marked state is kept for at least
_MIN_MARK = 4

#: vectors that are compared before it is seen whether they differ
_COMPARED = 16

_EITHER = 0xFC  # table of x | y

_ONE = np.uint64(1)

_ZERO: Any = np.int64(0)
_ONCE: Any = np.int64(1)


@nb.njit(inline="always")
def _row_sums(states, here, west, east, edge):
    """Return XOR3 and MAJ of the cells left of, at and right of the vector at `here`."""
    c = load(states, here)
    if edge is None:
        left = shift_in(c, load(states, west), 1)
        right = shift_in(load(states, east), c, 63)
    else:
        one = splat(_ONE)
        carry = both(shift_down(load(states, west), splat(edge[0])), one)
        left = lut3(_EITHER, shift_up(c, one), carry, carry)
        carry = shift_up(both(load(states, east), one), splat(edge[1]))
        right = lut3(_EITHER, shift_down(c, one), carry, carry)
    return lut3(XOR3, left, c, right), lut3(MAJ, left, c, right), c


@nb.njit(inline="always")
def _inside(cells, edge):
    """Clear what lies beyond the edge."""
    if edge is None:
        return cells
    return both(cells, splat(edge[2]))


@nb.njit(inline="always")
def _column(states, here, west, east, target, shape, edge, rule):
    """Advance the word column at `here`, between those at `west` and `east`, by a generation, into that at `target`."""
    last = (shape.n_rows - 1) * LANES
    p0, p1, c = _row_sums(states, here + last, west + last, east + last, edge)
    first0, first1, c = _row_sums(states, here, west, east, edge)
    n0, n1 = first0, first1
    if shape.is_uneven:
        is_full = load(states, N_STATES * shape.size)
        above = last - LANES
        s0, s1, _ = _row_sums(states, here + above, west + above, east + above, edge)
        p0, p1 = lut3(SELECT, is_full, p0, s0), lut3(SELECT, is_full, p1, s1)
        is_full = rotate(is_full, 1)
        s0, s1, _ = _row_sums(states, here + LANES, west + LANES, east + LANES, edge)
        n0, n1 = lut3(SELECT, is_full, n0, s0), lut3(SELECT, is_full, n1, s1)
    end0, end1 = rotate(n0, -1), rotate(n1, -1)
    p0, p1 = rotate(p0, 1), rotate(p1, 1)
    q0, q1 = first0, first1
    for v in range(LANES, last + LANES, LANES):
        n0, n1, n = _row_sums(states, here + v, west + v, east + v, edge)
        store(states, target + v - LANES, _inside(rule_stage(rule, p0, q0, n0, p1, q1, n1, c), edge))
        p0, p1, q0, q1, c = q0, q1, n0, n1, n
    store(states, target + last, _inside(rule_stage(rule, p0, q0, end0, p1, q1, end1, c), edge))


@nb.njit(inline="always")
def _pair_sums(states, here, west, east):
    """As `_row_sums`, of a vector of even and one of odd cells, of which each is the other's neighbour on one side."""
    e, o = load(states, here), load(states, here + LANES)
    left, right = shift_in(o, load(states, west + LANES), 1), shift_in(load(states, east), e, 63)
    return lut3(XOR3, left, e, o), lut3(MAJ, left, e, o), lut3(XOR3, right, e, o), lut3(MAJ, right, e, o), e, o


@nb.njit(inline="always")
def _pairs(states, here, west, east, target, shape, rule):
    """As `_column`, for columns of even and of odd cells."""
    row = 2 * LANES
    last = (shape.n_rows - 1) * row
    p0, p1, r0, r1, _, _ = _pair_sums(states, here + last, west + last, east + last)
    q0, q1, s0, s1, e, o = _pair_sums(states, here, west, east)
    end0, end1, end2, end3 = q0, q1, s0, s1
    if shape.is_uneven:
        is_full = load(states, N_STATES * shape.size)
        v = last - row
        a0, a1, a2, a3, _, _ = _pair_sums(states, here + v, west + v, east + v)
        p0, p1 = lut3(SELECT, is_full, p0, a0), lut3(SELECT, is_full, p1, a1)
        r0, r1 = lut3(SELECT, is_full, r0, a2), lut3(SELECT, is_full, r1, a3)
        is_full = rotate(is_full, 1)
        a0, a1, a2, a3, _, _ = _pair_sums(states, here + row, west + row, east + row)
        end0, end1 = lut3(SELECT, is_full, end0, a0), lut3(SELECT, is_full, end1, a1)
        end2, end3 = lut3(SELECT, is_full, end2, a2), lut3(SELECT, is_full, end3, a3)
    end0, end1, end2, end3 = rotate(end0, -1), rotate(end1, -1), rotate(end2, -1), rotate(end3, -1)
    p0, p1, r0, r1 = rotate(p0, 1), rotate(p1, 1), rotate(r0, 1), rotate(r1, 1)
    for v in range(0, last, row):
        n0, n1, m0, m1, next_e, next_o = _pair_sums(states, here + v + row, west + v + row, east + v + row)
        store(states, target + v, rule_stage(rule, p0, q0, n0, p1, q1, n1, e))
        store(states, target + v + LANES, rule_stage(rule, r0, s0, m0, r1, s1, m1, o))
        p0, p1, r0, r1, q0, q1, s0, s1, e, o = q0, q1, s0, s1, n0, n1, m0, m1, next_e, next_o
    store(states, target + last, rule_stage(rule, p0, q0, end0, p1, q1, end1, e))
    store(states, target + last + LANES, rule_stage(rule, r0, s0, end2, r1, s1, end3, o))


@nb.njit(forceinline=True)
def _end_sums(states, sums, shape):
    """Put the sums of the rows above the first and below the last, which are the next band's, in their places."""
    first, last = sums + N_SUMS * LANES, sums + shape.n_rows * N_SUMS * LANES
    is_full = load(states, N_STATES * shape.size)
    is_after_full = rotate32(is_full, 1)
    for i in range(0, N_SUMS * LANES, LANES):
        above, below = load(states, last + i), load(states, first + i)
        if shape.is_uneven:
            above = lut3(SELECT, is_full, above, load(states, last - N_SUMS * LANES + i))
            below = lut3(SELECT, is_after_full, below, load(states, first + N_SUMS * LANES + i))
        store(states, sums + i, rotate32(above, 1))
        store(states, last + N_SUMS * LANES + i, rotate32(below, -1))


@nb.njit(forceinline=True)
def _quads(states, here, west, east, target, shape, rule):
    """As `_column`, for 128 columns as four words."""
    sums = N_STATES * shape.size + LANES
    row, row_of_sums = N_WORDS * LANES, N_SUMS * LANES
    for v in range(shape.n_rows):
        at = v * row
        row_sums(states, here + at, west + at, east + at, sums + (v + 1) * row_of_sums)
    _end_sums(states, sums, shape)
    for v in range(0, shape.n_rows, 2):
        for k in range(N_WORDS):
            at = v * row + k * LANES
            above = sums + v * row_of_sums + 2 * k * LANES
            if v + 1 < shape.n_rows:
                two_rows(rule, states, above, here + at, target + at)
            else:
                one_row(rule, states, above, here + at, target + at)


@nb.njit(forceinline=True)
def _generation(states, source, target, shape, rule):
    """Put the state one generation after the one at `source` at `target`."""
    size = shape.n_rows * shape.n_words * LANES
    for w in range(shape.n_columns):
        is_first, is_last = w == 0, w == shape.n_columns - 1
        here = source + w * size
        west = source + shape.size - size if is_first else here - size
        east = source if is_last else here + size
        if shape.n_words > 1:
            if HAS_AVX512:
                _pairs(states, here, west, east, target + w * size, shape, rule)
            else:
                _quads(states, here, west, east, target + w * size, shape, rule)
            continue
        tail = shape.width % 64
        if tail != 0 and (is_first or is_last):
            edge = (
                np.uint64(tail - 1 if is_first else 63),
                np.uint64(tail - 1 if is_last else 63),
                np.uint64(_ONE << np.uint64(tail)) - _ONE if is_last else ~np.uint64(0),
            )
            _column(states, here, west, east, target + w * size, shape, edge, rule)
        else:
            _column(states, here, west, east, target + w * size, shape, None, rule)


@nb.njit
def _copy(states, source, target, size):
    for i in range(size):
        states[target + i] = states[source + i]


@nb.njit
def _equal(states, a, b, size):
    for start in range(0, size, _COMPARED * LANES):
        zero = splat(np.uint64(0))
        found = zero
        for i in range(start, min(start + _COMPARED * LANES, size), LANES):
            found = either(found, differing(load(states, a + i), load(states, b + i)))
        if differ(found, zero):
            return False
    return True


@nb.njit
def _advance(states, source, target, spare, n, shape, rule):
    """Put the state `n` generations after the one at `source` at `target`; keeps `source`, spends `spare`."""
    if n == 0:
        _copy(states, source, target, shape.size)
    for left in range(n, 0, -1):
        after = target if left % 2 == 1 else spare
        _generation(states, source, after, shape, rule)
        source = after


@nb.njit
def _meet(states, a, b, spare, start, shape, rule):
    """Advance the states at `a` (generation `start`) and `b` (a multiple of the period later) until they are equal.

    Returns the generation of the former then, which is the first of the cycle, and where the state is.
    """
    while not _equal(states, a, b, shape.size):
        _advance(states, a, spare, spare, _ONCE, shape, rule)
        a, spare = spare, a
        _advance(states, b, spare, spare, _ONCE, shape, rule)
        b, spare = spare, b
        start += 1
    return start, a


@nb.njit
def _recurrence(states, a, b, spare, limit, shape, rule):
    """Return after how many generations the state at `a` recurs, or 0 if not within `limit`; spends `b`, `spare`."""
    _copy(states, a, b, shape.size)
    for n in range(1, limit + 1):
        _advance(states, b, spare, spare, _ONCE, shape, rule)
        b, spare = spare, b
        if _equal(states, a, b, shape.size):
            return n
    return 0


@nb.njit
def _settle_board(states, words, max_steps, shape, rule):
    """Run one board; return settle, period and where in `states` the ash is.

    The state is looked at every STRIDE generations and compared with the one a stride before, which finds the periods
    that divide STRIDE, and with a marked state, which finds all others: Brent's cycle search, but the mark moves on
    after a quarter of the time so far instead of after all of it, since what is long here is the way to the cycle.
    Then the first generation of the cycle is found by replaying from the last state known to lie before it.
    """
    size = shape.size
    before, now, after, mark, old_mark, spare = _ZERO, size, 2 * size, 3 * size, 4 * size, 5 * size
    load_board(words, states, now, shape)
    _copy(states, now, mark, size)
    t, t_mark, t_old_mark = 0, 0, 0
    while t + STRIDE <= max_steps:
        _advance(states, now, after, spare, STRIDE, shape, rule)
        t += STRIDE
        lag, start, first, second = 0, _ZERO, old_mark, before
        if _equal(states, now, after, size):
            lag = STRIDE
            if t > STRIDE:  # the states at t - 2 STRIDE and t - STRIDE differed: the cycle begins after the former
                start, first, second = t - 2 * STRIDE, before, now
            else:
                first, second = now, after
        elif _equal(states, mark, after, size):
            lag = t - t_mark
            if t_mark > 0 and lag <= t_mark - t_old_mark:
                start = t_old_mark  # this lag was tried from there, in vain
            else:
                load_board(words, states, first, shape)
            _advance(states, first, second, spare, lag, shape, rule)
        if lag > 0:
            settle, ash = _meet(states, first, second, spare, start, shape, rule)
            return settle, _recurrence(states, ash, after, mark, lag, shape, rule), ash
        before, now, after = now, after, before
        if t - t_mark >= max(_MIN_MARK * STRIDE, t_mark // 4):
            mark, old_mark = old_mark, mark
            _copy(states, now, mark, size)
            t_mark, t_old_mark = t, t_mark

    # At max_steps: a board that settled by then is in its cycle, of at most max_steps generations.
    _advance(states, now, mark, spare, max_steps - t, shape, rule)
    period = _recurrence(states, mark, before, spare, max_steps, shape, rule)
    if period > 0:
        load_board(words, states, now, shape)
        _advance(states, now, after, spare, period, shape, rule)
        settle, ash = _meet(states, now, after, spare, _ZERO, shape, rule)
        if settle + period <= max_steps:
            return settle, period, ash
    return -1, 0, mark


@nb.njit(nogil=True, cache=True)
def _settle_boards(words, max_steps, states, shape, rule, ash, settles, periods):
    for i in range(words.shape[0]):
        settles[i], periods[i], source = _settle_board(states, words[i], max_steps, shape, rule)
        store_board(states, source, ash[i], shape)


@nb.njit(nogil=True, cache=True)
def _step_boards(words, n, states, shape, rule, out):
    for i in range(words.shape[0]):
        load_board(words[i], states, 0, shape)
        _advance(states, _ZERO, shape.size, 2 * shape.size, n, shape, rule)
        store_board(states, shape.size, out[i], shape)


def step(boards: U8, width: int, rule: Rule, n_generations: int) -> U8:
    """Return the boards `n_generations` later; see the package's docstring."""
    words = to_words(boards)
    out = np.empty_like(words)
    _step_boards(words, n_generations, *workspace(boards.shape[1], width), rule, out)
    return to_bytes(out, boards.shape[-1])


def settle(boards: U8, width: int, rules: tuple[Rule, ...], which: U8, max_steps: int) -> Settled:
    """Run each board until its whole state recurs; see the package's docstring."""
    words = to_words(boards)
    ash = np.empty_like(words)
    settles, periods = np.empty(len(boards), np.int32), np.empty(len(boards), np.int32)
    states, shape = workspace(boards.shape[1], width)
    for index, rule in enumerate(rules):
        rows = np.flatnonzero(which == index)
        if rows.size:
            part = np.empty_like(words[rows]), np.empty(rows.size, np.int32), np.empty(rows.size, np.int32)
            _settle_boards(words[rows], max_steps, states, shape, rule, *part)
            ash[rows], settles[rows], periods[rows] = part
    return Settled(to_bytes(ash, boards.shape[-1]), settles, periods)
