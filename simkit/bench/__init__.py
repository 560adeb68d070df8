"""Rates of kernels and of whole runs, each with its share of a bound measured in the same run."""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from simkit import registry
from simkit.backends import resolve
from simkit.bench.busy import load as load
from simkit.bench.busy import too_busy as too_busy
from simkit.bench.rate import Rate as Rate
from simkit.bench.rate import paired, seconds, steady, timed
from simkit.errors import UnknownNameError
from simkit.kernels import philox


def philox_words(tiny: bool) -> Rate:
    """Random words a second, against the 32x32-bit multiplications that they cost (five a word)."""
    from simkit.kernels.philox import cases, cpu, peak

    n_words = 2**14 if tiny else 2**22
    call = cases.words(range(4), n_words)
    per_word = 2 * philox.N_ROUNDS / 4
    cases.words(range(4), 64).of(cpu)  # compiled
    rate, bound = paired(
        lambda: 4 * n_words / timed(lambda: call.of(cpu)),
        lambda: peak.N_MULTIPLICATIONS / per_word * steady(peak.repeat, seconds(tiny)),
    )
    return Rate("philox", "words/s", rate, bound, "32x32-bit multiplications of this core")


#: name -> case of the engine; the worlds have others
CASES: dict[str, Callable[[bool], Rate]] = {"philox": philox_words}


def cases(backend: str) -> Mapping[str, Callable[[bool], Rate]]:
    """Return name -> case of a backend; BackendError if it cannot run here.

    Those of ``cuda`` measure a GPU, those of ``cpu`` a core, and whole runs on all.
    """
    if backend == "cuda":
        resolve((philox.KERNEL,), backend)
        from simkit.bench.gpu import CASES as ON_GPU

        return {**ON_GPU, **_of_worlds("bench_cuda")}
    if backend != "cpu":
        raise UnknownNameError.of("backend with benchmarks", backend, ["cpu", "cuda"])
    return {**CASES, **_of_worlds("bench")}


def _of_worlds(kind: str) -> dict[str, Callable[[bool], Rate]]:
    return {name: registry.load(reference) for name, reference in registry.listed(kind).items()}


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
    clock, used = time.perf_counter(), time.process_time()
    rate = known[case](tiny)
    if backend == "cuda":
        return rate
    return replace(rate, on_processor=(time.process_time() - used) / (time.perf_counter() - clock))
