"""What an action does where some ways are free, as tables of the compiled backends need it."""

from __future__ import annotations

from simkit.kernels.maze import MOVES, STEPS


def way_of(action: int, free: int) -> int:
    """Return which way an action goes, 4 if none, where bit w of `free` says that way w is."""
    x, y = MOVES[action] if action < len(MOVES) else (0, 0)
    for part in ((x, 0), (0, y)):
        if part in STEPS and free >> STEPS.index(part) & 1:
            return STEPS.index(part)
    return 4


def going(way: int, bits: int, free: int) -> int:
    """Return the action that goes a free way: of two random bits, 1 and 2 ask for a diagonal, if it goes there, too."""
    x, y = STEPS[way]
    turn = (0, -1, 1, 0)[bits]
    diagonal = MOVES.index((x, turn) if x else (turn, y))
    return diagonal if way_of(diagonal, free | 1 << way) == way else MOVES.index((x, y))
