"""Orbits of planar quadratic maps in NumPy: all of them at once, one iteration after another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.kernels.orbit import Density, Stretch

F64 = npt.NDArray[np.float64]


def _columns(maps: F64) -> tuple[F64, F64]:
    """Return the coefficients of x' and of y', each as (6, map, 1), so that they are multiplied with (map, orbit)."""
    a, b = np.moveaxis(maps, (1, 2), (0, 1))
    return a[..., None], b[..., None]


def _step(a: F64, b: F64, x: F64, y: F64) -> tuple[F64, F64]:
    return (
        (a[0] + x * (a[1] + (a[3] * x + a[4] * y))) + y * (a[2] + a[5] * y),
        (b[0] + x * (b[1] + (b[3] * x + b[4] * y))) + y * (b[2] + b[5] * y),
    )


def trace(maps: F64, states: F64, n: int) -> F64:
    """Iterate; see the package's docstring."""
    (a, b), x, y = _columns(maps), states[..., 0], states[..., 1]
    found = np.empty((*states.shape[:2], n, 2))
    with np.errstate(all="ignore"):
        for t in range(n):
            x, y = _step(a, b, x, y)
            found[:, :, t, 0], found[:, :, t, 1] = x, y
    return found


def _power(size: F64) -> npt.NDArray[np.int64]:
    """Return the power of two that sizes are at least; 0 for 0 and for what is not finite."""
    is_usual = np.isfinite(size) & (size > 0)
    return np.where(is_usual, np.frexp(np.where(is_usual, size, 1))[1].astype(np.int64) - 1, 0)


def stretch(maps: F64, states: F64, n: int) -> Stretch:
    """Iterate; see the package's docstring."""
    (a, b), x, y = _columns(maps), states[..., 0], states[..., 1]
    vx, vy, product = np.ones(x.shape), np.zeros(x.shape), np.ones(x.shape)
    powers = np.zeros((*x.shape, 2), np.int64)
    with np.errstate(all="ignore"):
        for _ in range(n):
            xx, xy, yx, yy = (
                q[i] + (p + r)
                for q in (a, b)
                for i, p, r in (
                    (1, (q[3] + q[3]) * x, q[4] * y),
                    (2, q[4] * x, (q[5] + q[5]) * y),
                )
            )
            vx, vy = xx * vx + xy * vy, yx * vx + yy * vy
            product = product * abs(xx * yy - xy * yx)
            by, of_product = _power(np.maximum(abs(vx), abs(vy))), _power(product)
            vx, vy, product = np.ldexp(vx, -by), np.ldexp(vy, -by), np.ldexp(product, -of_product)
            powers += np.stack((by, of_product), axis=-1)
            x, y = _step(a, b, x, y)
    return Stretch(np.stack((x, y), axis=-1), np.stack((vx, vy), axis=-1), product, powers)


def density(maps: F64, states: F64, windows: F64, shape: tuple[int, int], n: int) -> Density:
    """Iterate; see the package's docstring."""
    (a, b), x, y = _columns(maps), states[..., 0], states[..., 1]
    counts, (height, width) = np.zeros((len(maps), *shape), np.uint32), shape
    which = np.broadcast_to(np.arange(len(maps))[:, None], x.shape)
    corner_x, corner_y, per_x, per_y = windows.T[..., None]
    with np.errstate(all="ignore"):
        for _ in range(n):
            x, y = _step(a, b, x, y)
            column, row = (x - corner_x) * per_x, (y - corner_y) * per_y
            is_in = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            np.add.at(counts, (which[is_in], row[is_in].astype(np.int64), column[is_in].astype(np.int64)), 1)
    return Density(np.stack((x, y), axis=-1), counts)
