"""Mazes in Numba. Nothing here holds the GIL.

Bound: latency. Random words are drawn first, all of an episode at once. Then each step waits for the one before it: the
cell, its free ways, the choice, the next cell are loads one after another, some 13 ns a step.
"""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.compiling import CALLED, INNER, stamped
from simkit.kernels.maze import (
    ANYTHING,
    N_ACTIONS,
    N_COLOURS,
    NOTICE,
    STAY,
    WORLD,
    Rules,
    Trace,
    Transitions,
    like,
)
from simkit.kernels.maze.level_cpu import BESIDE, LEVEL_BLOCKS, N_CELLS, STRIDE, draw_words, make, turn
from simkit.kernels.maze.moves import going, way_of

#: the way of an action from a cell with free ways: [action, ways], 4 = none
_WAYS = np.array([[way_of(action, free) for free in range(16)] for action in range(N_ACTIONS)], np.uint8).ravel()

#: the action for a way, from two random bits and whether the cells to the left and right are free: [way, bits, ways]
_GOING = np.array(
    [[[going(way, bits, free) for free in range(4)] for bits in range(4)] for way in range(4)], np.uint8
).ravel()

#: of a set of ways: how many there are, and each of them
_COUNT = np.array([free.bit_count() for free in range(16)], np.int64)
_CHOICE = np.array(
    [([way for way in range(4) if free >> way & 1] + 4 * [4])[:4] for free in range(16)], np.uint8
).ravel()

#: the set of the way that leads back from a step: [way], 4 = none
_BACK = np.array([2, 1, 8, 4, 0], np.int64)

#: places in the numbers of an episode
_SIDE, _KEYS, _SUCCEEDS, _T, _LENGTH, _ACTION = range(6)


@nb.njit(**INNER)
def _room():
    """Return what a level is made in.

    Of each cell: what it needs and gives, which ways are free, the way back, its length; then things, locks, colours.
    """
    return (
        np.empty(N_CELLS, np.uint8), np.empty(N_CELLS, np.uint8), np.empty(N_CELLS, np.uint8),
        np.empty(N_CELLS, np.uint8), np.empty(N_CELLS, np.int16), np.empty(N_COLOURS + 1, np.int64),
        np.empty(N_COLOURS, np.int64), np.empty(N_COLOURS, np.int64),
    )  # fmt: skip


@nb.njit(**INNER)
def _aim(toward, back, start, old, new):
    """Let `toward` lead to another thing: back to the start, but on the way from there to the thing."""
    cell = old
    while cell != start:
        cell += BESIDE[back[cell]]
        toward[cell] = back[cell]
    cell = new
    while cell != start:
        way = back[cell]
        cell += BESIDE[way]
        toward[cell] = way ^ 1


@nb.njit(**INNER)
def _distance(back, depth, a, b):
    n = 0
    while a != b:
        if depth[a] < depth[b]:
            a, b = b, a
        a += BESIDE[back[a]]
        n += 1
    return n


@nb.njit(**INNER)
def _ignore(avoided, ways, thing):
    """Close the ways to a thing, for who does not notice it."""
    for way in range(4):
        if ways[thing] >> way & 1:
            avoided[thing + BESIDE[way]] = 1 << (way ^ 1)


@nb.njit(**INNER)
def _run(level, toward, avoided, start, n_keys, unnoticed, steps, limit, pick, is_last, pair, path, numbers, trace):
    """Play an episode; keep transition `pick`, or the last one. One that fails ends there if there is nothing to trace.

    `steps` holds the random words; `pair` gets the cell, the keys and the locks before and after.
    """
    need, gives, ways, back, depth, things, locks, _ = level
    agent, had, were_open, actions = trace
    succeeds = numbers[_SUCCEEDS] != 0
    is_traced = actions.shape[0] > 0
    for i in range(N_CELLS):
        toward[i] = back[i]
        avoided[i] = 0
    cell, held, opened, stage, noticed, last = start, 0, 0, 0, False, 4
    _aim(toward, back, start, start, things[0])
    left = _distance(back, depth, start, things[0])
    for k in range(n_keys):
        left += _distance(back, depth, things[k], things[k + 1])
    ignores = not succeeds and unnoticed == 0
    if ignores:
        _ignore(avoided, ways, things[0])
    reached = False
    t = 0
    while t < limit and not reached:
        word = np.int64(steps[t])
        free, nearer = np.int64(ways[cell]), np.int64(toward[cell])
        if not ignores and (word & 1023) < NOTICE:
            noticed = True
        way = nearer
        is_going = True
        if not (succeeds and limit - t <= left + 1):
            if (word >> 10 & 15) < ANYTHING:
                is_going = False
                action = np.int64((word >> 14 & 255) * N_ACTIONS >> 8)
                way = np.int64(_WAYS[action << 4 | free])
                if ignores and avoided[cell] >> way & 1:
                    action, way = np.int64(STAY), np.int64(4)
            elif not noticed:
                onward = free & ~avoided[cell]
                if onward & ~_BACK[last]:
                    onward &= ~_BACK[last]
                if onward:
                    way = np.int64(_CHOICE[onward << 2 | (word >> 22) * _COUNT[onward] >> 10])
                else:
                    is_going = False
                    action, way = np.int64(STAY), np.int64(4)
        if is_going:
            action = np.int64(_GOING[way << 4 | (word >> 14 & 3) << 2 | free & 3])
        before, had_held, had_opened, had_left = cell, held, opened, left
        if way < 4:
            cell += BESIDE[way]
            last = int(way)
            left += -1 if way == nearer else 1
            opened |= need[cell]
            if gives[cell] & ~held:
                held |= gives[cell]
                turn(ways, locks[stage])
            if cell == things[stage]:
                stage += 1
                noticed = False
                reached = stage > n_keys
                if not reached:
                    _aim(toward, back, start, cell, things[stage])
                    ignores = not succeeds and unnoticed == stage
                    if ignores:
                        _ignore(avoided, ways, things[stage])
        if is_traced:
            agent[t], had[t], were_open[t], actions[t] = before, had_held, had_opened, action
            agent[t + 1], had[t + 1], were_open[t + 1] = cell, held, opened
        if t == pick or (is_last and reached):
            pair[0], pair[1], pair[2], pair[3], pair[4], pair[5] = before, cell, had_held, held, had_opened, opened
            path[0], path[1] = had_left, left
            numbers[_T], numbers[_ACTION] = t, action
            if not succeeds and not is_traced:
                break
        t += 1
    numbers[_LENGTH] = t if reached else limit


@nb.njit(**INNER)
def _choose(seed, row, rules, level, toward, avoided, words, steps, pair, path, numbers, trace):
    """Make attempts until one has the transition that is drawn."""
    size, most, limit, rewarded, success = rules
    draw_words(seed, row, np.uint32(0), 1, words)
    is_rewarded = np.uint64(words[0]) < rewarded
    attempt = 0
    while True:
        draw_words(seed, row, np.uint32(1 + 2 * attempt), LEVEL_BLOCKS, words)
        numbers[_SUCCEEDS] = is_rewarded or np.uint64(words[0]) < success
        pick = -1 if is_rewarded else np.int64((np.uint64(words[1]) * np.uint64(limit)) >> np.uint64(32))
        side, n_keys, unnoticed, start = make(words, size, most, level)
        numbers[_SIDE], numbers[_KEYS] = side, n_keys
        n = limit if numbers[_SUCCEEDS] or trace[3].shape[0] else pick + 1
        draw_words(seed, row, np.uint32(2 + 2 * attempt), (n + 3) // 4, steps)
        _run(level, toward, avoided, start, n_keys, unnoticed, steps, limit, pick, is_rewarded, pair, path, numbers,
             trace)  # fmt: skip
        if is_rewarded or pick < numbers[_LENGTH] - numbers[_SUCCEEDS]:
            return
        attempt += 1


@nb.njit(**INNER)
def _place(cell, place):
    place[0], place[1] = cell % STRIDE - 1, cell // STRIDE - 1


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _play(seed, rows, rules, out, traces):
    """Play an episode for each row, and trace it if there is room for that."""
    floor, side, agent, diamond, keys, locks, held, opened, action, rewarded, succeeded, ts, length, path = out
    agents, had, were_open, actions, lengths = traces
    level, toward, avoided = _room(), np.empty(N_CELLS, np.uint8), np.empty(N_CELLS, np.uint8)
    need, things, barred, colours = level[0], level[5], level[6], level[7]
    limit = rules[2]
    words, steps = np.empty(4 * LEVEL_BLOCKS, np.uint32), np.empty(limit + 3, np.uint32)
    pair, numbers = np.empty(6, np.int64), np.empty(6, np.int64)
    cells, none = np.empty(limit + 1, np.int64), np.empty(0, np.uint8)
    trace = (cells, none, none, none)
    for i in range(rows.shape[0]):
        if lengths.shape[0]:
            trace = (cells, had[i], were_open[i], actions[i])
        _choose(seed, rows[i], rules, level, toward, avoided, words, steps, pair, path[i], numbers, trace)
        for y in range(WORLD):
            for x in range(WORLD):
                floor[i, y, x] = need[(y + 1) * STRIDE + x + 1] >> 7 ^ 1
        side[i], action[i], ts[i], length[i] = numbers[_SIDE], numbers[_ACTION], numbers[_T], numbers[_LENGTH]
        n_keys = numbers[_KEYS]
        _place(pair[0], agent[i, 0])
        _place(pair[1], agent[i, 1])
        _place(things[n_keys], diamond[i])
        for colour in range(N_COLOURS):
            keys[i, colour, 0] = keys[i, colour, 1] = locks[i, colour, 0] = locks[i, colour, 1] = -1
        for k in range(n_keys):
            _place(things[k], keys[i, colours[k]])
            _place(barred[k], locks[i, colours[k]])
        held[i, 0], held[i, 1], opened[i, 0], opened[i, 1] = pair[2], pair[3], pair[4], pair[5]
        rewarded[i], succeeded[i] = pair[1] == things[n_keys], numbers[_SUCCEEDS]
        if lengths.shape[0]:
            lengths[i] = length[i]
            for t in range(limit + 1):
                if t <= length[i]:
                    _place(cells[t], agents[i, t])
                else:  # an attempt that was not taken went on
                    had[i, t] = were_open[i, t] = actions[i, t - 1] = 0


def _played(seed: int, rows: npt.NDArray[np.uint64], rules: Rules, n_traces: int) -> tuple[Transitions, Trace]:
    limit = rules.limit
    out = Transitions(*(np.empty(shape, dtype) for shape, dtype in like(len(rows), limit)[0]))
    traces = Trace(*(np.zeros(shape, dtype) for shape, dtype in like(n_traces, limit)[1]))
    shares = np.uint64(rules.rewarded), np.uint64(rules.success)
    _play(np.uint64(seed), rows, (rules.size, rules.keys, limit, *shares), tuple(out), tuple(traces))
    return out, traces


def play(seed: int, rows: npt.NDArray[np.uint64], rules: Rules) -> Transitions:
    """Draw transitions; see the package's docstring."""
    return _played(seed, rows, rules, 0)[0]


def follow(seed: int, rows: npt.NDArray[np.uint64], rules: Rules) -> Trace:
    """Return whole episodes; see the package's docstring."""
    return _played(seed, rows, rules, len(rows))[1]
