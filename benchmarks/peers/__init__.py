"""Other people's programs, and a hand-written one, that do the work of the life kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.cases import Case
from simkit.kernels.life import Rule, Settled


class AbsentError(Exception):
    """A peer cannot run here; the message is the sentence that says why."""


class WrongResultError(Exception):
    """A peer and simkit disagree about a board."""


@dataclass(frozen=True)
class Work:
    """The soups of a case and what our kernel made of them."""

    case: Case
    rule: Rule
    soups: npt.NDArray[np.uint8]
    settled: Settled


class Peer(Protocol):
    """A program that is ready to run.

    `n_soups` is the number of soups of one pass, or None if a pass does not bring them to their ash, and
    `n_board_generations` the generations of all boards that a pass goes through.
    """

    name: str
    n_soups: int | None
    n_board_generations: int

    def run(self) -> float:
        """Do one pass and return the processor seconds that it took."""
        ...
