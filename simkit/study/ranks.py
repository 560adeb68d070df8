"""Rank correlations, shares and medians over networks, and how well they are known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.study.statistics import Estimate

F64 = npt.NDArray[np.float64]

#: resamplings for errors and intervals, and permutations for probabilities
_N = 4000

#: fewest pairs that a correlation is taken of
_LEAST = 4


class Correlation(NamedTuple):
    """Spearman's rank correlation of pairs.

    Attributes
    ----------
    rho : float
        -1..1; nan for fewer than four pairs, or where one side does not vary.
    low, high : float
        95 % interval by resampling pairs.
    p : float
        Share of permutations of one side whose correlation is as far from zero, (r + 1) / (n + 1).
    n : int
        Pairs.
    error : float
        Standard deviation over resamplings.
    """

    rho: float
    low: float
    high: float
    p: float
    n: int
    error: float

    def estimate(self) -> Estimate:
        """Return the correlation with its standard error."""
        return Estimate(self.rho, self.error, max(1, self.n - 2), self.n)


def spearman(x: npt.ArrayLike, y: npt.ArrayLike, seed: int) -> Correlation:
    """Return the rank correlation of pairs, those left out of which one is nan.

    Parameters
    ----------
    x, y : float (pair,)
    seed : int
        Of resampling and permutation.

    References
    ----------
    C. Spearman, The proof and measurement of association between two things, American Journal of Psychology 15 (1904)
    72; B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993).
    """
    pairs = np.stack([np.asarray(x, np.float64), np.asarray(y, np.float64)])
    pairs = pairs[:, np.isfinite(pairs).all(axis=0)]
    n = pairs.shape[1]
    if n < _LEAST or not np.ptp(pairs, axis=1).all():
        return Correlation(np.nan, np.nan, np.nan, np.nan, n, np.nan)
    first, second = (_ranks(side[None]) for side in pairs)
    rho = float(_correlation(first, second)[0])
    random = np.random.default_rng(seed)
    chance = _correlation(first, random.permuted(np.repeat(second, _N, axis=0), axis=1))
    p = (1 + int((np.abs(chance) >= abs(rho) - 1e-12).sum())) / (_N + 1)
    drawn = random.integers(0, n, (_N, n))
    again = _correlation(*(_ranks(side[drawn]) for side in pairs))
    again = again[np.isfinite(again)]
    low, high = np.quantile(again, (0.025, 0.975)) if again.size else (np.nan, np.nan)
    return Correlation(rho, float(low), float(high), p, n, float(again.std()) if again.size else np.nan)


def _ranks(values: F64) -> F64:
    """Return ranks along the last axis, from 1 on; equal values share the mean of theirs."""
    order = np.argsort(values, axis=-1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=-1)
    n = values.shape[-1]
    is_new = np.ones(values.shape, np.bool_)
    is_new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    places = np.broadcast_to(np.arange(n), values.shape)
    first = np.maximum.accumulate(np.where(is_new, places, 0), axis=-1)
    is_last = np.roll(is_new, -1, axis=-1)
    is_last[:, -1] = True
    last = np.minimum.accumulate(np.where(is_last, places, n)[:, ::-1], axis=-1)[:, ::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, 1 + (first + last) / 2, axis=-1)
    return ranks


def _correlation(x: F64, y: F64) -> F64:
    """Return correlations along the last axis; nan where one side does not vary."""
    x, y = (side - side.mean(axis=-1, keepdims=True) for side in (x, y))
    with np.errstate(invalid="ignore"):
        found: F64 = (x * y).sum(axis=-1) / np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1))
    return found


def share(is_so: npt.ArrayLike) -> Estimate:
    """Return the share of networks of which something is so, with the standard error of (k + 1/2) / (n + 1).

    That never is zero, as that of k / n would be where it is so of all or of none. No network: nan.
    """
    so = np.asarray(is_so, bool).ravel()
    if not so.size:
        return Estimate(np.nan, np.nan, 0.0, 0)
    p = (so.sum() + 0.5) / (so.size + 1)
    return Estimate(float(so.mean()), float(np.sqrt(p * (1 - p) / so.size)), max(1, so.size - 1), so.size)


def median(values: npt.ArrayLike, seed: int) -> Estimate:
    """Return the median over networks, those left out that are nan, with its standard error by resampling."""
    given = np.asarray(values, np.float64).ravel()
    given = given[np.isfinite(given)]
    if not given.size:
        return Estimate(np.nan, np.nan, 0.0, 0)
    drawn = np.random.default_rng(seed).integers(0, given.size, (_N, given.size))
    error = float(np.median(given[drawn], axis=1).std()) if given.size > 1 else np.nan
    return Estimate(float(np.median(given)), error, max(1, given.size - 1), given.size)
