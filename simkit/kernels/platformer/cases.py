"""Argument sets of `platformer`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from simkit.kernels.cases import Call
from simkit.kernels.platformer import (
    BACK,
    IDLE,
    LAVA,
    LEVEL_WORDS,
    N_THEMES,
    NO_HAZARD,
    NOWHERE,
    PLAY_WORDS,
    REACH,
    SURFACE,
    TILE,
    TOP,
    U8,
    U32,
    WIDTH,
    Levels,
)
from simkit.kernels.platformer.reference import hazard_at, solid_boxes, sprite_box
from simkit.kernels.platformer.reference import levels as levels_of


def words(n: int, n_words: int, seed: int) -> U32:
    """Return random words."""
    return np.random.default_rng(seed).integers(0, 2**32, (n, n_words), np.uint32)


def levels(n: int, seed: int) -> Call:
    """Return a call that builds levels."""
    return Call("levels", (words(n, LEVEL_WORDS, seed),))


def play(n: int, seed: int, *, fails: int = 0, at_borders: bool = False) -> Call:
    """Return a call that plays levels, of which every `fails`-th is not won; bytes may be those on borders of moods."""
    player = words(n, PLAY_WORDS, seed + 1)
    if at_borders:
        moods = np.array([0, IDLE - 1, IDLE, IDLE + BACK - 1, IDLE + BACK], np.uint8)
        player[:, 1:5] = np.random.default_rng(seed).choice(moods, (n, 16)).view(np.uint32)
    lost: U8 = (np.arange(n) % fails == 0).astype(np.uint8) if fails else np.zeros(n, np.uint8)
    return Call("play", (levels_of(words(n, LEVEL_WORDS, seed)), player, lost))


def step(n: int, seed: int) -> Call:
    """Return a call for states in the air of levels, at hazards, above lava, at any speed, with coins near them."""
    random = np.random.default_rng(seed)
    made = levels_of(words(n, LEVEL_WORDS, seed))
    times = random.integers(0, 300, n).astype(np.int32)
    states = np.array([_free(made, i, int(times[i]), random) for i in range(n)], np.int16).reshape(n, 5)
    coins = (states[:, None, :2] + random.integers(-500, 500, (n, 3, 2))).astype(np.int16)
    coins[:, 1, 0] = NOWHERE
    return Call("step", (made, states, random.integers(0, 15, n).astype(np.uint8), times, coins))


def _free(made: Levels, i: int, time: int, random: np.random.Generator) -> list[int]:
    """Return a state in which the sprite meets no solid tile."""
    hazard = made.hazards[i, made.hazards[i, :, 3].argmax()]  # one that walks, if there is any
    pits = np.flatnonzero(made.maps[i, TOP] // N_THEMES == SURFACE)
    where = random.choice(["anywhere", "on ground", "hazard", "lava"])
    while True:
        x, y = int(random.integers(2200, 16000)), int(random.integers(200, 1800))
        if where == "on ground":
            y = y // TILE * TILE
        elif where == "hazard" and hazard[0] != NO_HAZARD:
            side, near = random.choice([-1, 1]), WIDTH // 2 + REACH
            x = hazard_at(hazard, time) + int(side * random.integers(near - 120, near + 120))
            y = int(hazard[2]) + int(random.integers(0, TILE))
        elif where == "lava" and len(pits):
            x, y = int(random.choice(pits)) * TILE + TILE // 2, LAVA + int(random.integers(0, 250))
        if not solid_boxes(made.maps[i], sprite_box(x, y)):
            speeds = int(random.integers(-80, 81)), int(random.integers(-224, 201))
            return [x, y, *speeds, int(random.integers(2))]
        where = "anywhere" if random.random() < 0.2 else where  # there may be no such place


CASES: Mapping[str, Callable[[], Call]] = {
    "levels": lambda: levels(70, 1),
    "no levels": lambda: levels(0, 1),
    "episodes": lambda: play(9, 3, fails=3),
    "episodes with moods on borders": lambda: play(20, 4, at_borders=True),
    "no episodes": lambda: play(0, 3),
    "steps": lambda: step(400, 5),
    "no steps": lambda: step(0, 5),
}
