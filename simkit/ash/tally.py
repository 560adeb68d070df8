"""Counts the objects in ash: how often each apgcode occurs under each rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from simkit.ash.census import COLUMNS, Census
from simkit.backends import AUTO
from simkit.contract import ranges_of
from simkit.errors import ParameterError, PatternError, StoreError
from simkit.interchange import rle
from simkit.kernels import life
from simkit.kernels.census import CONSTELLATIONS, KERNEL, name_of
from simkit.kernels.life import Rule
from simkit.schema import Array
from simkit.store import Store, open_store

#: dead cells put around a pattern of the plane, and generations within which a board must settle
_ROOM, _MAX_STEPS = 64, 100_000


class Tally:
    """Counts objects board by board; memory grows with the number of different objects only.

    Parameters
    ----------
    rules : tuple of Rule
    """

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        #: boards of each rule that were censused, and that could not be
        self.n_boards = [0] * len(rules)
        self.n_left_out = [0] * len(rules)
        # rule -> apgcode or constellation -> sum over boards, and sum of squares
        self._objects: list[dict[str, list[int]]] = [defaultdict(lambda: [0, 0]) for _ in rules]
        self._constellations: list[dict[str, list[int]]] = [defaultdict(lambda: [0, 0]) for _ in rules]

    def add(self, boards: Array, width: int, which: Array, period: Array, *, backend: str = AUTO) -> None:
        """Count what is on packed `boards` of exact ash, board ``i`` of ``rules[which[i]]``."""
        kernel = KERNEL.load(backend)
        objects = kernel.find(boards, width, self.rules, which, period)
        counts = kernel.count(boards, width, self.rules, which, period)
        codes, code = np.unique(objects.code, return_inverse=True)
        pairs, n_pairs = np.unique(objects.sample * max(1, codes.size) + code, return_counts=True)
        for pair, n in zip(pairs.tolist(), n_pairs.tolist(), strict=True):
            sample, index = divmod(pair, codes.size)
            _note(self._objects[which[sample]], objects.apgcodes[int(codes[index])], n)
        for rule in range(len(self.rules)):
            mine = which == rule
            is_censused = mine & (objects.n_objects >= 0)
            self.n_boards[rule] += int(is_censused.sum())
            self.n_left_out[rule] += int((mine & ~is_censused).sum())
            for column, name in enumerate(CONSTELLATIONS):
                found = counts.constellations[is_censused, column]
                entry = self._constellations[rule][name]
                entry[0] += int(found.sum())
                entry[1] += int((found.astype(np.int64) ** 2).sum())

    def census(self, about: str = "") -> Census:
        """Return what was counted so far."""
        rules = [str(rule) for rule in self.rules]
        boards: dict[str, Any] = {
            "n_boards": dict(zip(rules, self.n_boards, strict=True)),
            "n_left_out": dict(zip(rules, self.n_left_out, strict=True)),
        }
        constellations = Census(**self._columns(self._constellations, str), **boards)
        return Census(**self._columns(self._objects, name_of), **boards, constellations=constellations, about=about)

    def _columns(self, tables: list[dict[str, list[int]]], name: Callable[[str], str]) -> dict[str, Any]:
        """Return the columns of a census, rule by rule, the commonest first."""
        rows = []
        for rule, n_boards, table in zip(self.rules, self.n_boards, tables, strict=True):
            total = sum(count for count, _ in table.values())
            for code, (count, squares) in sorted(table.items(), key=lambda item: (-item[1][0], item[0])):
                if count:
                    mean = count / n_boards
                    spread = max(0.0, squares - n_boards * mean**2) / max(1, n_boards - 1)
                    error = (spread / n_boards) ** 0.5
                    rows.append((str(rule), code, name(code), count, mean, count / total, error))
        columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
        return {name: np.array(column, dtype) for (name, dtype), column in zip(COLUMNS.items(), columns, strict=True)}


def _note(table: dict[str, list[int]], key: str, n: int) -> None:
    entry = table[key]
    entry[0] += n
    entry[1] += n * n


def census(
    what: Store | str | Path,
    rows: range | int | Sequence[int] | None = None,
    *,
    backend: str = AUTO,
    progress: Callable[[int, int], None] = lambda n_done, n_rows: None,
) -> Census:
    """Count the objects on boards of ash: ``simkit.census("x.zarr")``.

    Parameters
    ----------
    what : Store or path
        A data set with the fields ``ash``, ``period`` and ``rule``, or an RLE file (``.rle``) of one board, which is
        run until it settles; one of the plane is put on a torus with room around it.
    rows : range, int or sequence of int, optional
        Rows of the data set, the first so many, or rows in any order; all if not given.
    backend : str
        Where it computes.
    progress : callable
        Called with the number of rows that are counted and of those that will be, whenever there are more.

    Returns
    -------
    Census

    Raises
    ------
    StoreError
        If the data set lacks one of the fields, or if some of the rows are not generated yet.
    ParameterError
        If there are no such rows.
    PatternError
        If the RLE file cannot be read, its board is too small or too large, or it does not settle.
    """
    if isinstance(what, Store):
        return _of_store(what, rows, backend, progress)
    if Path(what).suffix.lower() != ".rle":
        return _of_store(open_store(what), rows, backend, progress)
    if rows is not None:
        raise ParameterError(f"{what} holds one board, and rows are of a data set; leave the rows away")
    return _of_file(Path(what), backend)


def _of_store(
    store: Store, rows: range | int | Sequence[int] | None, backend: str, progress: Callable[[int, int], None]
) -> Census:
    if not {"ash", "period", "rule"} <= set(store) or store.schema["ash"].bits is None:
        raise StoreError(f"{store.path} is not a data set of ash: it lacks one of the fields ash, period and rule")
    ranges = ranges_of(store.n_rows if rows is None else rows)
    for part in ranges:
        store.check_row(part.stop - 1)
    tally = Tally(tuple(Rule.parse(label) for label in store.schema["rule"].labels))
    ash, rule, period = store["ash"], store["rule"], store["period"]
    n_done, n_rows = 0, sum(map(len, ranges))
    for here in _pieces(ranges, store.layout.chunk_rows):
        which = rule[here]
        tally.add(ash[here], store.schema["ash"].bits, which, period[here], backend=backend)
        n_done += len(which)
        progress(n_done, n_rows)
    return tally.census()


def _pieces(ranges: list[range], n_rows: int) -> Iterator[slice | Array]:
    """Yield so many rows at a time, as an index: a slice where they follow one another."""
    if len(ranges) > 1:
        rows = np.concatenate([np.arange(part.start, part.stop) for part in ranges])
        yield from (rows[start : start + n_rows] for start in range(0, len(rows), n_rows))
    for part in ranges if len(ranges) == 1 else []:
        for start in range(part.start, part.stop, n_rows):
            yield slice(start, min(start + n_rows, part.stop))


def _of_file(path: Path, backend: str) -> Census:
    try:
        pattern = rle.read(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PatternError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    rule = pattern.rule or Rule.parse("B3/S23")
    cells = pattern.board() if pattern.torus else np.pad(pattern.cells, _ROOM)
    height, width = cells.shape
    if not all(life.MIN_SIDE <= side <= life.MAX_SIDE for side in cells.shape):
        raise PatternError(f"{path} is {height}x{width} cells; boards have sides of {life.MIN_SIDE} to {life.MAX_SIDE}")
    boards, which = np.packbits(cells, axis=-1, bitorder="little")[None], np.zeros(1, np.uint8)
    ash, settle, period = life.KERNEL.load(backend).settle(boards, width, (rule,), which, _MAX_STEPS)
    if settle[0] < 0:
        raise PatternError(
            f"{path} does not settle within {_MAX_STEPS:,} generations of {rule}: there is no ash to count"
        )
    tally = Tally((rule,))
    tally.add(ash, width, which, period, backend=backend)
    where = f"{height}x{width} torus" + ("" if pattern.torus else f" (the pattern with {_ROOM} cells around)")
    return tally.census(f"settles at generation {settle[0]:,} with period {period[0]:,} on a {where}")
