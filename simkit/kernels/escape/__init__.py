"""What becomes of every point of a picture under a planar quadratic map: it converges, it escapes, or neither so far.

A map takes (x, y) to ``(a0 + a1 x + a2 y + a3 x^2 + a4 x y + a5 y^2, b0 + ... + b5 y^2)``: float64 (2, 6), the rows
a and b.

Every backend module has three functions.

``escape(maps, windows, shape, regions, max_iterations, precision) -> Outcome``
    Iterate each map from each pixel of its window until the point is in one of the map's regions.

    * maps: float64 (map, 2, 6)
    * windows: float64 (map, 4): x and y of the first pixel, and the steps dx and dy from one pixel to the next; pixel
      (i, j) starts at ``(x + j dx, y + i dy)``, computed in float64 and rounded to the precision
    * shape: (height, width) of all pictures
    * regions: `Regions`
    * max_iterations: 1..MAX_ITERATIONS
    * precision: "float64" or "float32", of the orbits and of the tests of regions

``perturb(quadratic, orbit, offsets, regions, max_iterations) -> Perturbed``
    Iterate one map from points that are too close together for float64: as differences from an orbit that was computed
    with more digits.

    * quadratic: float64 (2, 6), a map
    * orbit: float64 (t, 6), the states Z of the orbit at the times 0, 1, ... and the derivatives there, row by row:
      x, y, xx, xy, yx, yy
    * offsets: float64 (point, 2), where the points are at time 0, seen from the orbit's first state
    * regions: of one map
    * max_iterations: as above

``boundaries(classes) -> int32 (map, quantity)``
    Count what pictures (map, y, x) of classes have of each of QUANTITIES. A pair is two neighbours in a row or column.

    * raw: pairs of which one pixel converged, heuristically or not, and the other did not
    * certified: pairs of a pixel that converged and one that escaped, neither heuristically
    * clean: such pairs once each pixel is the median of the 3 x 3 pixels around it, those at an edge repeated, in the
      order converged, neither, escaped
    * undecided: pixels that neither converged nor escaped, or heuristically

An iteration is computed in this order, each operation rounded by itself (no fused multiply-add), so that all backends
give the same bits in either precision::

    x' = (a0 + x * (a1 + (a3 * x + a4 * y))) + y * (a2 + a5 * y)        y' likewise with b

The state at the times 0, 1, ..., `max_iterations` is tested, and the first of these that is true decides:

1. converged: it is in one of the ellipses;
2. escaped: it is in the cone, or ``x * x + y * y`` is above `radius2`;
3. escaped, heuristically: ``x * x + y * y`` is above `bailout2`, or not a number.

A test of an ellipse is ``u * u + v * v < 1`` with ``u = l11 * (x - cx) + l12 * (y - cy)`` and ``v = l22 * (y - cy)``:
a sum of squares, which overflows to infinity and never to a small number.

A difference d becomes ``J d + Q(d)``, J being the derivative at Z and Q the quadratic part, in this order::

    dx' = dx * ((xx + a3 * dx) + a4 * dy) + dy * (xy + a5 * dy)        dy' likewise with yx, yy and b

until it is decided by where ``Z + d`` is, or one of the following is true, in this order, at a time before the last:

1. d is LARGE or more (the larger of |dx| and |dy|), or the orbit has no further state, d being FAR or more: from there
   ``Z + d`` is iterated as it is. By then differences between the points have grown as d has, far beyond what float64
   resolves.
2. The orbit has no further state: the point is glitched.
3. Digits are lost: d' is smaller than CANCELLED times ``(|xx dx| + |xy dy|) + (|yx dx| + |yy dy|)``. Such ratios are
   multiplied, and where the product falls below LOST, the point is glitched. This happens where Z is as close to the
   curve of critical points, det J = 0, as the points are. A difference that is 0 loses nothing.

A glitched point needs another orbit, closer to it: from itself at worst, where d is 0.

Sources: K. I. Martin, Superfractalthing maths (2013), for differences from one orbit; C. Pauldelbrot (2014), for the
detection of points that such an orbit is wrong for.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernel

KERNEL = Kernel("escape", ("cpu", "reference"))

#: most iterations of a point
MAX_ITERATIONS = 2**30

#: precisions of the orbits
PRECISIONS = ("float64", "float32")

#: what becomes of a point: the values of `Outcome.classes`
CLASSES = ("undecided", "converged", "escaped", "converged (heuristic)", "escaped (heuristic)")
UNDECIDED, CONVERGED, ESCAPED, CONVERGED_HEURISTIC, ESCAPED_HEURISTIC = range(5)

#: differences that are iterated as points from there on, in the plane: usually, and at the end of the orbit
LARGE, FAR = 2.0**-10, 2.0**-20

#: ratios of the lengths of a difference after and before a step that cost digits, and how many may be lost in all
CANCELLED, LOST = 2.0**-7, 2.0**-23

#: what `boundaries` counts
QUANTITIES = ("raw", "certified", "clean", "undecided")


class Regions(NamedTuple):
    """Where a point's fate is decided, for each map of a batch."""

    #: float64 (map, k, 5): x and y of the centre, l11, l12, l22; a row of NaN is no ellipse
    ellipses: npt.NDArray[np.float64]
    #: float64 (map,): square of the radius beyond which all points escape; infinity if there is none
    radius2: npt.NDArray[np.float64]
    #: float64 (map, 4): p, q, r, s; points with u > 1 and |v| <= u escape, u = p x + q y, v = r x + s y; NaN: no cone
    cone: npt.NDArray[np.float64]
    #: float64 (map,): square of the radius beyond which points are taken to escape; infinity if none is needed
    bailout2: npt.NDArray[np.float64]
    #: bool (map,): whether the ellipses are proved to converge
    is_certified: npt.NDArray[np.bool_]


class Outcome(NamedTuple):
    """What became of the pixels."""

    #: uint8 (map, y, x): places in CLASSES
    classes: npt.NDArray[np.uint8]
    #: int32 (map, y, x): iterations until the point was decided; `max_iterations` if it is not
    counts: npt.NDArray[np.int32]


class Perturbed(NamedTuple):
    """What became of points near an orbit."""

    #: uint8 (point,): places in CLASSES
    classes: npt.NDArray[np.uint8]
    #: int32 (point,): iterations until the point was decided; `max_iterations` if it is not
    counts: npt.NDArray[np.int32]
    #: bool (point,): whether the orbit is of no use for the point, whose class is then UNDECIDED
    is_glitched: npt.NDArray[np.bool_]
