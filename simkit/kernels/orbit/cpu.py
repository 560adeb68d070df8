"""Orbits of planar quadratic maps in Numba, those of a map side by side. Nothing here holds the GIL."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.compiling import CALLED, INNER
from simkit.kernels.orbit import Density, Stretch

F64 = npt.NDArray[np.float64]

#: orbits side by side
LANES = 16

#: the bits of the exponent of a float64, and its value for 1
_EXPONENT, _BIAS = np.int64(0x7FF), np.int64(1023)

#: 2**-1023 to 2**1023
_POWERS = np.ldexp(1.0, np.arange(-1023, 1024))


@nb.njit(**INNER)
def _step(a, b, x, y):
    """Return the image of a point."""
    return (
        (a[0] + x * (a[1] + (a[3] * x + a[4] * y))) + y * (a[2] + a[5] * y),
        (b[0] + x * (b[1] + (b[3] * x + b[4] * y))) + y * (b[2] + b[5] * y),
    )


@nb.njit(**INNER)
def _of(row):
    """Return six coefficients as a tuple, which stays in registers."""
    return (row[0], row[1], row[2], row[3], row[4], row[5])


@nb.njit(nogil=True, cache=True, **CALLED)
def _trace(maps, states, found):
    for k in range(len(maps)):
        a, b = _of(maps[k, 0]), _of(maps[k, 1])
        for first in range(0, states.shape[1], LANES):
            n_lanes = min(LANES, states.shape[1] - first)
            xs, ys = states[k, first : first + n_lanes, 0].copy(), states[k, first : first + n_lanes, 1].copy()
            for t in range(found.shape[2]):
                for i in range(n_lanes):
                    xs[i], ys[i] = _step(a, b, xs[i], ys[i])
                for i in range(n_lanes):
                    found[k, first + i, t, 0], found[k, first + i, t, 1] = xs[i], ys[i]


def trace(maps: F64, states: F64, n: int) -> F64:
    """Iterate; see the package's docstring."""
    found = np.empty((*states.shape[:2], n, 2))
    _trace(np.ascontiguousarray(maps), np.ascontiguousarray(states), found)
    return found


@nb.njit(**INNER)
def _power(size):
    """Return the power of two that a size is at least; 0 for 0 and for what is not finite."""
    bits = np.float64(size).view(np.int64)
    exponent = (bits >> 52) & _EXPONENT
    if exponent == _EXPONENT or size == 0.0:
        return np.int64(0)
    if exponent == 0:  # subnormal
        return ((np.float64(size * 2.0**64).view(np.int64) >> 52) & _EXPONENT) - _BIAS - 64
    return exponent - _BIAS


@nb.njit(**INNER)
def _scaled(value, power):
    """Return a value times 2**-power, exactly; a factor alone may be out of range."""
    half = power // 2
    return value * _POWERS[_BIAS - half] * _POWERS[_BIAS - (power - half)]


@nb.njit(nogil=True, cache=True, **CALLED)
def _stretch(maps, states, n, vectors, determinants, powers):
    for k in range(len(maps)):
        a, b = _of(maps[k, 0]), _of(maps[k, 1])
        a33, a55, b33, b55 = a[3] + a[3], a[5] + a[5], b[3] + b[3], b[5] + b[5]
        for i in range(states.shape[1]):
            x, y, vx, vy, product = states[k, i, 0], states[k, i, 1], 1.0, 0.0, 1.0
            power, power_of_product = np.int64(0), np.int64(0)
            for _ in range(n):
                xx, xy = a[1] + (a33 * x + a[4] * y), a[2] + (a[4] * x + a55 * y)
                yx, yy = b[1] + (b33 * x + b[4] * y), b[2] + (b[4] * x + b55 * y)
                vx, vy = xx * vx + xy * vy, yx * vx + yy * vy
                product *= abs(xx * yy - xy * yx)
                by, of_product = _power(np.maximum(abs(vx), abs(vy))), _power(product)
                if by != 0:
                    vx, vy = _scaled(vx, by), _scaled(vy, by)
                if of_product != 0:
                    product = _scaled(product, of_product)
                power, power_of_product = power + by, power_of_product + of_product
                x, y = _step(a, b, x, y)
            states[k, i, 0], states[k, i, 1] = x, y
            vectors[k, i, 0], vectors[k, i, 1], determinants[k, i] = vx, vy, product
            powers[k, i, 0], powers[k, i, 1] = power, power_of_product


def stretch(maps: F64, states: F64, n: int) -> Stretch:
    """Iterate; see the package's docstring."""
    shape = states.shape[:2]
    found = Stretch(states.copy(), np.empty((*shape, 2)), np.empty(shape), np.empty((*shape, 2), np.int64))
    _stretch(np.ascontiguousarray(maps), found.states, n, *found[1:])
    return found


@nb.njit(nogil=True, cache=True, **CALLED)
def _density(maps, states, windows, n, counts):
    height, width = counts.shape[1], counts.shape[2]
    for k in range(len(maps)):
        a, b = _of(maps[k, 0]), _of(maps[k, 1])
        corner_x, corner_y, per_x, per_y = windows[k, 0], windows[k, 1], windows[k, 2], windows[k, 3]
        columns, rows = np.empty(LANES), np.empty(LANES)
        for first in range(0, states.shape[1], LANES):
            n_lanes = min(LANES, states.shape[1] - first)
            xs, ys = states[k, first : first + n_lanes, 0].copy(), states[k, first : first + n_lanes, 1].copy()
            for _ in range(n):
                for i in range(n_lanes):
                    xs[i], ys[i] = _step(a, b, xs[i], ys[i])
                    columns[i], rows[i] = (xs[i] - corner_x) * per_x, (ys[i] - corner_y) * per_y
                for i in range(n_lanes):
                    if columns[i] >= 0 and columns[i] < width and rows[i] >= 0 and rows[i] < height:
                        counts[k, int(rows[i]), int(columns[i])] += 1
            states[k, first : first + n_lanes, 0], states[k, first : first + n_lanes, 1] = xs, ys


def density(maps: F64, states: F64, windows: F64, shape: tuple[int, int], n: int) -> Density:
    """Iterate; see the package's docstring."""
    found = Density(states.copy(), np.zeros((len(maps), *shape), np.uint32))
    _density(np.ascontiguousarray(maps), found.states, np.ascontiguousarray(windows), n, found.counts)
    return found
