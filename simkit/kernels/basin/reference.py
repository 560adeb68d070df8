"""Certified regions, one map at a time, with NumPy for the directions: the definition."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from simkit.kernels.basin import (
    F64,
    FEW,
    FIRST_STEP,
    MANY,
    MARGINS,
    MAX_COEFFICIENT,
    MAX_REACH,
    SCALES,
    Directions,
    Margins,
)


class _Form(NamedTuple):
    """P = L'L of the square of a norm, with L = [[l11, l12], [0, l22]]."""

    l11: float
    l12: float
    l22: float

    def of_image(self, a: F64) -> tuple[float, float, float]:
        """Return the elements 11, 12 and 22 of A'PA."""
        u1, u2 = self.l11 * a[0, 0] + self.l12 * a[1, 0], self.l22 * a[1, 0]
        v1, v2 = self.l11 * a[0, 1] + self.l12 * a[1, 1], self.l22 * a[1, 1]
        return u1 * u1 + u2 * u2, u1 * v1 + u2 * v2, v1 * v1 + v2 * v2

    @property
    def norm(self) -> float:
        return math.sqrt((self.l11 * self.l11 + self.l12 * self.l12) + self.l22 * self.l22)

    def inverse(self) -> _Form:
        i11, i22 = 1 / self.l11, 1 / self.l22
        return _Form(i11, -(self.l12 * i11) * i22, i22)


def _form(p11: float, p12: float, p22: float) -> _Form | None:
    """Return the root of P, or None if P is not positive."""
    if not (p11 > 0 and p11 < math.inf):
        return None
    l11 = math.sqrt(p11)
    l12 = p12 / l11
    rest = p22 - l12 * l12
    if not (rest > 0 and rest < math.inf):
        return None
    return _Form(l11, l12, math.sqrt(rest))


def _linear(m: F64, x: float, y: float) -> F64:
    """Return the derivative of a map at a point."""
    return np.array([[(r[1] + (r[3] + r[3]) * x) + r[4] * y, (r[2] + r[4] * x) + (r[5] + r[5]) * y] for r in m])


def _value(r: F64, x: float, y: float) -> float:
    return float((r[0] + x * (r[1] + (r[3] * x + r[4] * y))) + y * (r[2] + r[5] * y))


def _product(a: F64, b: F64) -> F64:
    return np.array([[a[i, 0] * b[0, j] + a[i, 1] * b[1, j] for j in range(2)] for i in range(2)])


def _first_form(linear: list[F64], w: tuple[float, float, float]) -> _Form | None:
    """Solve P = A'P'A + W along a cycle for the P of its first point; None if the cycle does not attract."""
    (a, b), (c, d) = whole = linear[0]
    for after in linear[1:]:
        whole = _product(after, whole)
        (a, b), (c, d) = whole
    determinant, trace = a * d - b * c, a + d
    if not (abs(determinant) < 1 and abs(trace) < 1 + determinant):
        return None
    p = w
    for before in linear[-2::-1]:
        root = _form(*p)
        if root is None:
            return None
        image = root.of_image(before)
        p = (image[0] + w[0], image[1] + w[1], image[2] + w[2])
    # I - (P -> A'PA) by its columns, and Cramer's rule
    k = (
        (1 - a * a, -(a * b), -(b * b)),
        (-2 * (a * c), 1 - (a * d + b * c), -2 * (b * d)),
        (-(c * c), -(c * d), 1 - d * d),
    )
    solved = [_triple(p, k[1], k[2]), _triple(k[0], p, k[2]), _triple(k[0], k[1], p)]
    all_ = _triple(*k)
    return _form(solved[0] / all_, solved[1] / all_, solved[2] / all_) if all_ > 0 else None


def _triple(u: tuple[float, ...], v: tuple[float, ...], w: tuple[float, ...]) -> float:
    return (
        u[0] * (v[1] * w[2] - v[2] * w[1]) + u[1] * (v[2] * w[0] - v[0] * w[2])
    ) + u[2] * (v[0] * w[1] - v[1] * w[0])  # fmt: skip


def _quadratic(m: F64, form: _Form, inverse: _Form) -> F64:
    """Return Q in the coordinates w: coefficients (2, 3) of w1^2, w1 w2 and w2^2."""
    i11, i12, i22 = inverse
    rows = [
        (
            r[3] * (i11 * i11),
            2 * (r[3] * (i11 * i12)) + r[4] * (i11 * i22),
            (r[3] * (i12 * i12) + r[4] * (i12 * i22)) + r[5] * (i22 * i22),
        )
        for r in m
    ]
    first = [form.l11 * u + form.l12 * v for u, v in zip(*rows, strict=True)]
    return np.array([first, [form.l22 * v for v in rows[1]]])


def _parts(a: F64, q: F64, at: Directions) -> tuple[F64, F64, F64]:
    """Return |Aw|^2, |<Aw, Q(w)>| and |Q(w)|^2 in all directions."""
    x, y, xx, xy, yy = at.table
    u1, u2 = a[0, 0] * x + a[0, 1] * y, a[1, 0] * x + a[1, 1] * y
    v1 = (q[0, 0] * xx + q[0, 1] * xy) + q[0, 2] * yy
    v2 = (q[1, 0] * xx + q[1, 1] * xy) + q[1, 2] * yy
    return u1 * u1 + u2 * u2, np.abs(u1 * v1 + u2 * v2), v1 * v1 + v2 * v2


class _Level(NamedTuple):
    """The level of one point of a cycle, and the least that makes up for rounding."""

    most: float
    least: float


def _level(m: F64, a: F64, here: F64, there: F64, form: _Form, target: _Form, by: Margins) -> _Level | None:
    """Return how far from `here` the map makes |d| of `form` smaller in `target`; None if nowhere."""
    inverse = form.inverse()
    i11, i12, i22 = inverse
    b = [[r[0] * i11, r[0] * i12 + r[1] * i22] for r in a]
    w = np.array(
        [[target.l11 * b[0][j] + target.l12 * b[1][j] for j in range(2)], [target.l22 * b[1][j] for j in range(2)]]
    )
    q = _quadratic(m, target, inverse)
    size = ((a[0, 0] * a[0, 0] + a[0, 1] * a[0, 1]) + a[1, 0] * a[1, 0]) + a[1, 1] * a[1, 1]
    condition = target.norm * inverse.norm
    if not condition * (1 + math.sqrt(size)) <= by.max_condition:
        return None
    total = ((w[0, 0] * w[0, 0] + w[0, 1] * w[0, 1]) + w[1, 0] * w[1, 0]) + w[1, 1] * w[1, 1]
    determinant = w[0, 0] * w[1, 1] - w[0, 1] * w[1, 0]
    root = math.sqrt(max(0.0, (total - 2 * determinant) * (total + 2 * determinant)))
    largest, smallest = (total + root) / 2, (total - root) / 2
    goal = (1 - FEW.epsilon * min(1.0, 2 * (1 - smallest))) - by.slack
    aa, ab, bb = _parts(w, q, FEW)
    if not (largest < 1 and aa.max() < goal):
        return None
    most = float(((goal - aa) / (ab + np.sqrt(ab * ab + bb * (goal - aa)))).min())
    most = min(most, MAX_REACH / inverse.norm)
    terms = sum(((abs(r[3]) + abs(r[4])) + abs(r[5])) for r in m)
    if not most * (condition * inverse.norm * terms) <= by.max_condition:
        return None
    error = sum(abs(_value(r, *here) - to) for r, to in zip(m, there, strict=True))
    x, y = (abs(z) + most * inverse.norm for z in here)
    for r, to in zip(m, there, strict=True):
        error += by.roundoff * ((_value(np.abs(r), x, y)) + abs(to))
    spare = 1 - largest
    return _Level(most, target.norm * error / min(by.slack / 16, spare * spare / 32))


class _Found(NamedTuple):
    """Forms of all points of a cycle, their level, and the area of the ellipses over pi."""

    forms: list[_Form]
    level: float
    area: float


def _evaluate(m: F64, cycle: F64, scale: float, q: float, h: float, by: Margins) -> _Found | None:
    """Return the ellipses for one shape: W is [[1, q], [q, q^2 + h^2]] and A is multiplied by `scale`."""
    w = (1.0, q, q * q + h * h)
    linear = [_linear(m, x, y) for x, y in cycle]
    scaled = [scale * a for a in linear]
    target = first = _first_form(scaled, w)
    if first is None or target is None:
        return None
    forms: list[_Form] = []
    most, least, area = math.inf, 0.0, 0.0
    for i in reversed(range(len(cycle))):
        image = target.of_image(scaled[i])
        form = first if i == 0 else _form(image[0] + w[0], image[1] + w[1], image[2] + w[2])
        if form is None:
            return None
        level = _level(m, linear[i], cycle[i], cycle[(i + 1) % len(cycle)], form, target, by)
        if level is None:
            return None
        most, least = min(most, level.most), max(least, level.least)
        area += 1 / (form.l11 * form.l22)
        forms.insert(0, form)
        target = form
    area = most * most * area
    return _Found(forms, most, area) if most >= least and area > 0 and area < math.inf else None


def _search(m: F64, cycle: F64, rounds: int, by: Margins) -> _Found | None:
    """Return the ellipses of the largest area among the shapes tried."""
    best = None
    scale, q, h = 1.0, 0.0, 1.0
    for tried in SCALES:
        found = _evaluate(m, cycle, tried, 0.0, 1.0, by)
        if found and (best is None or found.area > best.area):
            best, scale = found, tried
    step = FIRST_STEP
    for _ in range(rounds if best else 0):
        around = ((q + step * h, h), (q - step * h, h), (q, h * (1 + step)), (q, h / (1 + step)))
        is_better = False
        for shape in around:
            found = _evaluate(m, cycle, scale, *shape, by)
            if found and best and found.area > best.area:
                best, (q, h), is_better = found, shape, True
        step = step if is_better else step / 2
    return best


def basin(maps: F64, cycles: F64, rounds: int = 0, precision: str = "float64") -> F64:
    """Return the ellipses of cycles; see the package's docstring."""
    found, by = np.full((*cycles.shape[:2], 5), np.nan), MARGINS[precision]
    with np.errstate(all="ignore"):
        for out, m, points in zip(found, maps, cycles, strict=True):
            missing = np.isnan(points).any(axis=1)
            cycle = points[: int(missing.argmax()) if missing.any() else len(points)]
            best = _search(m, cycle, rounds, by) if len(cycle) and np.abs(m).max() <= MAX_COEFFICIENT else None
            if best:
                scale = 1 / (best.level * (1 - by.slack / 16))
                for i, form in enumerate(best.forms):
                    out[i] = (*cycle[i], form.l11 * scale, form.l12 * scale, form.l22 * scale)
    return found


def _root(parts: tuple[F64, F64, F64], wanted: float) -> float:
    """Return the least s from which on a - 2 b s + c s^2 > `wanted` in all directions."""
    a, b, c = parts
    under = b * b + c * (wanted - a)
    return float(np.where(under < 0, 0.0, (b + np.sqrt(np.maximum(under, 0.0))) / c).max())


def _outside(m: F64, at: Directions, by: Margins) -> tuple[float, float]:
    """Return the radius that some directions prove, and the part of the least |Q|^2 that they leave of it."""
    a, b, c = _parts(m[:, 1:3], m[:, 3:], at)
    kappa, epsilon = 1 - at.epsilon, at.epsilon + by.spare
    alpha, q = math.sqrt(a.max() / kappa), math.sqrt(c.max() / kappa)
    least = c - epsilon * (q * q)
    if not least.min() > 0:
        return math.inf, 0.0
    parts = a - epsilon * (alpha * alpha), b + epsilon * (alpha * q), least
    one = 1 + by.growth
    constant = one * math.sqrt(m[0, 0] * m[0, 0] + m[1, 0] * m[1, 0])
    radius = _root(parts, kappa * (one * one))
    if constant > 0:
        start = math.sqrt(constant / q)
        radius = max(radius, start)
        for _ in range(2):  # whatever the radius is, the larger of it and of what it asks for is enough
            asked = one + constant / radius
            enough = max(radius, _root(parts, kappa * (asked * asked)))
            asked = one + constant / enough
            radius = max(_root(parts, kappa * (asked * asked)), start)
        radius = enough
    return radius * one, least.min() / c.min()


def radius(maps: F64, precision: str = "float64") -> F64:
    """Return radii beyond which all orbits escape; see the package's docstring."""
    found, by = np.full(len(maps), np.inf), MARGINS[precision]
    with np.errstate(all="ignore"):
        for i, m in enumerate(maps):
            if np.abs(m).max() <= MAX_COEFFICIENT:
                found[i], left = _outside(m, FEW, by)
                if left < 0.875:
                    found[i] = min(found[i], _outside(m, MANY, by)[0])
    return found
