"""Differences from a reference orbit, in Numba: LANES points at a time, all at the same time of the orbit.

They are neighbours, which become far enough apart for float64 at nearly the same time; then `cpu` follows them as
points.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from simkit.kernels.compiling import CALLED, INNER
from simkit.kernels.escape import GLITCH, HUGE, LOST, RESOLVED, SHORT, TINY
from simkit.kernels.escape.points import fate, is_in_cone, is_inside

#: points side by side
LANES = 32

_RESOLVED = RESOLVED["float64"]


@nb.njit(**INNER)
def _look(ellipses, cone, limit, state, xs, ys, is_open, is_far):
    """Find out which points `state` + d are in no region, and which float64 tells from their neighbours."""
    dx, dy, s = xs[0], xs[1], xs[2]
    for i in range(LANES):
        x, y = state[0] + dx[i], state[1] + dy[i]
        ys[0, i], ys[1, i] = x, y
        is_open[i] = (x * x + y * y <= limit) & (not is_in_cone(cone, x, y, 1.0))
        largest = max(abs(x), abs(y))
        is_far[i] = (s[i] >= _RESOLVED * max(1.0, largest)) | (largest >= HUGE)
    for j in range(len(ellipses)):
        e = (ellipses[j, 0], ellipses[j, 1], ellipses[j, 2], ellipses[j, 3], ellipses[j, 4])
        for i in range(LANES):
            is_open[i] &= not is_inside(e, ys[0, i], ys[1, i], 1.0)


@nb.njit(**INNER)
def _step(a, b, curved, state, lanes, is_lost):
    """Advance the rows dx, dy, s, s11, s12, s21, s22 of `lanes`; find out where rounding is not small beside s."""
    xx, xy, yx, yy = state[2], state[3], state[4], state[5]
    for i in range(LANES):
        dx, dy, s = lanes[0, i], lanes[1, i], lanes[2, i]
        s11, s12, s21, s22 = lanes[3, i], lanes[4, i], lanes[5, i], lanes[6, i]
        m = abs(dx) + abs(dy)
        terms = ((abs(xx * dx) + abs(xy * dy)) + (abs(yx * dx) + abs(yy * dy))) + curved * (m * m)
        jxx, jxy = (xx + (a[3] + a[3]) * dx) + a[4] * dy, (xy + a[4] * dx) + (a[5] + a[5]) * dy
        jyx, jyy = (yx + (b[3] + b[3]) * dx) + b[4] * dy, (yy + b[4] * dx) + (b[5] + b[5]) * dy
        t11, t12 = jxx * s11 + jxy * s21, jxx * s12 + jxy * s22
        t21, t22 = jyx * s11 + jyy * s21, jyx * s12 + jyy * s22
        size, floor = 0.5 * ((abs(t11) + abs(t12)) + (abs(t21) + abs(t22))), curved * (s * s)
        is_flat = size < floor
        size = floor if is_flat else size
        lanes[2, i] = size
        lanes[3, i], lanes[4, i] = floor if is_flat else t11, 0.0 if is_flat else t12
        lanes[5, i], lanes[6, i] = 0.0 if is_flat else t21, floor if is_flat else t22
        lanes[0, i] = dx * ((xx + a[3] * dx) + a[4] * dy) + dy * (xy + a[5] * dy)
        lanes[1, i] = dx * ((yx + b[3] * dx) + b[4] * dy) + dy * (yy + b[5] * dy)
        is_lost[i] = (terms > LOST * size) & (terms > TINY)


@nb.njit(nogil=True, cache=True, **CALLED)
def differences(
    q, orbit, offsets, side, curved, ellipses, radius2, cone, bailout2, is_certified, max_iterations,
    classes, counts, faults, points, starts,
):  # fmt: skip
    """Iterate; a point that float64 tells from its neighbours is left in `points`, with its time in `starts`."""
    a = (q[0, 0], q[0, 1], q[0, 2], q[0, 3], q[0, 4], q[0, 5])
    b = (q[1, 0], q[1, 1], q[1, 2], q[1, 3], q[1, 4], q[1, 5])
    c = (cone[0], cone[1], cone[2], cone[3])
    limit = min(radius2, bailout2)
    lanes, at, is_alive = np.empty((7, LANES)), np.empty((2, LANES)), np.empty(LANES, np.bool_)
    is_open, is_far, is_lost = np.empty(LANES, np.bool_), np.empty(LANES, np.bool_), np.empty(LANES, np.bool_)
    for first in range(0, len(offsets), LANES):
        n_alive = min(LANES, len(offsets) - first)
        lanes[:] = 0.0
        for i in range(LANES):
            is_alive[i] = i < n_alive
            if is_alive[i]:
                lanes[0, i], lanes[1, i] = offsets[first + i, 0], offsets[first + i, 1]
            lanes[2, i], lanes[3, i], lanes[6, i] = side, side, side
        for t in range(max_iterations + 1):
            state = (orbit[t, 0], orbit[t, 1], orbit[t, 2], orbit[t, 3], orbit[t, 4], orbit[t, 5])
            _look(ellipses, c, limit, state, lanes, at, is_open, is_far)
            if (is_far | ~is_open).any():
                for i in range(LANES):
                    if is_alive[i] and not is_open[i]:
                        found = fate(ellipses, c, radius2, bailout2, is_certified, 1.0, at[0, i], at[1, i])
                        classes[first + i], counts[first + i] = found, t
                    elif is_alive[i] and is_far[i] and t < max_iterations:
                        points[first + i, 0], points[first + i, 1], starts[first + i] = at[0, i], at[1, i], t
                    else:
                        continue
                    is_alive[i], n_alive = False, n_alive - 1
            if n_alive == 0 or t == max_iterations:
                break
            if t + 1 == len(orbit):
                for i in range(LANES):
                    if is_alive[i]:
                        faults[first + i] = SHORT
                break
            _step(a, b, curved, state, lanes, is_lost)
            if is_lost.any():
                for i in range(LANES):
                    if is_alive[i] and is_lost[i]:
                        faults[first + i], is_alive[i], n_alive = GLITCH, False, n_alive - 1
