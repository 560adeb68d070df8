"""Tail probabilities that tests need: of F, and with it of Student's t and of chi squared, which are limits of it."""

from __future__ import annotations

import math
from statistics import NormalDist

#: terms of the continued fraction, and the relative change at which it is done
_MOST_TERMS, _DONE = 10_000, 1e-14

#: more degrees of freedom than these are as good as infinitely many
_MANY = 1e9

#: probabilities are told apart down to this one, which is 37 standard deviations of a normal variable
_LEAST = 1e-300


def exceedance(f: float, n: float, m: float = math.inf) -> float:
    """Return the probability that a variable with an F distribution exceeds `f`, 0..1.

    Parameters
    ----------
    f : float
        Both tails of Student's t with m degrees of freedom are those of ``t**2`` with ``n = 1``; the upper one of chi
        squared with n degrees of freedom is that of ``chi_squared / n`` with m infinite.
    n, m : float, above 0
        Degrees of freedom of numerator and denominator.

    Returns
    -------
    float
        To a relative 1e-4 at the most, for n up to 1000 and from 1e-15 on.
    """
    if math.isnan(f) or math.isnan(m):
        return math.nan
    if f <= 0 or math.isinf(f):
        return 1.0 if f <= 0 else 0.0
    m = min(m, _MANY)
    x = m / (m + n * f)
    return _incomplete_beta(m / 2, n / 2, x, n * f / (m + n * f))


def normal_deviate(t: float, dof: float) -> float:
    """Return the deviation in standard errors of a normal variable that is as probable as `t` of Student's."""
    if math.isinf(dof) or math.isnan(t):
        return t
    tail = max(exceedance(t * t, 1, dof), _LEAST) / 2
    return math.copysign(-NormalDist().inv_cdf(tail), t)


def _incomplete_beta(a: float, b: float, x: float, y: float) -> float:
    """Return the regularised incomplete beta function at x, where y = 1 - x is given without cancellation.

    NIST Digital Library of Mathematical Functions, 8.17.22, evaluated by Lentz's method.
    """
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, y, x)
    log_front = a * math.log(x) + b * math.log(y) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    fraction, c, d = 1.0, math.inf, 1.0
    for term in range(1, _MOST_TERMS):
        m = term // 2
        if term % 2:
            factor = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            factor = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        c, d = 1 + factor / c, 1 / (1 + factor * d)
        fraction *= c * d
        if abs(c * d - 1) < _DONE:
            break
    return math.exp(log_front) / a * fraction
