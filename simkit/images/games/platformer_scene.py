"""What there is at a moment of the game `platformer`, how it is drawn, and what is measured of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simkit.backends import Kernels
from simkit.images.games import platformer_art as art
from simkit.kernels.platformer import (
    ENEMY_RUN,
    HAZARD,
    HEIGHT,
    IS_ENEMY,
    IS_SAW,
    LAVA,
    MIDDLE,
    NO_HAZARD,
    NOWHERE,
    REACH,
    SOLID,
    TILE,
    TOP,
    WIDTH,
    Levels,
)
from simkit.schema import Array, Batch

#: pixels of a side of the picture, of a tile, and of the sprite, across and down, at scale 1
SIDE, PER_TILE, WIDE, HIGH = 64, 5, 6, 7

#: from the middle of a coin down to the foot of its picture, in units
_COIN_FOOT = 154

#: what distances are capped at: the diagonal of a view of 13 tiles, its square, and what keeps inverses finite
FARTHEST, FARTHEST_SQUARED, CLOSEST = 13 * 2**0.5, 338.0, 5.0


class Moment(NamedTuple):
    """Moments, a row each; arrays as in `simkit.kernels.platformer`."""

    #: int16 (row, 5)
    states: Array
    #: int16 (row, 2): whom the view is centred on, as the place of the feet
    views: Array
    #: int16 (row, coin, 2)
    coins: Array
    #: int32 (row,)
    times: Array


class Scene(NamedTuple):
    """Transitions, a row each."""

    levels: Levels
    before: Moment
    #: uint8 (row,)
    actions: Array
    after: Moment
    #: uint8 (row,): how the step ends, by the rules
    ends: Array
    #: bool (row,): whether an edit was made
    is_edited: Array


def row_places(times: Array) -> Array:
    """Return 0..n-1, int64, where the arrays of a batch are."""
    return np.cumsum(np.ones_like(times, np.int64)) - 1


def hazard_places(levels: Levels, times: Array) -> Array:
    """Return x of the middle of each hazard at given times: int32 (row, hazard)."""
    left, span, phase = (levels.hazards[:, :, i].astype(np.int32) for i in (1, 3, 4))
    period = np.maximum(2 * span, 1)
    turned = (phase + ENEMY_RUN * times[:, None]) % period
    found: Array = left + np.minimum(turned, 2 * span - turned)
    return found


def is_alive(levels: Levels, moment: Moment) -> Array:
    """Return whether sprites are above the lava, and meet no hazard: bool (row,)."""
    x, y = moment.states[:, :1].astype(np.int32), moment.states[:, 1:2].astype(np.int32)
    foot = levels.hazards[:, :, 2].astype(np.int32)
    meets = (np.abs(hazard_places(levels, moment.times) - x) < WIDTH // 2 + REACH) & (y < foot + HAZARD)
    meets &= (foot < y + HEIGHT) & (levels.hazards[:, :, 0] != NO_HAZARD)
    found: Array = (y[:, 0] >= LAVA) & ~meets.any(axis=1)
    return found


def is_clear(levels: Levels, x: Array, y: Array, half: int, height: int) -> Array:
    """Return whether boxes, 2 `half` wide and up to two tiles high, meet no solid tile: bool, as x and y (row, ...)."""
    which = row_places(levels.starts[:, 0]).reshape(-1, *[1] * (x.ndim - 1))
    found = np.ones_like(x, bool)
    for across in (-half, half - 1):
        for up in (0, height // 2, height - 1):
            column, row = (x.astype(np.int64) + across) >> 8, TOP - ((y.astype(np.int64) + up) >> 8)
            found &= levels.maps[which, row, column] < SOLID
    return found


def meets_coin(states: Array, coins: Array) -> Array:
    """Return which coins sprites meet: bool (row, coin)."""
    x, y = (states[:, i : i + 1].astype(np.int32) for i in (0, 1))
    cx, cy = coins[:, :, 0].astype(np.int32), coins[:, :, 1].astype(np.int32)
    is_near = (np.abs(cx - x) < WIDTH // 2 + REACH) & (coins[:, :, 0] != NOWHERE)
    found: Array = is_near & (y < cy + REACH) & (cy - REACH < y + HEIGHT)
    return found


def _pixels(x: Array, y: Array, scale: int) -> Array:
    """Return places in pixels of the map, y downwards: int32 (..., 2); the pixel of a foot is the first below it."""
    across = x.astype(np.int32) * (PER_TILE * scale) >> 8
    down = ((TOP + 1) * TILE - y.astype(np.int32)) * (PER_TILE * scale) >> 8
    return np.stack((across, down), axis=-1)


def corners(views: Array, scale: int) -> Array:
    """Return the first pixel of each picture in the map: the sprite that is looked at has its middle in the middle."""
    found: Array = _pixels(views[:, 0], views[:, 1], scale) - _pair(views, SIDE // 2 * scale, (SIDE // 2 + 3) * scale)
    return found


def _pair(example: Array, x: int, y: int) -> Array:
    """Return one pair of numbers, int32 (2,), where `example` is."""
    found = np.full_like(example, x, np.int32, shape=(2,))
    found[1] = y
    return found


def draw(levels: Levels, moment: Moment, scale: int, on: Kernels) -> Array:
    """Return pictures: uint8 (row, channel, y, x), 64 `scale` pixels a side."""
    corner = corners(moment.views, scale)
    images = on.raster.blank(moment.times, (0, 0, 0), (SIDE * scale, SIDE * scale))
    images = on.raster.tiles(images, levels.maps, corner, art.tiles(scale))
    x, y, vx = (moment.states[:, i].astype(np.int32) for i in range(3))
    walks = np.where(vx == 0, art.STAND, art.STRIDE + (x >> 7 & 1))
    pose = np.where(moment.states[:, 4] == 1, walks, art.LEAP) + np.where(vx < 0, art.LEFT, 0)
    kinds, times = levels.hazards[:, :, 0], moment.times[:, None]
    hazards = np.where(kinds == IS_ENEMY, art.ENEMY + (times >> 2 & 1), -1)
    hazards = np.where(kinds == IS_SAW, art.SAW + (times & 1), hazards)
    coins = np.where(moment.coins[:, :, 0] == NOWHERE, -1, art.COIN)
    numbers = np.concatenate((hazards, pose[:, None], coins), axis=1).astype(np.int32)
    feet = (
        _pixels(hazard_places(levels, moment.times), levels.hazards[:, :, 2], scale),
        _pixels(x, y, scale)[:, None],
        _coin_feet(moment.coins, scale),
    )
    places = np.concatenate(feet, axis=1) - corner[:, None] - _pair(corner, WIDE // 2 * scale, HIGH * scale)
    painted: Array = on.raster.sprites(images, numbers, places.astype(np.int32), art.sprites(scale))
    return painted


def _coin_feet(coins: Array, scale: int) -> Array:
    """Return where the pictures of coins stand, in pixels of the map: int32 (row, coin, 2); of no coin anywhere."""
    return _pixels(coins[:, :, 0], coins[:, :, 1].astype(np.int32) - _COIN_FOOT, scale)


def _tiles(units: Array) -> Array:
    """Return lengths in tiles, float32."""
    found: Array = units.astype(np.float32) / np.float32(TILE)
    return found


def _seen(moment: Moment, scale: int) -> Array:
    """Return whether there are pixels of a coin in the picture: uint8 (row,), 0 or 1."""
    first = _coin_feet(moment.coins, scale) - corners(moment.views, scale)[:, None]
    x, y = first[..., 0] - WIDE // 2 * scale, first[..., 1] - HIGH * scale
    found = np.full_like(x, False, bool)
    for row, start, end in art.coin_spans(scale):
        found |= (y + row >= 0) & (y + row < SIDE * scale) & (x + end > 0) & (x + start < SIDE * scale)
    is_coin = moment.coins[:, :, 0] != NOWHERE
    seen: Array = (found & is_coin).any(axis=1).astype(np.uint8)
    return seen


def measure(levels: Levels, moment: Moment, scale: int, prefix: str) -> Batch:
    """Return the fields that tell of moments, each name after `prefix`."""
    states, coins = moment.states.astype(np.int32), moment.coins.astype(np.int32)
    is_coin = coins[:, :, 0] != NOWHERE
    away = np.stack((coins[:, :, 0] - states[:, :1], coins[:, :, 1] - states[:, 1:2] - MIDDLE), axis=-1)
    squares = np.where(is_coin, (away.astype(np.int64) ** 2).sum(axis=-1), 2**62)
    nearest = row_places(moment.times), squares.argmin(axis=1)
    is_any, square = is_coin.any(axis=1), squares[nearest].astype(np.float64) / TILE**2
    square = np.where(is_any, square, np.inf)
    distance = np.sqrt(square)
    inverse = 1 / np.maximum(distance, 1 / CLOSEST)
    inverse_squared = 1 / np.maximum(square, 1 / CLOSEST)
    middles = np.stack((hazard_places(levels, moment.times), levels.hazards[:, :, 2] + np.int32(HAZARD // 2)), axis=-1)
    nothing = np.float32(np.nan)
    fields: Batch = {
        "sprite": _tiles(np.stack((states[:, 0], states[:, 1] + MIDDLE), axis=-1)),
        "offset": np.where(is_any[:, None], _tiles(away[nearest]), nothing),
        "distance": distance.astype(np.float32),
        "distance_capped": np.minimum(distance, FARTHEST).astype(np.float32),
        "distance_squared": np.minimum(square, FARTHEST_SQUARED).astype(np.float32),
        "inverse_distance": inverse.astype(np.float32),
        "inverse_squared": inverse_squared.astype(np.float32),
        "visible": _seen(moment, scale),
        "velocity": _tiles(states[:, 2:4]),
        "on_ground": states[:, 4].astype(np.uint8),
        "hazards": np.where((levels.hazards[:, :, 0] == NO_HAZARD)[..., None], nothing, _tiles(middles)),
        "view": _tiles(np.stack((moment.views[:, 0], moment.views[:, 1] + np.int16(MIDDLE)), axis=-1)),
    }
    return {prefix + name: values for name, values in fields.items()}
