"""What becomes of every point of a picture, in CUDA C++: threads that take pixels of all maps from one queue.

An iteration takes 10 products, 10 sums, and 12 operations for the tests of an ellipse and a radius. At 64 operations of
float64 and 128 of float32 that a multiprocessor of an H200 does in a cycle, 132 of them at 1.75 GHz, that is at most
4.6e11 iterations/s in float64 and 9.2e11 in float32. This was counted, not measured.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from simkit.kernels import escape as contract
from simkit.kernels.cuda import Array, back, compile_module, empty, full, n_multiprocessors, to_device, to_host
from simkit.kernels.escape import (
    FINE,
    GLITCH,
    HUGE,
    LOST,
    QUANTITIES,
    RESOLVED,
    SHORT,
    TINY,
    UNDECIDED,
    Outcome,
    Perturbed,
    Regions,
    bend,
)

#: threads of a block, blocks for each multiprocessor, and iterations between two looks
_N_THREADS, _N_BLOCKS, _BLOCK = 128, 8, 8

#: classes by the names that the text has for them
_CLASSES = ("UNDECIDED", "CONVERGED", "ESCAPED", "CONVERGED_HEURISTIC", "ESCAPED_HEURISTIC")

#: a kernel for a precision, with one ellipse and no cone or with any regions
_ENTRY = """
extern "C" __global__ void __launch_bounds__(N_THREADS)
    NAME(const T* maps, const double* windows, const T* ellipses, const T* radius2, const T* cones, const T* bailout2,
         const u8* is_certified, u32 k, u32 height, u32 width, u64 n_pixels, int most, u64* next, u8* classes,
         int* counts) {
    follow<T, ANY>(maps, windows, ellipses, radius2, cones, bailout2, is_certified, k, height, width, n_pixels, most,
                   next, classes, counts);
}
"""


def _entries() -> str:
    kinds = [
        (precision, T, suffix)
        for precision, T in (("float64", "double"), ("float32", "float"))
        for suffix in ("", "_any")
    ]
    return "".join(
        _ENTRY.replace("NAME", f"escape_{precision}{suffix}")
        .replace("<T, ANY>", f"<{T}, {str(bool(suffix)).lower()}>")
        .replace("const T*", f"const {T}*")
        for precision, T, suffix in kinds
    )


@cache
def module() -> Any:
    """Return the compiled kernels."""
    classes = {name: getattr(contract, name) for name in _CLASSES}
    numbers = {"RESOLVED": RESOLVED["float64"], "HUGE_STATE": HUGE, "LOST": LOST, "TINY": TINY}
    text = [f"constexpr double {name} = {value.hex()};" for name, value in numbers.items()]
    files = (Path(__file__).with_name(name) for name in ("escape.cu", "perturb.cu"))
    sizes = {"N_THREADS": _N_THREADS, "BLOCK": _BLOCK, "N_QUANTITIES": len(QUANTITIES)}
    faults = {"SHORT": SHORT, "GLITCH": GLITCH}
    return compile_module(["\n".join(text), *files, _entries()], **sizes, **classes, **faults)


def escape(
    maps: Array,
    windows: Array,
    shape: tuple[int, int],
    regions: Regions,
    max_iterations: int,
    precision: str = "float64",
) -> Outcome:
    """Iterate; see the package's docstring."""
    classes = full((len(maps), *shape), UNDECIDED, np.uint8)
    counts = full((len(maps), *shape), max_iterations, np.int32)
    if classes.size:
        dtype = np.dtype(precision)
        with np.errstate(over="ignore"):  # of a limit that is infinite in the precision
            given = [to_device(part, dtype) for part in (maps, *regions[:4])]
        quadratic, ellipses, radius2, cones, bailout2 = given
        k, is_certified = ellipses.shape[1], to_device(regions.is_certified, np.uint8)
        is_simple = k == 1 and bool(np.isnan(to_host(cones)).any(axis=1).all())
        sizes = np.uint32(k), np.uint32(shape[0]), np.uint32(shape[1]), np.uint64(classes.size)
        arguments = (
            quadratic, to_device(windows, np.float64), ellipses, radius2, cones, bailout2, is_certified, *sizes,
            np.int32(max_iterations), full((1,), 0, np.uint64), classes, counts,
        )  # fmt: skip
        n_blocks = min(_N_BLOCKS * n_multiprocessors(), -(-classes.size // _N_THREADS))
        name = f"escape_{precision}" if is_simple else f"escape_{precision}_any"
        module().get_function(name)((n_blocks,), (_N_THREADS,), arguments)
    return Outcome(back(classes, maps), back(counts, maps))


def perturb(
    quadratic: Array, orbit: Array, offsets: Array, side: float, regions: Regions, max_iterations: int
) -> Perturbed:
    """Iterate differences; see the package's docstring."""
    n = len(offsets)
    found = full((n,), UNDECIDED, np.uint8), full((n,), max_iterations, np.int32), full((n,), FINE, np.uint8)
    if n:
        ellipses, radius2, cone, bailout2, is_certified = (to_host(part)[0] for part in regions)
        arguments = (
            to_device(quadratic, np.float64), to_device(orbit, np.float64), np.uint32(len(orbit)),
            to_device(offsets, np.float64), np.uint32(n), np.float64(side), np.float64(bend(to_host(quadratic))),
            to_device(ellipses, np.float64), np.uint32(len(ellipses)), np.float64(radius2), to_device(cone, np.float64),
            np.float64(bailout2), np.uint8(is_certified), np.int32(max_iterations), full((1,), 0, np.uint32), *found,
        )  # fmt: skip
        n_blocks = min(_N_BLOCKS * n_multiprocessors(), -(-n // _N_THREADS))
        module().get_function("perturb")((n_blocks,), (_N_THREADS,), arguments)
    return Perturbed(*(back(part, quadratic) for part in found))


def boundaries(classes: Array) -> npt.NDArray[np.int32]:
    """Count pairs; see the package's docstring."""
    found = full((len(classes), len(QUANTITIES)), 0, np.int32)
    if classes.size:
        of = to_device(classes, np.uint8)
        sizes = np.uint32(of.shape[1]), np.uint32(of.shape[2])
        arguments = (of, *sizes, empty(of.shape, np.uint8), found)
        module().get_function("count_boundaries")((len(of),), (_N_THREADS,), arguments)
    return back(found, classes)  # type: ignore[no-any-return]
