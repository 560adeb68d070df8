"""What becomes of every point of a picture, in NumPy: all pixels of a map at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.kernels.escape import (
    CANCELLED,
    CONVERGED,
    CONVERGED_HEURISTIC,
    ESCAPED,
    ESCAPED_HEURISTIC,
    FAR,
    LARGE,
    LOST,
    UNDECIDED,
    Outcome,
    Perturbed,
    Regions,
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
    regions: Regions,
    max_iterations: int,
) -> Perturbed:
    """Iterate differences; see the package's docstring."""
    n_points = len(offsets)
    classes, counts = np.full(n_points, UNDECIDED, np.uint8), np.full(n_points, max_iterations, np.int32)
    is_glitched, is_plain, is_done = (np.zeros(n_points, np.bool_) for _ in range(3))
    dx, dy = offsets.T.copy()
    x, y, kept = np.zeros(n_points), np.zeros(n_points), np.ones(n_points)
    of = Regions(*(part[0] for part in regions))
    with np.errstate(all="ignore"):
        for t in range(max_iterations + 1):
            at = orbit[min(t, len(orbit) - 1)]
            x, y = np.where(is_plain, x, at[0] + dx), np.where(is_plain, y, at[1] + dy)
            fate = _fate(x, y, of, "float64")
            is_new = ~is_done & (fate != UNDECIDED)
            classes[is_new], counts[is_new] = fate[is_new], t
            is_done |= is_new
            if is_done.all() or t == max_iterations:
                break
            size, is_last = np.maximum(abs(dx), abs(dy)), t + 1 >= len(orbit)
            is_plain |= ~is_done & ((size >= LARGE) | (is_last & (size >= FAR)))
            is_glitched |= ~is_done & ~is_plain & is_last
            terms = (abs(at[2] * dx) + abs(at[3] * dy)) + (abs(at[4] * dx) + abs(at[5] * dy))
            dx, dy = (
                dx * ((at[2 + 2 * i] + q[3] * dx) + q[4] * dy) + dy * (at[3 + 2 * i] + q[5] * dy)
                for i, q in enumerate(quadratic)
            )
            after = abs(dx) + abs(dy)
            kept = np.where(after < CANCELLED * terms, kept * (after / terms), kept)
            is_glitched |= ~is_done & ~is_plain & (kept < LOST)
            is_done |= is_glitched
            plain = step(quadratic, x, y)
            x, y = np.where(is_plain, plain[0], x), np.where(is_plain, plain[1], y)
    return Perturbed(classes, counts, is_glitched)


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
