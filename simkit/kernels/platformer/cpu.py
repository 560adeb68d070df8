"""Levels, rules and player in Numba. Nothing here holds the GIL."""

from __future__ import annotations

import numba as nb
import numpy as np

from simkit.kernels.compiling import CALLED, INNER, stamped
from simkit.kernels.platformer import (
    AT_HAZARD,
    BACK,
    BACK_OFF,
    CLEAR,
    COLUMNS,
    DIES,
    ENEMY_RUN,
    FALL,
    GOES_ON,
    GRAVITY,
    HAS_COIN,
    HAZARD,
    HAZARDS,
    HEIGHT,
    I16,
    I32,
    IDLE,
    JUMP,
    LAVA,
    LIMIT,
    NEVER,
    NO_HAZARD,
    NOWHERE,
    PAUSES,
    PUSH,
    REACH,
    ROWS,
    RUN,
    SOLID,
    TOP,
    TRIGGERS,
    U8,
    U32,
    WIDTH,
    Episodes,
    Levels,
    Step,
)
from simkit.kernels.platformer.building import build

_HALF = WIDTH // 2

#: 1 for each action that presses left, right, up
_LEFT = np.array([1, 1, 1, *[0] * 12], np.uint8)
_RIGHT = np.array([*[0] * 6, 1, 1, 1, *[0] * 6], np.uint8)
_UP = np.array([0, 0, 1, 0, 0, 1, 0, 0, 1, *[0] * 6], np.uint8)

#: actions that do nothing, on the ground or not
_NOTHING = np.array([3, 4, 9, 10, 11, 12, 13, 14], np.uint8)


def levels(words: U32) -> Levels:
    """Build levels; see the package's docstring."""
    n = len(words)
    found = Levels(
        np.empty((n, ROWS, COLUMNS), np.uint8),
        np.empty((n, 2), np.int16),
        np.empty((n, 2), np.int16),
        np.empty((n, HAZARDS, 5), np.int16),
        np.empty((n, TRIGGERS, 3), np.int16),
    )
    build(words, *found)
    return found


@nb.njit(**INNER)
def _is_free(map_, column, low, high):
    """Return whether no tile of a column is solid between two heights, both included."""
    for row in range(TOP - (high >> 8), TOP - (low >> 8) + 1):
        if map_[row, column] >= SOLID:
            return False
    return True


@nb.njit(**INNER)
def _is_open(map_, y, left, right):
    """Return whether no tile at a height is solid between two places, both included."""
    for column in range(left >> 8, (right >> 8) + 1):
        if map_[TOP - (y >> 8), column] >= SOLID:
            return False
    return True


@nb.njit(**INNER)
def _place(hazards, i, time):
    """Return where hazard i is along x."""
    left, span = np.int64(hazards[i, 1]), np.int64(hazards[i, 3])
    if span == 0:
        return left
    s = (hazards[i, 4] + ENEMY_RUN * time) % (2 * span)
    return left + (s if s < span else 2 * span - s)


@nb.njit(**INNER)
def _move(map_, x, y, vx, vy, ground, action):
    """Return the state after a step."""
    way = np.int64(_RIGHT[action]) - np.int64(_LEFT[action])
    if way != 0:
        vx = min(max(vx + PUSH * way, -RUN), RUN)
    elif vx > 0:
        vx = max(vx - PUSH, 0)
    else:
        vx = min(vx + PUSH, 0)
    vy = JUMP if _UP[action] and ground else max(vy - GRAVITY, -FALL)
    x += vx
    if vx > 0:
        column = (x + _HALF - 1) >> 8
        if not _is_free(map_, column, y, y + HEIGHT - 1):
            x, vx = (column << 8) - _HALF, 0
    elif vx < 0:
        column = (x - _HALF) >> 8
        if not _is_free(map_, column, y, y + HEIGHT - 1):
            x, vx = ((column + 1) << 8) + _HALF, 0
    y += vy
    ground = 0
    if vy < 0:
        if not _is_open(map_, y, x - _HALF, x + _HALF - 1):
            y, vy, ground = ((y >> 8) + 1) << 8, 0, 1
    elif vy > 0 and not _is_open(map_, y + HEIGHT - 1, x - _HALF, x + _HALF - 1):
        y, vy = (((y + HEIGHT - 1) >> 8) << 8) - HEIGHT, 0
    return x, y, vx, vy, ground


@nb.njit(**INNER)
def _end(hazards, coins, x, y, time):
    """Return how a step ends that has led to a place at a time."""
    if y < LAVA:
        return DIES
    for i in range(hazards.shape[0]):
        near = _HALF + REACH
        if hazards[i, 0] != NO_HAZARD and hazards[i, 1] - near < x and x < hazards[i, 1] + hazards[i, 3] + near:
            foot = hazards[i, 2]
            if abs(_place(hazards, i, time) - x) < near and y < foot + HAZARD and foot < y + HEIGHT:
                return DIES
    for i in range(coins.shape[0]):
        is_near = coins[i, 0] != NOWHERE and abs(coins[i, 0] - x) < _HALF + REACH
        if is_near and y < coins[i, 1] + REACH and coins[i, 1] - REACH < y + HEIGHT:
            return HAS_COIN
    return GOES_ON


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _steps(maps, hazards, states, actions, times, coins, after, ends):
    for i in range(len(states)):
        state, next_ = states[i], after[i]
        x, y, vx, vy, ground = _move(
            maps[i], np.int64(state[0]), np.int64(state[1]), np.int64(state[2]), np.int64(state[3]),
            np.int64(state[4]), actions[i],
        )  # fmt: skip
        next_[0], next_[1], next_[2], next_[3], next_[4] = x, y, vx, vy, ground
        ends[i] = _end(hazards[i], coins[i], x, y, np.int64(times[i]) + 1)


def step(levels: Levels, states: I16, actions: U8, times: I32, coins: I16) -> Step:
    """Apply the rules once; see the package's docstring."""
    found = Step(np.empty_like(states), np.empty(len(states), np.uint8))
    _steps(levels.maps, levels.hazards, states, actions, times, coins, *found)
    return found


@nb.njit(**INNER)
def _byte(words, first, i):
    return (words[first + (i >> 2)] >> np.uint32(8 * (i & 3))) & np.uint32(255)


@nb.njit(**INNER)
def _episode(map_, start, coins, hazards, triggers, words, fails, states, actions):
    """Set the states and actions of an episode; return its length and how it ends."""
    n = 0
    while n < TRIGGERS and triggers[n, 2] != 0:
        n += 1
    remembered = np.int64((np.uint64(words[0]) * np.uint64(n)) >> np.uint64(32)) if fails else n
    x, y, vx, vy, ground = np.int64(start[0]), np.int64(start[1]), 0, 0, 1
    passed, behind, end, t = 0, np.int64(0), GOES_ON, 0
    while True:
        states[t, 0], states[t, 1], states[t, 2], states[t, 3], states[t, 4] = x, y, vx, vy, ground
        if t == LIMIT or end != GOES_ON:
            return t, end
        pick = _byte(words, 5, t)
        action = np.uint8(6) if pick & np.uint32(3) == 0 else np.uint8(7)
        if ground:
            here, awaited = np.int64(NEVER), np.int64(-1)
            if passed < n:
                here, awaited = np.int64(triggers[passed, 0]), np.int64(triggers[passed, 1])
            is_due = x >= here
            if is_due and awaited >= 0:
                is_due = _place(hazards, awaited, t) - x <= _HALF + REACH + AT_HAZARD
            if is_due and passed < remembered:
                action = np.uint8(8)
                behind = np.int64(triggers[passed, 2])
                passed += 1
            elif t < PAUSES and here - x >= CLEAR:
                mood = _byte(words, 1, t >> 3)
                if mood < IDLE and x >= behind:
                    action = _NOTHING[pick & np.uint32(7)]
                elif IDLE <= mood < IDLE + BACK and x >= behind + BACK_OFF:
                    action = np.uint8(pick & np.uint32(1))
        elif pick & np.uint32(3) == 1:
            action = np.uint8(8)
        actions[t] = action
        x, y, vx, vy, ground = _move(map_, x, y, vx, vy, ground, action)
        t += 1
        end = _end(hazards, coins, x, y, t)


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _play(maps, starts, coins, hazards, triggers, words, fails, states, actions, lengths, ends):
    for i in range(len(maps)):
        length, end = _episode(
            maps[i], starts[i], coins[i : i + 1], hazards[i], triggers[i], words[i], fails[i], states[i], actions[i]
        )
        lengths[i], ends[i] = length, end
        states[i, length + 1 :], actions[i, length:] = 0, 0


def play(levels: Levels, words: U32, fails: U8) -> Episodes:
    """Let the player play; see the package's docstring."""
    n = len(words)
    found = Episodes(
        np.empty((n, LIMIT + 1, 5), np.int16),
        np.empty((n, LIMIT), np.uint8),
        np.empty(n, np.int32),
        np.empty(n, np.uint8),
    )
    _play(*levels, words, fails, *found)
    return found
