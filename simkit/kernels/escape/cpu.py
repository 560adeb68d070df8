"""What becomes of every point of a picture, in Numba: LANES orbits side by side. Nothing here holds the GIL.

A single orbit waits for each operation; side by side they fill vectors of any width. Orbits advance BLOCK iterations
at a time in registers. One that is decided stays where it is, so that no other test is needed than that of the regions,
and what decided it is seen from where it is after the block. Then the lane takes the next pixel: long and short orbits
leave no lane idle until the pixels run out.
"""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.compiling import CALLED, INNER, stamped
from simkit.kernels.escape import (
    FINE,
    UNDECIDED,
    Outcome,
    Perturbed,
    Regions,
    bend,
)
from simkit.kernels.escape.differences import differences
from simkit.kernels.escape.pairs import boundaries as boundaries
from simkit.kernels.escape.points import fate, is_in_cone, is_inside, step
from simkit.kernels.escape.simd import advance

#: orbits side by side, and iterations between two looks at them
LANES, BLOCK = 32, 8


@nb.njit(**INNER)
def _any_block(a, b, ellipses, cone, limit, one, xs, ys, ns, is_active):
    """Advance all lanes by BLOCK iterations, with any number of ellipses and a cone; return how many were made."""
    n_before = ns.sum()
    for _ in range(BLOCK):
        for i in range(LANES):
            x, y = xs[i], ys[i]
            is_active[i] = (x * x + y * y <= limit) & (not is_in_cone(cone, x, y, one))
        for j in range(len(ellipses)):
            e = (ellipses[j, 0], ellipses[j, 1], ellipses[j, 2], ellipses[j, 3], ellipses[j, 4])
            for i in range(LANES):
                is_active[i] &= not is_inside(e, xs[i], ys[i], one)
        for i in range(LANES):
            x, y = step(a, b, xs[i], ys[i])
            xs[i], ys[i] = x if is_active[i] else xs[i], y if is_active[i] else ys[i]
            ns[i] += is_active[i]
    return ns.sum() - n_before


@nb.njit(**INNER)
def _picture(
    q, window, points, ellipses, radius2, cone, bailout2, is_certified, max_iterations, one, classes, counts, ns
):
    """Fill a picture, or follow points if there are any; all floating-point arguments but these are of the precision.

    `ns` are integers of its width. Points (point, 2) have pictures of one row.
    """
    height, width = classes.shape
    a = (q[0, 0], q[0, 1], q[0, 2], q[0, 3], q[0, 4], q[0, 5])
    b = (q[1, 0], q[1, 1], q[1, 2], q[1, 3], q[1, 4], q[1, 5])
    c = (cone[0], cone[1], cone[2], cone[3])
    limit, is_simple = min(radius2, bailout2), len(ellipses) == 1 and np.isnan(cone).any()
    numbers = np.empty(18, q.dtype)
    numbers[:6], numbers[6:12], numbers[12:17], numbers[17] = q[0], q[1], ellipses[0], limit
    xs, ys = np.full(LANES, np.nan).astype(q.dtype), np.full(LANES, np.nan).astype(q.dtype)
    row, column = np.full(LANES, -1, np.int64), np.zeros(LANES, np.int64)
    due, expiry = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    is_active = np.zeros(LANES, np.bool_)
    n_left, i, j = height * width, 0, 0  # pixels that are not done, and the next one
    n_blocks, next_expiry, n_made = 0, 0, -1
    life = (max_iterations + BLOCK) // BLOCK  # blocks after which a lane has counted more than the most iterations
    ns[:] = 0
    while True:
        if n_made == LANES * BLOCK and n_blocks < next_expiry:
            due += BLOCK
        else:
            next_expiry = n_blocks + life
            for lane in range(LANES):
                if row[lane] >= 0:
                    if ns[lane] == due[lane] and n_blocks < expiry[lane]:
                        next_expiry = min(next_expiry, expiry[lane])
                        due[lane] += BLOCK
                        continue
                    if ns[lane] <= max_iterations:
                        y, x = row[lane], column[lane]
                        classes[y, x] = fate(ellipses, c, radius2, bailout2, is_certified, one, xs[lane], ys[lane])
                        counts[y, x] = ns[lane]
                    n_left, row[lane], xs[lane] = n_left - 1, -1, np.nan
                if i < height:
                    if len(points):
                        xs[lane], ys[lane] = points[j, 0], points[j, 1]
                    else:
                        xs[lane], ys[lane] = window[0] + j * window[2], window[1] + i * window[3]
                    row[lane], column[lane] = i, j
                    ns[lane], due[lane], expiry[lane] = 0, BLOCK, n_blocks + life
                    i, j = (i, j + 1) if j + 1 < width else (i + 1, 0)
            if n_left == 0:
                return
        if is_simple:
            n_before = ns.sum()
            advance(LANES, BLOCK, numbers, xs, ys, ns)
            n_made = ns.sum() - n_before
        else:
            n_made = _any_block(a, b, ellipses, c, limit, one, xs, ys, ns, is_active)
        n_blocks += 1


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _pictures(
    maps,
    ellipses,
    radius2,
    cone,
    bailout2,
    is_certified,
    windows,
    max_iterations,
    classes,
    counts,
    ns,
    one,
):
    """Fill the pictures of all maps."""
    no_points = np.empty((0, 2))
    for k in range(len(maps)):
        _picture(
            maps[k], windows[k], no_points, ellipses[k], radius2[k], cone[k], bailout2[k], is_certified[k],
            max_iterations, one, classes[k], counts[k], ns,
        )  # fmt: skip


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _follow(q, points, ellipses, radius2, cone, bailout2, is_certified, max_iterations, classes, counts, ns):
    """Follow points in float64."""
    _picture(
        q, np.empty(4), points, ellipses, radius2, cone, bailout2, is_certified, max_iterations, 1.0,
        classes, counts, ns,
    )  # fmt: skip


def escape(
    maps: npt.NDArray[np.float64],
    windows: npt.NDArray[np.float64],
    shape: tuple[int, int],
    regions: Regions,
    max_iterations: int,
    precision: str = "float64",
) -> Outcome:
    """Iterate; see the package's docstring."""
    classes = np.full((len(maps), *shape), UNDECIDED, np.uint8)
    counts = np.full((len(maps), *shape), max_iterations, np.int32)
    if classes.size:
        dtype = np.dtype(precision)
        windows, is_certified = np.ascontiguousarray(windows, np.float64), np.ascontiguousarray(regions.is_certified)
        with np.errstate(over="ignore"):  # of a limit that is infinite in the precision
            parts = [np.ascontiguousarray(part, dtype) for part in (maps, *regions[:4])]
        ns = np.empty(LANES, f"int{8 * dtype.itemsize}")
        _pictures(*parts, is_certified, windows, max_iterations, classes, counts, ns, dtype.type(1))
    return Outcome(classes, counts)


def perturb(
    quadratic: npt.NDArray[np.float64],
    orbit: npt.NDArray[np.float64],
    offsets: npt.NDArray[np.float64],
    side: float,
    regions: Regions,
    max_iterations: int,
) -> Perturbed:
    """Iterate differences until float64 tells the points apart, and from there on the points; see the package."""
    n = len(offsets)
    found = Perturbed(np.full(n, UNDECIDED, np.uint8), np.full(n, max_iterations, np.int32), np.full(n, FINE, np.uint8))
    q, orbit, offsets = (np.ascontiguousarray(part, np.float64) for part in (quadratic, orbit, offsets))
    ellipses, cone = (np.ascontiguousarray(part[0], np.float64) for part in (regions.ellipses, regions.cone))
    of = ellipses, float(regions.radius2[0]), cone, float(regions.bailout2[0]), bool(regions.is_certified[0])
    points = np.empty((n, 2))
    starts = np.full(n, -1, np.int32)
    differences(q, orbit, offsets, float(side), bend(q), *of, max_iterations, *found, points, starts)
    which = np.flatnonzero(starts >= 0)
    if len(which):
        classes, counts = np.full((1, len(which)), UNDECIDED, np.uint8), np.zeros((1, len(which)), np.int32)
        _follow(q, points[which], *of, max_iterations, classes, counts, np.empty(LANES, np.int64))
        times = starts[which].astype(np.int64) + counts[0]
        is_decided = (classes[0] != UNDECIDED) & (times <= max_iterations)
        found.classes[which] = np.where(is_decided, classes[0], UNDECIDED)
        found.counts[which] = np.where(is_decided, times, max_iterations)
    return found
