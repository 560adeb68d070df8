"""A measured rate beside the rate that a bound would allow."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial


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
    on_processor : float
        Seconds of processor time of this process for each second of the clock, while the case ran: 1 where one thread
        never waited, and less on a machine that is busy; NaN on a device.
    """

    case: str
    unit: str
    rate: float
    bound: float
    bounded_by: str
    n_operations: float = math.nan
    n_bytes: float = math.nan
    on_processor: float = math.nan

    @property
    def share(self) -> float:
        """How much of the bound is reached."""
        return self.rate / self.bound


def paired(run: Callable[[], float], bound: Callable[[], float], n_rounds: int = 5) -> tuple[float, float]:
    """Measure two rates in turn, so that a drift of the machine meets both, and return the median of each."""
    pairs = [(run(), bound()) for _ in range(n_rounds)]
    return statistics.median(rate for rate, _ in pairs), statistics.median(rate for _, rate in pairs)


def steady(run: Callable[[int], object], seconds: float) -> float:
    """Return how many times a second of CPU time ``run(n)`` repeats its work, as n grows until that takes `seconds`.

    What a call costs once is subtracted, and is at most a tenth of what is measured. RuntimeError if a call takes no
    longer for 2**40 repetitions: then the work is not done at all.
    """
    run(1)
    once = min(timed(lambda: run(1)) for _ in range(3))
    n, spent = 1, 0.0
    while spent < max(seconds, 10 * once):
        n *= 2
        if n > 2**40:
            raise RuntimeError(f"{n // 2} repetitions took {spent:.3g} s: the compiler removed the work to be timed")
        spent = timed(partial(run, n + 1)) - once
    return n / spent


def seconds(tiny: bool) -> float:
    """Return how long a rate is measured at least."""
    return 0.002 if tiny else 0.1


def timed(function: Callable[[], object], clock: Callable[[], float] = time.thread_time) -> float:
    """Return the seconds that a call takes."""
    started = clock()
    function()
    return clock() - started
