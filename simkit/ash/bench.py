"""Cases of ``simkit bench``: making ash."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from simkit.ash.ca_ash import CaAsh
from simkit.bench.rate import Rate, paired, seconds, steady, timed
from simkit.kernels import life as kernel
from simkit.recipe import Recipe
from simkit.run import generate as run
from simkit.run import n_processors


def _life(name: str, rulestring: str, tiny: bool) -> Rate:
    from simkit.kernels.life import cases, cpu, peak

    rule, n_boards = kernel.Rule.parse(rulestring), 8 if tiny else 1000
    call = cases.settle(n_boards, 128, 128, 100_000, (rulestring,))
    settled = call.of(cpu)
    generations = int(settled.settle.sum(where=settled.settle > 0))
    per_generation = peak.instructions_per_generation(128, 128, rule)
    rate, bound = paired(
        lambda: generations / timed(lambda: call.of(cpu)),
        lambda: peak.N_INSTRUCTIONS / per_generation * steady(peak.repeat, seconds(tiny)),
    )
    return Rate(name, "board-generations/s", rate, bound, "vector operations of this core")


def life(tiny: bool) -> Rate:
    """Settle generations of 128x128 Life boards a second on one core, against the vector operations they cost."""
    return _life("life", "B3/S23", tiny)


def highlife(tiny: bool) -> Rate:
    """As `life`, for HighLife, whose circuit has one node more."""
    return _life("highlife", "B36/S23", tiny)


def generate(tiny: bool) -> Rate:
    """Rows a second of a whole run into a store on all processors, against the bare kernels on all processors."""
    n, n_threads = 64 if tiny else 100_000, n_processors()
    source = CaAsh()

    def whole() -> None:
        with tempfile.TemporaryDirectory() as folder:
            run(Recipe(source, 0, n), Path(folder) / "x.zarr", n_threads=n_threads)

    def bare() -> None:
        with ThreadPoolExecutor(n_threads) as pool:
            list(pool.map(lambda start: source.generate(0, range(start, min(start + 256, n))), range(0, n, 256)))

    bare()
    rate, bound = paired(lambda: n / timed(whole, time.perf_counter), lambda: n / timed(bare, time.perf_counter), 3)
    return Rate("generate", "rows/s", rate, bound, f"bare kernels on {n_threads} threads, nothing stored")
