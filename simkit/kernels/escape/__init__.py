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

``perturb(quadratic, orbit, offsets, side, regions, max_iterations) -> Perturbed``
    Iterate one map from points that are too close together for float64: as differences from a reference orbit, which
    was computed with more digits.

    * quadratic: float64 (2, 6), a map
    * orbit: float64 (t, 6), the states Z of the reference orbit at the times 0, 1, ... and the derivatives there, row
      by row: x, y, xx, xy, yx, yy; each rounded by itself, since a derivative near 0 has digits that Z rounded has not
    * offsets: float64 (point, 2), where the points are at time 0, seen from the orbit's first state
    * side: float64, of a pixel: how far points are apart
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

Rounding moves a difference d at every step by some 2**-53 T, T being the sum of the sizes of the terms that it is made
of. From there on that error grows, as the distance of neighbouring points does, by the derivative along the point's own
orbit. So it is harmless while it is small beside the image of a pixel, and that is the only measure: d itself may lose
all its digits. The image of a pixel is S, its side times the derivative of the iterated map, a matrix; its size s is
half the sum of the sizes of the entries, but at least ``bend * s * s`` of the step before, which is what is left where
the derivative is 0. A step, with d = (dx, dy)::

    m = |dx| + |dy|
    T = ((|xx * dx| + |xy * dy|) + (|yx * dx| + |yy * dy|)) + bend * (m * m)
    jxx = (xx + (a3 + a3) * dx) + a4 * dy       jxy = (xy + a4 * dx) + (a5 + a5) * dy      jyx, jyy likewise with b
    S = J S        s11 = jxx * s11 + jxy * s21, and so on; s = ((|s11| + |s12|) + (|s21| + |s22|)) / 2
    floor = bend * (s * s) of the s before; if s is below it: S = floor times the unit matrix, s = floor
    dx = dx * ((xx + a3 * dx) + a4 * dy) + dy * (xy + a5 * dy)                              dy likewise

A point is decided by where ``Z + d`` is, in float64. Where neighbours' images are still closer together than that
tells, as they are near an edge between two early counts, they are decided at the same time, some of them a step early
or late: regions are forward invariant, so that their class is the same. While it is undecided, before the last time,
the first of these that is true counts:

1. s is RESOLVED times the largest of 1, |x| and |y|, or more, or one of |x| and |y| is HUGE or more: from there
   ``Z + d`` is iterated as it is, since float64 tells the pixels' images apart.
2. The orbit has no further state: it is SHORT.
3. After the step, T is above LOST times s, and above TINY: the point is a GLITCH, because rounding may have moved it by
   2**-53 LOST of a pixel. It needs an orbit that is closer to it: from itself at worst, where d and T are 0.

Below TINY, differences are taken for none.

Sources: K. I. Martin, Superfractalthing maths (2013), for differences from one orbit, in the plane of parameters. The
criterion is derived here, for planar maps in the plane of their points.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernel

KERNEL = Kernel("escape", ("cuda", "cpu", "reference"))

#: most iterations of a point
MAX_ITERATIONS = 2**30

#: precisions of the orbits
PRECISIONS = ("float64", "float32")

#: what becomes of a point: the values of `Outcome.classes`
CLASSES = ("undecided", "converged", "escaped", "converged (heuristic)", "escaped (heuristic)")
UNDECIDED, CONVERGED, ESCAPED, CONVERGED_HEURISTIC, ESCAPED_HEURISTIC = range(5)

#: sides of pixels, as a part of the largest coordinate (at least 1), from which on a precision tells neighbours apart:
#: rounding moves them by 2**-21 and 2**-8 of a pixel a step
RESOLVED = {"float64": 2.0**-32, "float32": 2.0**-16}

#: sizes of coordinates beyond which points are iterated as they are, and of the last state of an orbit that ends
HUGE, END = 2.0**300, 2.0**400

#: how large the terms of a difference may be beside the image of a pixel, and below which size they do not count
LOST, TINY = 2.0**30, 2.0**-900

#: what an orbit is to a point: the values of `Perturbed.faults`
FAULTS = ("none", "short", "glitch")
FINE, SHORT, GLITCH = range(3)

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
    #: uint8 (point,): places in FAULTS; where it is not FINE, the point is UNDECIDED
    faults: npt.NDArray[np.uint8]


def bend(quadratic: npt.NDArray[np.float64]) -> float:
    """Return the sum of the sizes of the quadratic coefficients: a bound of how much a map bends."""
    a, b = abs(quadratic[:, 3:])
    return float(((a[0] + a[1]) + a[2]) + ((b[0] + b[1]) + b[2]))
