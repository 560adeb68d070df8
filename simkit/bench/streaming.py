"""``simkit bench stream``: streaming a data set by simkit and in other ways, beside bare decoding of its chunks."""

from __future__ import annotations

import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simkit.bench.boards import boards_to_classify
from simkit.bench.peers import PEERS
from simkit.bench.stall import Stall, stall
from simkit.bench.ways import FORMS, Records, Way, bound, ours, plain
from simkit.errors import ParameterError, needed_for
from simkit.recipe import Recipe
from simkit.run import generate
from simkit.store import Store, open_store

#: rows of the data set that is made, and rounds, for each form of FORMS
_REAL, _TINY = (65536, {"packed": 5, "onehot": 2}), (1024, {"packed": 1, "onehot": 1})


@dataclass(frozen=True)
class Line:
    """What a way of reading reached: medians over rounds.

    Parameters
    ----------
    name : str
    warm, cold : float
        Records a second of the clock on the wall, from the page cache and (None if not measured) from the disk.
    per_cpu : float
        Records a second of processor time, child processes included, from the page cache.
    share : float
        `per_cpu` beside that of the bound, which is measured right before each pass.
    """

    name: str
    warm: float
    cold: float | None
    per_cpu: float
    share: float


@dataclass(frozen=True)
class Table:
    """All ways of reading the same records in one form.

    Parameters
    ----------
    form : str
        One of FORMS.
    n_rows, record_bytes : int
        Records, and bytes of one as stored.
    lines : list of Line
        The bound first, then simkit without workers.
    """

    form: str
    n_rows: int
    record_bytes: int
    lines: list[Line]


@dataclass(frozen=True)
class Report:
    """Tables, the names of peers that are not installed, and how long a network waits for a live source.

    `data` is the recipe of the records and `fields` what a row of them has, which decide on what is decoded.
    """

    data: dict[str, Any]
    fields: list[str]
    tables: list[Table]
    absent: list[str]
    stall: Stall

    @property
    def on_processor(self) -> float:
        """Seconds of processor time for each second of the clock while the bound was measured, of the lowest table."""
        return min(table.lines[0].warm / table.lines[0].per_cpu for table in self.tables)


def measure(store: str | Path | None = None, *, tiny: bool = False) -> Report:
    """Measure all ways in turn on the data set `store`, or on boards made for the purpose.

    Raises
    ------
    LibraryError
        If torch is not installed.
    ParameterError
        If the data set has no boards.
    """
    with needed_for("streaming into training"):
        import torch  # noqa: F401
    n_rows, n_rounds = _TINY if tiny else _REAL
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if store is None:
            store = folder / "boards.zarr"
            generate(Recipe(boards_to_classify()[0], 0, n_rows), store)
        opened = open_store(store)
        records = _records(opened, folder)
        tables = []
        for form in FORMS:
            ways = [*ours(records, form), *plain(records, form)]
            for peer in PEERS.values():
                ways += peer.ways(records, form) if peer.is_installed() else []
            tables.append(_compare(records, form, ways, n_rounds[form]))
    absent = [f"{peer.package} (pip install {peer.package})" for peer in PEERS.values() if not peer.is_installed()]
    return Report(opened.recipe, list(opened.schema), tables, absent, stall(tiny=tiny))


def _records(store: Store, folder: Path) -> Records:
    boards = [name for name, field in store.schema.items() if field.bits is not None and len(field.shape) == 2]
    if not boards:
        raise ParameterError(
            f"{store.path} has no field of bit-packed boards to stream; its fields: {', '.join(store)}"
        )
    return Records(store, boards[0], folder)


def _compare(records: Records, form: str, ways: Sequence[Way], n_rounds: int) -> Table:
    n, at_best = records.n_rows, bound(records, form)
    passes: dict[str, list[tuple[float, float, float]]] = {way.name: [] for way in (at_best, *ways)}
    cold: dict[str, list[float]] = {name: [] for name in passes}
    for way in (at_best, *ways):  # what is compiled or opened is so from here on
        found = way.run()
        if found != n:
            raise ParameterError(f"{way.name} gave {found:,} records of {n:,}")
    for _ in range(n_rounds):
        for way in (at_best, *ways):
            if form == "packed":
                _drop(way.folder)
                cold[way.name].append(n / _seconds(way.run)[0])  # and then it is warm
            best = _seconds(at_best.run)[1]
            wall, cpu = _seconds(way.run)
            passes[way.name].append((n / wall, n / cpu, best / cpu))
    lines = [
        Line(
            name,
            statistics.median(rates[0] for rates in found),
            statistics.median(cold[name]) if cold[name] else None,
            statistics.median(rates[1] for rates in found),
            statistics.median(rates[2] for rates in found),
        )
        for name, found in passes.items()
    ]
    return Table(form, n, records.record_bytes, lines)


def _seconds(run: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of the clock on the wall and of the processors, child processes that ended included."""
    wall, cpu = time.perf_counter(), _cpu_seconds()
    run()
    return time.perf_counter() - wall, _cpu_seconds() - cpu


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _drop(folder: Path) -> None:
    """Take the files of a folder out of the page cache, so that they are read from the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            file = os.open(path, os.O_RDONLY)
            try:
                os.fsync(file)  # pages that are not written yet stay
                if hasattr(os, "posix_fadvise"):  # Linux; elsewhere cold is as warm
                    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(file)
