"""The four fixed points of planar quadratic maps, which are the intersections of two conics.

With y = u - KAPPA x both conics are quadratic in x, and their resultant is a quartic in u; KAPPA is no simple number,
so that no two fixed points of simple maps have the same u. All four u are found at once (O. Aberth, Math. Comp. 27
(1973) 339), and the points are improved by Newton's method. Where the map is linear in some direction, the quartic is
of a lower degree; those of the four that are then at infinity run away.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from simkit.fractals.maps import F64

_KAPPA = 0.3819660112501051

#: points further away, in units of `length`, are those at infinity; two at one place are found to half of the digits
_FAR = 1e6

#: part of a coordinate by which the last step of Newton's method may move a solution: a double one comes nearer slowly
_STILL = 1e-3

#: real and imaginary parts
Complex: TypeAlias = tuple[F64, F64]


def length(maps: F64) -> F64:
    """Return the size of what there is to see of maps (map, 2, 6), a power of two: float64 (map,).

    It is about (1 + |A|) / |Q| + sqrt(|c| / |Q|), in which the linear part A, the quadratic part Q and the constant c
    are of one size; for linear maps 1 + |c|.
    """
    size = abs(maps)
    constant, linear, square = (
        np.max(size[:, :, part], axis=(1, 2)) for part in (slice(0, 1), slice(1, 3), slice(3, 6))
    )
    with np.errstate(all="ignore"):
        found = (1 + linear) / square + np.sqrt(constant / square)
    found = np.where(np.isfinite(found), found, 1 + constant)
    mantissa, exponent = np.frexp(found)
    del mantissa
    return np.ldexp(1.0, exponent)  # type: ignore[no-any-return]


def _times(x: Complex, y: Complex) -> Complex:
    return x[0] * y[0] - x[1] * y[1], x[0] * y[1] + x[1] * y[0]


def _plus(x: Complex, y: Complex) -> Complex:
    return x[0] + y[0], x[1] + y[1]


def _minus(x: Complex, y: Complex) -> Complex:
    return x[0] - y[0], x[1] - y[1]


def _over(x: Complex, y: Complex) -> Complex:
    size = y[0] * y[0] + y[1] * y[1]
    return (x[0] * y[0] + x[1] * y[1]) / size, (x[1] * y[0] - x[0] * y[1]) / size


def _polynomial(p: list[F64], q: list[F64]) -> list[F64]:
    """Return the product of two polynomials, by their coefficients from the constant up."""
    found = [np.zeros_like(p[0]) for _ in range(len(p) + len(q) - 1)]
    for i, u in enumerate(p):
        for j, v in enumerate(q):
            found[i + j] = found[i + j] + u * v
    return found


def _value(p: list[F64], x: Complex) -> Complex:
    found = p[-1] + 0 * x[0], 0 * x[0]
    for coefficient in p[-2::-1]:
        found = _times(found, x)
        found = found[0] + coefficient, found[1]
    return found


def _roots(p: list[F64]) -> Complex:
    """Return the four roots of quartics: two arrays (4, map)."""
    size = np.maximum.reduce([abs(coefficient) for coefficient in p])
    p = [coefficient / size for coefficient in p]
    derivative = [i * coefficient for i, coefficient in enumerate(p)][1:]
    # on a circle, at no symmetric places
    at = [(1.1 * x, 1.1 * y) for x, y in ((0.995, 0.1), (-0.1, 0.995), (-0.995, -0.1), (0.1, -0.995))]
    roots = [(x + np.zeros_like(size), y + np.zeros_like(size)) for x, y in at]
    for _ in range(60):
        for i in range(4):
            newton = _over(_value(p, roots[i]), _value(derivative, roots[i]))
            others = np.zeros_like(size), np.zeros_like(size)
            one = np.ones_like(size), np.zeros_like(size)
            for j in range(4):
                if j != i:
                    others = _plus(others, _over(one, _minus(roots[i], roots[j])))
            step = _over(newton, _minus(one, _times(newton, others)))
            is_step = np.isfinite(step[0]) & np.isfinite(step[1])
            roots[i] = _minus(roots[i], (np.where(is_step, step[0], 0.0), np.where(is_step, step[1], 0.0)))
    return np.array([root[0] for root in roots]), np.array([root[1] for root in roots])


def fixed_points(maps: F64) -> Complex:
    """Return the fixed points of maps (map, 2, 6), real and imaginary parts: float64 (map, 4, 2); NaN: infinite."""
    size = length(maps)
    with np.errstate(all="ignore"):
        units = np.array([1 / size, *[np.ones_like(size)] * 2, *[size] * 3])  # of what the coefficients are in
        a = np.moveaxis(maps, 0, -1) * units
        a[0, 1] -= 1
        a[1, 2] -= 1
        x2 = [(r[3] - _KAPPA * r[4]) + _KAPPA * _KAPPA * r[5] for r in a]
        x1 = [[r[1] - _KAPPA * r[2], r[4] - 2 * _KAPPA * r[5]] for r in a]
        x0 = [[r[0], r[2], r[5]] for r in a]
        d = [x2[0] * v - x2[1] * u for u, v in zip(*x0, strict=True)]
        e = [x2[0] * v - x2[1] * u for u, v in zip(*x1, strict=True)]
        f = [u - v for u, v in zip(_polynomial(x1[0], x0[1]), _polynomial(x1[1], x0[0]), strict=True)]
        quartic = [u - v for u, v in zip(_polynomial(d, d), _polynomial(e, f), strict=True)]
        u = _roots(quartic)
        x = _over(_value(d, u), _value(e, u))
        x = -x[0], -x[1]
        y = u[0] - _KAPPA * x[0], u[1] - _KAPPA * x[1]
        is_linear = ~a[:, 3:].any(axis=(0, 1))
        x, y = (
            (np.where(is_linear, v[0], z[0]), np.where(is_linear, v[1], z[1]))
            for z, v in zip((x, y), _linear(a), strict=True)
        )
        x, y, moved = _improved(a, x, y)
        far = (abs(x[0]) + abs(x[1])) + (abs(y[0]) + abs(y[1]))
        is_there = (far < _FAR) & (moved <= _STILL * (1 + far))
        parts = [np.where(is_there, np.stack((x[i], y[i])), np.nan) * size for i in range(2)]
    return parts[0].transpose(2, 1, 0), parts[1].transpose(2, 1, 0)


def _linear(a: F64) -> tuple[Complex, Complex]:
    """Return the one solution of the linear parts, as the first of four of which three are infinite."""
    (a0, a1, a2), (b0, b1, b2) = a[:, :3]
    determinant = a1 * b2 - a2 * b1
    is_first = np.array([1.0, np.nan, np.nan, np.nan])[:, None]
    x, y = (a2 * b0 - a0 * b2) / determinant * is_first, (a0 * b1 - a1 * b0) / determinant * is_first
    return (x, 0 * x), (y, 0 * y)


def _improved(a: F64, x: Complex, y: Complex) -> tuple[Complex, Complex, F64]:
    """Return solutions of both conics after some steps of Newton's method, and how far the last step was."""

    def linear(c: F64, by_x: F64, by_y: F64) -> Complex:
        return (c + by_x * x[0]) + by_y * y[0], by_x * x[1] + by_y * y[1]

    for _ in range(6):
        values, rows = [], []
        for r in a:
            inner = _plus(_times(x, linear(r[1], r[3], r[4])), _times(y, linear(r[2], 0 * r[2], r[5])))
            values.append((inner[0] + r[0], inner[1]))
            rows.append((linear(r[1], 2 * r[3], r[4]), linear(r[2], r[4], 2 * r[5])))
        determinant = _minus(_times(rows[0][0], rows[1][1]), _times(rows[0][1], rows[1][0]))
        u = _over(_minus(_times(rows[1][1], values[0]), _times(rows[0][1], values[1])), determinant)
        v = _over(_minus(_times(rows[0][0], values[1]), _times(rows[1][0], values[0])), determinant)
        is_step = np.isfinite(u[0]) & np.isfinite(u[1]) & np.isfinite(v[0]) & np.isfinite(v[1])
        x = _minus(x, (np.where(is_step, u[0], 0.0), np.where(is_step, u[1], 0.0)))
        y = _minus(y, (np.where(is_step, v[0], 0.0), np.where(is_step, v[1], 0.0)))
        moved = np.where(is_step, (abs(u[0]) + abs(u[1])) + (abs(v[0]) + abs(v[1])), 0.0)
    return x, y, moved
