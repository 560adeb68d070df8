"""What becomes of every point of a picture, in NumPy: all pixels of a map at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.kernels.escape import (
    CONVERGED,
    CONVERGED_HEURISTIC,
    ESCAPED,
    ESCAPED_HEURISTIC,
    FINE,
    GLITCH,
    HUGE,
    LOST,
    RESOLVED,
    SHORT,
    TINY,
    UNDECIDED,
    Outcome,
    Perturbed,
    Regions,
    bend,
)

F = npt.NDArray[np.floating]
Bool = npt.NDArray[np.bool_]


def step(quadratic: F, x: F, y: F) -> tuple[F, F]:
    """Return the images of points under a map (2, 6), in the order of operations that all backends keep to."""
    a, b = quadratic
    return (
        (a[0] + x * (a[1] + (a[3] * x + a[4] * y))) + y * (a[2] + a[5] * y),
        (b[0] + x * (b[1] + (b[3] * x + b[4] * y))) + y * (b[2] + b[5] * y),
    )


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
    with np.errstate(all="ignore"):
        for i, window in enumerate(windows):
            x = np.broadcast_to(window[0] + np.arange(shape[1]) * window[2], shape).astype(precision)
            y = np.broadcast_to((window[1] + np.arange(shape[0]) * window[3])[:, None], shape).astype(precision)
            for t in range(max_iterations + 1):
                fate = _fate(x, y, Regions(*(part[i] for part in regions)), precision)
                is_new = (classes[i] == UNDECIDED) & (fate != UNDECIDED)
                classes[i][is_new], counts[i][is_new] = fate[is_new], t
                if (classes[i] != UNDECIDED).all():
                    break
                x, y = step(maps[i].astype(precision), x, y)
    return Outcome(classes, counts)


def _fate(x: F, y: F, of: Regions, precision: str) -> npt.NDArray[np.uint8]:
    """Return the class of points by the regions that they are in now."""
    size2, cone = x * x + y * y, np.asarray(of.cone, precision)
    u, v = cone[0] * x + cone[1] * y, cone[2] * x + cone[3] * y
    fate = np.full(x.shape, UNDECIDED, np.uint8)
    fate[~(size2 <= np.asarray(of.bailout2, precision))] = ESCAPED_HEURISTIC
    fate[(size2 > np.asarray(of.radius2, precision)) | ((u > 1) & (abs(v) <= u))] = ESCAPED
    for ellipse in np.asarray(of.ellipses, precision):
        dx, dy = x - ellipse[0], y - ellipse[1]
        u, v = ellipse[2] * dx + ellipse[3] * dy, ellipse[4] * dy
        fate[u * u + v * v < 1] = CONVERGED if of.is_certified else CONVERGED_HEURISTIC
    return fate


def perturb(
    quadratic: npt.NDArray[np.float64],
    orbit: npt.NDArray[np.float64],
    offsets: npt.NDArray[np.float64],
    side: float,
    regions: Regions,
    max_iterations: int,
) -> Perturbed:
    """Iterate differences; see the package's docstring."""
    n = len(offsets)
    found = Perturbed(np.full(n, UNDECIDED, np.uint8), np.full(n, max_iterations, np.int32), np.full(n, FINE, np.uint8))
    is_done, is_plain, curved = np.zeros(n, np.bool_), np.zeros(n, np.bool_), bend(quadratic)
    d: F = offsets.T.copy()
    s: F = np.full(n, float(side))
    image: F = np.eye(2)[..., None] * s
    x, y, of = np.zeros(n), np.zeros(n), Regions(*(part[0] for part in regions))
    with np.errstate(all="ignore"):
        for t in range(max_iterations + 1):
            at = orbit[min(t, len(orbit) - 1)]
            x, y = np.where(is_plain, x, at[0] + d[0]), np.where(is_plain, y, at[1] + d[1])
            fate = _fate(x, y, of, "float64")
            is_new = ~is_done & (fate != UNDECIDED)
            found.classes[is_new], found.counts[is_new] = fate[is_new], t
            is_done |= is_new
            if is_done.all() or t == max_iterations:
                break
            largest = np.maximum(abs(x), abs(y))
            is_plain |= ~is_done & ((s >= RESOLVED["float64"] * np.maximum(1.0, largest)) | (largest >= HUGE))
            if t + 1 >= len(orbit):
                found.faults[~is_done & ~is_plain] = SHORT
                is_done |= ~is_plain
            terms, d, s, image = _differences(quadratic, at[2:].reshape(2, 2), curved, d, s, image)
            is_glitched = ~is_done & ~is_plain & (terms > LOST * s) & (terms > TINY)
            found.faults[is_glitched] = GLITCH
            is_done |= is_glitched
            plain = step(quadratic, x, y)
            x, y = np.where(is_plain, plain[0], x), np.where(is_plain, plain[1], y)
    return found


def _differences(quadratic: F, at: F, curved: float, d: F, s: F, image: F) -> tuple[F, F, F, F]:
    """Return T, d, s and S after a step from where the reference orbit has the derivative `at`."""
    (dx, dy), j = d, np.empty((2, 2, len(s)))
    m = abs(dx) + abs(dy)
    terms = abs(at[..., None] * d)
    terms = ((terms[0, 0] + terms[0, 1]) + (terms[1, 0] + terms[1, 1])) + curved * (m * m)
    for i, q in enumerate(quadratic):
        j[i, 0] = (at[i, 0] + (q[3] + q[3]) * dx) + q[4] * dy
        j[i, 1] = (at[i, 1] + q[4] * dx) + (q[5] + q[5]) * dy
    image = j[:, :1] * image[0] + j[:, 1:] * image[1]
    size = abs(image)
    size, floor = 0.5 * ((size[0, 0] + size[0, 1]) + (size[1, 0] + size[1, 1])), curved * (s * s)
    image = np.where(size < floor, floor * np.eye(2)[..., None], image)
    d = np.array(
        [dx * ((at[i, 0] + q[3] * dx) + q[4] * dy) + dy * (at[i, 1] + q[5] * dy) for i, q in enumerate(quadratic)]
    )
    return terms, d, np.where(size < floor, floor, size), image


def _n_pairs(first: Bool, second: Bool) -> npt.NDArray[np.int64]:
    """Return in each picture how many neighbours are of the first kind and of the second."""
    of_rows = first[:, :, 1:] & second[:, :, :-1] | first[:, :, :-1] & second[:, :, 1:]
    of_columns = first[:, 1:] & second[:, :-1] | first[:, :-1] & second[:, 1:]
    found: npt.NDArray[np.int64] = of_rows.sum(axis=(1, 2)) + of_columns.sum(axis=(1, 2))
    return found


def boundaries(classes: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Count pairs; see the package's docstring."""
    converged, escaped = classes == CONVERGED, classes == ESCAPED
    is_any = converged | (classes == CONVERGED_HEURISTIC)
    ranks = np.pad(1 - converged.astype(np.int8) + escaped, ((0, 0), (1, 1), (1, 1)), "edge")
    height, width = classes.shape[1:]
    around = np.stack([ranks[:, i : i + height, j : j + width] for i in range(3) for j in range(3)])
    median = np.median(around, axis=0) if classes.size else around[0]
    found = (
        _n_pairs(is_any, ~is_any),
        _n_pairs(converged, escaped),
        _n_pairs(median == 0, median == 2),
        (~converged & ~escaped).sum(axis=(1, 2)),
    )
    return np.stack(found, axis=1).astype(np.int32)
