"""Edits of transitions of the game `platformer`, as they were made by hand to fool networks.

An edited transition is one of the game: the rules lead from the edited state by the edited action to the edited next
state, in the same level at the same time, and the reward is theirs. Where that cannot be, the row stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from simkit.backends import Kernels
from simkit.images.games.platformer_scene import Moment, Scene, is_alive, is_clear, meets_coin
from simkit.kernels.platformer import HAS_COIN, HEIGHT, LAVA, NOWHERE, REACH, TILE, WIDTH
from simkit.schema import Array

#: tiles that `translated` may move sprite and coin by, at most
FARTHEST_MOVE = 4

#: steps that a sprite in the air may take to the ground before it jumps, and steps of the jump at most
_FALL, _RISE = 24, 6

#: coins of `many-coins`, and the cells around the sprite that they are drawn for: columns, rows
MANY_COINS, _AROUND = 8, (13, 11)

#: what does nothing, and what jumps
_NOTHING, _UP = 4, 5


def none(scene: Scene, words: Array, on: Kernels) -> Scene:
    """Edit nothing."""
    del words, on
    return scene


def coin_removed(scene: Scene, words: Array, on: Kernels) -> Scene:
    """Take the coin away."""
    del words
    coins = np.full_like(scene.before.coins, NOWHERE)
    return _played(scene, scene.before._replace(coins=coins), scene.actions, np.ones_like(scene.is_edited), on)


def translated(scene: Scene, words: Array, on: Kernels) -> Scene:
    """Move sprite and coin to the left by as many tiles, while the view stays where it was.

    The number of tiles is drawn from those, 1 to 4, after which the rules still lead from the one state to the other.
    """
    moved = [_moved(scene, tiles, on) for tiles in range(1, FARTHEST_MOVE + 1)]
    can = np.stack([each.is_edited for each in moved], axis=1)
    wanted = (words[:, 0].astype(np.int64) * can.sum(axis=1) >> 32) + 1
    chosen = can & (np.cumsum(can, axis=1) == wanted[:, None])
    for i, each in enumerate(moved):
        scene = _choose(chosen[:, i], each, scene)
    return scene


def _moved(scene: Scene, tiles: int, on: Kernels) -> Scene:
    """Return transitions with sprite and coin moved; it is said to be edited where the rules allow it."""
    by = np.int16(tiles * TILE)
    states, wanted = scene.before.states.copy(), scene.after.states.copy()
    coins = scene.before.coins.copy()
    for array in (states, wanted, coins[:, 0]):
        array[:, 0] -= by
    before = scene.before._replace(states=states, coins=coins)
    x, y = states[:, 0], states[:, 1]
    is_free = is_clear(scene.levels, x, y, WIDTH // 2, HEIGHT) & is_alive(scene.levels, before)
    is_free &= _is_place_for_coins(scene, coins).all(axis=1)
    found = _played(scene, before, scene.actions, is_free, on)
    is_same = (found.after.states == wanted).all(axis=1) & (found.ends == scene.ends)
    return found._replace(is_edited=is_free & is_same)


def rearranged(scene: Scene, words: Array, on: Kernels) -> Scene:
    """Let the sprite jump straight up, and put the coin above it, so that it meets the coin in the next frame.

    The jump begins where the sprite stands, or where it would come to stand. The view stays where it was.
    """
    states = scene.before.states.copy()
    states[:, 2:4] = 0
    nowhere = np.full_like(scene.before.coins, NOWHERE)
    is_standing = states[:, 4] == 1
    for _ in range(_FALL):
        fallen = _stepped(scene, states, _NOTHING, nowhere, on)
        in_lava = states[:, 1] < LAVA
        states = np.where((is_standing | in_lava)[:, None], states, fallen)
        is_standing |= (states[:, 4] == 1) & ~in_lava
    n_steps = (words[:, 0].astype(np.int64) * _RISE >> 32) + 1
    for step in range(_RISE):
        states = np.where((step < n_steps)[:, None], _stepped(scene, states, _UP, nowhere, on), states)
    highest = _stepped(scene, states, _UP, nowhere, on)[:, 1].astype(np.int64)
    rise = np.maximum(highest - states[:, 1], 1)
    coins = nowhere.copy()
    coins[:, 0, 0] = states[:, 0]
    coins[:, 0, 1] = states[:, 1] + np.int16(HEIGHT + REACH) + (rise * words[:, 1] >> 32).astype(np.int16)
    before = scene.before._replace(states=states, coins=coins)
    found = _played(scene, before, np.full_like(scene.actions, _UP), np.ones_like(scene.is_edited), on)
    is_there = is_alive(scene.levels, before) & (found.ends == HAS_COIN)
    is_there &= _is_place_for_coins(scene, coins)[:, 0]
    return _choose(is_there, found._replace(is_edited=is_there), scene)


def many_coins(scene: Scene, words: Array, on: Kernels) -> Scene:
    """Put up to seven more coins into free cells around the sprite, none of which it meets before the step."""
    states, (across, down) = scene.before.states, _AROUND
    cells = words[:, : MANY_COINS - 1].astype(np.int64) * (across * down) >> 32
    column = (states[:, :1] >> 8) + cells % across - across // 2
    row = (states[:, 1:2] >> 8) + cells // across - down // 2
    more = np.stack((column * TILE + TILE // 2, row * TILE + TILE // 2), axis=-1).astype(np.int16)
    coins = np.concatenate((scene.before.coins, more), axis=1)
    is_there = ~meets_coin(states, coins) & (coins[:, :, 1] > LAVA + REACH) & _is_place_for_coins(scene, coins)
    for i in range(1, coins.shape[1]):  # one coin a cell
        is_there[:, i] &= ~((coins[:, :i] == coins[:, i : i + 1]).all(axis=-1) & is_there[:, :i]).any(axis=1)
    coins = np.where(is_there[..., None], coins, np.int16(NOWHERE))
    return _played(scene, scene.before._replace(coins=coins), scene.actions, np.ones_like(scene.is_edited), on)


#: name of an edit -> what makes it
EDITS: Mapping[str, Callable[[Scene, Array, Kernels], Scene]] = {
    "none": none,
    "translated": translated,
    "rearranged": rearranged,
    "coin-removed": coin_removed,
    "many-coins": many_coins,
}

#: random words of a row that edits take
EDIT_WORDS = 8


def _stepped(scene: Scene, states: Array, action: int, coins: Array, on: Kernels) -> Array:
    """Return the states that an action leads to."""
    actions = np.full_like(scene.actions, action)
    found: Array = on.platformer.step(scene.levels, states, actions, scene.before.times, coins).states
    return found


def _played(scene: Scene, before: Moment, actions: Array, is_edited: Array, on: Kernels) -> Scene:
    """Return the transitions that the rules make of states; the views stay."""
    step = on.platformer.step(scene.levels, before.states, actions, before.times, before.coins)
    after = scene.after._replace(states=step.states, coins=before.coins)
    return Scene(scene.levels, before, actions, after, step.ends, is_edited)


def _is_place_for_coins(scene: Scene, coins: Array) -> Array:
    """Return which coins lie in the open, within the map: bool (row, coin)."""
    x, y = coins[:, :, 0], coins[:, :, 1]
    is_coin = x != NOWHERE
    inside = np.where(is_coin, x, np.int16(TILE)), np.where(is_coin, y, np.int16(TILE))
    found: Array = is_coin & is_clear(scene.levels, inside[0], inside[1] - np.int16(REACH), REACH, 2 * REACH)
    return found


def _choose(which: Array, new: Scene, old: Scene) -> Scene:
    """Return the transitions of `new` where `which` says so, else those of `old`."""

    def chosen(a: Array, b: Array) -> Array:
        return np.where(which.reshape(-1, *[1] * (a.ndim - 1)), a, b)

    before, after = (
        Moment(*(chosen(a, b) for a, b in zip(pair[0], pair[1], strict=True)))
        for pair in ((new.before, old.before), (new.after, old.after))
    )
    actions, ends = chosen(new.actions, old.actions), chosen(new.ends, old.ends)
    return Scene(old.levels, before, actions, after, ends, chosen(new.is_edited, old.is_edited))
