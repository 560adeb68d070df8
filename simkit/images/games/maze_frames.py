"""What the states of the maze look like, painted by the kernel `raster`."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from simkit.backends import Kernels
from simkit.images.games import maze_art as art
from simkit.kernels.maze import N_COLOURS, WORLD

#: arrays of NumPy, or on a device
Array = Any


class Scene(NamedTuple):
    """What stays in an episode: floor (row, y, x), diamond (row, 2), keys and locks (row, colour, 2)."""

    floor: Array
    diamond: Array
    keys: Array
    locks: Array


@cache
def _atlases() -> tuple[art.U8, art.U8]:
    return art.tiles(), art.sprites()


def levels(scene: Scene, on: Kernels) -> Array:
    """Return pictures of mazes in which nothing lies, uint8 (row, channel, y, x)."""
    floor = scene.floor
    n, n_rooms = len(floor), (WORLD + 1) // 2
    maps = np.full_like(floor, 0, shape=(n, 1 + n_rooms, n_rooms))  # one row of tiles above the world
    rooms, right, down = floor[:, ::2, ::2], floor[:, ::2, 1::2], floor[:, 1::2, ::2]
    maps[:, 1:] |= rooms * np.uint8(art.ROOM)
    maps[:, 1:, :-1] |= right * np.uint8(art.RIGHT)
    maps[:, 1:, 1:] |= right * np.uint8(art.ASIDE)
    maps[:, 1:-1] |= down * np.uint8(art.DOWN)
    maps[:, 2:] |= down * np.uint8(art.UP)
    maps[:, :-1] |= rooms * np.uint8(art.BELOW)
    maps[:, :-1, :-1] |= right * np.uint8(art.BELOW_RIGHT)
    offsets = np.full_like(floor, art.TILE - art.TOP, np.int32, shape=(n, 2))
    offsets[:, 0] = -art.LEFT
    pictures = np.empty_like(floor, shape=(n, 3, art.SIDE, art.SIDE))
    return on.raster.tiles(pictures, maps, offsets, _atlases()[0])


def states(pictures: Array, scene: Scene, agent: Array, held: Array, opened: Array, on: Kernels) -> Array:
    """Paint what lies in mazes and who is there, into pictures of `levels`; return them.

    `agent` is int8 (row, 2); `held` and `opened` are uint8 (row,), with bit c for colour c.
    """
    n, n_sprites = len(pictures), 3 * N_COLOURS + 2
    numbers = np.full_like(held, -1, np.int32, shape=(n, n_sprites))
    places = np.full_like(held, 0, np.int32, shape=(n, n_sprites, 2))
    for colour in range(N_COLOURS):
        is_there = scene.keys[:, colour, 0] >= 0
        is_held, is_open = (held >> colour & 1).astype(bool), (opened >> colour & 1).astype(bool)
        upright = art.LOCK + colour + N_COLOURS * (scene.locks[:, colour, 1] & 1)  # between rooms one above the other
        numbers[:, colour] = np.where(is_there & ~is_open, upright, -1)
        numbers[:, N_COLOURS + colour] = np.where(is_there & ~is_held, art.KEY + colour, -1)
        numbers[:, 2 * N_COLOURS + colour] = np.where(is_held & ~is_open, art.HELD + colour, -1)
    numbers[:, -2], numbers[:, -1] = art.DIAMOND, art.AGENT
    places[:, :N_COLOURS], places[:, N_COLOURS : 2 * N_COLOURS] = scene.locks, scene.keys
    places[:, -2], places[:, -1] = scene.diamond, agent
    places *= art.PITCH
    places[:, :, 0] += art.LEFT
    places[:, :, 1] += art.TOP
    for colour in range(N_COLOURS):
        places[:, 2 * N_COLOURS + colour, 0] = art.POCKET[0] + colour * art.POCKET_STEP
        places[:, 2 * N_COLOURS + colour, 1] = art.POCKET[1]
    return on.raster.sprites(pictures, numbers, places, _atlases()[1])
