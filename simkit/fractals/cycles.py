"""Fixed points and attracting cycles of planar quadratic maps.

Everything is made of sums, products and quotients of real numbers, so that the bits are the same on every machine:
NumPy's complex numbers are multiplied with or without fused operations, as the processor has them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError
from simkit.fractals.maps import F64, apply, check
from simkit.fractals.quartic import fixed_points as all_fixed_points
from simkit.fractals.quartic import length

C128 = npt.NDArray[np.complex128]
_Pair = tuple[float, float]
_Matrix = tuple[float, float, float, float]

#: longest period that is looked for, unless said otherwise, and at all
MAX_PERIOD, LONGEST_PERIOD = 12, 256

#: orbits that look for cycles begin on a square of so many points a side, around the middle of the picture
_SIDE = 9

#: iterations between two looks at the orbits, and looks at most
_STEPS, _LOOKS = 64, 32

#: orbits that come back so near to where they were, in units of `length`, are tried as cycles; points this near are one
_NEAR, _SAME = 1e-3, 1e-7

#: multipliers this near to 1 are not told from it: a double solution is found to half of the digits
_NEUTRAL = 1e-6

#: steps of Newton's method, and tries of a map without success after which there is no more to expect
_NEWTON, _TRIES = 24, 32


class Cycle(NamedTuple):
    """A cycle, of period 1 if it is a fixed point."""

    #: float64 (point, 2), in the order of the orbit, from the point with the least x (and y)
    points: F64
    #: complex128 (2,): the eigenvalues of the derivative of one whole turn
    eigenvalues: C128

    @property
    def period(self) -> int:
        """Number of points."""
        return len(self.points)

    @property
    def is_attracting(self) -> bool:
        """Whether both eigenvalues are below 1 in magnitude, by more than what rounding makes of 1."""
        return abs(self.multiplier) < 1 - _NEUTRAL

    @property
    def multiplier(self) -> complex:
        """The larger eigenvalue by magnitude."""
        return complex(max(self.eigenvalues, key=abs))


def fixed_points(map_: F64) -> tuple[C128, list[Cycle]]:
    """Return the fixed points of a map.

    Parameters
    ----------
    map_ : float64 (2, 6)

    Returns
    -------
    complex128 (4, 2)
        All solutions x, y; NaN for those at infinity, as where the map is linear in some direction.
    list of Cycle
        The real ones, attracting or not, to the precision of float64.
    """
    map_ = check(map_)
    if map_.ndim != 2:
        raise ParameterError(f"one map has the shape (2, 6); this has {map_.shape}")
    real, imaginary = (part[0] for part in all_fixed_points(map_[None]))
    found: list[Cycle] = []
    for x in _real(map_, real, imaginary):
        cycle = near(map_, x[None])
        if cycle is not None and not any(_is_same(cycle, other, map_) for other in found):
            found.append(cycle)
    return real + 1j * imaginary, found


def _real(map_: F64, real: F64, imaginary: F64) -> F64:
    """Return those of four complex points that may be real."""
    size = length(map_[None])[0]
    found: F64 = real[(abs(imaginary) <= 1e-5 * (abs(real) + size)).all(axis=1)]
    return found


def attracting(maps: F64, max_period: int = MAX_PERIOD) -> list[list[Cycle]]:
    """Return the attracting cycles that were found of each map, those of short periods first.

    Fixed points are found without fail. Of the cycles of longer periods those are found to which an orbit from one of
    some hundred points leads within 2,048 iterations; a map may have more of them.

    Parameters
    ----------
    maps : float64 (map, 2, 6)
    max_period : int
        1..256; 1 looks for fixed points alone, which takes the least time.
    """
    maps = check(maps)
    ParameterError.check_integer("the longest period", max_period, 1, LONGEST_PERIOD)
    if maps.ndim != 3:
        raise ParameterError(f"many maps have the shape (map, 2, 6); these have {maps.shape}")
    found: list[list[Cycle]] = []
    with np.errstate(all="ignore"):
        for map_, real, imaginary in zip(maps, *all_fixed_points(maps), strict=True):
            cycles: list[Cycle] = []
            for x in _real(map_, real, imaginary):
                _add(cycles, map_, x[None])
            found.append(cycles)
        if max_period > 1 and len(maps):
            _look_for_longer(maps, max_period, found)
    for cycles in found:
        cycles.sort(key=lambda cycle: (cycle.period, *cycle.points[0]))
    return found


def _starts(maps: F64) -> F64:
    """Return where orbits begin: float64 (map, start, 2), a square of points and where the Jacobian is stationary.

    The latter is the critical point if the map is a polynomial of a complex number, whose orbit finds an attracting
    cycle if there is one.
    """
    a, b = maps[:, 0].T, maps[:, 1].T
    # J = (a1 + 2 a3 x + a4 y)(b2 + b4 x + 2 b5 y) - (a2 + a4 x + 2 a5 y)(b1 + 2 b3 x + b4 y)
    xx, yy = 2 * (2 * (a[3] * b[4] - a[4] * b[3])), 2 * (2 * (a[4] * b[5] - a[5] * b[4]))
    xy = 4 * (a[3] * b[5] - a[5] * b[3])
    x1 = (2 * (a[3] * b[2]) + a[1] * b[4]) - (a[4] * b[1] + 2 * (a[2] * b[3]))
    y1 = (a[4] * b[2] + 2 * (a[1] * b[5])) - (2 * (a[5] * b[1]) + a[2] * b[4])
    determinant = xx * yy - xy * xy
    middle = np.stack(((xy * y1 - yy * x1) / determinant, (xy * x1 - xx * y1) / determinant), axis=-1)
    size = length(maps)[:, None, None]
    middle = np.where(abs(middle) <= 4 * size[:, 0], middle, 0.0)
    at = np.linspace(-1, 1, _SIDE)
    square = np.stack(np.meshgrid(at, at), axis=-1).reshape(1, -1, 2)
    return np.concatenate((middle[:, None], middle[:, None] + size * square), axis=1)


def _look_for_longer(maps: F64, max_period: int, found: list[list[Cycle]]) -> None:
    """Add the cycles that orbits lead to; whoever escapes, or leads to a cycle that is known, is not followed on."""
    start = _starts(maps)
    of = np.repeat(np.arange(len(maps)), start.shape[1])
    x = start.reshape(-1, 2)
    size = length(maps)
    failures = np.zeros(len(maps), int)
    for _ in range(_LOOKS):
        mine = maps[of]
        for _ in range(_STEPS):
            x = apply(mine, x)
        is_bounded = (abs(x) <= 1e6 * size[of, None]).all(axis=1)
        of, x, mine = of[is_bounded], x[is_bounded], mine[is_bounded]
        period = np.zeros(len(x), int)
        after = x
        for p in range(1, max_period + 1):
            after = apply(mine, after)
            period[(period == 0) & (abs(after - x) <= _NEAR * size[of, None]).all(axis=1)] = p
        is_left = np.ones(len(x), bool)
        for i in np.flatnonzero(period):
            if failures[of[i]] < _TRIES:
                is_left[i] = not _leads_to(found[of[i]], maps[of[i]], x[i], int(period[i]))
                failures[of[i]] += is_left[i]
        is_left &= failures[of] < _TRIES
        of, x = of[is_left], x[is_left]
        if not len(x):
            return


def _leads_to(cycles: list[Cycle], map_: F64, x: F64, period: int) -> bool:
    """Return whether a point is near an attracting cycle; add it if it is new."""
    size = length(map_[None])[0]
    for cycle in cycles:
        if (abs(cycle.points - x) <= _NEAR * size).all(axis=1).any() and period % cycle.period == 0:
            return True
    orbit = [x]
    for _ in range(period - 1):
        orbit.append(apply(map_, orbit[-1]))
    return _add(cycles, map_, np.array(orbit))


def _add(cycles: list[Cycle], map_: F64, points: F64) -> bool:
    """Add the cycle near some points if it attracts and is new; return whether it attracts."""
    cycle = near(map_, points)
    if cycle is None or not cycle.is_attracting:
        return False
    if not any(_is_same(cycle, other, map_) for other in cycles):
        cycles.append(cycle)
    return True


def _is_same(cycle: Cycle, other: Cycle, map_: F64) -> bool:
    near = _SAME * length(map_[None])[0]
    return cycle.period == other.period and bool(
        (abs(other.points - cycle.points[0]) <= near).all(axis=1).any()
    )  # fmt: skip


def near(map_: F64, points: F64) -> Cycle | None:
    """Return the cycle near some points, by Newton's method for one whole turn; None if there is none."""
    size, rows = float(length(map_[None])[0]), map_.tolist()
    x, y = at = tuple(points[0].tolist())
    moved = math.inf
    for _ in range(_NEWTON):
        end, (a, b, c, d) = _turn(rows, (x, y), len(points))
        a, d, u, v = a - 1, d - 1, end[0] - x, end[1] - y
        determinant = a * d - b * c
        if determinant == 0:
            return None
        step = (d * u - b * v) / determinant, (a * v - c * u) / determinant
        now = max(abs(step[0]), abs(step[1]))
        if not (now < math.inf and abs(x - at[0]) + abs(y - at[1]) <= 0.1 * size):
            return None
        if now <= 1e-9 * size and now >= moved / 2:  # it has stopped to come nearer
            break
        x, y, moved = x - step[0], y - step[1], now
    if moved > 1e-9 * size:
        return None
    orbit = [(x, y)]
    for _ in range(len(points) - 1):
        orbit.append(_turn(rows, orbit[-1], 1)[0])
    found = np.array(orbit)
    for period in range(1, len(found)):
        if len(found) % period == 0 and (abs(found[period] - found[0]) <= _SAME * size).all():
            return near(map_, found[:period])
    first = min(range(len(found)), key=lambda i: orbit[i])
    found = np.roll(found, -first, axis=0)
    return Cycle(found, _eigenvalues(*_turn(rows, orbit[first], len(found))[1]))


def _turn(rows: list[list[float]], at: tuple[float, float], period: int) -> tuple[_Pair, _Matrix]:
    """Return where a point is after some iterations, and the derivative of them all, row by row."""
    (a0, a1, a2, a3, a4, a5), (b0, b1, b2, b3, b4, b5) = rows
    x, y = at
    e, f, g, h = 1.0, 0.0, 0.0, 1.0
    for _ in range(period):
        a, b = (a1 + (a3 + a3) * x) + a4 * y, (a2 + a4 * x) + (a5 + a5) * y
        c, d = (b1 + (b3 + b3) * x) + b4 * y, (b2 + b4 * x) + (b5 + b5) * y
        e, f, g, h = a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h
        x, y = (
            (a0 + x * (a1 + (a3 * x + a4 * y))) + y * (a2 + a5 * y),
            (b0 + x * (b1 + (b3 * x + b4 * y))) + y * (b2 + b5 * y),
        )
    return (x, y), (e, f, g, h)


def _eigenvalues(a: float, b: float, c: float, d: float) -> C128:
    half, rest = (a + d) / 2, (a - d) / 2 * ((a - d) / 2) + b * c
    if rest < 0:
        return np.array([complex(half, math.sqrt(-rest)), complex(half, -math.sqrt(-rest))])
    larger = half + math.sqrt(rest) if half >= 0 else half - math.sqrt(rest)
    smaller = (a * d - b * c) / larger if larger else 0.0
    return np.array([larger, smaller], np.complex128)
