"""What becomes of every point of a picture, in NumPy: all pixels of a map at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.kernels.escape import (
    CONVERGED,
    CONVERGED_HEURISTIC,
    ESCAPED,
    ESCAPED_HEURISTIC,
    UNDECIDED,
    Outcome,
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
