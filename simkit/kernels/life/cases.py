"""Argument sets of `life`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt

from simkit.kernels.cases import Call
from simkit.kernels.life.rule import Rule

#: those of the worlds' data, compiled once for all cases
_RULES = ("B3/S23", "B36/S23")

#: heights and widths: of a warp's registers, of small and large words a row, more rows than threads and fewer
_SIZES = ((64, 64), (32, 256), (128, 128), (24, 20), (70, 65))


def soups(n: int, height: int, width: int) -> npt.NDArray[np.uint8]:
    """Return `n` packed boards of density 1/2: uint8 (sample, y, x_byte)."""
    cells = np.random.default_rng(height * width).integers(0, 2, (n, height, width), np.uint8)
    return np.packbits(cells, axis=-1, bitorder="little")


def step(n: int, height: int, width: int, n_generations: int) -> Call:
    """Return a call that steps soups under HighLife."""
    return Call("step", (soups(n, height, width), width, Rule.parse(_RULES[1]), n_generations))


def settle(n: int, height: int, width: int, max_steps: int, rules: tuple[str, ...] = _RULES) -> Call:
    """Return a call that lets soups settle, each under the next of the rules."""
    which = (np.arange(n) % len(rules)).astype(np.uint8)
    return Call("settle", (soups(n, height, width), width, tuple(map(Rule.parse, rules)), which, max_steps))


CASES: Mapping[str, Callable[[], Call]] = {
    **{f"step {height}x{width}": partial(step, 9, height, width, 3) for height, width in _SIZES},
    **{f"settle {height}x{width}": partial(settle, 9, height, width, 60) for height, width in _SIZES},
    "settle to the end": lambda: settle(9, 24, 20, 700),
    "no steps": lambda: step(3, 9, 13, 0),
    "no boards": lambda: settle(0, 32, 32, 9),
}
