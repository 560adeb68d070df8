"""Life-like automata in Numba, 64 cells a word and LANES words a vector.

The programs here run a board from its soup to its ash, and are the same for all rules: they call the one function that
is compiled for each (`advance`) by its address.

Nothing here holds the GIL. Constants in calls are NumPy's, since Numba compiles a function anew for each literal.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.compiling import CALLED, INNER, named, stamped
from simkit.kernels.life import Settled
from simkit.kernels.life.advance import address, advance
from simkit.kernels.life.bands import load_board, store_board, to_bytes, to_words, workspace
from simkit.kernels.life.rule import Rule
from simkit.kernels.life.simd import CODE, LANES, differ, differing, either, load, splat

U8 = npt.NDArray[np.uint8]

#: generations between two looks for a cycle: finds the periods 1, 2, 3, 4, 6, 12 at once, with little overshoot
STRIDE: Any = np.int64(12)

#: looks that a marked state is kept for at least
_MIN_MARK = 4

#: vectors that are compared before it is seen whether they differ
_COMPARED = 16

_ZERO: Any = np.int64(0)
_ONCE: Any = np.int64(1)


@nb.njit(**INNER)
def _copy(states, source, target, size):
    for i in range(size):
        states[target + i] = states[source + i]


@nb.njit(**INNER)
def _equal(states, a, b, size):
    for start in range(0, size, _COMPARED * LANES):
        zero = splat(np.uint64(0))
        found = zero
        for i in range(start, min(start + _COMPARED * LANES, size), LANES):
            found = either(found, differing(load(states, a + i), load(states, b + i)))
        if differ(found, zero):
            return False
    return True


@nb.njit(**INNER)
def _later(states, source, target, spare, n, shape, function):
    """Put the state `n` >= 0 generations after the one at `source` at `target`; keeps `source`, spends `spare`."""
    if n == 0:
        _copy(states, source, target, shape.size)
    else:
        advance(function, states, source, target, spare, n, shape)


@nb.njit(**INNER)
def _meet(states, a, b, spare, start, shape, function):
    """Advance the states at `a` (generation `start`) and `b` (a multiple of the period later) until they are equal.

    Returns the generation of the former then, which is the first of the cycle, and where the state is.
    """
    while not _equal(states, a, b, shape.size):
        advance(function, states, a, spare, spare, _ONCE, shape)
        a, spare = spare, a
        advance(function, states, b, spare, spare, _ONCE, shape)
        b, spare = spare, b
        start += 1
    return start, a


@nb.njit(**INNER)
def _recurrence(states, a, b, spare, limit, shape, function):
    """Return after how many generations the state at `a` recurs, or 0 if not within `limit`; spends `b`, `spare`."""
    _copy(states, a, b, shape.size)
    for n in range(1, limit + 1):
        advance(function, states, b, spare, spare, _ONCE, shape)
        b, spare = spare, b
        if _equal(states, a, b, shape.size):
            return n
    return 0


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _settle_boards(words, max_steps, states, shape, function, ash, settles, periods, _code=CODE):
    """Run boards; write settle, period and the ash.

    The state is looked at every STRIDE generations and compared with the one a stride before, which finds the periods
    that divide STRIDE, and with a marked state, which finds all others: Brent's cycle search, but the mark moves on
    after a quarter of the time so far instead of after all of it, since what is long here is the way to the cycle.
    Then the first generation of the cycle is found by replaying from the last state known to lie before it.
    """
    size = shape.size
    soup = 6 * size
    for i in range(words.shape[0]):
        before, now, after, mark, old_mark, spare = _ZERO, size, 2 * size, 3 * size, 4 * size, 5 * size
        load_board(words[i], states, soup, shape)
        _copy(states, soup, now, size)
        _copy(states, soup, mark, size)
        t, t_mark, t_old_mark = 0, 0, 0
        settle, period, found = -1, 0, mark
        while period == 0 and t + STRIDE <= max_steps:
            advance(function, states, now, after, spare, STRIDE, shape)
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
                    _copy(states, soup, first, size)
                advance(function, states, first, second, spare, lag, shape)
            if lag > 0:
                settle, found = _meet(states, first, second, spare, start, shape, function)
                period = _recurrence(states, found, after, mark, lag, shape, function)
            else:
                before, now, after = now, after, before
                if t - t_mark >= max(_MIN_MARK * STRIDE, t_mark // 4):
                    mark, old_mark = old_mark, mark
                    _copy(states, now, mark, size)
                    t_mark, t_old_mark = t, t_mark

        if period == 0:
            # At max_steps: a board that settled by then is in its cycle, of at most max_steps generations.
            found = mark
            _later(states, now, mark, spare, max_steps - t, shape, function)
            lag = _recurrence(states, mark, before, spare, max_steps, shape, function)
            if lag > 0:
                _copy(states, soup, now, size)
                advance(function, states, now, after, spare, lag, shape)
                start, first = _meet(states, now, after, spare, _ZERO, shape, function)
                if start + lag <= max_steps:
                    settle, period, found = start, lag, first
        settles[i], periods[i] = settle, period
        store_board(states, found, ash[i], shape)


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _step_boards(words, n, states, shape, function, out, _code=CODE):
    for i in range(words.shape[0]):
        load_board(words[i], states, 0, shape)
        _later(states, _ZERO, shape.size, 2 * shape.size, n, shape, function)
        store_board(states, shape.size, out[i], shape)


def step(boards: U8, width: int, rule: Rule, n_generations: int) -> U8:
    """Return the boards `n_generations` later; see the package's docstring."""
    words = to_words(boards)
    out = np.empty_like(words)
    states, shape = workspace(boards.shape[1], width)
    with named(f"rule {rule}"):
        function = address(rule, shape)
    _step_boards(words, n_generations, states, shape, function, out)
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
            with named(f"rule {rule} ({index + 1} of {len(rules)})"):
                function = address(rule, shape)
            _settle_boards(words[rows], max_steps, states, shape, function, *part)
            ash[rows], settles[rows], periods[rows] = part
    return Settled(to_bytes(ash, boards.shape[-1]), settles, periods)
