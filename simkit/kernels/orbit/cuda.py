"""Long orbits in CUDA C++, a thread for a map: many maps, or many orbits of one, are what fills a device."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simkit.kernels.cuda import Array, back, compile_module, copied, empty, full, to_device
from simkit.kernels.orbit import ARCTANGENT, EVERY, TAN_PI_8, Carried, Density, Followed, Rotated

#: threads of a block: few, since maps may be
_N_THREADS = 64


@cache
def module() -> Any:
    """Return the compiled kernels."""
    text = f"""constexpr double TAN_PI_8 = {TAN_PI_8.hex()};
constexpr double ARCTANGENT[] = {{{", ".join(c.hex() for c in ARCTANGENT)}}};
"""
    files: list[Path | str] = [text, *(Path(__file__).with_name(name) for name in ("orbit.cu", "carry.cu"))]
    return compile_module(files, N_THREADS=_N_THREADS, EVERY=EVERY, N_TERMS=len(ARCTANGENT))


def follow(maps: Array, states: Array, tangents: Array, limits: Array, n: int) -> Followed:
    """Iterate with a tangent vector; see the package's docstring."""
    k = len(maps)
    found = Followed(
        copied(states, np.float64), copied(tangents, np.float64), empty((k,), np.float64), empty((k, 2), np.int64),
        empty((k,), np.int64),
    )  # fmt: skip
    _launch("follow", maps, to_device(limits, np.float64), np.int64(n), *found)
    return Followed(*(back(array, maps) for array in found))


def rotations(maps: Array, states: Array, centres: Array, strides: Array, branches: Array, weights: Array) -> Rotated:
    """Average angles and states by weights; see the package's docstring."""
    k = len(maps)
    found = Rotated(copied(states, np.float64), empty((k,), np.float64), empty((k, 2), np.float64))
    about = to_device(centres, np.float64), to_device(strides, np.int32), to_device(branches, np.float64)
    _launch("rotations", maps, *about, to_device(weights, np.float64), np.uint32(len(weights)), *found)
    return Rotated(*(back(array, maps) for array in found))


def density(maps: Array, states: Array, windows: Array, shape: tuple[int, int], n: int) -> Density:
    """Count how often pixels are met; see the package's docstring."""
    found = Density(copied(states, np.float64), full((len(maps), *shape), 0, np.uint32))
    sizes = np.int32(shape[0]), np.int32(shape[1]), np.int64(n)
    _launch("density", maps, to_device(windows, np.float64), *sizes, *found)
    return Density(*(back(array, maps) for array in found))


def trace(maps: Array, states: Array, n: int) -> Array:
    """Return states; see the package's docstring."""
    found = empty((len(maps), n, 2), np.float64)
    _launch("trace", maps, to_device(states, np.float64), np.int64(n), found)
    return back(found, maps)


def carry(maps: Array, states: Array, limit: float, n: int) -> Carried:
    """Iterate n times under each map in turn; see the package's docstring."""
    n_orbits, n_maps = len(states), len(maps)
    found = Carried(empty((n_orbits, n_maps, 2), np.float64), empty((n_orbits, n_maps, 4), np.float64))
    if n_orbits and n_maps:
        sizes = np.uint32(n_maps), np.uint32(n_orbits), np.float64(limit), np.int64(n)
        given = to_device(maps, np.float64), *sizes, to_device(states, np.float64)
        module().get_function("carry")((-(-n_orbits // _N_THREADS),), (_N_THREADS,), (*given, *found))
    return Carried(*(back(array, maps) for array in found))


def _launch(name: str, maps: Array, *arguments: Any) -> None:
    n = len(maps)
    if n:
        grid = (-(-n // _N_THREADS),)
        module().get_function(name)(grid, (_N_THREADS,), (to_device(maps, np.float64), np.uint32(n), *arguments))
