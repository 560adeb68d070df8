"""Differences from a reference orbit, in Numba: LANES points at a time, all at the same time of the orbit.

They are neighbours, which become far enough apart for float64 at nearly the same time; then `cpu` follows them as
points. All that belongs to the lanes is in one array, at distances that are known when it is compiled: of many arrays
LLVM would not know that they do not overlap, and then it makes no vectors.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from simkit.kernels.compiling import CALLED, INNER, stamped
from simkit.kernels.escape import GLITCH, HUGE, LOST, RESOLVED, SHORT, TINY
from simkit.kernels.escape.points import fate, is_in_cone, is_inside

#: points side by side
LANES = 32

#: where in the array of lanes these begin: the difference, the size and the entries of the image of a pixel, the point,
#: and 1 or 0 for whether it is in no region, float64 tells it from its neighbours, and rounding is no longer small
_DX, _DY, _SIZE, _S11, _S12, _S21, _S22, _X, _Y, _OPEN, _FAR, _LOST = (LANES * k for k in range(12))

_RESOLVED = RESOLVED["float64"]


@nb.njit(**INNER)
def _look(ellipses, cone, limit, state, lanes):
    """Find out where the points are; return how many are decided, or told apart by float64."""
    for i in range(LANES):
        x, y = state[0] + lanes[_DX + i], state[1] + lanes[_DY + i]
        lanes[_X + i], lanes[_Y + i] = x, y
        is_open = (x * x + y * y <= limit) & (not is_in_cone(cone, x, y, 1.0))
        largest = max(abs(x), abs(y))
        is_far = (lanes[_SIZE + i] >= _RESOLVED * max(1.0, largest)) | (largest >= HUGE)
        lanes[_OPEN + i], lanes[_FAR + i] = 1.0 if is_open else 0.0, 1.0 if is_far else 0.0
    for j in range(len(ellipses)):
        e = (ellipses[j, 0], ellipses[j, 1], ellipses[j, 2], ellipses[j, 3], ellipses[j, 4])
        for i in range(LANES):
            lanes[_OPEN + i] = 0.0 if is_inside(e, lanes[_X + i], lanes[_Y + i], 1.0) else lanes[_OPEN + i]
    n = 0
    for i in range(LANES):
        n += (lanes[_OPEN + i] == 0.0) | (lanes[_FAR + i] != 0.0)
    return n


@nb.njit(**INNER)
def _step(a, b, curved, state, lanes):
    """Advance the differences and the images; return for how many rounding is no longer small."""
    xx, xy, yx, yy = state[2], state[3], state[4], state[5]
    for i in range(LANES):
        dx, dy, s = lanes[_DX + i], lanes[_DY + i], lanes[_SIZE + i]
        s11, s12, s21, s22 = lanes[_S11 + i], lanes[_S12 + i], lanes[_S21 + i], lanes[_S22 + i]
        m = abs(dx) + abs(dy)
        terms = ((abs(xx * dx) + abs(xy * dy)) + (abs(yx * dx) + abs(yy * dy))) + curved * (m * m)
        jxx, jxy = (xx + (a[3] + a[3]) * dx) + a[4] * dy, (xy + a[4] * dx) + (a[5] + a[5]) * dy
        jyx, jyy = (yx + (b[3] + b[3]) * dx) + b[4] * dy, (yy + b[4] * dx) + (b[5] + b[5]) * dy
        t11, t12 = jxx * s11 + jxy * s21, jxx * s12 + jxy * s22
        t21, t22 = jyx * s11 + jyy * s21, jyx * s12 + jyy * s22
        size, floor = 0.5 * ((abs(t11) + abs(t12)) + (abs(t21) + abs(t22))), curved * (s * s)
        is_flat = size < floor
        size = floor if is_flat else size
        lanes[_DX + i] = dx * ((xx + a[3] * dx) + a[4] * dy) + dy * (xy + a[5] * dy)
        lanes[_DY + i] = dx * ((yx + b[3] * dx) + b[4] * dy) + dy * (yy + b[5] * dy)
        lanes[_SIZE + i] = size
        lanes[_S11 + i], lanes[_S12 + i] = floor if is_flat else t11, 0.0 if is_flat else t12
        lanes[_S21 + i], lanes[_S22 + i] = 0.0 if is_flat else t21, floor if is_flat else t22
        lanes[_LOST + i] = 1.0 if (terms > LOST * size) & (terms > TINY) else 0.0
    n = 0
    for i in range(LANES):
        n += lanes[_LOST + i] != 0.0
    return n


@nb.njit(**INNER)
def _begin(lanes, i, dx, dy, side):
    """Let a lane begin; with differences of 0 it goes along with the orbit."""
    lanes[_DX + i], lanes[_DY + i], lanes[_SIZE + i] = dx, dy, side
    lanes[_S11 + i], lanes[_S12 + i], lanes[_S21 + i], lanes[_S22 + i] = side, 0.0, 0.0, side


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def differences(
    q, orbit, offsets, side, curved, ellipses, radius2, cone, bailout2, is_certified, max_iterations,
    classes, counts, faults, points, starts,
):  # fmt: skip
    """Iterate; a point that float64 tells from its neighbours is left in `points`, with its time in `starts`."""
    a = (q[0, 0], q[0, 1], q[0, 2], q[0, 3], q[0, 4], q[0, 5])
    b = (q[1, 0], q[1, 1], q[1, 2], q[1, 3], q[1, 4], q[1, 5])
    c = (cone[0], cone[1], cone[2], cone[3])
    limit = min(radius2, bailout2)
    lanes, is_alive = np.empty(12 * LANES), np.empty(LANES, np.bool_)
    for first in range(0, len(offsets), LANES):
        n_alive = min(LANES, len(offsets) - first)
        for i in range(LANES):
            is_alive[i] = i < n_alive
            _begin(lanes, i, 0.0, 0.0, 0.0)
            if is_alive[i]:
                _begin(lanes, i, offsets[first + i, 0], offsets[first + i, 1], side)
        for t in range(max_iterations + 1):
            state = (orbit[t, 0], orbit[t, 1], orbit[t, 2], orbit[t, 3], orbit[t, 4], orbit[t, 5])
            if _look(ellipses, c, limit, state, lanes):
                for i in range(LANES):
                    x, y = lanes[_X + i], lanes[_Y + i]
                    if not is_alive[i]:
                        continue
                    if lanes[_OPEN + i] == 0.0:
                        classes[first + i] = fate(ellipses, c, radius2, bailout2, is_certified, 1.0, x, y)
                        counts[first + i] = t
                    elif lanes[_FAR + i] != 0.0 and t < max_iterations:
                        points[first + i, 0], points[first + i, 1], starts[first + i] = x, y, t
                    else:
                        continue
                    is_alive[i], n_alive = False, n_alive - 1
                    _begin(lanes, i, 0.0, 0.0, 0.0)
            if n_alive == 0 or t == max_iterations:
                break
            if t + 1 == len(orbit):
                for i in range(LANES):
                    if is_alive[i]:
                        faults[first + i] = SHORT
                break
            if _step(a, b, curved, state, lanes):
                for i in range(LANES):
                    if is_alive[i] and lanes[_LOST + i] != 0.0:
                        faults[first + i], is_alive[i], n_alive = GLITCH, False, n_alive - 1
                        _begin(lanes, i, 0.0, 0.0, 0.0)
