"""Our life kernel on the soups of a case, and the whole of `simkit generate`."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.cases import SEED, Case
from benchmarks.peers import Work
from simkit import registry
from simkit.kernels.life import Rule, Settled, cpu
from simkit.recipe import Recipe
from simkit.run import generate


class Settle:
    """From soups to exactly periodic ash, loading, cycle search and replays included.

    Only the generations up to the first state that recurs count as board-generations. Making one compiles the kernel.
    """

    name: str = "simkit, settle"
    n_soups: int | None

    def __init__(self, case: Case) -> None:
        self._case, self._rule, self._soups = case, Rule.parse(case.rule), case.soups()
        self._settle(self._soups[:1])
        self._settled = self._settle(self._soups)
        if (self._settled.settle < 0).any():
            raise ValueError(f"case {case.name}: some boards do not settle within {case.max_steps} generations")
        self.n_soups = case.n_boards
        self.n_board_generations = int(self._settled.settle.sum(dtype=np.int64))

    @property
    def work(self) -> Work:
        return Work(self._case, self._rule, self._soups, self._settled)

    def run(self) -> float:
        """Do one pass and return the processor seconds that it took."""
        started = time.process_time()
        self._settle(self._soups)
        return time.process_time() - started

    def threads_ratio(self) -> float:
        """Return how much more two threads do than one, each on one half of the soups, by the clock on the wall."""
        halves = np.array_split(self._soups, 2)
        generations = [int(half.sum(dtype=np.int64)) for half in np.array_split(self._settled.settle, 2)]
        one = _wall_seconds([lambda: self._settle(halves[0])])
        two = _wall_seconds([lambda: self._settle(halves[0]), lambda: self._settle(halves[1])])
        return sum(generations) / two / (generations[0] / one)

    def _settle(self, soups: npt.NDArray[np.uint8]) -> Settled:
        which = np.zeros(len(soups), np.uint8)
        return cpu.settle(soups, self._case.width, (self._rule,), which, self._case.max_steps)


class Generate:
    """What `simkit generate ca-ash --threads 1` does for as many boards as a case has, into a store."""

    n_soups: int | None

    def __init__(self, work: Work, folder: Path, census: str) -> None:
        case = work.case
        self.name = f"simkit generate, {'no census' if census == 'none' else census}, one thread"
        source = registry.source("ca-ash", rules=(case.rule,), max_steps=case.max_steps, census=census)
        self._recipe, self._folder = Recipe(source, SEED, case.n_boards), folder
        self.n_soups = case.n_boards
        self.run()
        self.n_board_generations = int(self._settle.sum(dtype=np.int64))

    def run(self) -> float:
        """Make the data set once and return the processor seconds that it took."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            started = time.process_time()
            store = generate(self._recipe, Path(folder) / "x.zarr", n_threads=1)
            spent = time.process_time() - started
            self._settle = store["settle"][:]
        return spent


def _wall_seconds(tasks: Sequence[Callable[[], object]]) -> float:
    with ThreadPoolExecutor(len(tasks)) as pool:
        started = time.perf_counter()
        for done in [pool.submit(task) for task in tasks]:
            done.result()
        return time.perf_counter() - started
