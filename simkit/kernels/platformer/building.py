"""Levels in Numba: a profile of the ground, column by column, and the tiles that it comes to."""

from __future__ import annotations

import numba as nb
import numpy as np

from simkit.kernels.compiling import CALLED, INNER, stamped
from simkit.kernels.platformer import (
    AT_EDGE,
    AT_HAZARD,
    AT_WALL,
    BARRIER,
    BORDER,
    BRICK,
    CLOUD,
    CLOUDS,
    COLUMNS,
    CRATE,
    CRATES,
    DOWN,
    EARTH,
    ENEMY,
    FLOWER,
    GAP,
    GROWN,
    IS_ENEMY,
    IS_SAW,
    MIXERS,
    MOLTEN,
    N_THEMES,
    NEVER,
    OBSTACLES,
    PLANK,
    PLANT,
    PLANTS,
    PLATFORM,
    REACH,
    ROWS,
    SAW,
    SHADES,
    SKY,
    STONE,
    STONES,
    SURFACE,
    TOP,
    TURF,
    UP,
    WIDTH,
)

_HALF = WIDTH // 2
_MIX_0, _MIX_1, _MIX_2, _MIX_3 = (np.uint32(number) for number in MIXERS)


@nb.njit(**INNER)
def _draw(word, byte, n):
    """Return a number 0..n-1 from a byte of a word."""
    return np.int64(((word >> np.uint32(8 * byte)) & np.uint32(255)) * np.uint32(n) >> np.uint32(8))


@nb.njit(**INNER)
def _trigger(triggers, n, at, hazard, behind):
    triggers[n, 0], triggers[n, 1], triggers[n, 2] = at, hazard, behind
    return n + 1


@nb.njit(**INNER)
def _hazard(hazards, n, kind, o, ground, span, phase):
    hazards[n, 0], hazards[n, 1], hazards[n, 2] = kind, 256 * o + 128, 256 * ground
    hazards[n, 3], hazards[n, 4] = 256 * span, phase
    return n + 1


@nb.njit(**INNER)
def _obstacles(words, ground, plank, pile, material, hazards, triggers):
    """Set the profile between the walls; return the last column of the last obstacle.

    The profile is, of each column, the height of the ground (0 = a pit), of a plank, and of what is piled upon it.
    """
    h = 3 + _draw(words[0], 1, 2)
    limit = 20 + _draw(words[0], 3, 25)
    ground[:] = h
    last, n_hazards, n_triggers = 6, 0, 0
    for k in range(OBSTACLES):
        word = words[2 + k]
        o = last + 8 + _draw(word, 3, 3)
        if k > 0 and o > limit:
            break
        kind, last = _draw(word, 0, 8), o
        if k == 0 and kind == DOWN:
            kind = UP
        if kind == GAP:
            width, b = 2 + _draw(word, 1, 3), _draw(word, 2, 4)
            n_triggers = _trigger(triggers, n_triggers, 256 * o - _HALF - AT_EDGE + 1, -1, 256 * (o + width) + _HALF)
            if b == 2 and width < 4 and h < 6:
                h += 1
            elif b == 3 and h > 2:
                h -= 1
            ground[o:], ground[o : o + width] = h, 0
        elif kind == PLATFORM:
            length, second = 3 + _draw(word, 1, 2), 2 + _draw(word, 2, 2)
            high = h + 1 if (_draw(word, 2, 4) & 1) and h < 6 else h
            last = o + 3 + length
            n_triggers = _trigger(triggers, n_triggers, 256 * o - _HALF - AT_EDGE + 1, -1, 256 * (o + 3) + _HALF)
            n_triggers = _trigger(
                triggers, n_triggers, 256 * last - _HALF - AT_EDGE + 1, -1, 256 * (last + second) + _HALF
            )
            ground[o : last + second] = 0
            plank[o + 3 : last] = high
        elif kind in (BARRIER, CRATES):
            high, width = 1 + _draw(word, 1, 2), 1 + _draw(word, 2, 2)
            pile[o : o + width] = high
            material[o : o + width] = BRICK if kind == BARRIER else CRATE
            if kind == CRATES and width == 2:
                pile[o + 1] = 1
            n_triggers = _trigger(triggers, n_triggers, 256 * o - _HALF - AT_WALL, -1, 256 * (o + width) + _HALF)
        elif kind in (SAW, ENEMY):
            span = 1 + _draw(word, 1, 3) if kind == ENEMY else 0
            phase = _draw(word, 2, 512 * span)
            n_triggers = _trigger(
                triggers, n_triggers, 256 * o + 128 - _HALF - REACH - AT_HAZARD, n_hazards,
                256 * (o + span) + 128 + _HALF + REACH,
            )  # fmt: skip
            n_hazards = _hazard(hazards, n_hazards, IS_ENEMY if kind == ENEMY else IS_SAW, o, h, span, phase)
            last = o + span
        else:
            by = 1 + _draw(word, 1, 2)
            if kind == DOWN:
                by = -by
            if not 2 <= h + by <= 6:
                by = -by
            if by > 0:
                n_triggers = _trigger(triggers, n_triggers, 256 * o - _HALF - AT_WALL, -1, 256 * o + _HALF)
            h += by
            ground[o:] = h
    return last


@nb.njit(**INNER)
def _chance(seed, column, height):
    """Return a byte that decides on what decorates a tile."""
    w = seed ^ (np.uint32(column) * _MIX_0) ^ (np.uint32(height + 64) * _MIX_1)
    w = np.uint32(w * _MIX_2)
    w ^= w >> np.uint32(15)
    return np.uint32(w * _MIX_3) >> np.uint32(24)


@nb.njit(**INNER)
def _sky(seed, column, height):
    shade = 0
    for least in SHADES:
        shade += height >= least
    return CLOUD if shade == len(SHADES) - 1 and _chance(seed, column, height) < CLOUDS else SKY + shade


@nb.njit(**INNER)
def _earth(seed, column, height):
    return STONE if _chance(seed, column, height) < STONES else EARTH


@nb.njit(**INNER)
def _kind(seed, column, height, ground, plank, pile, material):
    """Return what a tile is, from the profile of its column."""
    if ground == 0:
        if height <= 0:
            return MOLTEN if height < 0 else SURFACE
        return PLANK if height == plank - 1 else _sky(seed, column, height)
    if height < ground:
        return TURF if height == ground - 1 else _earth(seed, column, height)
    if height < ground + pile:
        return material
    if height == ground:
        chance = _chance(seed, column, height)
        if chance < GROWN:
            return PLANT if chance < PLANTS else FLOWER
    return _sky(seed, column, height)


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def build(words, maps, starts, coins, hazards, triggers):
    """Set the arrays of `Levels`."""
    profile = np.empty((4, COLUMNS), np.int64)
    ground, plank, pile, material = profile[0], profile[1], profile[2], profile[3]
    hazards[:] = 0
    for i in range(len(words)):
        plank[:], pile[:], material[:] = 0, 0, BRICK
        triggers[i, :, 0], triggers[i, :, 1], triggers[i, :, 2] = NEVER, -1, 0
        theme, start = _draw(words[i, 0], 0, N_THEMES), _draw(words[i, 0], 2, 32)
        last = _obstacles(words[i], ground, plank, pile, material, hazards[i], triggers[i])
        coin = last + 8 + _draw(words[i, 6], 0, 3)
        wall = coin + 1 + _draw(words[i, 6], 1, 3)
        starts[i, 0], starts[i, 1] = 2432 + 8 * start, 256 * ground[BORDER]
        coins[i, 0], coins[i, 1] = 256 * coin + 128, 256 * ground[coin] + 128
        seed = words[i, 1]
        for row in range(ROWS):
            height = TOP - row
            for column in range(BORDER):
                maps[i, row, column] = _earth(seed, column, height) * N_THEMES + theme
            for column in range(BORDER, wall):
                kind = _kind(seed, column, height, ground[column], plank[column], pile[column], material[column])
                maps[i, row, column] = kind * N_THEMES + theme
            for column in range(wall, COLUMNS):
                maps[i, row, column] = _earth(seed, column, height) * N_THEMES + theme
