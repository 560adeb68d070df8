"""The Metropolis algorithm in CUDA C++, a block of threads a system, with all steps and counts of a run in one launch.

`run` also takes many systems at once, as one more axis before all others: cells (system, y, x), acceptance (system,
interval), row (system,); so do the arrays of the `Trace`. They are what fills a device.

A word of 64 spins takes some four blocks of Philox, each of 20 multiplications, which a multiprocessor does 64 of in a
cycle: at most 51 attempts to flip a cycle, or 1.2e13 a second on 132 multiprocessors at 1.75 GHz. This was counted, not
measured.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simkit.kernels.cuda import Array, back, compile_module, copied, empty, full, to_device
from simkit.kernels.metropolis import FIRST_STREAM, N_PAIRS, QUANTITIES, Trace, lanes
from simkit.kernels.philox import cuda as philox

#: threads of a block at most
_N_THREADS = 512


@cache
def module() -> Any:
    """Return the compiled kernel."""
    constants = {"N_QUANTITIES": len(QUANTITIES), "N_PAIRS": N_PAIRS, "FIRST_STREAM": FIRST_STREAM}
    text = [philox.DRAW, Path(__file__).with_name("metropolis.cu")]
    return compile_module(text, N_THREADS=_N_THREADS, **philox.CONSTANTS, **constants)


def run(
    cells: Array, n_steps: int, *, acceptance: Array, seed: int, row: Array | int, every: int = 1, start: int = 0
) -> Trace:
    """Run spins; see the package's docstring."""
    out = copied(cells, np.uint8)
    shape = cells.shape[:-2]
    n_systems, at = int(np.prod(shape)), lanes(cells.shape)
    census = full((*shape, 1 + n_steps // every, len(QUANTITIES)), 0, np.int64)
    first, last = start // every, -(-(start + n_steps) // every)
    if n_systems:
        used = to_device(acceptance[..., first:last], np.uint32)
        n_threads = min(_N_THREADS, -(-at.n_words // 32) * 32)
        sizes = np.int32(at.height), np.int32(at.width)
        draws = np.int32(last - first), np.uint64(seed), to_device(np.atleast_1d(row), np.uint64)
        times = np.int32(n_steps), np.int32(every), np.uint32(start)
        words = empty((n_systems, 2, at.n_words), np.uint64)
        arguments = (out, *sizes, used, *draws, *times, words, census)
        module().get_function("run_metropolis")((n_systems,), (n_threads,), arguments)
    return Trace(*(back(array, cells) for array in (out, census)))
