"""Life-like cellular automata on a torus: stepping, and running until exactly periodic.

Boards are bit-packed: uint8 of shape (sample, y, x_byte), eight cells a byte, lowest bit first, spare bits 0.
Height and width are at least 8; on a torus of any size a cell has exactly eight neighbours, those across the edges
included.

Every backend module has two functions.

``step(boards, width, rule, n_generations) -> uint8, same shape``
    The boards `n_generations` later.

``settle(boards, width, rules, which, max_steps) -> Settled``
    Run board ``i`` under ``rules[which[i]]`` until its whole state recurs. A deterministic automaton on a finite board
    enters a cycle: ``settle`` is the first generation that belongs to it and ``period`` the cycle's length, both
    exact, found by comparing full states. A board counts as settled if a state of generations 0..max_steps
    occurs twice among them, that is if settle + period <= max_steps; otherwise settle is -1 and period 0.

Arguments: `width` in cells; `rule` a `Rule`; `rules` a tuple of them; `which` uint8 of shape (sample,);
`n_generations` >= 0; `max_steps` 1..2**30.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernel
from simkit.kernels.life.rule import Rule as Rule

KERNEL = Kernel("life", ("cuda", "cpu", "reference"))

#: smallest and largest side of a board, in cells
MIN_SIDE, MAX_SIDE = 8, 4096

#: largest `max_steps`: twice as many generations still fit an int32
MAX_STEPS = 2**30


class Settled(NamedTuple):
    """What became of each board of a batch; all of length `sample`."""

    #: uint8 (sample, y, x_byte): the board at generation `settle`, or at `max_steps` if it never settled
    ash: npt.NDArray[np.uint8]
    #: int32: first generation of the cycle, -1 if there was none
    settle: npt.NDArray[np.int32]
    #: int32: generations of the cycle, 0 if there was none
    period: npt.NDArray[np.int32]


def population(boards: Any) -> Any:
    """Return how many cells of each packed board are alive: int32 (sample,), on the device if `boards` is there."""
    n = boards - (boards >> 1 & 0x55)  # of each two bits, then of four, then of all eight
    n = (n & 0x33) + (n >> 2 & 0x33)
    return (n + (n >> 4) & 0x0F).sum(axis=(1, 2), dtype=np.int32)
