"""python-lifelib: each soup put on the infinite plane and advanced by its `settle` on the torus, with hashlife."""

from __future__ import annotations

import importlib.util
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.peers import AbsentError, Work, WrongResultError
from simkit.kernels.life import reference

#: megabytes of nodes that a lifetree may keep
_MEMORY = 1000

#: generations after which lifelib is compared with the reference, on a torus too wide for anything to go round it
_N_CHECKED = 30


class Hashlife:
    """Advance the first soups of a case, all in one lifetree, which is a new one in each pass: it remembers."""

    name: str = "python-lifelib, hashlife on the plane"
    n_soups: int | None

    def __init__(self, work: Work, _folder: Path) -> None:
        if importlib.util.find_spec("lifelib") is None:
            raise AbsentError("python-lifelib is not installed (pip install python-lifelib).")
        if shutil.which("g++") is None:
            raise AbsentError("python-lifelib compiles each rule with g++, and there is none here.")
        import lifelib

        case = work.case
        self._rule = str(work.rule).replace("/", "").lower()
        self._session = lifelib.load_rules(self._rule)
        self._cells = np.unpackbits(work.soups[: case.n_peer_boards], axis=-1, count=case.width, bitorder="little")
        self._generations = [int(n) for n in work.settled.settle[: case.n_peer_boards]]
        self.n_soups = case.n_peer_boards
        self.n_board_generations = sum(self._generations)
        self._check(work)

    def run(self) -> float:
        started = time.process_time()
        tree = self._tree()
        for cells, n_generations in zip(self._cells, self._generations, strict=True):
            self._pattern(tree, cells).advance(n_generations)
        return time.process_time() - started

    def _tree(self) -> Any:
        return self._session.lifetree(memory=_MEMORY, n_layers=1)

    def _pattern(self, tree: Any, cells: npt.NDArray[np.uint8]) -> Any:
        pattern = tree.pattern("", self._rule)
        height, width = cells.shape
        pattern[0:width, 0:height] = cells  # the slices are x and y, the array is (y, x)
        return pattern

    def _check(self, work: Work) -> None:
        margin = _N_CHECKED + 1
        wide = np.pad(self._cells[0], margin)
        for _ in range(_N_CHECKED):
            wide = reference.step_cells(wide, work.rule)
        pattern = self._pattern(self._tree(), self._cells[0]).advance(_N_CHECKED)
        x, y = pattern.coords().T
        found = np.zeros_like(wide)
        found[y + margin, x + margin] = 1
        if not np.array_equal(found, wide):
            raise WrongResultError(f"lifelib and the reference differ after {_N_CHECKED} generations")
