"""Mazes in CUDA C++, a thread for each row."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simkit.kernels import maze as game
from simkit.kernels.cuda import Array, back, compile_module, empty, to_device
from simkit.kernels.maze import MIN_SIDE, N_COLOURS, WORLD, Rules, Trace, Transitions, like
from simkit.kernels.philox import cuda as philox

#: threads of a block: few, since each has some two kilobytes of its own
_N_THREADS = 32


@cache
def module() -> Any:
    """Return the compiled kernels."""
    n = (WORLD + 1) // 2
    sizes = {"STRIDE": WORLD + 2, "N_CELLS": (WORLD + 2) ** 2, "N_ROOMS": n * n, "N_PASSAGES": 2 * n * (n - 1)}
    rules = {name: getattr(game, name) for name in ("NOTICE", "ANYTHING", "STAY", "N_ACTIONS")}
    constants = {"WORLD": WORLD, "MIN_SIDE": MIN_SIDE, "N_COLOURS": N_COLOURS, "WALL": 0x80, "N_THREADS": _N_THREADS}
    text = [philox.DRAW, Path(__file__).with_name("maze.cu")]
    return compile_module(text, **philox.CONSTANTS, **constants, **sizes, **rules)


def play(seed: int, rows: Array, rules: Rules) -> Transitions:
    """Draw transitions; see the package's docstring."""
    out = [empty(shape, dtype) for shape, dtype in like(len(rows), rules.limit)[0]]
    _launch("play", seed, rows, rules, out)
    return Transitions(*(back(array, rows) for array in out))


def follow(seed: int, rows: Array, rules: Rules) -> Trace:
    """Return whole episodes; see the package's docstring."""
    out = [empty(shape, dtype) for shape, dtype in like(len(rows), rules.limit)[1]]
    _launch("follow", seed, rows, rules, out)
    return Trace(*(back(array, rows) for array in out))


def _launch(kernel: str, seed: int, rows: Array, rules: Rules, out: list[Any]) -> None:
    n = len(rows)
    if n:
        given = np.uint64(seed), to_device(rows, np.uint64), np.uint32(n)
        sizes = np.int32(rules.size), np.int32(rules.keys), np.int32(rules.limit)
        shares = np.uint64(rules.rewarded), np.uint64(rules.success)
        module().get_function(kernel)((-(-n // _N_THREADS),), (_N_THREADS,), (*given, *sizes, *shares, *out))
