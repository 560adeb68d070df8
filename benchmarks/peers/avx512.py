"""The C stepper of avx512_stepper.c: bare stepping, with no search for cycles."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.peers import AbsentError, Work, WrongResultError
from simkit.kernels.life import Rule, reference

_SOURCE = Path(__file__).with_name("avx512_stepper.c")
_CPU_FLAGS = {"avx512f", "bmi2"}
_FLAGS = ("-O3", "-march=native", "-shared", "-fPIC")

_N_CHECKED_BOARDS, _N_CHECKED_GENERATIONS = 3, 50


class Stepper:
    """Advance the first boards of a case by its number of generations."""

    name: str = "C, AVX-512 intrinsics, bare stepping"
    n_soups: int | None = None

    def __init__(self, work: Work, folder: Path) -> None:
        case = work.case
        if (work.rule, case.height, case.width) != (Rule.parse("B3/S23"), 128, 128):
            raise AbsentError(f"The C stepper is for B3/S23 on 128 x 128 cells only, not for {case.name}.")
        self._step = _compile(folder)
        self._soups = work.soups[: case.n_stepped_boards]
        self._n_generations = case.n_generations
        self.n_board_generations = len(self._soups) * case.n_generations
        soups = self._soups[:_N_CHECKED_BOARDS]
        boards = soups.copy()
        self._advance(boards, _N_CHECKED_GENERATIONS)
        if not np.array_equal(boards, reference.step(soups, case.width, work.rule, _N_CHECKED_GENERATIONS)):
            raise WrongResultError(
                f"{_SOURCE.name} and the reference differ after {_N_CHECKED_GENERATIONS} generations"
            )

    def run(self) -> float:
        boards = self._soups.copy()
        started = time.process_time()
        self._advance(boards, self._n_generations)
        return time.process_time() - started

    def _advance(self, boards: npt.NDArray[np.uint8], n_generations: int) -> None:
        self._step(boards.ctypes.data, len(boards), n_generations)


def _compile(folder: Path) -> Callable[[int, int, int], None]:
    cpu_info = Path("/proc/cpuinfo")
    flags = set(cpu_info.read_text().split()) if cpu_info.exists() else set()
    if not flags >= _CPU_FLAGS:
        raise AbsentError(
            f"The C stepper needs a processor with {' and '.join(sorted(_CPU_FLAGS))}, which this one is not."
        )
    if shutil.which("cc") is None:
        raise AbsentError("The C stepper needs a C compiler named cc, and there is none here.")
    library = folder / "avx512_stepper.so"
    subprocess.run(["cc", *_FLAGS, "-o", library, _SOURCE], check=True)
    step = ctypes.CDLL(str(library)).step_boards
    step.argtypes = [ctypes.c_void_p, ctypes.c_long, ctypes.c_long]
    step.restype = None
    return step
