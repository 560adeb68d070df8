"""Argument sets of `follow`, `rotations`, `density`, `carry` and `trace`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from simkit.kernels.cases import Call

F64 = npt.NDArray[np.float64]

#: the Henon map (1.4, 0.3), and the delayed logistic map with a = 2.1, whose attractor is a ring
HENON: F64 = np.array([[1, 0, 1, -1.4, 0, 0], [0, 0.3, 0, 0, 0, 0]])
DELAYED: F64 = np.array([[0, 2.1, 0, 0, -2.1, 0], [0, 1, 0, 0, 0, 0]])


def drawn(n: int, seed: int) -> tuple[F64, F64]:
    """Return maps and states: some keep to a bounded set for long, others leave soon."""
    chance = np.random.default_rng(seed)
    maps = chance.normal(size=(n, 2, 6)) * [0.3, 0.8, 0.8, 0.4, 0.4, 0.4]
    maps[::3], maps[1::3] = HENON, DELAYED
    return maps, chance.normal(size=(n, 2)) * 0.2 + [0.3, 0.1]


def follow(n_maps: int, n: int, seed: int, *, limit: float = 1e6) -> Call:
    """Return a call for orbits with tangents, one of which is 0."""
    chance = np.random.default_rng(seed + 1)
    tangents = chance.normal(size=(n_maps, 2))
    tangents[1::5] = 0
    return Call("follow", (*drawn(n_maps, seed), tangents, np.full(n_maps, limit), n))


def still(n: int) -> Call:
    """Return a call for orbits of numbers that are extreme: lengths of 0, subnormal ones, infinite ones, no numbers."""
    flat = np.zeros((7, 2, 6))
    flat[:, 0, 1], flat[:, 1, 2] = [0, 1e-320, 1e-90, 1e90, 1, 1, 2**255.9], [0, 1e-320, 1e-100, 1e120, 1, 1, 1]
    flat[5, 0, 3] = 1e200
    states = np.array([[0, 0], [1, 1], [1, 1], [0, 0], [np.nan, 0], [1e3, 0], [0, 0]])
    return Call("follow", (flat, states, np.ones((7, 2)), np.full(7, np.inf), n))


def rotations(n_maps: int, n: int, seed: int) -> Call:
    """Return a call for angles about points of all kinds; of some maps every second or third state counts."""
    chance = np.random.default_rng(seed + 2)
    strides = chance.integers(1, 4, n_maps).astype(np.int32)
    branches, weights = chance.uniform(-0.5, 0.5, n_maps), chance.random(n) / n
    return Call("rotations", (*drawn(n_maps, seed), chance.normal(size=(n_maps, 2)) * 0.3, strides, branches, weights))


def around(n: int) -> Call:
    """Return a call for turns by exact eighths of a turn, to both sides, and none about the centre itself."""
    turns = np.array([[1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1], [0, 0]], np.float64)
    maps = np.zeros((9, 2, 6))
    maps[:, 0, 1], maps[:, 0, 2], maps[:, 1, 1], maps[:, 1, 2] = turns[:, 0], -turns[:, 1], turns[:, 1], turns[:, 0]
    states, strides = np.tile([1.0, 0.0], (9, 1)), np.ones(9, np.int32)
    return Call("rotations", (maps, states, np.zeros((9, 2)), strides, np.zeros(9), np.full(n, 1 / n)))


def density(n_maps: int, n: int, seed: int, shape: tuple[int, int] = (24, 40)) -> Call:
    """Return a call for images of a part of the plane, y upwards."""
    steps = 3.0 / shape[1], -3.0 / shape[0]
    windows = np.tile([-1.5 + steps[0] / 2, 1.5 + steps[1] / 2, *steps], (n_maps, 1))
    return Call("density", (*drawn(n_maps, seed), windows, shape, n))


def trace(n_maps: int, n: int, seed: int) -> Call:
    """Return a call for states."""
    return Call("trace", (*drawn(n_maps, seed), n))


def carry(n_orbits: int, n_maps: int, n: int, *, limit: float = 1e6) -> Call:
    """Return a call for orbits along a path of delayed logistic maps, from a ring on; some are lost."""
    path = np.zeros((n_maps, 2, 6))
    path[:, 0, 1] = np.linspace(2.05, 2.35, n_maps)
    path[:, 0, 4], path[:, 1, 1] = -path[:, 0, 1], 1
    states = 0.45 + 0.02 * np.arange(2 * n_orbits).reshape(-1, 2) ** 2
    return Call("carry", (path, states, limit, n))


CASES: Mapping[str, Callable[[], Call]] = {
    "follow": lambda: follow(37, 103, 1),
    "one orbit": lambda: follow(1, 40, 2),
    "limits that are met": lambda: follow(50, 64, 3, limit=1.5),
    "extreme numbers": lambda: still(11),
    "extreme numbers for long": lambda: still(70),
    "numbers from 2^1023 on": lambda: still(4),
    "few iterations": lambda: follow(5, 3, 11),
    "no iterations": lambda: follow(5, 0, 4),
    "no maps": lambda: follow(0, 7, 5),
    "rotations": lambda: rotations(37, 50, 6),
    "exact turns": lambda: around(9),
    "no weights": lambda: rotations(3, 0, 7),
    "density": lambda: density(19, 120, 8),
    "one row of pixels": lambda: density(3, 60, 9, (1, 7)),
    "carry": lambda: carry(6, 13, 31),
    "carried past a limit": lambda: carry(3, 40, 60, limit=1.6),
    "carried by single steps": lambda: carry(2, 5, 1),
    "no path": lambda: carry(2, 0, 9),
    "trace": lambda: trace(35, 33, 10),
}
