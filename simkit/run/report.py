"""How far a run is, told by the thread that waits for the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import ExitStack
from dataclasses import replace
from time import perf_counter
from typing import Literal, TypeVar

from simkit.backends import Kernels, told_of_compiling
from simkit.run.plan import Plan, Progress

#: seconds between two reports at most
_TICK = 0.2

_T = TypeVar("_T")


class Report:
    """Calls `progress` whenever rows arrive, something begins to be compiled, or `_TICK` seconds have passed.

    What other threads compile is told while the report is open (``with``); `progress` is called by the thread that
    calls `add` and `wait`.
    """

    def __init__(self, plan: Plan, kernels: Kernels, progress: Callable[[Progress], None]) -> None:
        self._now = Progress(plan.n_rows, plan.n_rows_before, 0)
        self._progress = progress
        self._begun: deque[str] = deque()  # to be compiled, and not reported yet
        self._state = ("", 0.0, 0.0)  # what is being compiled, since when, and the seconds of what was before
        self._told, self._open = told_of_compiling(self._tell, kernels), ExitStack()

    def __enter__(self) -> Report:
        self._open.enter_context(self._told)
        self.add(0)
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def add(self, n_rows: int) -> None:
        """Report that so many more rows are there."""
        self._now = replace(self._now, n_rows_now=self._now.n_rows_now + n_rows)
        self._report()

    def wait(self, for_: Literal["computing", "writing"], future: Future[_T]) -> _T:
        """Return what a future holds, and report until it does."""
        began, name = perf_counter(), f"waited_{for_}"
        before = getattr(self._now, name)
        try:
            while not wait([future], timeout=_TICK).done:
                self._now = replace(self._now, **{name: before + perf_counter() - began})
                self._report()
            return future.result()
        finally:
            self._now = replace(self._now, **{name: before + perf_counter() - began})

    def _report(self) -> None:
        while self._begun:  # however short it took: each is reported once at least
            self._call(self._begun.popleft())
        self._call(self._state[0])

    def _call(self, compiling: str) -> None:
        self._progress(replace(self._now, compiling=compiling, compiled=self._compiled()))

    def _compiled(self) -> float:
        what, since, before = self._state
        return before + perf_counter() - since if what else before

    def _tell(self, what: str) -> None:
        self._state = (what, perf_counter(), self._compiled())
        if what:
            self._begun.append(what)
