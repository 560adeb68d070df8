"""Life-like automata in NumPy, one byte a cell: the definition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.kernels.life import Settled
from simkit.kernels.life.rule import Rule

U8 = npt.NDArray[np.uint8]


def step_cells(cells: U8, rule: Rule) -> U8:
    """Return the next generation of cells (..., y, x), one byte each, on a torus."""
    rows = np.roll(cells, 1, -1) + cells + np.roll(cells, -1, -1)
    neighbours = np.roll(rows, 1, -2) + rows + np.roll(rows, -1, -2) - cells
    table = np.array([[mask >> n & 1 for n in range(9)] for mask in (rule.birth, rule.survival)], np.uint8)
    alive: U8 = table[cells, neighbours]
    return alive


def step(boards: U8, width: int, rule: Rule, n_generations: int) -> U8:
    """Return the boards `n_generations` later; see the package's docstring."""
    cells = np.unpackbits(boards, axis=-1, count=width, bitorder="little")
    for _ in range(n_generations):
        cells = step_cells(cells, rule)
    return np.packbits(cells, axis=-1, bitorder="little")


def settle(boards: U8, width: int, rules: tuple[Rule, ...], which: U8, max_steps: int) -> Settled:
    """Run each board until its whole state recurs; see the package's docstring."""
    ash = np.empty_like(boards)
    settles, periods = np.full(len(boards), -1, np.int32), np.zeros(len(boards), np.int32)
    for i, (board, rule) in enumerate(zip(boards, which, strict=True)):
        states = [board]
        first_seen = {board.tobytes(): 0}
        for generation in range(1, max_steps + 1):
            board = step(board, width, rules[rule], 1)
            earlier = first_seen.setdefault(board.tobytes(), generation)
            if earlier != generation:
                settles[i], periods[i] = earlier, generation - earlier
                break
            states.append(board)
        ash[i] = states[settles[i]]  # the last state, at max_steps, if it never settled
    return Settled(ash, settles, periods)
