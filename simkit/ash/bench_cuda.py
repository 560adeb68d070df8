"""Cases of ``simkit bench --backend cuda``: making ash on a GPU."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from simkit.ash.ca_ash import CaAsh
from simkit.bench.gpu import bounded, on_device
from simkit.bench.rate import Rate, paired, timed
from simkit.kernels import census as census_kernel
from simkit.kernels import life as life_kernel
from simkit.kernels.cases import Call
from simkit.kernels.census import cases as boards
from simkit.kernels.life import Rule
from simkit.kernels.life import cases as soups
from simkit.recipe import Recipe
from simkit.run import generate as run
from simkit.run import n_processors

_SIDE, _MAX_STEPS, _SHARD = 128, 100_000, 4096


def _settle(n_boards: int, rulestring: str, max_steps: int) -> Call:
    """Return the call that lets soups settle that are on the device."""
    return on_device(soups.settle(n_boards, _SIDE, _SIDE, max_steps, (rulestring,)))


def _life(case: str, rulestring: str, tiny: bool) -> Rate:
    from simkit.kernels import cuda
    from simkit.kernels.life.cuda import instructions_per_generation, layout

    n_boards, max_steps = 4 if tiny else 2**18, 60 if tiny else _MAX_STEPS
    call, kernel = _settle(n_boards, rulestring, max_steps), life_kernel.KERNEL.load("cuda")
    settled = np.asarray(cuda.back(call.of(kernel).settle, np.empty(0)), np.int64)
    generations = int(np.where(settled < 0, max_steps, settled).sum())
    return bounded(
        case,
        "board-generations/s",
        lambda: generations / cuda.seconds(lambda: call.of(kernel)),
        32 * instructions_per_generation(Rule.parse(rulestring), *layout(_SIDE, _SIDE)),
        n_boards * 2 * _SIDE * _SIDE / 8 / generations,
        tiny,
    )


def life(tiny: bool) -> Rate:
    """Settle generations of 128x128 Life boards a second, against the word operations that they cost."""
    return _life("life", "B3/S23", tiny)


def highlife(tiny: bool) -> Rate:
    """As `life`, for HighLife."""
    return _life("highlife", "B36/S23", tiny)


def census(tiny: bool) -> Rate:
    """Boards of ash whose objects are counted a second, against reading the boards and writing the counts."""
    from simkit.kernels import cuda

    n_boards, max_steps = 4 if tiny else 2**17, 60 if tiny else _MAX_STEPS
    call = boards.ash("count", _settle(n_boards, "B3/S23", max_steps), life_kernel.KERNEL.load("cuda"))
    kernel = census_kernel.KERNEL.load("cuda")
    n_bytes = _SIDE * _SIDE / 8 + 4 * (len(census_kernel.KINDS) + len(census_kernel.CONSTELLATIONS))

    def count() -> float:
        return n_boards / cuda.seconds(lambda: call.of(kernel))

    return bounded("census", "boards/s", count, 0, n_bytes, tiny)


def generate(tiny: bool) -> Rate:
    """Rows a second of a whole run into a store, against the same rows made on streams side by side and dropped."""
    n = 64 if tiny else 2**19
    source = CaAsh.build({"size": 32, "max_steps": 60} if tiny else {})
    on = source.load("cuda")

    def whole() -> None:
        with tempfile.TemporaryDirectory() as folder:
            run(Recipe(source, 0, n), Path(folder) / "x.zarr", backend="cuda", n_threads=n_processors())

    def make(start: int) -> None:
        with on.own_stream():
            source.generate(0, range(start, min(start + _SHARD, n)), backend=on)

    def bare() -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(make, range(0, n, _SHARD)))

    bare()
    rate, bound = paired(lambda: n / timed(whole, time.perf_counter), lambda: n / timed(bare, time.perf_counter), 3)
    return Rate("generate", "rows/s", rate, bound, "the same rows, nothing stored")
