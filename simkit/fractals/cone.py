"""Cones from which every orbit escapes, for maps whose quadratic part is the square of one linear form times a vector.

Q(x) = K lambda(x)^2 v, as for the Henon map, vanishes where lambda does, and then no radius of escape exists. With u
= lambda(x), the sign of lambda such that u grows, and w = mu(x), the coordinate that v has nothing of, the map is

    u' = k2 u^2 + k1 u + k0 + b w        w' = p u + q w + r

The cone u >= R, |w| <= k u is mapped into itself, and u grows there without bound, if for all u >= R

    k2 u^2 + (k1 - |b| k) u + k0 >= (1 + MARGIN) u
    (|p| + |q| k) u + |r| <= (1 - MARGIN) k (k2 u^2 + (k1 - |b| k) u + k0)

which holds beyond the larger roots of two quadratic equations. All that an orbit in float64 may lose by rounding is
taken from the left of the first and added to that of the second. Of some slopes k the one with the least R is taken.
For x' = 1 - a x^2 + y, y' = b x the best slope is |b|, and R the larger root of a R^2 = 1 + (1 + |b|) R.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from simkit.fractals.maps import F64

#: precision of the orbits -> what is left between the cone and its image, MARGIN, and the rounding of an iteration as a
#: part of its terms
MARGINS = {"float64": (2.0**-20, 2.0**-48), "float32": (2.0**-10, 2.0**-19)}

#: slopes that are tried, as parts of |p|
_SLOPES = tuple(2.0 ** (i / 4) for i in range(-12, 13))


def cone(map_: F64, precision: str = "float64") -> tuple[F64, float]:
    """Return p, q, r, s for which u > 1 and |v| <= u escapes, u = p x + q y, v = r x + s y; and R.

    NaN and infinity where there is no such cone: the map is not of this kind, or its vector does not grow lambda.
    """
    none = np.full(4, np.nan), math.inf
    root = _root(map_)
    if root is None:
        return none
    l1, l2 = root
    l1, l2 = _unit(l1, l2)
    v1, v2 = ((float(row[3]) + float(row[5])) for row in map_)  # l1^2 + l2^2 = 1
    if not l1 * v1 + l2 * v2:
        return none
    if l1 * v1 + l2 * v2 < 0:
        l1, l2 = -l1, -l2
    m2, m1 = _unit(v1, -v2)
    found = _least(map_, (l1, l2), (m1, m2), l1 * v1 + l2 * v2, MARGINS[precision])
    if found is None:
        return none
    slope, radius = found
    radius *= 1 + MARGINS[precision][0]
    slope *= 1 - MARGINS[precision][0] / 4
    return np.array([l1 / radius, l2 / radius, m1 / (slope * radius), m2 / (slope * radius)]), radius


def _unit(x: float, y: float) -> tuple[float, float]:
    """Return a vector of any finite length but 0 with the length 1."""
    most = max(abs(x), abs(y))
    x, y = x / most, y / most
    size = math.sqrt(x * x + y * y)
    return x / size, y / size


def _root(map_: F64) -> tuple[float, float] | None:
    """Return lambda, of any length, if both quadratic parts are multiples of its square, exactly; or None."""
    rows = [[Fraction(float(c)) for c in row[3:]] for row in map_]
    for first, other in (rows, rows[::-1]):
        xx, xy, yy = first
        if xx or yy:
            is_square = 4 * xx * yy == xy * xy
            pairs = ((0, 1), (0, 2), (1, 2))
            is_multiple = all(first[i] * other[j] == first[j] * other[i] for i, j in pairs)
            if not (is_square and is_multiple):
                return None
            return (float(xx), float(xy / 2)) if xx else (0.0, 1.0)
    return None


def _least(
    map_: F64, lambda_: Sequence[float], mu: Sequence[float], k2: float, margins: tuple[float, float]
) -> tuple[float, float] | None:
    """Return the slope with the least R, and this R."""
    (l1, l2), (m1, m2), (margin, roundoff) = lambda_, mu, margins
    turned = l1 * m2 - l2 * m1
    if not turned:  # lambda does not grow, but for rounding
        return None
    x, y = (m2 / turned, -(l2 / turned)), (-(m1 / turned), l1 / turned)  # of x and y by u and w
    a, b = ([float(c) for c in row] for row in map_)

    def of(form: Sequence[float], by: int) -> float:
        return (form[0] * a[1] + form[1] * b[1]) * x[by] + (form[0] * a[2] + form[1] * b[2]) * y[by]

    k1, of_w, p, q = of(lambda_, 0), abs(of(lambda_, 1)), abs(of(mu, 0)), abs(of(mu, 1))
    k0, r = l1 * a[0] + l2 * b[0], abs(m1 * a[0] + m2 * b[0])
    best = None
    for part in _SLOPES:
        slope = part * (p if p else 1.0)
        reach = max(abs(x[0]) + slope * abs(x[1]), abs(y[0]) + slope * abs(y[1]))
        lost = [
            2 * roundoff * power * sum(abs(c) for row in (a, b) for c in row[columns])
            for power, columns in ((1.0, slice(0, 1)), (reach, slice(1, 3)), (reach * reach, slice(3, 6)))
        ]
        grown = [k0 - lost[0], (k1 - of_w * slope) - lost[1], k2 - lost[2]]
        least = (1 - margin) * slope
        aside = [
            least * grown[0] - (r + lost[0]),
            least * grown[1] - ((p + q * slope) + lost[1]),
            least * grown[2] - lost[2],
        ]
        radius = max(_beyond(grown[0], grown[1] - (1 + margin), grown[2]), _beyond(*aside))
        if radius < math.inf and (best is None or radius < best[1]):
            best = slope, radius
    return best


def _beyond(c0: float, c1: float, c2: float) -> float:
    """Return the least positive u from which on c2 u^2 + c1 u + c0 >= 0; infinity if there is none."""
    if not c2 > 0:
        return math.inf
    under = c1 * c1 - 4 * c2 * c0
    root = (math.sqrt(under) - c1) / (2 * c2) if under >= 0 else 0.0
    return max(root, 2.0**-60)
