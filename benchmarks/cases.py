"""Named sizes, shared with the tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simkit.kernels.philox import cpu as philox

SEED = 0

#: threshold of `bits` at which half of the cells are alive
_HALF = 1 << 31


@dataclass(frozen=True)
class Case:
    """Soups of density 1/2 that are run until exactly periodic, and how much of them each peer gets.

    Parameters
    ----------
    name, rule : str
    height, width : int
        In cells; a row is a whole number of 32-bit words.
    n_boards : int
        Soups of one pass of our kernel.
    max_steps : int
        As in `simkit.kernels.life`.
    n_rounds : int
        Times that everything is measured in turn.
    n_peer_boards : int
        Soups, the first of them, of one pass of a program that is slow.
    n_stepped_boards, n_generations : int
        Soups, the first of them, that a bare stepper advances in one pass, and how far.
    """

    name: str
    rule: str
    height: int
    width: int
    n_boards: int
    max_steps: int
    n_rounds: int
    n_peer_boards: int
    n_stepped_boards: int
    n_generations: int

    def soups(self) -> npt.NDArray[np.uint8]:
        """Draw the soups: uint8 (sample, y, x_byte), the boards of rows 0, 1, ... of the seed."""
        rows = np.arange(self.n_boards, dtype=np.uint64)
        words = philox.bits(SEED, rows, 0, self.height * self.width // 32, _HALF)
        return words.view(np.uint8).reshape(self.n_boards, self.height, self.width // 8)


TINY = {
    case.name: case
    for case in (
        Case("life-tiny", "B3/S23", 128, 128, 8, 1 << 20, 2, 2, 4, 200),
        Case("highlife-tiny", "B36/S23", 128, 128, 8, 1 << 20, 2, 2, 4, 200),
    )
}

REAL = {
    case.name: case
    for case in (
        Case("life", "B3/S23", 128, 128, 6000, 1 << 20, 7, 16, 1500, 10_000),
        Case("highlife", "B36/S23", 128, 128, 9000, 1 << 20, 7, 16, 1500, 10_000),
    )
}

LEVELS = {"tiny": TINY, "real": REAL}
