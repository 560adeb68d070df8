"""Means of correlated data and their standard errors: by blocking within a run, and by independent runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

#: fewest blocks that a standard error is taken from
_N_BLOCKS = 8


class Estimate(NamedTuple):
    """A mean and its standard error (nan where there is no way to know it)."""

    mean: float
    error: float


def blocked(series: npt.ArrayLike) -> Estimate:
    """Return the mean of a stationary series and its standard error.

    The series is cut into ever longer blocks, whose means are ever less correlated. Blocks are long enough when
    ``length**3 > 2 n s**2``, where s, the variance of the mean by these blocks over that without any, estimates the
    statistical inefficiency: then bias and noise of the error balance.

    Parameters
    ----------
    series : float (t,)

    References
    ----------
    H. Flyvbjerg, H. G. Petersen, J. Chem. Phys. 91 (1989) 461; U. Wolff, Comput. Phys. Commun. 156 (2004) 143, and for
    the length R. M. Lee et al., Phys. Rev. E 83 (2011) 066706.
    """
    values = np.asarray(series, np.float64)
    n = len(values)
    if n < 2 * _N_BLOCKS:
        return Estimate(float(values.mean()), float("nan"))
    plain = variance = values.var(ddof=1) / n
    length = 1
    while n // (2 * length) >= _N_BLOCKS and plain > 0 and length**3 <= 2 * n * (variance / plain) ** 2:
        length *= 2
        n_blocks = n // length
        variance = values[: n_blocks * length].reshape(n_blocks, length).mean(axis=1).var(ddof=1) / n_blocks
    return Estimate(float(values.mean()), float(np.sqrt(variance)))


def over_runs(values: npt.ArrayLike) -> Estimate:
    """Return the mean of independent values, one a run, and its standard error."""
    runs = np.asarray(values, np.float64)
    error = float(runs.std(ddof=1) / np.sqrt(len(runs))) if len(runs) > 1 else float("nan")
    return Estimate(float(runs.mean()), error)


def combined(runs: Sequence[Estimate]) -> Estimate:
    """Return the mean of the means of independent runs.

    Its error is the larger one of what the scatter of the runs says, which few runs know badly, and what blocking
    within them says, which knows nothing of memory that is longer than a run.
    """
    mean, scatter = over_runs([run.mean for run in runs])
    within = float(np.sqrt(np.sum([run.error**2 for run in runs]))) / len(runs)
    both = [error for error in (scatter, within) if np.isfinite(error)]
    return Estimate(mean, max(both, default=float("nan")))


def jackknifed(statistic: float, left_out: F64) -> Estimate:
    """Return a statistic of all runs with the standard error from its values when each run is left out.

    Parameters
    ----------
    statistic : float
    left_out : float64 (run,)
    """
    n = len(left_out)
    spread = np.sqrt((n - 1) / n * np.square(left_out - left_out.mean()).sum()) if n > 1 else np.nan
    return Estimate(statistic, float(spread))
