"""Maps near a Neimark-Sacker bifurcation: a fixed point at 0 that turns, and gives way to a ring as it turns unstable.

With z = x + iy, a map is z' = lambda z + g20 z^2 / 2 + g11 |z|^2 + g02 conj(z)^2 / 2, lambda = (1 + mu) e and |e| = 1.
Every planar quadratic map with the fixed point 0 and complex eigenvalues there is one of these in suitable coordinates.

Source: Yu. A. Kuznetsov, Elements of Applied Bifurcation Theory (2004), section 4.7.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simkit.fractals.maps import F64

#: a complex number, or many: the real and the imaginary part, so that no product is fused
Pair = tuple[Any, Any]


def turn(tangent: Any) -> Pair:
    """Return e = cos(theta) + i sin(theta) by tan(theta / 2), of sums, products and quotients alone."""
    square = tangent * tangent
    return (1 - square) / (1 + square), (tangent + tangent) / (1 + square)


def quadratic(e: Pair, mu: Any, g20: Pair, g11: Pair, g02: Pair) -> F64:
    """Return maps: float64 (..., 2, 6); all numbers are float64 of one shape."""
    (a, b), (p, q), (r, s) = g20, g11, g02
    real, imaginary = (1 + mu) * e[0], (1 + mu) * e[1]
    zero = 0 * real
    rows = (
        (zero, real, -imaginary, (a + r) / 2 + p, s - b, p - (a + r) / 2),
        (zero, imaginary, real, (b + s) / 2 + q, a - r, q - (b + s) / 2),
    )
    return np.stack([np.stack(np.broadcast_arrays(*row), axis=-1) for row in rows], axis=-2).astype(np.float64)


def turning(e: Pair, g20: Pair, g11: Pair) -> Any:
    """Return Re[(1 - 2 e) e^-2 g20 g11 / (2 (1 - e))], the part of -d that has either sign."""
    inverse = e[0], -e[1]
    top = _times(_times((1 - 2 * e[0], -2 * e[1]), _times(inverse, inverse)), _times(g20, g11))
    below = 2 * (1 - e[0]), -2 * e[1]
    return (top[0] * below[0] + top[1] * below[1]) / (below[0] * below[0] + below[1] * below[1])


def coefficient(e: Pair, g20: Pair, g11: Pair, g02: Pair) -> Any:
    """Return d of the normal form, in which a small radius r becomes r (1 + mu + d r^2) each time.

    With d < 0 the bifurcation is supercritical: a ring for mu > 0. It is not told near resonances e^k = 1, k = 1..4,
    where the radius is no such function.
    """
    return -turning(e, g20, g11) - (g11[0] * g11[0] + g11[1] * g11[1]) / 2 - (g02[0] * g02[0] + g02[1] * g02[1]) / 4


def radius(mu: Any, d: Any) -> Any:
    """Return the radius of the ring for small mu, sqrt(-mu / d); NaN where there is none.

    It is the root mean square of |z| along the ring, apart from an error of the order of mu. For random coefficients
    that are away from the resonances, the median of its magnitude is 0.07 % at mu = 1e-3. The ring is no circle about
    0, so that the mean of |z| is smaller by some 0.03 %, and the geometric mean by 0.06 %. How large the coefficients
    are does not matter, since z can be scaled.
    """
    with np.errstate(all="ignore"):
        return np.sqrt(-mu / np.asarray(d))


def _times(x: Pair, y: Pair) -> Pair:
    return x[0] * y[0] - x[1] * y[1], x[0] * y[1] + x[1] * y[0]
