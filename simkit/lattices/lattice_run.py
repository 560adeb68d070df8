"""What the sources of lattice runs share: a row is one whole run, sampled and photographed at intervals."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Generator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.kernels import philox
from simkit.lattices import thermometry
from simkit.schema import Batch, Field

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]

#: binary digits of the probabilities of a start: enough for a beta to 1e-4, and half as many draws as 32
_N_DIGITS = 16

#: rows that a GPU runs at once: about as many as it has multiprocessors, each of which runs one or a few
_AT_ONCE = 128

#: bytes that they may take together, roughly: for a cell the states on both sides, planes and masks, and what is drawn;
#: for what is in the data set the counts that it comes from
_MAX_BYTES, _PER_CELL, _PER_BYTE = 2**31, 8, 4

#: options of a kernel that each row has its own of
_OF_EACH = {"drive", "acceptance", "row"}

#: an energy over a temperature beyond which exp overflows; what has more of it is never drawn, nor with so much
COLDEST = 700.0

#: largest side of a lattice, in cells, and number of steps
MAX_SIDE, MAX_STEPS = 2**14, 10**9


class Task(NamedTuple):
    """A call of a function of the kernel that runs the lattice, the last of a source's kernels."""

    function: str
    cells: U8
    n_steps: int
    options: dict[str, Any]


#: what the kernel returns: a named tuple, with at least the cells and a census
Trace = Any

#: a row being computed: it asks for what is to be run, is sent the trace, and returns a value for each field
Row = Generator[Task, Trace, dict[str, Any]]


@dataclass(frozen=True)
class LatticeRun(Source):
    """A run of `steps` steps from a drawn start."""

    block_rows: ClassVar[int] = 1

    steps: int = param(200_000, "steps of the run, 1..10**9")
    every: int = param(1000, "steps between two samples of the axis t, whose first is the start; divides steps")
    snapshots: int = param(1, "states kept in cells, evenly spaced, the last at the end; divides steps / every; or 0")

    @abstractmethod
    def row(self, seed: int, row: int, on: Kernels) -> Row:
        """Compute one row. All rows of a source ask for the same runs, but for cells and drive, so that a GPU can run
        many at once.
        """

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        schema = self.schema()
        batch = schema.empty(len(rows))
        n_bytes = _PER_CELL * self.n_cells + _PER_BYTE * schema.row_nbytes
        n = max(1, min(_AT_ONCE, _MAX_BYTES // n_bytes)) if on.is_device else 1
        for first in range(0, len(rows), n):
            together = [self.row(seed, row, on) for row in rows[first : first + n]]
            for i, found in enumerate(_results(together, getattr(on, self.kernels[-1].name)), first):
                for name, value in found.items():
                    batch[name][i] = value
        return batch

    @property
    @abstractmethod
    def n_cells(self) -> int:
        """Cells of the lattice."""

    @property
    def n_samples(self) -> int:
        """Samples along t, the start included."""
        return 1 + self.steps // self.every

    def validate(self) -> None:
        if not 1 <= self.steps <= MAX_STEPS:
            self.refuse("steps", "1 to 10**9 steps", self.steps)
        if not self.every >= 1 or self.steps % self.every:
            self.refuse("every", f"a divisor of the {self.steps} steps", self.every)
        n = self.steps // self.every
        if self.snapshots < 0 or (self.snapshots and n % self.snapshots):
            self.refuse("snapshots", f"0, or a divisor of the {n} intervals", self.snapshots)

    def check_side(self, name: str, least: int, *, even: bool) -> None:
        """Refuse a side that is too small, too large, or odd where it has to be even."""
        side = getattr(self, name)
        if not least <= side <= MAX_SIDE or (even and side % 2):
            self.refuse(name, f"{'an even number of' if even else ''} cells, {least} to {MAX_SIDE}".strip(), side)

    def check_list(self, name: str, takes: str, is_right: Callable[[float], bool]) -> None:
        """Refuse an empty list, and one with a value that is not right."""
        values = getattr(self, name)
        if not values:
            self.refuse(name, f"one or more numbers, {takes}", "none")
        for value in values:
            if not (math.isfinite(value) and is_right(value)):
                self.refuse(name, takes, value)

    def check_as_many(self, name: str, other: str) -> None:
        """Refuse a list that is not as long as another one."""
        found, wanted = len(getattr(self, name)), len(getattr(self, other))
        if found != wanted:
            self.refuse(name, f"as many values as {other}, {wanted}", found)

    def cells_field(self, height: int, width: int, doc: str) -> dict[str, Field]:
        """Return the field of the snapshots, if there are any."""
        if not self.snapshots:
            return {}
        return {"cells": Field("uint8", doc, ("snapshot", "y", "x"), (self.snapshots, height, width))}

    def series(self, dtype: str, doc: str, **axes: int) -> Field:
        """Return a field along t, and along further axes of the given lengths."""
        return Field(dtype, doc, ("t", *axes), (self.n_samples, *axes.values()))

    def spin_counts(self) -> dict[str, Field]:
        """Return the fields of what spins there are."""
        return {
            "magnetisation": self.series("int32", "up spins less down spins"),
            "sites": self.series("int32", "spins with u = 0..4 unsatisfied bonds", u=5),
        }

    def spin_betas(self) -> dict[str, Field]:
        """Return the fields of the two thermometers of spins."""
        return {
            f"beta_{a}{b}": thermometry.beta_field(
                f"of the spins, from those with u = {a} and {b}", ("t",), (self.n_samples,)
            )
            for a, b in ((1, 3), (0, 4))
        }

    def trace(self, function: str, cells: U8, **options: Any) -> Generator[Task, Trace, tuple[I64, dict[str, U8]]]:
        """Run from `cells` on with `function` of the kernel; return census (t, region, ...) and snapshots."""
        census: list[I64] = []
        kept: list[U8] = []
        span = self.steps // max(1, self.snapshots)
        for start in range(0, self.steps, span):
            more = {"every": self.every} | ({"start": start} if function == "run" else {})
            there = yield Task(function, cells, span, {**options, **more})
            cells = there.cells
            census.append(there.census[1 if census else 0 :])
            kept.append(cells)
        return np.concatenate(census), {"cells": np.array(kept)} if self.snapshots else {}


def notes_of_height(height: int) -> list[str]:
    """Say of a stack if its height leaves more than a quarter of the bits of its words unused."""
    full = -(-height // 128) * 128
    if height >= 0.75 * full:
        return []
    return [
        f"a step of {height} cells along the interfaces costs as much as one of {full}: words have room for that many"
    ]


def _results(rows: list[Row], kernel: ModuleType) -> list[dict[str, Any]]:
    """Return what rows that go in step come to."""
    found: list[dict[str, Any]] = []
    tasks = [next(row) for row in rows]
    while not found:
        traces, tasks = _run(tasks, kernel), []
        for row, trace in zip(rows, traces, strict=True):
            try:
                tasks.append(row.send(trace))
            except StopIteration as done:
                found.append(done.value)
    return found


def _run(tasks: list[Task], kernel: ModuleType) -> list[Trace]:
    """Do tasks that differ in cells and the options `_OF_EACH` alone; on a GPU in one call."""
    function, cells, n_steps, options = tasks[0]
    run = getattr(kernel, function)
    if len(tasks) == 1:
        return [run(cells, n_steps, **options)]
    of_each = {name: np.array([task.options[name] for task in tasks]) for name in _OF_EACH & set(options)}
    trace = run(np.array([task.cells for task in tasks]), n_steps, **options | of_each)
    return [type(trace)(*one) for one in zip(*trace, strict=True)]


def draw_words(
    on: Kernels, seed: int, row: int, stream: int, n_words: int, probability: float
) -> npt.NDArray[np.uint32]:
    """Draw words of 32 bits that are 1 with `probability`, rounded to a multiple of 2**-16: little-endian uint32."""
    threshold = round(min(max(probability, 0.0), 1.0) * 2**_N_DIGITS) << philox.N_DIGITS - _N_DIGITS
    words = on.philox.bits(seed, np.array([row], np.uint64), stream, n_words, threshold)
    return np.ascontiguousarray(words[0].astype("<u4", copy=False))


def draw(on: Kernels, seed: int, row: int, stream: int, shape: tuple[int, ...], probability: float) -> U8:
    """Draw bits of the given shape that are 1 with `probability`, as `draw_words` does: uint8, 0 or 1."""
    n = math.prod(shape)
    words = draw_words(on, seed, row, stream, -(-n // 32), probability)
    return np.unpackbits(words.view(np.uint8), count=n, bitorder="little").reshape(shape)


def draw_packets(
    on: Kernels, seed: int, row: int, stream: int, shape: tuple[int, int], density: float, drift: float = 0.0
) -> U8:
    """Draw the packets of gas cells, each of the four with probability `density`: uint8, 0..15; takes four streams.

    To the north it is half of `drift` higher, to the south as much lower.
    """
    packets = np.zeros(shape, np.uint8)
    for d in range(4):
        probability = density + (drift / 2, 0, -drift / 2, 0)[d]
        packets |= draw(on, seed, row, stream + d, shape, probability) << np.uint8(d)
    return packets


def draw_spins(on: Kernels, seed: int, row: int, stream: int, shape: tuple[int, int], unsatisfied: float) -> U8:
    """Draw spins of a given mean fraction of unsatisfied bonds: a crystal with random flips, uint8, 0 or 1.

    The crystal is all up, or, for more than half of the bonds, a checkerboard.
    """
    least = min(unsatisfied, 1 - unsatisfied)
    flips = draw(on, seed, row, stream, shape, (1 - math.sqrt(max(0.0, 1 - 2 * least))) / 2)
    y, x = np.indices(shape)
    crystal = np.ones(shape, np.int64) if unsatisfied <= 0.5 else (y + x) % 2
    return flips ^ crystal.astype(np.uint8)
