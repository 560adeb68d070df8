"""Long orbits in NumPy: all maps at once, one iteration after another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.kernels.orbit import ARCTANGENT, EVERY, F64, TAN_PI_8, Density, Followed, Rotated
from simkit.kernels.orbit.carry_reference import carry as carry

I64 = npt.NDArray[np.int64]


def follow(maps: F64, states: F64, tangents: F64, limits: F64, n: int) -> Followed:
    """Iterate with a tangent vector; see the package's docstring."""
    a = np.moveaxis(maps, 0, 2)
    (x, y), (u, v) = states.T.copy(), tangents.T.copy()
    areas, powers, steps = np.ones(len(x)), np.zeros((len(x), 2), np.int64), np.zeros(len(x), np.int64)
    with np.errstate(all="ignore"):
        for t in range(1, n + 1):
            is_active = x * x + y * y <= limits
            (xx, xy), (yx, yy) = (
                ((c[1] + (c[3] + c[3]) * x) + c[4] * y, (c[2] + c[4] * x) + (c[5] + c[5]) * y) for c in a
            )
            areas = np.where(is_active, areas * abs(xx * yy - xy * yx), areas)
            u, v = np.where(is_active, (xx * u + xy * v, yx * u + yy * v), (u, v))
            x, y = np.where(is_active, step(a, x, y), (x, y))
            steps += is_active
            if t % EVERY == 0 or t == n:
                power = exponent(np.where(abs(u) > abs(v), abs(u), abs(v)))
                u, v, powers[:, 0] = u * scale(power), v * scale(power), powers[:, 0] + power
                power = exponent(areas)
                areas, powers[:, 1] = areas * scale(power), powers[:, 1] + power
    return Followed(np.stack((x, y), 1), np.stack((u, v), 1), areas, powers, steps)


def rotations(
    maps: F64, states: F64, centres: F64, strides: npt.NDArray[np.int32], branches: F64, weights: F64
) -> Rotated:
    """Average angles and states by weights; see the package's docstring."""
    a = np.moveaxis(maps, 0, 2)
    x, y = states.T.copy()
    cx, cy = centres.T
    turns, mean_x, mean_y = np.zeros(len(x)), np.zeros(len(x)), np.zeros(len(x))
    with np.errstate(all="ignore"):
        for weight in weights:
            dx, dy = x - cx, y - cy
            for i in range(strides.max(initial=0)):
                x, y = np.where(i < strides, step(a, x, y), (x, y))
            ex, ey = x - cx, y - cy
            angle = turn(dx * ex + dy * ey, dx * ey - dy * ex)
            apart = branches - angle
            angle = angle + np.where(apart > 0.5, 1.0, np.where(apart < -0.5, -1.0, 0.0))
            turns, mean_x, mean_y = turns + weight * angle, mean_x + weight * x, mean_y + weight * y
    return Rotated(np.stack((x, y), 1), turns, np.stack((mean_x, mean_y), 1))


def density(maps: F64, states: F64, windows: F64, shape: tuple[int, int], n: int) -> Density:
    """Count how often pixels are met; see the package's docstring."""
    a = np.moveaxis(maps, 0, 2)
    x, y = states.T.copy()
    left, top, dx, dy = windows.T
    counts = np.zeros((len(x), *shape), np.uint32)
    with np.errstate(all="ignore"):
        by_dx, by_dy = 1 / dx, 1 / dy
        for _ in range(n):
            x, y = step(a, x, y)
            i, j = (y - top) * by_dy + 0.5, (x - left) * by_dx + 0.5
            met = np.flatnonzero((i >= 0) & (i < shape[0]) & (j >= 0) & (j < shape[1]))
            counts[met, i[met].astype(np.int64), j[met].astype(np.int64)] += np.uint32(1)
    return Density(np.stack((x, y), 1), counts)


def trace(maps: F64, states: F64, n: int) -> F64:
    """Return states; see the package's docstring."""
    a = np.moveaxis(maps, 0, 2)
    x, y = states.T.copy()
    found = np.empty((len(x), n, 2))
    with np.errstate(all="ignore"):
        for t in range(n):
            x, y = step(a, x, y)
            found[:, t, 0], found[:, t, 1] = x, y
    return found


def step(maps: F64, x: F64, y: F64) -> tuple[F64, F64]:
    """Return the images of points, each under its own map: float64 (2, 6, map)."""
    a, b = maps
    return (
        (a[0] + x * (a[1] + (a[3] * x + a[4] * y))) + y * (a[2] + a[5] * y),
        (b[0] + x * (b[1] + (b[3] * x + b[4] * y))) + y * (b[2] + b[5] * y),
    )


def exponent(size: F64) -> I64:
    """Return the exponent of the power of two below; 0 of 0, of subnormal numbers, and from 2^1023 on."""
    biased = (size.view(np.int64) >> 52) & 0x7FF
    return np.where((biased > 0) & (biased < 0x7FE), biased - 1023, 0)


def scale(power: I64) -> F64:
    """Return 2**-power."""
    return ((1023 - power) << 52).view(np.float64)


def turn(x: F64, y: F64) -> F64:
    """Return the angle of (x, y) in turns, -1/2..1/2; not a number for (0, 0)."""
    p, q = abs(x), abs(y)
    is_steep = q > p
    s, g = np.where(is_steep, p, q), np.where(is_steep, q, p)
    is_wide = s > TAN_PI_8 * g
    r = np.where(is_wide, s - g, s) / np.where(is_wide, s + g, g)
    found, square = np.full(x.shape, ARCTANGENT[-1]), r * r
    for c in ARCTANGENT[-2::-1]:
        found = found * square + c
    found = found * r + np.where(is_wide, 0.125, 0.0)
    found = np.where(is_steep, 0.25 - found, found)
    found = np.where(x < 0, 0.5 - found, found)
    return np.where(y < 0, -found, found)
