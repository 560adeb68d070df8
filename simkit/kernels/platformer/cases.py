"""Argument sets of `platformer`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from simkit.kernels.cases import Call
from simkit.kernels.platformer import LEVEL_WORDS, NOWHERE, PLAY_WORDS, U8, U32, Levels
from simkit.kernels.platformer.reference import levels as levels_of


def words(n: int, n_words: int, seed: int) -> U32:
    """Return random words."""
    return np.random.default_rng(seed).integers(0, 2**32, (n, n_words), np.uint32)


def levels(n: int, seed: int) -> Call:
    """Return a call that builds levels."""
    return Call("levels", (words(n, LEVEL_WORDS, seed),))


def play(n: int, seed: int, *, fails: int = 0) -> Call:
    """Return a call that plays levels, of which every `fails`-th is not won."""
    lost: U8 = (np.arange(n) % fails == 0).astype(np.uint8) if fails else np.zeros(n, np.uint8)
    return Call("play", (levels_of(words(n, LEVEL_WORDS, seed)), words(n, PLAY_WORDS, seed + 1), lost))


def step(n: int, seed: int) -> Call:
    """Return a call for states anywhere in the air of levels, at any speed, with coins near them."""
    random = np.random.default_rng(seed)
    made = levels_of(words(n, LEVEL_WORDS, seed))
    states = np.array([_free(made, i, random) for i in range(n)], np.int16).reshape(n, 5)
    coins = (states[:, None, :2] + random.integers(-500, 500, (n, 3, 2))).astype(np.int16)
    coins[:, 1, 0] = NOWHERE
    actions, times = random.integers(0, 15, n).astype(np.uint8), random.integers(0, 300, n).astype(np.int32)
    return Call("step", (made, states, actions, times, coins))


def _free(made: Levels, i: int, random: np.random.Generator) -> list[int]:
    """Return a state in which the sprite meets no solid tile."""
    from simkit.kernels.platformer.reference import solid_boxes, sprite_box

    while True:
        x, y = int(random.integers(2200, 16000)), int(random.integers(200, 1800))
        if random.random() < 0.5:
            y = y // 256 * 256  # a height of ground
        if not solid_boxes(made.maps[i], sprite_box(x, y)):
            return [x, y, *random.integers(-80, 81, 1).tolist(), *random.integers(-224, 201, 1).tolist(),
                    int(random.integers(2))]  # fmt: skip


CASES: Mapping[str, Callable[[], Call]] = {
    "levels": lambda: levels(70, 1),
    "no levels": lambda: levels(0, 1),
    "episodes": lambda: play(9, 3, fails=3),
    "no episodes": lambda: play(0, 3),
    "steps": lambda: step(150, 5),
    "no steps": lambda: step(0, 5),
}
