"""Rates of kernels and of whole runs, each with its share of a bound measured in the same run."""

from __future__ import annotations

import platform
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from simkit import registry
from simkit.backends import resolve
from simkit.bench.rate import Rate as Rate
from simkit.bench.rate import paired, steady, timed
from simkit.errors import UnknownNameError
from simkit.kernels import life, philox
from simkit.kernels.metropolis import Trace
from simkit.recipe import Recipe
from simkit.run import generate as run
from simkit.run import n_processors
from simkit.schema import Array


def _seconds(tiny: bool) -> float:
    """Return how long a rate is measured at least."""
    return 0.002 if tiny else 0.1


def philox_words(tiny: bool) -> Rate:
    """Random words a second, against the 32x32-bit multiplications that they cost (five a word)."""
    from simkit.kernels.philox import cpu, peak

    n_words = 2**14 if tiny else 2**22
    rows = np.arange(4, dtype=np.uint64)
    per_word = 2 * philox.N_ROUNDS / 4
    cpu.words(0, rows, 0, 64)
    rate, bound = paired(
        lambda: 4 * n_words / timed(lambda: cpu.words(0, rows, 0, n_words)),
        lambda: peak.N_MULTIPLICATIONS / per_word * steady(peak.repeat, _seconds(tiny)),
    )
    return Rate("philox", "words/s", rate, bound, "32x32-bit multiplications of this core")


def _life(name: str, rulestring: str, tiny: bool) -> Rate:
    from simkit.kernels.life import cpu, peak

    rule, n_boards = life.Rule.parse(rulestring), 8 if tiny else 1000
    source = registry.source("ca-ash", rules=(rulestring,))
    soup = source.soup(0, range(n_boards))  # type: ignore[attr-defined]
    which = np.zeros(n_boards, np.uint8)
    settled = cpu.settle(soup, 128, (rule,), which, 100_000)
    generations = int(settled.settle.sum(where=settled.settle > 0))
    per_generation = peak.instructions_per_generation(128, 128, rule)
    rate, bound = paired(
        lambda: generations / timed(lambda: cpu.settle(soup, 128, (rule,), which, 100_000)),
        lambda: peak.N_INSTRUCTIONS / per_generation * steady(peak.repeat, _seconds(tiny)),
    )
    return Rate(name, "board-generations/s", rate, bound, "vector operations of this core")


def life_settle(tiny: bool) -> Rate:
    """Settle generations of 128x128 Life boards a second on one core, against the vector operations they cost."""
    return _life("life", "B3/S23", tiny)


def highlife_settle(tiny: bool) -> Rate:
    """As `life`, for HighLife, whose circuit has one node more."""
    return _life("highlife", "B36/S23", tiny)


def _lattice(name: str, unit: str, kinds: Array, per_word: float, tiny: bool) -> Rate:
    """Run a stack of 1024 rows; a step changes `per_word` words for 64 units (cells, or attempts to flip)."""
    from simkit.kernels.lattice import cpu, layout
    from simkit.kernels.lattice.peak import rewriting

    height = 128 if tiny else 1024
    rng = np.random.default_rng(0)
    shape = (height, len(kinds))
    packets, spins = rng.integers(0, 16, shape, np.uint8), rng.integers(0, 2, shape, np.uint8)
    cells = layout.fill(np.broadcast_to(kinds, shape), packets, spins)
    n = cells.size // (1 if unit == "cells/s" else 2)

    def run(n_steps: int) -> None:
        cpu.run(cells, n_steps)

    rewrite, n_words = rewriting(int(n / 64 * per_word))
    rate, bound = paired(
        lambda: n * steady(run, _seconds(tiny)), lambda: 64 / per_word * n_words * steady(rewrite, _seconds(tiny))
    )
    return Rate(name, unit, rate, bound, "rewriting in place the words that a step changes")


def lattice_ring(tiny: bool) -> Rate:
    """Cells of the whole coupled system a second, half gas and half spins: 4 words change a gas cell, 1/2 a spin."""
    from simkit.kernels.lattice import layout

    half = 32 if tiny else 512
    return _lattice("lattice", "cells/s", layout.ring(half, half), 2.25, tiny)


def lattice_hpp(tiny: bool) -> Rate:
    """Cells of the gas alone a second: 4 words change."""
    from simkit.kernels.lattice.states import GAS

    return _lattice("hpp", "cells/s", np.full(64 if tiny else 1024, GAS, np.uint8), 4, tiny)


def lattice_q2r(tiny: bool) -> Rate:
    """Attempts to flip a spin a second: 1 word changes."""
    from simkit.kernels.lattice.states import ISING

    return _lattice("q2r", "attempts/s", np.full(64 if tiny else 1024, ISING, np.uint8), 1, tiny)


def lattice_creutz(tiny: bool) -> Rate:
    """Attempts to flip a spin with a demon a second: 3 words change."""
    from simkit.kernels.lattice import cpu
    from simkit.kernels.lattice.peak import rewriting

    side = 128 if tiny else 1024
    y, x = np.indices((side, side))
    cells = (np.random.default_rng(0).integers(0, 8, (side, side)) | (y + x) % 2 << 3).astype(np.uint8)

    def run(n_steps: int) -> None:
        cpu.run_creutz(cells, n_steps)

    rewrite, n_words = rewriting(3 * cells.size // 128)
    rate, bound = paired(
        lambda: cells.size / 2 * steady(run, _seconds(tiny)),
        lambda: 64 / 3 * n_words * steady(rewrite, _seconds(tiny)),
    )
    return Rate("creutz", "attempts/s", rate, bound, "rewriting in place the words that a step changes")


def metropolis(tiny: bool) -> Rate:
    """Attempts to flip a spin by Metropolis at the critical point a second, against the vector operations they cost."""
    from simkit.kernels.life import peak
    from simkit.kernels.metropolis import QUANTITIES, cpu
    from simkit.kernels.metropolis.peak import instructions_per_attempt

    side, settling = (64, 20) if tiny else (256, 20_000)
    acceptance = np.full(1, round(2**32 / (1 + 2**0.5) ** 2), np.uint32)

    def run(spins: Array, n_steps: int) -> Trace:
        return cpu.run(spins, n_steps, acceptance=acceptance, seed=0, row=0, every=n_steps)

    settled = run(np.ones((side, side), np.uint8), settling)
    share = float(settled.census[-1, [QUANTITIES.index("u0"), QUANTITIES.index("u1")]].sum()) / side**2
    rate, bound = paired(
        lambda: side * side / 2 * steady(lambda n_steps: run(settled.cells, n_steps), _seconds(tiny)),
        lambda: peak.N_INSTRUCTIONS / instructions_per_attempt(share) * steady(peak.repeat, _seconds(tiny)),
    )
    return Rate("metropolis", "attempts/s", rate, bound, "vector operations of this core")


def lattice_free(tiny: bool) -> Rate:
    """Cells of a layout that is no stack a second, against the same ring as a stack."""
    from simkit.kernels.lattice import cpu, layout, states

    half = 32 if tiny else 512
    kinds = np.broadcast_to(layout.ring(half, half), (128 if tiny else 1024, 2 * half))
    cells = layout.fill(kinds, 5, 0)
    free = cells.copy()
    free[0, half + 3] = states.FIRST[states.PINNED]

    def rate_of(some: Array) -> float:
        return some.size * steady(lambda n_steps: cpu.run(some, n_steps), _seconds(tiny))

    rate, bound = paired(lambda: rate_of(free), lambda: rate_of(cells))
    return Rate("free", "cells/s", rate, bound, "the same ring as a stack")


def generate(tiny: bool) -> Rate:
    """Rows a second of a whole run into a store on all processors, against the bare kernels on all processors."""
    n, n_threads = 64 if tiny else 100_000, n_processors()
    source = registry.source("ca-ash")

    def whole() -> None:
        with tempfile.TemporaryDirectory() as folder:
            run(Recipe(source, 0, n), Path(folder) / "x.zarr", n_threads=n_threads)

    def bare() -> None:
        with ThreadPoolExecutor(n_threads) as pool:
            list(pool.map(lambda start: source.generate(0, range(start, min(start + 256, n))), range(0, n, 256)))

    bare()
    rate, bound = paired(lambda: n / timed(whole, time.perf_counter), lambda: n / timed(bare, time.perf_counter), 3)
    return Rate("generate", "rows/s", rate, bound, f"bare kernels on {n_threads} threads, nothing stored")


#: name -> case
CASES: dict[str, Callable[[bool], Rate]] = {
    "philox": philox_words,
    "life": life_settle,
    "highlife": highlife_settle,
    "lattice": lattice_ring,
    "hpp": lattice_hpp,
    "q2r": lattice_q2r,
    "creutz": lattice_creutz,
    "metropolis": metropolis,
    "free": lattice_free,
    "generate": generate,
}


def cases(backend: str) -> Mapping[str, Callable[[bool], Rate]]:
    """Return name -> case of a backend; BackendError if it cannot run here.

    Those of ``cuda`` measure a GPU, those of ``cpu`` a core, and whole runs on all.
    """
    if backend == "cuda":
        resolve((philox.KERNEL, life.KERNEL), backend)
        from simkit.bench.gpu import CASES as ON_GPU

        return ON_GPU
    if backend != "cpu":
        raise UnknownNameError.of("backend with benchmarks", backend, ["cpu", "cuda"])
    return CASES


def device(backend: str) -> str:
    """Return the name of what `backend` measures."""
    if backend == "cuda":
        from simkit.kernels import cuda

        return cuda.device_name()
    cpu_info = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+)$", cpu_info.read_text(), re.MULTILINE) if cpu_info.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()


def measure(case: str, *, tiny: bool = False, backend: str = "cpu") -> Rate:
    """Run a case, at its real size or at one that only shows that it runs."""
    known = cases(backend)
    if case not in known:
        raise UnknownNameError.of("benchmark case", case, known)
    return known[case](tiny)
