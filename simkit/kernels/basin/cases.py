"""Argument sets of `basin`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from simkit.kernels.basin import F64
from simkit.kernels.cases import Call


def maps(n: int, seed: int, *, shear: float = 0.0) -> F64:
    """Return maps without constants whose point 0 attracts; with `shear` their linear part is far from normal."""
    draw = np.random.default_rng(seed)
    found = np.zeros((n, 2, 6))
    found[:, :, 3:] = draw.uniform(-1, 1, (n, 2, 3))
    found[:, 0, 1], found[:, 1, 2] = draw.uniform(-0.9, 0.9, (2, n))
    found[:, 0, 2] = shear * draw.uniform(0.25, 1, n) + draw.uniform(-0.3, 0.3, n)
    return found


def shifted(found: F64, points: F64) -> F64:
    """Return maps that have been moved: what was 0 is now at `points`, to the precision of float64."""
    x, y = points.T[:, :, None]
    a = np.moveaxis(found, -1, 0)
    ones = np.zeros_like(a)
    ones[1, :, 0] = ones[2, :, 1] = 1
    b1, b2 = a[1] - 2 * a[3] * x - a[4] * y, a[2] - a[4] * x - 2 * a[5] * y
    constant = points - b1 * x - b2 * y - a[3] * x * x - a[4] * x * y - a[5] * y * y
    return np.stack((constant, b1, b2, a[3], a[4], a[5]), axis=-1)


def basin(n: int, seed: int, *, shear: float = 0.0, rounds: int = 0, precision: str = "float64") -> Call:
    """Return a call for fixed points, half of them 0."""
    found, points = maps(n, seed, shear=shear), np.zeros((n, 2))
    points[::2] = np.random.default_rng(seed + 1).uniform(-1, 1, points[::2].shape)
    return Call("basin", (shifted(found, points), points[:, None]), {"rounds": rounds, "precision": precision})


def cycles(n: int, *, rounds: int = 0) -> Call:
    """Return a call for cycles of periods 1 to 3: of x' = r x (1 - x) + y / 100, y' = x / 100, found by iteration."""
    rates = np.resize([2.9, 3.3, 3.835, 3.84, 3.1], n) + np.linspace(0, 1e-3, n)
    found = np.zeros((n, 2, 6))
    found[:, 0, 1], found[:, 0, 3] = rates, -rates
    found[:, 1, 1] = 0.01
    found[:, 0, 2] = 0.01
    points = np.full((n, 3, 2), np.nan)
    for m, cycle in zip(found, points, strict=True):
        orbit = [np.array([0.5, 0.0])]
        for _ in range(4000):
            x, y = orbit[-1]
            orbit.append(m @ np.array([1, x, y, x * x, x * y, y * y]))
        period = next((p for p in (1, 2, 3) if np.allclose(orbit[-1], orbit[-1 - p], rtol=0, atol=1e-12)), 0)
        cycle[:period] = orbit[-period:] if period else np.nan
    return Call("basin", (found, points), {"rounds": rounds})


def radius(n: int, seed: int, *, constant: float = 0.0, precision: str = "float64") -> Call:
    """Return a call for maps of any kind, with constants of up to a size."""
    draw = np.random.default_rng(seed)
    found = draw.uniform(-1.2, 1.2, (n, 2, 6))
    found[:, :, 0] *= constant
    return Call("radius", (found,), {"precision": precision})


def strange() -> F64:
    """Return maps of which some have no region at all."""
    henon = [[1, 0, 1, -1.4, 0, 0], [0, 0.3, 0, 0, 0, 0]]
    linear = [[0, 0.5, 0.25, 0, 0, 0], [0, -0.25, 0.5, 0, 0, 0]]
    near = [[0, 0.999999, 0, 1, 0, -1], [0, 0, 0.999999, 0, 2, 0]]
    julia = [[0, 0.99, 0, 1, 0, -1], [0, 0, 0.99, 0, 2, 0]]
    unit = [[0, 1, 0, 1, 0, -1], [0, 0, 1, 0, 2, 0]]
    zero, large = np.zeros((2, 6)), np.full((2, 6), 1e200)
    infinite, missing = np.full((2, 6), np.inf), np.full((2, 6), np.nan)
    huge = np.array([[0, 0.5, 0, 1e300, 0, 0], [0, 0, 0.5, 0, 0, 1e300]])
    steep = [[0, 0.5, 1e7, 1, 0, 0], [0, 0, 0.5, 0, 0, 1]]
    return np.array([henon, linear, near, julia, unit, zero, large, infinite, missing, huge, steep])


CASES: Mapping[str, Callable[[], Call]] = {
    "basin": lambda: basin(40, 1),
    "basin of no maps": lambda: basin(0, 1),
    "basin, not normal": lambda: basin(40, 2, shear=8.0),
    "basin, improved": lambda: basin(10, 3, shear=8.0, rounds=6),
    "basin of orbits in float32": lambda: basin(40, 6, shear=2.0, precision="float32"),
    "basin of cycles": lambda: cycles(10),
    "basin of cycles, improved": lambda: cycles(5, rounds=4),
    "basin of strange maps": lambda: Call("basin", (strange(), np.zeros((len(strange()), 2, 2)))),
    "radius": lambda: radius(150, 4),
    "radius with constants": lambda: radius(150, 5, constant=3.0),
    "radius of orbits in float32": lambda: radius(150, 7, constant=1.0, precision="float32"),
    "radius of no maps": lambda: radius(0, 4),
    "radius of strange maps": lambda: Call("radius", (strange(),)),
}
