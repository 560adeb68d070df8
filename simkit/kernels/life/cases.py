"""Argument sets of `life`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from simkit.kernels.cases import Call
from simkit.kernels.life.rule import Rule

#: those of the worlds' data, compiled once for all cases
_RULES = ("B3/S23", "B36/S23")

#: heights and widths: of a warp's registers, of small and large words a row, more rows than threads and fewer
_SIZES = ((64, 64), (32, 256), (128, 128), (24, 20), (70, 65))


def soups(n: int, height: int, width: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Return `n` packed boards of density 1/2: uint8 (sample, y, x_byte)."""
    n_bytes = -(-width // 8)
    boards = np.frombuffer(np.random.default_rng(seed).bytes(n * height * n_bytes), np.uint8)
    boards = boards.reshape(n, height, n_bytes).copy()
    boards[..., -1] &= 255 >> -width % 8
    return boards


def step(n: int, height: int, width: int, n_generations: int, rule: str = _RULES[1], seed: int = 0) -> Call:
    """Return a call that steps soups."""
    return Call("step", (soups(n, height, width, seed), width, Rule.parse(rule), n_generations))


def settle(n: int, height: int, width: int, max_steps: int, rules: Sequence[str] = _RULES, seed: int = 0) -> Call:
    """Return a call that lets soups settle, each under the next of the rules."""
    which = (np.arange(n) % len(rules)).astype(np.uint8)
    return Call("settle", (soups(n, height, width, seed), width, tuple(map(Rule.parse, rules)), which, max_steps))


CASES: Mapping[str, Callable[[], Call]] = {
    **{f"step {height}x{width}": partial(step, 9, height, width, 3) for height, width in _SIZES},
    **{f"settle {height}x{width}": partial(settle, 9, height, width, 60) for height, width in _SIZES},
    "settle to the end": lambda: settle(9, 24, 20, 700),
    "no steps": lambda: step(3, 9, 13, 0),
    "no boards": lambda: settle(0, 32, 32, 9),
}
