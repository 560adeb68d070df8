"""The cases of ``simkit bench --backend cuda``: kernels on a GPU, by its own clock, each against a bound of that run.

Bounds are what the device does at most: operations on 32-bit words (LOP3, the instruction that all of life's work is
made of) and bytes to and from its memory, both measured beside the kernel.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simkit import registry
from simkit.backends import own_stream
from simkit.bench.rate import Rate, paired, timed
from simkit.kernels import census, lattice, life, philox
from simkit.kernels.life import Rule
from simkit.kernels.life.circuit import MAJ
from simkit.recipe import Recipe
from simkit.run import generate as run
from simkit.run import n_processors

_SIDE, _MAX_STEPS, _SHARD = 128, 100_000, 4096

#: steps of a chain in ``peak.cu``, and threads of a block there
_STEPS, _THREADS = 128, 256


@cache
def _peak() -> Any:
    from simkit.kernels import cuda

    return cuda.compile_module([Path(__file__).with_name("peak.cu")], FUNCTION=MAJ)


def _operations(tiny: bool) -> float:
    """Return the operations on 32-bit words that the device does in a second."""
    from simkit.kernels import cuda

    n_blocks, n = (2, 1) if tiny else (16 * cuda.n_multiprocessors(), 4000)
    out = cuda.empty((n_blocks * _THREADS,), np.uint32)
    spent = cuda.seconds(lambda: _peak().get_function("operations")((n_blocks,), (_THREADS,), (np.uint32(n), out)))
    return n_blocks * _THREADS * n * _STEPS / spent


def _bytes(tiny: bool) -> float:
    """Return the bytes that the device reads and writes in a second."""
    from simkit.kernels import cuda

    n, n_blocks = (2**8, 2) if tiny else (2**26, 16 * cuda.n_multiprocessors())
    source, target = cuda.full((4 * n,), 7, np.uint32), cuda.empty((4 * n,), np.uint32)
    arguments = (np.uint32(n), source, target)
    return 32 * n / cuda.seconds(lambda: _peak().get_function("copy")((n_blocks,), (_THREADS,), arguments))


def _bounded(case: str, unit: str, run_: Callable[[], float], n_operations: float, n_bytes: float, tiny: bool) -> Rate:
    """Measure a kernel and the nearer of the two bounds in turn."""
    run_(), _operations(tiny), _bytes(tiny)  # compiles, and wakes the device
    by_operations = _bytes(tiny) * n_operations > _operations(tiny) * n_bytes
    what = "operations on words" if by_operations else "bytes of memory"
    rate, bound = paired(run_, lambda: _operations(tiny) / n_operations if by_operations else _bytes(tiny) / n_bytes)
    return Rate(case, unit, rate, bound, f"{what} of this device", n_operations, n_bytes)


def philox_words(tiny: bool) -> Rate:
    """Random words a second: ten rounds of two wide multiplications and two XORs for four words, which are written."""
    from simkit.kernels import cuda

    n_rows, n_words = (8, 64) if tiny else (2**18, 2**10)
    rows = cuda.to_device(np.arange(n_rows, dtype=np.uint64), np.uint64)
    kernel = philox.KERNEL.load("cuda")
    n = n_rows * n_words
    return _bounded(
        "philox",
        "words/s",
        lambda: n / cuda.seconds(lambda: kernel.words(0, rows, 0, n_words)),
        philox.N_ROUNDS * (2 + 2) / 4,
        4,
        tiny,
    )


def _soups(n_boards: int) -> Any:
    """Return soups of density 1/2 on the device: uint8 (sample, y, x_byte)."""
    from simkit.kernels import cuda

    rows = cuda.to_device(np.arange(n_boards, dtype=np.uint64), np.uint64)
    bits = philox.KERNEL.load("cuda").bits(0, rows, 0, _SIDE * _SIDE // 32, 2 ** (philox.N_DIGITS - 1))
    return bits.view(np.uint8).reshape(n_boards, _SIDE, _SIDE // 8)


def _life(case: str, rulestring: str, tiny: bool) -> Rate:
    from simkit.kernels import cuda
    from simkit.kernels.life.cuda import instructions_per_generation, layout

    rule, n_boards, max_steps = Rule.parse(rulestring), 4 if tiny else 2**18, 60 if tiny else _MAX_STEPS
    boards, which = _soups(n_boards), cuda.full((n_boards,), 0, np.uint8)
    kernel = life.KERNEL.load("cuda")

    def settle() -> Any:
        return kernel.settle(boards, _SIDE, (rule,), which, max_steps)

    settled = np.asarray(cuda.back(settle().settle, np.empty(0)), np.int64)
    generations = int(np.where(settled < 0, max_steps, settled).sum())
    return _bounded(
        case,
        "board-generations/s",
        lambda: generations / cuda.seconds(settle),
        32 * instructions_per_generation(rule, *layout(_SIDE, _SIDE)),
        n_boards * 2 * _SIDE * _SIDE / 8 / generations,
        tiny,
    )


def life_settle(tiny: bool) -> Rate:
    """Settle generations of 128x128 Life boards a second, against the word operations that they cost."""
    return _life("life", "B3/S23", tiny)


def highlife_settle(tiny: bool) -> Rate:
    """As `life`, for HighLife."""
    return _life("highlife", "B36/S23", tiny)


def census_count(tiny: bool) -> Rate:
    """Boards of ash whose objects are counted a second, against reading the boards and writing the counts."""
    from simkit.kernels import cuda

    rules, n_boards, max_steps = (Rule.parse("B3/S23"),), 4 if tiny else 2**17, 60 if tiny else _MAX_STEPS
    which = cuda.full((n_boards,), 0, np.uint8)
    ash, _, period = life.KERNEL.load("cuda").settle(_soups(n_boards), _SIDE, rules, which, max_steps)
    kernel = census.KERNEL.load("cuda")
    n_bytes = _SIDE * _SIDE / 8 + 4 * (len(census.KINDS) + len(census.CONSTELLATIONS))

    def count() -> float:
        return n_boards / cuda.seconds(lambda: kernel.count(ash, _SIDE, rules, which, period))

    return _bounded("census", "boards/s", count, 0, n_bytes, tiny)


def lattice_ring(tiny: bool) -> Rate:
    """Cells of many rings a second, half gas and half spins: 6 operations for 32 cells of gas, 4 for 64 spins."""
    from simkit.kernels import cuda
    from simkit.kernels.lattice import layout

    n_systems, half, n_steps = (2, 32, 4) if tiny else (2 * cuda.n_multiprocessors(), 128, 20_000)
    shape, rng = (128 if tiny else 256, 2 * half), np.random.default_rng(0)
    packets, spins = rng.integers(0, 16, shape, np.uint8), rng.integers(0, 2, shape, np.uint8)
    ring = layout.fill(np.broadcast_to(layout.ring(half, half), shape), packets, spins)
    cells = cuda.to_device(np.repeat(ring[None], n_systems, axis=0), np.uint8)
    kernel = lattice.KERNEL.load("cuda")
    return _bounded(
        "lattice",
        "cells/s",
        lambda: cells.size * n_steps / cuda.seconds(lambda: kernel.run(cells, n_steps)),
        (6 / 32 + 4 / 64) / 2,
        2 / n_steps,
        tiny,
    )


def generate(tiny: bool) -> Rate:
    """Rows a second of a whole run into a store, against the same rows made on streams side by side and dropped."""
    n = 64 if tiny else 2**19
    source = registry.source("ca-ash", **({"size": 32, "max_steps": 60} if tiny else {}))

    def whole() -> None:
        with tempfile.TemporaryDirectory() as folder:
            run(Recipe(source, 0, n), Path(folder) / "x.zarr", backend="cuda", n_threads=n_processors())

    def make(start: int) -> None:
        with own_stream("cuda"):
            source.generate(0, range(start, min(start + _SHARD, n)), backend="cuda")

    def bare() -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(make, range(0, n, _SHARD)))

    bare()
    rate, bound = paired(lambda: n / timed(whole, time.perf_counter), lambda: n / timed(bare, time.perf_counter), 3)
    return Rate("generate", "rows/s", rate, bound, "the same rows, nothing stored")


#: name -> case
CASES: dict[str, Callable[[bool], Rate]] = {
    "philox": philox_words,
    "life": life_settle,
    "highlife": highlife_settle,
    "census": census_count,
    "lattice": lattice_ring,
    "generate": generate,
}


def ceilings(tiny: bool) -> tuple[float, float]:
    """Return the operations on words and the bytes that the device does in a second at most, as measured."""
    return _operations(tiny), _bytes(tiny)
