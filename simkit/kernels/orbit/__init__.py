"""Long orbits of planar quadratic maps: how they stretch and turn, and where they go.

A map is float64 (2, 6): rows x', y'; columns the coefficients of 1, x, y, x^2, xy, y^2. Every backend module has five
functions. All but `carry` are of many maps with one orbit each: they begin at `states`, float64 (map, 2), and return
the states at the end, so that an orbit can be carried on.

``follow(maps, states, tangents, limits, n) -> Followed``
    Iterate n times, with a tangent vector, and measure how lengths and areas grow.

    * maps: float64 (map, 2, 6)
    * tangents: float64 (map, 2), multiplied by the derivative at each iteration
    * limits: float64 (map,); an orbit stops at a state with ``x * x + y * y`` above its limit, or not a number

``rotations(maps, states, centres, strides, branches, weights) -> Rotated``
    Average by weights the angle by which an orbit turns about a point, and its states.

    * centres: float64 (map, 2)
    * strides: int32 (map,), iterations from one state that counts to the next; at least 1
    * branches: float64 (map,), -1/2..1/2: angles, in turns, are taken within half a turn of this one
    * weights: float64 (time,), of the states that count

``density(maps, states, windows, shape, n) -> Density``
    Iterate n times, and count how often each pixel is met.

    * windows: float64 (map, 4): x and y of the middle of the first pixel, and the steps dx and dy to the next, not 0
    * shape: (height, width) of all images

``trace(maps, states, n) -> float64 (map, time, 2)``
    Return the states after 1, 2, ..., n iterations.

``carry(maps, states, limit, n) -> Carried``
    Iterate n times, at least once, under each map in turn: orbits that follow an attractor along a path of maps.

    * states: float64 (orbit, 2), of any number of orbits, each of which goes through all maps
    * limit: an orbit is lost at a state with ``x * x + y * y`` above it, or not a number

An iteration is computed in the order of operations of the kernel `escape`, each rounded by itself. All functions are
made of sums, products and quotients of IEEE 754 and of whole powers of two, so that all backends give the same bits on
every machine. No logarithm is taken: after every EVERY iterations, and after the last, lengths and areas are divided by
powers of two, and the exponents added up, which loses nothing. The derivative is computed as ::

    xx = (a1 + (a3 + a3) * x) + a4 * y        xy = (a2 + a4 * x) + (a5 + a5) * y        yx, yy likewise with b

a tangent as ``xx * u + xy * v, yx * u + yy * v``, and areas grow by ``abs(xx * yy - xy * yx)``. The angle from d to e
is that of ``(d.x * e.x + d.y * e.y, d.x * e.y - d.y * e.x)``; its arc tangent is a polynomial, see `ARCTANGENT`.

Sources: G. Benettin et al., Meccanica 15 (1980) 9, for exponents; S. Das et al., Nonlinearity 30 (2017) 4111, for
averages by weights that vanish smoothly at both ends.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernel

F64 = npt.NDArray[np.float64]

KERNEL = Kernel("orbit", ("cuda", "cpu", "reference"))

#: iterations between two looks at the powers of two of lengths and areas
EVERY = 4

#: c with r (c[0] + c[1] r^2 + c[2] r^4 + ...) = arctan(r) / (2 pi) for |r| <= tan(pi / 8), to 1.1e-17; evaluated by
#: Horner's rule. Interpolated at Chebyshev's points in r^2, with 60 digits. For the angle of (x, y) let s and g be the
#: smaller and the greater of |x| and |y|: r = s / g, or (s - g) / (s + g) and 1/8 of a turn more if s > TAN_PI_8 *
#: g; then it is taken from 1/4 if |y| > |x|, from 1/2 if x < 0, and gets the sign of y.
ARCTANGENT = (
    0.15915494309189535, -0.05305164769729811, 0.031830988618284956, -0.022736420431408007, 0.017683881982780855,
    -0.01446861163799243, 0.012242270278902255, -0.01060441613128041, 0.009305588197009693, -0.008013579646234543,
    0.006042268883400987, -0.002833717786448938,
)  # fmt: skip
TAN_PI_8 = 0.41421356237309503


class Followed(NamedTuple):
    """Orbits that were followed with a tangent vector."""

    #: float64 (map, 2)
    states: F64
    #: float64 (map, 2), without the powers of two: the larger of |u| and |v| is 1..2, unless lengths left the range of
    #: float64 within EVERY iterations: then it is 0, infinite or no number
    tangents: F64
    #: float64 (map,): product of the determinants of the derivative, without its power of two: 1..2, or likewise
    areas: F64
    #: int64 (map, 2): exponents of the powers of two, of the tangent and of the area
    powers: npt.NDArray[np.int64]
    #: int64 (map,): iterations made; fewer than asked for if the orbit stopped
    steps: npt.NDArray[np.int64]


class Rotated(NamedTuple):
    """Averages by weights: sums, of weights as they are given."""

    #: float64 (map, 2)
    states: F64
    #: float64 (map,): the angle from a state that counts to the next, in turns
    turns: F64
    #: float64 (map, 2): the states
    means: F64


class Density(NamedTuple):
    """Where orbits went."""

    #: float64 (map, 2)
    states: F64
    #: uint32 (map, y, x): how often each pixel was met
    counts: npt.NDArray[np.uint32]


class Carried(NamedTuple):
    """Orbits that were carried along a path of maps; NaN from the map on under which an orbit is lost."""

    #: float64 (orbit, map, 2): the states after the n iterations under each map
    states: F64
    #: float64 (orbit, map, 4): least and largest x, least and largest y, of the last n - n // 2 of these
    boxes: F64
