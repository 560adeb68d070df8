"""Levels, rules and player in CUDA C++."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simkit.kernels import platformer as game
from simkit.kernels.cuda import Array, back, compile_module, empty, to_device
from simkit.kernels.platformer import Episodes, Levels, Step

#: threads of a block
_N_THREADS = 64


@cache
def module() -> Any:
    """Return the compiled kernels."""
    body = Path(__file__).with_name("platformer.cu").read_text("utf-8")
    numbers = {name: value for name, value in vars(game).items() if name.isupper() and type(value) is int}
    numbers |= {"HALF": game.WIDTH // 2, "N_THREADS": _N_THREADS}
    numbers |= {f"SHADE_{i}": height for i, height in enumerate(game.SHADES)}
    numbers |= {f"MIX_{i}": number for i, number in enumerate(game.MIXERS)}
    named = set(re.findall(r"\w+", body))
    head = [
        f"constexpr {'u32' if name.startswith('MIX_') else 'int'} {name} = {value};"
        for name, value in numbers.items()
        if name in named
    ]
    return compile_module(["\n".join(head), body])


def levels(words: Array) -> Levels:
    """Build levels; see the package's docstring."""
    n = len(words)
    found = Levels(
        empty((n, game.ROWS, game.COLUMNS), np.uint8),
        empty((n, 2), np.int16),
        empty((n, 2), np.int16),
        empty((n, game.HAZARDS, 5), np.int16),
        empty((n, game.TRIGGERS, 3), np.int16),
    )
    if n:
        module().get_function("build_levels")((n,), (_N_THREADS,), (to_device(words, np.uint32), *found))
    return Levels(*(back(array, words) for array in found))


def step(levels: Levels, states: Array, actions: Array, times: Array, coins: Array) -> Step:
    """Apply the rules once; see the package's docstring."""
    n = len(states)
    found = Step(empty((n, 5), np.int16), empty((n,), np.uint8))
    if n:
        given = to_device(levels.maps, np.uint8), to_device(levels.hazards, np.int16), to_device(states, np.int16)
        more = to_device(actions, np.uint8), to_device(times, np.int32), to_device(coins, np.int16)
        sizes = np.uint32(n), np.int32(coins.shape[1])
        module().get_function("apply_steps")(_grid(n), (_N_THREADS,), (*given, *more, *sizes, *found))
    return Step(*(back(array, states) for array in found))


def play(levels: Levels, words: Array, fails: Array) -> Episodes:
    """Let the player play; see the package's docstring."""
    n = len(words)
    found = Episodes(
        empty((n, game.LIMIT + 1, 5), np.int16),
        empty((n, game.LIMIT), np.uint8),
        empty((n,), np.int32),
        empty((n,), np.uint8),
    )
    if n:
        maps, *places = levels
        given = to_device(maps, np.uint8), *(to_device(array, np.int16) for array in places)
        more = to_device(words, np.uint32), to_device(fails, np.uint8), np.uint32(n)
        module().get_function("play_levels")(_grid(n), (_N_THREADS,), (*given, *more, *found))
    return Episodes(*(back(array, words) for array in found))


def _grid(n: int) -> tuple[int]:
    return (-(-n // _N_THREADS),)
