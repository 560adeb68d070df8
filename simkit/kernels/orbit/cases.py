"""Argument sets of `orbit`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from simkit.kernels.cases import Call

F64 = npt.NDArray[np.float64]

#: the Henon map (1.4, 0.3): chaos
HENON: F64 = np.array([[1, 0, 1, -1.4, 0, 0], [0, 0.3, 0, 0, 0, 0]])

#: the delayed logistic map x' = 2.1 x (1 - y), y' = x: a ring
RING: F64 = np.array([[0, 2.1, 0, 0, -2.1, 0], [0, 1, 0, 0, 0, 0]])


def orbits(seed: int, n_maps: int, n_orbits: int, *, spread: float = 0.1) -> tuple[F64, F64]:
    """Return HENON and RING by turns, each third map drawn at random, and states; some orbits escape."""
    chance = np.random.default_rng(seed)
    maps = np.stack([(HENON, RING, chance.normal(size=(2, 6)))[k % 3] for k in range(n_maps)])
    return maps, 0.5 + spread * chance.normal(size=(n_maps, n_orbits, 2))


def call(function: str, n: int, maps: F64, states: F64, *options: Any) -> Call:
    """Return a call of a function for `n` iterations."""
    return Call(function, (maps, states, *options, n))


def density(seed: int, shape: tuple[int, int], n: int, n_maps: int = 3, n_orbits: int = 5) -> Call:
    """Return a call that counts where orbits are in the square from -1.5 to 1.5, y upwards."""
    height, width = shape
    windows = np.tile([-1.5, 1.5, width / 3, -height / 3], (n_maps, 1))
    return call("density", n, *orbits(seed, n_maps, n_orbits), windows, shape)


CASES: Mapping[str, Callable[[], Call]] = {
    "one state": lambda: call("trace", 1, *orbits(1, 1, 1)),
    "states of several maps": lambda: call("trace", 40, *orbits(2, 6, 19)),
    "stretching": lambda: call("stretch", 300, *orbits(3, 6, 5)),
    "stretching that ends at 0": lambda: call("stretch", 5, np.zeros((1, 2, 6)), np.zeros((1, 2, 2))),
    "stretching in steps of 1e-200": lambda: call("stretch", 9, np.eye(2, 6, 1)[None] * 1e-200, np.ones((1, 2, 2))),
    "density": lambda: density(4, (30, 41), 100),
    "density of many orbits": lambda: density(5, (8, 8), 20, n_maps=2, n_orbits=33),
}
