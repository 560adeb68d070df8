"""Argument sets of `maze`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from simkit.kernels.cases import Call
from simkit.kernels.maze import Rules, longest
from simkit.kernels.philox.cases import ROWS


def rules(size: int = 9, keys: int = 3, slack: int = 60, rewarded: float = 0.1, success: float = 0.5) -> Rules:
    """Return rules, with time for the longest way and `slack` steps more."""
    return Rules(size, keys, longest(size, keys) + slack, round(rewarded * 2**32), round(success * 2**32))


def play(rows: Sequence[int], of: Rules, *, seed: int = 3, function: str = "play") -> Call:
    """Return a call that plays an episode for each of some rows; `follow` shows them whole."""
    return Call(function, (seed, np.array(rows, np.uint64), of))


CASES: Mapping[str, Callable[[], Call]] = {
    "mazes of any size": lambda: play((*ROWS, *range(10, 22)), rules(13)),
    "small mazes": lambda: play(range(12), rules(7, slack=0)),
    "mazes without keys": lambda: play(range(6), rules(9, keys=0)),
    "episodes that succeed": lambda: play(range(8), rules(5, slack=400, rewarded=0, success=1), seed=2**64 - 1),
    "episodes that fail": lambda: play(range(8), rules(11, rewarded=0, success=0)),
    "rewarded transitions": lambda: play(range(8), rules(13, rewarded=1, success=0.01)),
    "no mazes": lambda: play((), rules()),
    "whole episodes": lambda: play(range(6), rules(7), function="follow"),
    "whole episodes after longer ones": lambda: play(
        range(40), rules(5, slack=30, rewarded=0, success=1), function="follow"
    ),
    "no whole episodes": lambda: play((), rules(5), function="follow"),
}
