"""The C steppers of avx512_stepper.c and avx2_stepper.c: bare stepping, with no search for cycles."""

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
from simkit.kernels.life.gates import compile_gates
from simkit.kernels.life.search import AND, AND_NOT, NOT, OR, XOR

_FLAGS = ("-O3", "-shared", "-fPIC")

_N_CHECKED_BOARDS, _N_CHECKED_GENERATIONS = 3, 50

#: C of each operation of a gate
_OPERATIONS = {AND: "{x} & {y}", OR: "{x} | {y}", XOR: "{x} ^ {y}", AND_NOT: "{x} & ~{y}", NOT: "~{x}"}


class _Stepper:
    """Advance the first boards of a case by its number of generations."""

    name: str
    n_soups: int | None = None

    def __init__(self, work: Work, step: Callable[[int, int, int], None]) -> None:
        case = work.case
        self._step = step
        self._soups = work.soups[: case.n_stepped_boards]
        self._n_generations = case.n_generations
        self.n_board_generations = len(self._soups) * case.n_generations
        soups = self._soups[:_N_CHECKED_BOARDS]
        boards = soups.copy()
        self._advance(boards, _N_CHECKED_GENERATIONS)
        if not np.array_equal(boards, reference.step(soups, case.width, work.rule, _N_CHECKED_GENERATIONS)):
            raise WrongResultError(
                f"{self.name}: not the reference's boards after {_N_CHECKED_GENERATIONS} generations"
            )

    def run(self) -> float:
        boards = self._soups.copy()
        started = time.process_time()
        self._advance(boards, self._n_generations)
        return time.process_time() - started

    def _advance(self, boards: npt.NDArray[np.uint8], n_generations: int) -> None:
        self._step(boards.ctypes.data, len(boards), n_generations)


class Avx512(_Stepper):
    """With AVX-512, for B3/S23 alone."""

    name = "C, AVX-512 intrinsics, bare stepping"

    def __init__(self, work: Work, folder: Path) -> None:
        if work.rule != Rule.parse("B3/S23"):
            raise AbsentError(f"The C stepper with AVX-512 is for B3/S23 only, not for {work.rule}.")
        super().__init__(work, _compile(work, folder, "avx512", {"avx512f", "bmi2"}, "-march=native"))


class Avx2(_Stepper):
    """With AVX2, for any rule, by the circuit that our kernel has for it."""

    name = "C, 256-bit vectors, two-input instructions, bare stepping"

    def __init__(self, work: Work, folder: Path) -> None:
        flags = ("-march=haswell", f"-DRULE={rule_in_c(work.rule)}")
        super().__init__(work, _compile(work, folder, "avx2", {"avx2"}, *flags))


def rule_in_c(rule: Rule) -> str:
    """Return C declarations of `next`, the next state, from the vectors s, k, b2, b3 and c."""
    circuit = compile_gates(rule)
    names = ["s", "k", "b2", "c", "b3"]
    lines = []
    for operation, x, y in circuit.gates:
        names.append(f"gate{len(names)}")
        lines.append(f"const Vector {names[-1]} = {_OPERATIONS[operation].format(x=names[x], y=names[y])}")
    return "; ".join([*lines, f"const Vector next = {names[circuit.last]}"])


def _compile(work: Work, folder: Path, name: str, cpu_flags: set[str], *flags: str) -> Callable[[int, int, int], None]:
    if (work.case.height, work.case.width) != (128, 128):
        raise AbsentError(f"The C steppers are for 128 x 128 cells only, not for {work.case.name}.")
    cpu_info = Path("/proc/cpuinfo")
    if not cpu_info.exists() or not set(cpu_info.read_text().split()) >= cpu_flags:
        needed = " and ".join(sorted(cpu_flags))
        raise AbsentError(f"The C stepper {name} needs a processor with {needed}, which this one is not.")
    if shutil.which("cc") is None:
        raise AbsentError("The C steppers need a C compiler named cc, and there is none here.")
    source, library = Path(__file__).with_name(f"{name}_stepper.c"), folder / f"{name}_stepper.so"
    subprocess.run(["cc", *_FLAGS, *flags, "-o", library, source], check=True)
    step = ctypes.CDLL(str(library)).step_boards
    step.argtypes = [ctypes.c_void_p, ctypes.c_long, ctypes.c_long]
    step.restype = None
    return step
