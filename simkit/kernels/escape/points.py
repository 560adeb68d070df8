"""One point under a map, in Numba: what the ways to iterate many share."""

from __future__ import annotations

import numba as nb

from simkit.kernels.compiling import INNER
from simkit.kernels.escape import CONVERGED, CONVERGED_HEURISTIC, ESCAPED, ESCAPED_HEURISTIC, UNDECIDED


@nb.njit(**INNER)
def step(a, b, x, y):
    """Return the image of a point; a and b are tuples of six."""
    return (
        (a[0] + x * (a[1] + (a[3] * x + a[4] * y))) + y * (a[2] + a[5] * y),
        (b[0] + x * (b[1] + (b[3] * x + b[4] * y))) + y * (b[2] + b[5] * y),
    )


@nb.njit(**INNER)
def is_inside(e, x, y, one):
    """Return whether a point is in an ellipse, a tuple of five."""
    dx, dy = x - e[0], y - e[1]
    u, v = e[2] * dx + e[3] * dy, e[4] * dy
    return u * u + v * v < one


@nb.njit(**INNER)
def is_in_cone(c, x, y, one):
    """Return whether a point is in a cone, a tuple of four."""
    u, v = c[0] * x + c[1] * y, c[2] * x + c[3] * y
    return u > one and abs(v) <= u


@nb.njit(**INNER)
def fate(ellipses, cone, radius2, bailout2, is_certified, one, x, y):
    """Return the class of a point by the regions that it is in."""
    for j in range(len(ellipses)):
        e = (ellipses[j, 0], ellipses[j, 1], ellipses[j, 2], ellipses[j, 3], ellipses[j, 4])
        if is_inside(e, x, y, one):
            return CONVERGED if is_certified else CONVERGED_HEURISTIC
    size2 = x * x + y * y
    if size2 > radius2 or is_in_cone(cone, x, y, one):
        return ESCAPED
    return UNDECIDED if size2 <= bailout2 else ESCAPED_HEURISTIC
