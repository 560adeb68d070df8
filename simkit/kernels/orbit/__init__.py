"""Orbits of planar quadratic maps: where they are, how they stretch, and which part of the plane they fill.

A map is float64 (2, 6), as for the kernel `escape`, whose order of operations an iteration keeps to. Each map has some
orbits of its own, which advance side by side: one alone waits for every operation, and its iterations cannot be shared
out.

Every backend module has three functions.

``trace(maps, states, n) -> float64 (map, orbit, n, 2)``
    The states at the times 1 to n.

    * maps: float64 (map, 2, 6)
    * states: float64 (map, orbit, 2), at time 0

``stretch(maps, states, n) -> Stretch``
    Advance orbits n times, each with a vector v that the derivative takes along. It is (1, 0) at the beginning; after
    each iteration v, and the product of all determinants so far, are brought to magnitudes from 1 to below 2 by powers
    of two (v by the larger of its components), which are counted. So no digit is lost and no logarithm taken. What is
    0, or no finite number, stays as it is. The derivative at (x, y) is, in this order of operations::

        xx = a1 + ((a3 + a3) * x + a4 * y)    xy = a2 + (a4 * x + (a5 + a5) * y)    yx and yy likewise with b
        vx' = xx * vx + xy * vy    vy' = yx * vx + yy * vy    determinant = |xx * yy - xy * yx|

``density(maps, states, windows, shape, n) -> Density``
    Advance orbits n times, and count how often they are in each cell of a grid, at the times 1 to n.

    * windows: float64 (map, 4): x and y of the corner of cell (0, 0), and cells per unit of length in x and in y,
      which may be negative. A state is in column ``(x - corner) * cells`` without its fraction, if that is from 0 to
      below the width; rows likewise
    * shape: (height, width)

An orbit that escapes goes to infinity, and then is no number.

Source: G. Benettin et al., Meccanica 15 (1980) 9, for the growth of a vector.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernel

KERNEL = Kernel("orbit", ("cpu", "reference"))


class Stretch(NamedTuple):
    """How orbits stretched what is near them."""

    #: float64 (map, orbit, 2): where they are at the end
    states: npt.NDArray[np.float64]
    #: float64 (map, orbit, 2): the vectors
    vectors: npt.NDArray[np.float64]
    #: float64 (map, orbit): the product of the determinants' magnitudes
    determinants: npt.NDArray[np.float64]
    #: int64 (map, orbit, 2): powers of two that `vectors` and `determinants` are still to be multiplied by
    powers: npt.NDArray[np.int64]


class Density(NamedTuple):
    """Where orbits were."""

    #: float64 (map, orbit, 2): where they are at the end
    states: npt.NDArray[np.float64]
    #: uint32 (map, y, x): how often one of the map's orbits was in a cell
    counts: npt.NDArray[np.uint32]
