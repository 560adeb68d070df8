"""Lyapunov exponents and the dimension that follows from them, with the same bits on every machine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simkit.fractals.maps import F64
from simkit.kernels.logarithm import log
from simkit.kernels.orbit import Followed


def exponents(tangents: F64, followed: Followed) -> F64:
    """Return the Lyapunov exponents of orbits, the larger first, in nats per iteration: float64 (map, 2).

    Parameters
    ----------
    tangents : float64 (map, 2)
        Those with which the orbits began.
    followed : Followed
        What `follow` of the kernel `orbit` made of them. The first exponent is the growth of the tangent, the second
        what is left of that of the area. Orbits without an iteration have none: NaN.
    """

    def length(vectors: F64) -> F64:
        return np.sqrt(vectors[:, 0] * vectors[:, 0] + vectors[:, 1] * vectors[:, 1])

    with np.errstate(all="ignore"):
        stretched = log(length(followed.tangents), followed.powers[:, 0]) - log(length(tangents))
        first, both = stretched / followed.steps, log(followed.areas, followed.powers[:, 1]) / followed.steps
        return np.stack((first, both - first), axis=1)


def kaplan_yorke(exponents: Sequence[float]) -> float:
    """Return the dimension of an attractor with these Lyapunov exponents, by the conjecture of Kaplan and Yorke.

    j + (l1 + ... + lj) / |l(j+1)| with the largest j for which the sum is not negative: 0 if all are negative, and
    their number if the sum of all is not. NaN where one is no number.

    Source: J. L. Kaplan, J. A. Yorke, Lecture Notes in Mathematics 730 (1979) 204.
    """
    total = 0.0
    falling = sorted(map(float, exponents), reverse=True)
    if any(value != value for value in falling):
        return float("nan")
    for j, value in enumerate(falling):
        if total + value < 0:
            return j + total / -value
        total += value
    return float(len(falling))
