"""Means, their standard errors, and how well these are known: within a run from its correlations, and over runs.

An error that comes from few independent values is itself uncertain. Its degrees of freedom tell by how much, and tests
use Student's t with as many, so that a deviation counts as what it is worth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError, show
from simkit.study.distributions import exceedance, normal_deviate

F64 = npt.NDArray[np.float64]

#: fewest samples that an error is taken from
_N_SAMPLES = 16

#: with fewer effectively independent samples than these a run is short: its error within may be too small
_LEAST_EFFECTIVE = 20

#: runs that scatter more than their errors allow, at this probability, differ by more than what is in a run
_DIFFER = 0.01


class Estimate(NamedTuple):
    """A mean and its standard error (nan where there is no way to know it)."""

    mean: float
    error: float
    #: degrees of freedom that the error is known from; inf: it is exact
    dof: float = math.inf
    n_runs: int = 1
    #: effectively independent samples in a run, mean over runs; inf: not from a time series
    n_effective: float = math.inf

    @property
    def is_short(self) -> bool:
        """Whether runs are too short against their correlation time for the error to come from within them."""
        return self.n_effective < _LEAST_EFFECTIVE

    def z(self, exact: float | Estimate = 0.0) -> float:
        """Return the deviation from `exact` in standard errors, as that of a normal variable that is as probable.

        nan where there is no error, or none that is known.
        """
        difference = self.less(exact if isinstance(exact, Estimate) else Estimate(exact, 0.0))
        return normal_deviate(difference.mean / difference.error, difference.dof) if difference.error > 0 else math.nan

    def scaled(self, factor: float) -> Estimate:
        """Return `factor` times this."""
        return self._replace(mean=factor * self.mean, error=abs(factor) * self.error)

    def less(self, other: Estimate) -> Estimate:
        """Return the difference from an independent estimate."""
        return _together(self.mean - other.mean, [self, other])

    def over(self, other: Estimate) -> Estimate:
        """Return the ratio to an independent estimate, to first order in the errors."""
        if other.mean == 0:
            return Estimate(math.nan, math.nan, n_runs=self.n_runs)
        ratio = self.mean / other.mean
        return _together(ratio, [self.scaled(1 / other.mean), other.scaled(ratio / other.mean)])


def over_time(series: npt.ArrayLike) -> Estimate:
    """Return the mean of a stationary series and its standard error.

    The variance of the mean is that of one sample times the statistical inefficiency s, the sum of the autocorrelations
    over a window W to either side, divided by the samples. The window is the first with ``W**3 >= 2 n s**2``: it grows
    with the series, so that slow and faint parts are found. The bias of autocorrelations about the mean of the same
    series is corrected; degrees of freedom are the windows that the series holds.

    Of series whose correlation is exponential, deviations by `Estimate.z` have an rms of 0.9 to 1.15 from 4 s samples
    on; nine of ten of those shorter than that are marked as short.

    Parameters
    ----------
    series : float (t,)

    References
    ----------
    U. Wolff, Comput. Phys. Commun. 156 (2004) 143 and 176 (2007) 383 for the sum, its window and bias; for the growth
    of the window R. M. Lee et al., Phys. Rev. E 83 (2011) 066706.
    """
    values = _values(series)
    n = len(values)
    mean = float(values.mean())
    if n < _N_SAMPLES or not np.isfinite(values).all():
        return Estimate(mean, math.nan, 0.0, n_effective=0.0)
    if not np.ptp(values):
        return Estimate(mean, 0.0, n - 1, n_effective=n)
    power = np.abs(np.fft.rfft(values - mean, 2 * n)) ** 2
    covariance = np.fft.irfft(power)[: n // 2 + 1] / (n - np.arange(n // 2 + 1))
    inefficiency = 1 + 2 * np.cumsum(covariance[1:] / covariance[0])
    windows = np.arange(1, len(covariance))
    is_wide = windows**3.0 >= 2 * n * inefficiency**2
    window = int(windows[is_wide][0]) if is_wide.any() else n // 2
    dof = n / (2 * window + 1)
    s = max(1.0, inefficiency[window - 1]) * (1 + 1 / dof)
    variance = covariance[0] * (1 + s / n) * s / n
    return Estimate(mean, float(np.sqrt(variance)), dof, n_effective=n / s)


def over_runs(values: npt.ArrayLike) -> Estimate:
    """Return the mean of independent values, one a run, and its standard error."""
    runs = _values(values)
    n = len(runs)
    error = float(runs.std(ddof=1) / np.sqrt(n)) if n > 1 else math.nan
    return Estimate(float(runs.mean()), error, n - 1, n)


def _values(given: npt.ArrayLike) -> F64:
    """Return one or more numbers as an array of one axis; ParameterError for anything else."""
    try:
        values = np.asarray(given, np.float64)
    except (TypeError, ValueError, OverflowError):
        values = np.empty(0)
    if values.ndim != 1 or not values.size:
        raise ParameterError(f"a mean is of one or more numbers along one axis; this is {show(given)}")
    return values


def combined(runs: Sequence[Estimate]) -> Estimate:
    """Return the mean of the means of independent runs.

    Its error is the larger one of what the scatter of the runs says, which few runs know badly, and what is known from
    within them, which tells nothing of memory that is longer than a run. It is known as well as the latter, unless
    the runs are short or differ by more than that allows: then their scatter is all that is known.
    """
    scatter = over_runs([run.mean for run in runs])
    within = _together(scatter.mean, [run.scaled(1 / len(runs)) for run in runs])
    inverse = [1 / run.n_effective if run.n_effective else math.inf for run in runs]
    n_effective = len(runs) / sum(inverse) if sum(inverse) else math.inf
    error = float(np.fmax(scatter.error, within.error))
    excess = (scatter.error / within.error) ** 2 if within.error > 0 else math.nan
    differ = exceedance(excess, max(1, scatter.dof), within.dof) < _DIFFER
    is_within = within.error > 0 and (len(runs) == 1 or not (differ or n_effective < _LEAST_EFFECTIVE))
    return Estimate(scatter.mean, error, within.dof if is_within else scatter.dof, len(runs), n_effective)


def jackknifed(statistic: float, left_out: F64) -> Estimate:
    """Return a statistic of all runs with the standard error from its values when each run is left out.

    Parameters
    ----------
    statistic : float
    left_out : float64 (run,)
    """
    n = len(left_out)
    spread = np.sqrt((n - 1) / n * np.square(left_out - left_out.mean()).sum()) if n > 1 else np.nan
    return Estimate(statistic, float(spread), n - 1, n)


def _together(mean: float, parts: Sequence[Estimate]) -> Estimate:
    """Return an estimate whose variance is the sum of those of independent parts (Welch and Satterthwaite)."""
    variances = [part.error**2 for part in parts]
    variance = sum(variances)
    if variance > 0:
        rest = sum(part**2 / max(known.dof, 1e-9) for part, known in zip(variances, parts, strict=True))
        dof = variance**2 / rest if rest > 0 else math.inf
    else:
        dof = min(part.dof for part in parts) if variance == 0 else 0.0
    return Estimate(mean, math.sqrt(variance), dof, parts[0].n_runs, min(part.n_effective for part in parts))
