"""Certified regions in CUDA C++: a warp for a map, and a lane for each of the 32 directions that are not opposite."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simkit.kernels.basin import (
    FEW,
    FIRST_STEP,
    MANY,
    MARGINS,
    MAX_COEFFICIENT,
    MAX_REACH,
    SCALES,
)
from simkit.kernels.cuda import Array, back, compile_module, empty, to_device

#: threads of a block, four maps
_N_THREADS = 128


@cache
def module() -> Any:
    """Return the compiled kernels."""
    numbers = {
        "EPSILON": FEW.epsilon,
        "EPSILON_OF_MANY": MANY.epsilon,
        "MAX_REACH": MAX_REACH,
        "MAX_COEFFICIENT": MAX_COEFFICIENT,
        "FIRST_STEP": FIRST_STEP,
    }
    text = [f"constexpr double {name} = {value.hex()};" for name, value in numbers.items()]
    text.append(f"__device__ const double SCALES[] = {{{', '.join(scale.hex() for scale in SCALES)}}};\n")
    sizes = {"N_SCALES": len(SCALES), "N_FEW": FEW.table.shape[1], "N_MANY": MANY.table.shape[1]}
    return compile_module(["\n".join(text), Path(__file__).with_name("basin.cu")], N_THREADS=_N_THREADS, **sizes)


def basin(maps: Array, cycles: Array, rounds: int = 0, precision: str = "float64") -> Array:
    """Return the ellipses of cycles; see the package's docstring."""
    n, n_points = cycles.shape[:2]
    found = empty((n, n_points, 5), np.float64)
    if found.size:
        given = to_device(maps, np.float64), to_device(cycles, np.float64)
        sizes = np.uint32(n), np.int32(n_points), np.int32(rounds)
        more = to_device(FEW.table, np.float64), _limits(precision)
        module().get_function("find_basins")(_grid(n), (_N_THREADS,), (*given, *sizes, *more, found))
    return back(found, maps)


def radius(maps: Array, precision: str = "float64") -> Array:
    """Return radii beyond which all orbits escape; see the package's docstring."""
    found = empty((len(maps),), np.float64)
    if found.size:
        tables = to_device(FEW.table, np.float64), to_device(MANY.table, np.float64)
        arguments = to_device(maps, np.float64), np.uint32(len(maps)), *tables, _limits(precision), found
        module().get_function("find_radii")(_grid(len(maps)), (_N_THREADS,), arguments)
    return back(found, maps)


def _limits(precision: str) -> Any:
    """Return the `Limits` of basin.cu on the device."""
    return to_device(np.array([*MARGINS[precision], np.inf, np.nan]), np.float64)


def _grid(n_maps: int) -> tuple[int]:
    return (-(-n_maps // (_N_THREADS // 32)),)
