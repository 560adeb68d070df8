"""Long orbits in Numba, LANES of them side by side: a single one waits for each operation. Nothing here holds the GIL.

All numbers of the lanes are rows of one array `w`, float64 (row * LANES,), so that the distances between them are
known when the code is compiled, and the loops over lanes become vectors without a test of whether arrays overlap. An
orbit that stopped stays where it is until all of its company have.
"""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.compiling import CALLED, INNER, stamped
from simkit.kernels.orbit import ARCTANGENT, EVERY, F64, TAN_PI_8, Density, Followed, Rotated
from simkit.kernels.orbit.carry_cpu import carry as carry

#: orbits side by side
LANES = 32

#: rows of `w` after the twelve of the maps: of all functions, of `follow`, of `rotations`, and of `density`
X, Y = 12, 13
U, V, AREA, N, POWER, AREA_POWER, LIMIT = range(14, 21)
OLD_X, OLD_Y, CENTRE_X, CENTRE_Y, STRIDE, BRANCH, TURNS, MEAN_X, MEAN_Y = range(14, 23)
LEFT, TOP, BY_DX, BY_DY, ROW, COLUMN = range(14, 20)
N_ROWS = 23


@nb.njit(**INNER)
def _step(w, i, x, y):
    """Return the image of a point under the map of lane i."""
    return (
        (w[i] + x * (w[LANES + i] + (w[3 * LANES + i] * x + w[4 * LANES + i] * y)))
        + y * (w[2 * LANES + i] + w[5 * LANES + i] * y),
        (w[6 * LANES + i] + x * (w[7 * LANES + i] + (w[9 * LANES + i] * x + w[10 * LANES + i] * y)))
        + y * (w[8 * LANES + i] + w[11 * LANES + i] * y),
    )


@nb.njit(**INNER)
def _derivative(w, i, row, x, y):
    """Return a row of the derivative of the map of lane i."""
    a, b, c = w[(row + 3) * LANES + i], w[(row + 4) * LANES + i], w[(row + 5) * LANES + i]
    return (w[(row + 1) * LANES + i] + (a + a) * x) + b * y, (w[(row + 2) * LANES + i] + b * x) + (c + c) * y


@nb.njit(**INNER)
def _advance(w, n_lanes):
    """Advance all points and tangents that have not stopped, and count."""
    for i in range(n_lanes):
        x, y, u, v = w[X * LANES + i], w[Y * LANES + i], w[U * LANES + i], w[V * LANES + i]
        is_active = x * x + y * y <= w[LIMIT * LANES + i]
        xx, xy = _derivative(w, i, 0, x, y)
        yx, yy = _derivative(w, i, 6, x, y)
        next_x, next_y = _step(w, i, x, y)
        next_u, next_v = xx * u + xy * v, yx * u + yy * v
        growth = abs(xx * yy - xy * yx)
        w[X * LANES + i], w[Y * LANES + i] = next_x if is_active else x, next_y if is_active else y
        w[U * LANES + i], w[V * LANES + i] = next_u if is_active else u, next_v if is_active else v
        w[AREA * LANES + i] *= growth if is_active else 1.0
        w[N * LANES + i] += 1.0 if is_active else 0.0


@nb.njit(**INNER)
def _power(size):
    """Return the exponent of the power of two to take out of a number, and what to multiply with."""
    biased = (np.float64(size).view(np.int64) >> 52) & 0x7FF
    power = np.int64(biased - 1023) if (biased > 0) & (biased < 0x7FE) else np.int64(0)
    return power, np.int64((1023 - power) << 52).view(np.float64)


@nb.njit(**INNER)
def _rescale(w, n_lanes):
    """Take powers of two out of tangents and areas."""
    for i in range(n_lanes):
        u, v = w[U * LANES + i], w[V * LANES + i]
        power, factor = _power(abs(u) if abs(u) > abs(v) else abs(v))
        w[U * LANES + i], w[V * LANES + i] = u * factor, v * factor
        w[POWER * LANES + i] += np.float64(power)
        power, factor = _power(w[AREA * LANES + i])
        w[AREA * LANES + i] *= factor
        w[AREA_POWER * LANES + i] += np.float64(power)


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _follow(maps, numbers, limits, n, areas, powers, steps):
    """Follow orbits; `numbers`, float64 (map, 4), has x, y, u and v."""
    w = np.zeros(N_ROWS * LANES)
    for first in range(0, len(maps), LANES):
        n_lanes = _enter(w, maps, first)
        for i in range(n_lanes):
            for k in range(4):
                w[(X + k) * LANES + i] = numbers[first + i, k]
            w[LIMIT * LANES + i] = limits[first + i]
            w[AREA * LANES + i], w[N * LANES + i] = 1, 0
            w[POWER * LANES + i], w[AREA_POWER * LANES + i] = 0, 0
        for t in range(1, n + 1):
            _advance(w, n_lanes)
            if t % EVERY == 0 or t == n:
                _rescale(w, n_lanes)
            if t % 64 == 0 and w[N * LANES : N * LANES + n_lanes].max() < t:
                break
        for i in range(n_lanes):
            for k in range(4):
                numbers[first + i, k] = w[(X + k) * LANES + i]
            areas[first + i], steps[first + i] = w[AREA * LANES + i], np.int64(w[N * LANES + i])
            for k in range(2):
                powers[first + i, k] = np.int64(w[(POWER + k) * LANES + i])


@nb.njit(**INNER)
def _enter(w, maps, first):
    """Write LANES maps, or those that are left, into the rows from 0; return how many they are."""
    n_lanes = min(LANES, len(maps) - first)
    for i in range(n_lanes):
        for k in range(12):
            w[k * LANES + i] = maps[first + i, k // 6, k % 6]
    return n_lanes


def follow(maps: F64, states: F64, tangents: F64, limits: F64, n: int) -> Followed:
    """Iterate with a tangent vector; see the package's docstring."""
    areas, powers, steps = np.ones(len(maps)), np.zeros((len(maps), 2), np.int64), np.zeros(len(maps), np.int64)
    numbers = np.hstack((states, tangents)).astype(np.float64)
    _follow(_float64(maps), numbers, _float64(limits), n, areas, powers, steps)
    return Followed(numbers[:, :2].copy(), numbers[:, 2:].copy(), areas, powers, steps)


@nb.njit(**INNER)
def _turn(x, y):
    """Return the angle of (x, y) in turns, -1/2..1/2."""
    p, q = abs(x), abs(y)
    is_steep = q > p
    s, g = p if is_steep else q, q if is_steep else p
    is_wide = s > TAN_PI_8 * g
    r = (s - g if is_wide else s) / (s + g if is_wide else g)
    square = r * r
    found = ARCTANGENT[11] * square + ARCTANGENT[10]
    found = found * square + ARCTANGENT[9]
    found = found * square + ARCTANGENT[8]
    found = found * square + ARCTANGENT[7]
    found = found * square + ARCTANGENT[6]
    found = found * square + ARCTANGENT[5]
    found = found * square + ARCTANGENT[4]
    found = found * square + ARCTANGENT[3]
    found = found * square + ARCTANGENT[2]
    found = found * square + ARCTANGENT[1]
    found = found * square + ARCTANGENT[0]
    found = found * r + (0.125 if is_wide else 0.0)
    found = 0.25 - found if is_steep else found
    found = 0.5 - found if x < 0 else found
    return -found if y < 0 else found


@nb.njit(nogil=True, cache=True, error_model="numpy", **CALLED)
@stamped
def _rotations(maps, states, centres, strides, branches, weights, turns, means):
    """Average; states are changed."""
    w = np.zeros(N_ROWS * LANES)
    for first in range(0, len(maps), LANES):
        n_lanes, longest = _enter(w, maps, first), 0
        for i in range(n_lanes):
            w[X * LANES + i], w[Y * LANES + i] = states[first + i, 0], states[first + i, 1]
            w[CENTRE_X * LANES + i], w[CENTRE_Y * LANES + i] = centres[first + i, 0], centres[first + i, 1]
            w[STRIDE * LANES + i], w[BRANCH * LANES + i] = strides[first + i], branches[first + i]
            w[TURNS * LANES + i], w[MEAN_X * LANES + i], w[MEAN_Y * LANES + i] = 0, 0, 0
            longest = max(longest, strides[first + i])
        for weight in weights:
            for i in range(n_lanes):
                w[OLD_X * LANES + i] = w[X * LANES + i] - w[CENTRE_X * LANES + i]
                w[OLD_Y * LANES + i] = w[Y * LANES + i] - w[CENTRE_Y * LANES + i]
            for k in range(longest):
                for i in range(n_lanes):
                    x, y, is_moved = w[X * LANES + i], w[Y * LANES + i], k < w[STRIDE * LANES + i]
                    next_x, next_y = _step(w, i, x, y)
                    w[X * LANES + i], w[Y * LANES + i] = next_x if is_moved else x, next_y if is_moved else y
            for i in range(n_lanes):
                x, y, dx, dy = w[X * LANES + i], w[Y * LANES + i], w[OLD_X * LANES + i], w[OLD_Y * LANES + i]
                ex, ey = x - w[CENTRE_X * LANES + i], y - w[CENTRE_Y * LANES + i]
                angle = _turn(dx * ex + dy * ey, dx * ey - dy * ex)
                apart = w[BRANCH * LANES + i] - angle
                angle += 1.0 if apart > 0.5 else (-1.0 if apart < -0.5 else 0.0)
                w[TURNS * LANES + i] += weight * angle
                w[MEAN_X * LANES + i] += weight * x
                w[MEAN_Y * LANES + i] += weight * y
        for i in range(n_lanes):
            states[first + i, 0], states[first + i, 1] = w[X * LANES + i], w[Y * LANES + i]
            turns[first + i] = w[TURNS * LANES + i]
            means[first + i, 0], means[first + i, 1] = w[MEAN_X * LANES + i], w[MEAN_Y * LANES + i]


def rotations(
    maps: F64, states: F64, centres: F64, strides: npt.NDArray[np.int32], branches: F64, weights: F64
) -> Rotated:
    """Average angles and states by weights; see the package's docstring."""
    states, turns, means = np.array(states, np.float64, order="C"), np.zeros(len(maps)), np.zeros((len(maps), 2))
    about = _float64(centres), np.ascontiguousarray(strides, np.int32), _float64(branches), _float64(weights)
    _rotations(_float64(maps), states, *about, turns, means)
    return Rotated(states, turns, means)


@nb.njit(nogil=True, cache=True, error_model="numpy", **CALLED)
@stamped
def _density(maps, states, windows, n, counts):
    """Count pixels; states are changed."""
    w = np.zeros(N_ROWS * LANES)
    _, height, width = counts.shape
    for first in range(0, len(maps), LANES):
        n_lanes = _enter(w, maps, first)
        for i in range(n_lanes):
            w[X * LANES + i], w[Y * LANES + i] = states[first + i, 0], states[first + i, 1]
            w[LEFT * LANES + i], w[BY_DX * LANES + i] = windows[first + i, 0], 1 / windows[first + i, 2]
            w[TOP * LANES + i], w[BY_DY * LANES + i] = windows[first + i, 1], 1 / windows[first + i, 3]
        for _ in range(n):
            for i in range(n_lanes):
                x, y = _step(w, i, w[X * LANES + i], w[Y * LANES + i])
                w[X * LANES + i], w[Y * LANES + i] = x, y
                w[ROW * LANES + i] = (y - w[TOP * LANES + i]) * w[BY_DY * LANES + i] + 0.5
                w[COLUMN * LANES + i] = (x - w[LEFT * LANES + i]) * w[BY_DX * LANES + i] + 0.5
            for i in range(n_lanes):
                row, column = w[ROW * LANES + i], w[COLUMN * LANES + i]
                if row >= 0 and row < height and column >= 0 and column < width:
                    counts[first + i, np.uint32(row), np.uint32(column)] += np.uint32(1)
        for i in range(n_lanes):
            states[first + i, 0], states[first + i, 1] = w[X * LANES + i], w[Y * LANES + i]


def density(maps: F64, states: F64, windows: F64, shape: tuple[int, int], n: int) -> Density:
    """Count how often pixels are met; see the package's docstring."""
    states, counts = np.array(states, np.float64, order="C"), np.zeros((len(maps), *shape), np.uint32)
    _density(_float64(maps), states, _float64(windows), n, counts)
    return Density(states, counts)


@nb.njit(nogil=True, cache=True, **CALLED)
@stamped
def _trace(maps, states, found):
    """Write states."""
    w = np.zeros(N_ROWS * LANES)
    for first in range(0, len(maps), LANES):
        n_lanes = _enter(w, maps, first)
        for i in range(n_lanes):
            w[X * LANES + i], w[Y * LANES + i] = states[first + i, 0], states[first + i, 1]
        for t in range(found.shape[1]):
            for i in range(n_lanes):
                w[X * LANES + i], w[Y * LANES + i] = _step(w, i, w[X * LANES + i], w[Y * LANES + i])
            for i in range(n_lanes):
                found[first + i, t, 0], found[first + i, t, 1] = w[X * LANES + i], w[Y * LANES + i]


def trace(maps: F64, states: F64, n: int) -> F64:
    """Return states; see the package's docstring."""
    found = np.empty((len(maps), n, 2))
    _trace(_float64(maps), _float64(states), found)
    return found


def _float64(array: F64) -> F64:
    """Return an array as compiled code takes it."""
    return np.ascontiguousarray(array, np.float64)
