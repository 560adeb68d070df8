"""A measured rate beside the rate that a bound would allow."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """What a case measured.

    Parameters
    ----------
    case, unit : str
    rate : float
        `unit` a second.
    bound : float
        The rate that the bound would allow, in the same unit.
    bounded_by : str
        What the bound is.
    n_operations, n_bytes : float
        Operations on 32-bit words, and bytes to and from the device's memory, that one of `unit` needs; NaN where they
        are not counted.
    """

    case: str
    unit: str
    rate: float
    bound: float
    bounded_by: str
    n_operations: float = math.nan
    n_bytes: float = math.nan

    @property
    def share(self) -> float:
        """How much of the bound is reached."""
        return self.rate / self.bound


def paired(run: Callable[[], float], bound: Callable[[], float], n_rounds: int = 5) -> tuple[float, float]:
    """Measure two rates in turn, so that a drift of the machine meets both, and return the median of each."""
    pairs = [(run(), bound()) for _ in range(n_rounds)]
    return statistics.median(rate for rate, _ in pairs), statistics.median(rate for _, rate in pairs)


def timed(function: Callable[[], object], clock: Callable[[], float] = time.thread_time) -> float:
    """Return the seconds that a call takes."""
    started = clock()
    function()
    return clock() - started
