"""How far a run is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol

import click

from simkit.errors import counted
from simkit_cli.display import done_column, rate_text, time_text

if TYPE_CHECKING:
    from simkit.contract import Source
    from simkit.run import Progress

#: seconds between two lines, where there is no terminal
_SILENT = 10.0

#: seconds within which rows come together, and those that a rate rests on, at least
_TOGETHER, _ENOUGH = 0.5, 2.0

#: what a rate rests on at most: so many seconds, or so many times that rows came, whichever is longer
_RECENT_SECONDS, _RECENT_TIMES = 30.0, 8


class Pace:
    """The rate at which rows have come of late, in rows/s; None until that rests on enough.

    Rows often come in bursts: one block is waited for, and those behind it are ready. So it is measured from the end
    of one burst to the end of another.
    """

    def __init__(self) -> None:
        self._bursts: deque[list[float]] = deque()  # when it began and ended, and the rows there are since

    def restart(self) -> None:
        """Let what was before no longer count."""
        self._bursts.clear()

    def add(self, seconds: float, n_rows: int) -> None:
        """Take in that `n_rows` are there at a time; the first time counts as the end of a burst."""
        bursts = self._bursts
        if not bursts:
            bursts.append([seconds, seconds, n_rows])
        elif n_rows > bursts[-1][2]:
            if seconds - bursts[-1][0] < _TOGETHER:
                bursts[-1][1:] = seconds, n_rows
            else:
                bursts.append([seconds, seconds, n_rows])
        while len(bursts) > _RECENT_TIMES and seconds - bursts[1][1] > _RECENT_SECONDS:
            bursts.popleft()

    @property
    def rate(self) -> float | None:
        """Rows a second."""
        if not self._bursts:
            return None
        first, last = self._bursts[0], self._bursts[-1]
        spent = last[1] - first[1]
        return (last[2] - first[2]) / spent if spent >= _ENOUGH else None


class Running:
    """Takes what a run reports, and makes words of it."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._pace = Pace()
        self._began = self._compiling_since = clock()
        self._compiling = self._of = ""
        self.now: Progress | None = None

    def take(self, now: Progress, of: str = "") -> None:
        """Take a report in, as soon as it comes; `of` is the run's name, if there are several one after another."""
        seconds = self._clock()
        if of != self._of:
            self._pace.restart()
            self._began, self._of = seconds, of
        if now.compiling:
            self._pace.restart()
            if now.compiling != self._compiling:
                self._compiling, self._compiling_since = now.compiling, seconds
        else:
            self._pace.add(seconds, now.n_rows_done)
        self.now = now

    @property
    def doing(self) -> str:
        """What is being done: ``compiling rule B36/S23 (2 of 2), 4.1 s`` or ``generating``."""
        before = f"{self._of}: " if self._of else ""
        if self.now is not None and self.now.compiling:
            spent = self._clock() - self._compiling_since
            return f"{before}compiling {self.now.compiling}" + (f", {time_text(spent)}" if spent >= 1 else "")
        if self.now is not None and self.now.n_workers == 0:
            return f"{before}waiting for workers"
        if self.now is None or not (self._compiling or self.now.n_rows_now):
            return f"{before}starting"
        return before + self.now.doing

    @property
    def speed(self) -> str:
        """The rate and the time left, once they are known: ``5,210 rows/s, 3 min 9 s left``."""
        rate = self._pace.rate
        if self.now is None or self.now.compiling or rate is None:
            return ""
        return f"{rate_text(rate, self.now.unit)}, {time_text((self.now.n_rows - self.now.n_rows_done) / rate)} left"

    @property
    def line(self) -> str:
        """All of it in one line."""
        if self.now is None or self.now.compiling:
            return self.doing
        before = f"{self._of}: " if self._of else ""
        rows = f"{before}{self.now.n_rows_done:,} of {counted(self.now.n_rows, self.now.unit)}"
        if self.now.n_workers == 0:
            return f"{rows}, waiting for workers"
        return f"{rows}, {self.speed}" if self.speed else f"{rows} after {time_text(self._clock() - self._began)}"


class Lines:
    """Says a line when something else is being compiled, and after ten seconds without one."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.perf_counter) -> None:
        self._say, self._clock, self._said_at = say, clock, clock()
        self._running, self._said = Running(clock), set[str]()

    def __call__(self, now: Progress, of: str = "") -> None:
        self._running.take(now, of)
        is_new = bool(now.compiling) and now.compiling not in self._said
        if is_new or self._clock() - self._said_at >= _SILENT:
            self._say(self._running.line)
            self._said_at = self._clock()
            self._said.add(now.compiling)


@contextmanager
def compiling_said(source: Source, backend: str) -> Iterator[None]:
    """Say a line on standard error for each thing that is compiled, where a command has no run to report."""
    from simkit.backends import told_of_compiling

    with told_of_compiling(say_compiling, source.load(backend)):
        yield


def say_compiling(what: str) -> None:
    """Say a line on standard error for what is compiled; nothing for an empty text, when that is done."""
    if what:
        click.echo(f"compiling {what}", err=True)


class Show(Protocol):
    """Shows a report; `of` is the name of the run, if there are several one after another."""

    def __call__(self, now: Progress, of: str = "") -> None: ...


@contextmanager
def shown(*, quiet: bool) -> Iterator[Show]:
    """Show on standard error how far runs are; yields what is to be called with each report."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if quiet:
        yield lambda now, of="": None
    elif not console.is_terminal:
        yield Lines(partial(click.echo, err=True))
    else:
        running, speed = Running(), TextColumn("{task.fields[speed]}")
        columns = TextColumn("{task.description}"), BarColumn(), done_column(), speed
        with Bar(*columns, console=console, transient=True) as bar:
            task = bar.add_task(running.doing, total=None, speed="")

            def show(now: Progress, of: str = "") -> None:
                running.take(now, of)
                bar.update(task, description=running.doing, speed=running.speed)
                bar.update(task, total=now.n_rows, completed=now.n_rows_done)

            yield show
