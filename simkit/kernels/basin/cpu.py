"""Certified regions in Numba; the directions of a form are what is vectorised. Nothing here holds the GIL."""

from __future__ import annotations

import math

import numba as nb
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
)
from simkit.kernels.compiling import INNER, stamped

_EPSILON, _TABLE = FEW.epsilon, FEW.table
_N = _TABLE.shape[1]
_SCALES = np.array(SCALES)
_NONE = (math.nan, math.nan, math.nan)

#: division as in C, and nothing that changes a bit: no `fastmath`
_INNER = {"error_model": "numpy", **INNER}


@nb.njit(**_INNER)
def _form(p11, p12, p22):
    """Return the root of P, NaN if P is not positive."""
    if not (p11 > 0 and p11 < math.inf):
        return _NONE
    l11 = math.sqrt(p11)
    l12 = p12 / l11
    rest = p22 - l12 * l12
    if not (rest > 0 and rest < math.inf):
        return _NONE
    return l11, l12, math.sqrt(rest)


@nb.njit(**_INNER)
def _image(form, a, b, c, d):
    """Return A'PA."""
    l11, l12, l22 = form
    u1, u2 = l11 * a + l12 * c, l22 * c
    v1, v2 = l11 * b + l12 * d, l22 * d
    return u1 * u1 + u2 * u2, u1 * v1 + u2 * v2, v1 * v1 + v2 * v2


@nb.njit(**_INNER)
def _linear(m, x, y):
    a = (m[0, 1] + (m[0, 3] + m[0, 3]) * x) + m[0, 4] * y
    b = (m[0, 2] + m[0, 4] * x) + (m[0, 5] + m[0, 5]) * y
    c = (m[1, 1] + (m[1, 3] + m[1, 3]) * x) + m[1, 4] * y
    d = (m[1, 2] + m[1, 4] * x) + (m[1, 5] + m[1, 5]) * y
    return a, b, c, d


@nb.njit(**_INNER)
def _error(r, x, y, to, reach_x, reach_y):
    """Return by how much a coordinate of the image misses `to`, and what its terms add up to at most."""
    value = (r[0] + x * (r[1] + (r[3] * x + r[4] * y))) + y * (r[2] + r[5] * y)
    inner = abs(r[1]) + (abs(r[3]) * reach_x + abs(r[4]) * reach_y)
    terms = (abs(r[0]) + reach_x * inner) + reach_y * (abs(r[2]) + abs(r[5]) * reach_y)
    return abs(value - to), terms


@nb.njit(**_INNER)
def _triple(u, v, w):
    return (
        u[0] * (v[1] * w[2] - v[2] * w[1]) + u[1] * (v[2] * w[0] - v[0] * w[2])
    ) + u[2] * (v[0] * w[1] - v[1] * w[0])  # fmt: skip


@nb.njit(**_INNER)
def _first_form(m, cycle, scale, w):
    a, b, c, d = _linear(m, cycle[0, 0], cycle[0, 1])
    a, b, c, d = scale * a, scale * b, scale * c, scale * d
    for i in range(1, cycle.shape[0]):
        e, f, g, h = _linear(m, cycle[i, 0], cycle[i, 1])
        e, f, g, h = scale * e, scale * f, scale * g, scale * h
        a, b, c, d = e * a + f * c, e * b + f * d, g * a + h * c, g * b + h * d
    determinant, trace = a * d - b * c, a + d
    if not (abs(determinant) < 1 and abs(trace) < 1 + determinant):
        return _NONE
    p = w
    for i in range(cycle.shape[0] - 2, -1, -1):
        e, f, g, h = _linear(m, cycle[i, 0], cycle[i, 1])
        image = _image(_form(p[0], p[1], p[2]), scale * e, scale * f, scale * g, scale * h)
        p = (image[0] + w[0], image[1] + w[1], image[2] + w[2])
    k0 = (1 - a * a, -(a * b), -(b * b))
    k1 = (-2 * (a * c), 1 - (a * d + b * c), -2 * (b * d))
    k2 = (-(c * c), -(c * d), 1 - d * d)
    whole = _triple(k0, k1, k2)
    if not whole > 0:
        return _NONE
    return _form(_triple(p, k1, k2) / whole, _triple(k0, p, k2) / whole, _triple(k0, k1, p) / whole)


@nb.njit(**_INNER)
def _quadratic(m, form, inverse):
    l11, l12, l22 = form
    i11, i12, i22 = inverse
    xx, xy, yy = i11 * i11, i11 * i12, i12 * i12
    s0, s1 = m[0, 3] * xx, 2 * (m[0, 3] * xy) + m[0, 4] * (i11 * i22)
    s2 = (m[0, 3] * yy + m[0, 4] * (i12 * i22)) + m[0, 5] * (i22 * i22)
    t0, t1 = m[1, 3] * xx, 2 * (m[1, 3] * xy) + m[1, 4] * (i11 * i22)
    t2 = (m[1, 3] * yy + m[1, 4] * (i12 * i22)) + m[1, 5] * (i22 * i22)
    first = (l11 * s0 + l12 * t0, l11 * s1 + l12 * t1, l11 * s2 + l12 * t2)
    return first, (l22 * t0, l22 * t1, l22 * t2)


@nb.njit(**_INNER)
def _parts(a, b, c, d, q, table, j):
    """Return |Aw|^2, |<Aw, Q(w)>| and |Q(w)|^2 in a direction."""
    (q0, q1, q2), (r0, r1, r2) = q
    x, y, xx, xy, yy = table[0, j], table[1, j], table[2, j], table[3, j], table[4, j]
    u1, u2 = a * x + b * y, c * x + d * y
    v1 = (q0 * xx + q1 * xy) + q2 * yy
    v2 = (r0 * xx + r1 * xy) + r2 * yy
    return u1 * u1 + u2 * u2, abs(u1 * v1 + u2 * v2), v1 * v1 + v2 * v2


@nb.njit(**_INNER)
def _norm(form):
    return math.sqrt((form[0] * form[0] + form[1] * form[1]) + form[2] * form[2])


@nb.njit(**_INNER)
def _level(m, linear, here, there, form, target, by, room):
    """Return the level of a point of a cycle and the least that makes up for rounding; NaN if there is none."""
    a, b, c, d = linear
    i11, i22 = 1 / form[0], 1 / form[2]
    i12 = -(form[1] * i11) * i22
    inverse = (i11, i12, i22)
    l11, l12, l22 = target
    b11, b12, b21, b22 = a * i11, a * i12 + b * i22, c * i11, c * i12 + d * i22
    w11, w12 = l11 * b11 + l12 * b21, l11 * b12 + l12 * b22
    w21, w22 = l22 * b21, l22 * b22
    q = _quadratic(m, target, inverse)
    size = ((a * a + b * b) + c * c) + d * d
    norm, reach = _norm(target), _norm(inverse)
    condition = norm * reach
    if not condition * (1 + math.sqrt(size)) <= by.max_condition:
        return math.nan, math.nan
    total = ((w11 * w11 + w12 * w12) + w21 * w21) + w22 * w22
    determinant = w11 * w22 - w12 * w21
    square = (total - 2 * determinant) * (total + 2 * determinant)
    root = math.sqrt(square) if square > 0 else 0.0
    largest, smallest = (total + root) / 2, (total - root) / 2
    share = 2 * (1 - smallest)
    goal = (1 - _EPSILON * (share if share < 1 else 1.0)) - by.slack
    if not largest < 1:
        return math.nan, math.nan
    for j in range(_N):
        aa, ab, bb = _parts(w11, w12, w21, w22, q, _TABLE, j)
        left = goal - aa
        room[0, j] = left
        room[1, j] = left / (ab + math.sqrt(ab * ab + bb * left))
    most = math.inf
    for j in range(_N):
        if not (room[0, j] > 0 and room[1, j] >= 0):
            return math.nan, math.nan
        if room[1, j] < most:
            most = room[1, j]
    if MAX_REACH / reach < most:
        most = MAX_REACH / reach
    terms = ((abs(m[0, 3]) + abs(m[0, 4])) + abs(m[0, 5])) + ((abs(m[1, 3]) + abs(m[1, 4])) + abs(m[1, 5]))
    if not most * (condition * reach * terms) <= by.max_condition:
        return math.nan, math.nan
    x, y = abs(here[0]) + most * reach, abs(here[1]) + most * reach
    missed0, terms0 = _error(m[0], here[0], here[1], there[0], x, y)
    missed1, terms1 = _error(m[1], here[0], here[1], there[1], x, y)
    error = (missed0 + missed1) + by.roundoff * (terms0 + abs(there[0]))
    error += by.roundoff * (terms1 + abs(there[1]))
    spare = 1 - largest
    limit = spare * spare / 32
    return most, norm * error / (limit if limit < by.slack / 16 else by.slack / 16)


@nb.njit(**_INNER)
def _evaluate(m, cycle, scale, q, h, by, room, forms):
    """Set the forms of a cycle for one shape, and return their level and area over pi; NaN if there are none."""
    w = (1.0, q, q * q + h * h)
    n = cycle.shape[0]
    first = _first_form(m, cycle, scale, w)
    target = first
    most, least, area = math.inf, 0.0, 0.0
    for i in range(n - 1, -1, -1):
        linear = _linear(m, cycle[i, 0], cycle[i, 1])
        form = first
        if i > 0:
            a, b, c, d = linear
            p = _image(target, scale * a, scale * b, scale * c, scale * d)
            form = _form(p[0] + w[0], p[1] + w[1], p[2] + w[2])
        if not form[0] > 0:
            return math.nan, math.nan
        level, needed = _level(m, linear, cycle[i], cycle[i + 1 if i + 1 < n else 0], form, target, by, room)
        if not level >= 0:
            return math.nan, math.nan
        most, least = min(most, level), max(least, needed)
        area += 1 / (form[0] * form[2])
        forms[i, 0], forms[i, 1], forms[i, 2] = form
        target = form
    area = most * most * area
    if most >= least and area > 0 and area < math.inf:
        return most, area
    return math.nan, math.nan


@nb.njit(**_INNER)
def _search(m, cycle, rounds, by, room, forms):
    """Set the forms of the largest area among the shapes tried, and return their level; NaN if there are none."""
    best, scale, q, h = -1.0, 1.0, 0.0, 1.0
    for tried in _SCALES:
        _, area = _evaluate(m, cycle, tried, 0.0, 1.0, by, room, forms)
        if area > best:
            best, scale = area, tried
    if best < 0:
        return math.nan
    step = FIRST_STEP
    for _ in range(rounds):
        q0, h0, is_better = q, h, False
        for i in range(4):
            q1 = q0 + step * h0 if i == 0 else q0 - step * h0 if i == 1 else q0
            h1 = h0 * (1 + step) if i == 2 else h0 / (1 + step) if i == 3 else h0
            _, area = _evaluate(m, cycle, scale, q1, h1, by, room, forms)
            if area > best:
                best, q, h, is_better = area, q1, h1, True
        if not is_better:
            step = step / 2
    return _evaluate(m, cycle, scale, q, h, by, room, forms)[0]


@nb.njit(**_INNER)
def _is_moderate(m):
    for row in range(2):
        for column in range(6):
            if not abs(m[row, column]) <= MAX_COEFFICIENT:
                return False
    return True


@nb.njit(nogil=True, cache=True, error_model="numpy")
@stamped
def _basin(maps, cycles, rounds, by, found):
    room = np.empty((2, _N))
    forms = np.empty((cycles.shape[1], 3))
    for i in range(maps.shape[0]):
        n = 0
        while n < cycles.shape[1] and not (math.isnan(cycles[i, n, 0]) or math.isnan(cycles[i, n, 1])):
            n += 1
        found[i] = math.nan
        if n == 0 or not _is_moderate(maps[i]):
            continue
        level = _search(maps[i], cycles[i, :n], rounds, by, room, forms)
        if level > 0:
            scale = 1 / (level * (1 - by.slack / 16))
            for j in range(n):
                found[i, j, 0], found[i, j, 1] = cycles[i, j, 0], cycles[i, j, 1]
                for k in range(3):
                    found[i, j, 2 + k] = forms[j, k] * scale


def basin(maps: F64, cycles: F64, rounds: int = 0, precision: str = "float64") -> F64:
    """Return the ellipses of cycles; see the package's docstring."""
    found = np.empty((*cycles.shape[:2], 5))
    _basin(np.ascontiguousarray(maps), np.ascontiguousarray(cycles), rounds, MARGINS[precision], found)
    return found


@nb.njit(**_INNER)
def _root(parts, wanted):
    """Return the least s from which on a - 2 b s + c s^2 > `wanted` in all directions."""
    most = 0.0
    for j in range(parts.shape[1]):
        under = parts[1, j] * parts[1, j] + parts[2, j] * (wanted - parts[0, j])
        root = (parts[1, j] + math.sqrt(under if under > 0 else 0.0)) / parts[2, j]
        parts[3, j] = 0.0 if under < 0 else root
    for j in range(parts.shape[1]):
        if parts[3, j] > most:
            most = parts[3, j]
    return most


@nb.njit(**_INNER)
def _outside(m, epsilon, table, by, parts):
    """Return the radius that some directions prove, and the part of the least |Q|^2 that they leave of it."""
    n = table.shape[1]
    q = (m[0, 3], m[0, 4], m[0, 5]), (m[1, 3], m[1, 4], m[1, 5])
    for j in range(n):
        parts[0, j], parts[1, j], parts[2, j] = _parts(m[0, 1], m[0, 2], m[1, 1], m[1, 2], q, table, j)
    a, c, least_c = 0.0, 0.0, math.inf
    for j in range(n):
        a, c, least_c = max(a, parts[0, j]), max(c, parts[2, j]), min(least_c, parts[2, j])
    kappa, epsilon = 1 - epsilon, epsilon + by.spare
    alpha, largest = math.sqrt(a / kappa), math.sqrt(c / kappa)
    least = least_c - epsilon * (largest * largest)
    if not least > 0:
        return math.inf, 0.0
    for j in range(n):
        parts[0, j] = parts[0, j] - epsilon * (alpha * alpha)
        parts[1, j] = parts[1, j] + epsilon * (alpha * largest)
        parts[2, j] = parts[2, j] - epsilon * (largest * largest)
    one = 1 + by.growth
    constant = one * math.sqrt(m[0, 0] * m[0, 0] + m[1, 0] * m[1, 0])
    radius = _root(parts, kappa * (one * one))
    if constant > 0:
        start = math.sqrt(constant / largest)
        enough = radius = max(radius, start)
        for _ in range(2):
            asked = one + constant / radius
            enough = max(radius, _root(parts, kappa * (asked * asked)))
            asked = one + constant / enough
            radius = max(_root(parts, kappa * (asked * asked)), start)
        radius = enough
    return radius * one, least / least_c


@nb.njit(nogil=True, cache=True, error_model="numpy")
@stamped
def _radius(maps, few_epsilon, few, many_epsilon, many, by, found):
    parts = np.empty((4, few.shape[1]))
    fine = np.empty((4, many.shape[1]))
    for i in range(maps.shape[0]):
        found[i] = math.inf
        if _is_moderate(maps[i]):
            found[i], left = _outside(maps[i], few_epsilon, few, by, parts)
            if left < 0.875:
                found[i] = min(found[i], _outside(maps[i], many_epsilon, many, by, fine)[0])


def radius(maps: F64, precision: str = "float64") -> F64:
    """Return radii beyond which all orbits escape; see the package's docstring."""
    found = np.empty(len(maps))
    _radius(np.ascontiguousarray(maps), FEW.epsilon, FEW.table, MANY.epsilon, MANY.table, MARGINS[precision], found)
    return found
