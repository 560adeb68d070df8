"""Regions of planar quadratic maps from which every orbit is proved to converge, or to escape to infinity.

A map is float64 (2, 6): rows x', y'; columns the coefficients of 1, x, y, x^2, xy, y^2. Every backend module has two
functions, of many maps each.

``basin(maps, cycles, rounds=0, precision="float64") -> float64 (map, point, 5)``
    Ellipses around the points of an attracting cycle, of which each is mapped into that around the next point.

    * maps: float64 (map, 2, 6)
    * cycles: float64 (map, point, 2), a cycle of each map, in the order of the orbit; the first row of NaN ends it, so
      that maps with cycles of several periods fit into one array
    * rounds: how often the shape is improved; each adds half of the time of none. 0 takes the best of SCALES, and 8
      come close to what many do
    * precision: "float64" or "float32", of the orbits that the proof is to hold for; regions of float32 are a little
      smaller, and hold for both

    A row is x, y of the centre and l11, l12, l22: the points with ``(l11 dx + l12 dy)**2 + (l22 dy)**2 < 1`` are proved
    to converge to the cycle. All of a map are NaN where nothing is proved: the cycle does not attract, attracts too
    weakly, or is not one.

``radius(maps, precision="float64") -> float64 (map,)``
    The orbit of every point further than this from 0 is proved to go to infinity; inf where no radius is found. There
    is none if the quadratic part is 0 in some direction.

All operations are those of IEEE 754 (sums, products, quotients, square roots), none is fused, and the directions come
from square roots alone: the bits are the same on every machine and backend.

How it is proved
----------------
Around a point p of the cycle, f(p + d) = p' + A d + Q(d). P and P' are positive, P = A' P' A + W, and w = L d with P
= L'L, so that |d|_P = |w|. For unit vectors w, G(s) = |A w + s Q(w)|^2 (in these coordinates) is a trigonometric
polynomial of degree 4 in the angle of w. Discs |w| < r are mapped into one another if G(s) < 1 for s <= r in all
directions.

By Riesz's inequality a polynomial T of degree 4 with 0 <= T <= M, seen in N equispaced directions, is at least kappa
M in one of them, with kappa = cos(2 pi / N)^2. Take T = max H - H with H = 1 - G. Up to the least s with min H = 0,
both w and -w have H >= 0, so that H <= 2 (1 - |A w|^2) <= 2 (1 - sigma^2) with sigma the smaller singular value of A;
and H <= 1. So G < 1 everywhere as long as G <= 1 - (1 - kappa) min(1, 2 (1 - sigma^2)) in the N directions. There G
<= a + 2 s b + s^2 c with a = |A w|^2, b = |<A w, Q(w)>| and c = |Q(w)|^2, which gives r as the least root over the
directions. A cycle has one level for all its points, the least of theirs. What P is matters for the size of the
ellipses, not for the proof.

Outside, G(s) > 1 is wanted for all s >= R. With T = G: min G >= (least G of the directions - (1 - kappa) M) / kappa,
and M is at most (alpha + s q)^2 with alpha^2 and q^2 the largest a and c, over kappa. Again a root of a quadratic
equation in each direction. A constant c of the map asks for G(s) > (1 + |c| / R)^2 instead. If 64 directions are too
few, 1,024 are taken.

Rounding
--------
What follows is for orbits in float64; those in float32 have other `Margins`. Inside, G is held below 1 - slack rather
than 1. Half of slack covers the rounding of G in the directions, whose error
is bounded by the norms of L and of its inverse, at most max_condition in all. The rest makes each step a contraction
of the level by 1 - slack / 4. What an orbit in float64 loses by rounding, and how far the cycle is from a true one,
must be at most slack / 16 of the level: then orbits stay inside with their errors. It must also be so little that it
ends before the inner ellipse in which differences of orbits contract (|A| + 2 s |Q| < 1), where the true cycle is.
Outside, |f(x)| > (1 + 2^-20) |x| is held with 2^-40 (alpha + s q)^2 to spare, where an orbit in float64 loses at most
2^-49 (alpha + s q) of |x|.

Source: for the inequality M. Riesz, Jahresber. DMV 23 (1914) 354; for P in the case of a cycle S. Bittanti, P.
Colaneri, Periodic Systems (2009).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernel

F64 = npt.NDArray[np.float64]

KERNEL = Kernel("basin", ("cuda", "cpu", "reference"))


class Margins(NamedTuple):
    """What is left for rounding; see the package's docstring."""

    slack: float
    #: error of one evaluation of a map, as a part of the sum of the magnitudes of its terms; a generous bound
    roundoff: float
    max_condition: float
    #: outside: part by which |x| grows at least, and part of (alpha + s q)^2 to spare
    growth: float
    spare: float


#: precision of the orbits -> margins; float32 rounds to 2^-24 where float64 rounds to 2^-53
MARGINS = {
    "float64": Margins(2.0**-22, 2.0**-48, 2.0**20, 2.0**-20, 2.0**-40),
    "float32": Margins(2.0**-7, 2.0**-19, 2.0**10, 2.0**-12, 2.0**-20),
}

#: how far from a cycle an ellipse may reach, for maps that are linear or nearly so
MAX_REACH = 2.0**20

#: coefficients beyond are too large for any proof
MAX_COEFFICIENT = 2.0**100

#: reciprocals of the g with which P = (A/g)' P (A/g) + I is tried before its shape is improved: |A w| is at most g
SCALES = (1.0, 1.0078125, 1.03125, 1.09375, 1.25, 1.625, 2.5)

#: part of the shape by which the first round of the search changes it
FIRST_STEP = 1.0


class Directions(NamedTuple):
    """Half of N equispaced directions; the others are opposite to them, where b has the same magnitude."""

    #: 1 - cos(2 pi / N)^2
    epsilon: float
    #: float64 (5, N / 2): cos, sin, cos^2, cos sin, sin^2
    table: F64


def directions(n: int) -> Directions:
    """Return `n` directions, a power of two from 8; by halving angles, so that the bits are the same everywhere."""
    cosines = [0.0]  # of pi/2, pi/4, ...
    while 2 ** (len(cosines) + 1) < n:
        cosines.append(math.sqrt((1 + cosines[-1]) / 2))
    turns = [(cosine, math.sqrt((1 - cosine) * (1 + cosine))) for cosine in cosines]
    points = [(1.0, 0.0)]
    for cosine, sine in turns:  # all so far, and each turned by the next half
        points += [(x * cosine - y * sine, x * sine + y * cosine) for x, y in points]
    x, y = np.array(points).T
    cosine, _ = turns[-2]  # of 4 pi / n: cos(2a) = 2 cos(a)^2 - 1
    return Directions((1 - cosine) / 2, np.stack((x, y, x * x, x * y, y * y)))


FEW, MANY = directions(64), directions(1024)
