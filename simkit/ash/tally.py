"""Tables of the objects in ash: how often each apgcode occurs under each rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simkit.backends import AUTO
from simkit.errors import PatternError, StoreError
from simkit.interchange import rle
from simkit.kernels import census, life
from simkit.kernels.census import CONSTELLATIONS, name_of
from simkit.kernels.life import Rule
from simkit.schema import Array
from simkit.store import Store

#: dead cells put around a pattern of the plane, and generations within which a board must settle
_ROOM, _MAX_STEPS = 64, 100_000


@dataclass(frozen=True)
class Line:
    """One kind of object under one rule.

    Parameters
    ----------
    rule, apgcode, name : str
        `name` is the common name, or the apgcode where there is none.
    count : int
        Objects of this kind on all boards of the rule.
    per_board : float
        Mean number on a board.
    share : float
        Among all objects of the rule, 0..1.
    standard_error : float
        Of `per_board`: the standard deviation over boards / sqrt(boards); 0 for a single board.
    """

    rule: str
    apgcode: str
    name: str
    count: int
    per_board: float
    share: float
    standard_error: float


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
        kernel = census.KERNEL.load(backend)
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

    def lines(self) -> list[Line]:
        """Return the objects, rule by rule, the commonest first."""
        return self._lines(self._objects, name_of)

    def constellations(self) -> list[Line]:
        """Return the constellations that occur, as `lines`; `share` is among all of these."""
        return self._lines(self._constellations, lambda name: name)

    def _lines(self, tables: list[dict[str, list[int]]], name: Callable[[str], str]) -> list[Line]:
        lines = []
        for rule, n_boards, table in zip(self.rules, self.n_boards, tables, strict=True):
            total = sum(count for count, _ in table.values())
            for code, (count, squares) in sorted(table.items(), key=lambda item: (-item[1][0], item[0])):
                if count:
                    mean = count / n_boards
                    spread = max(0.0, squares - n_boards * mean**2) / max(1, n_boards - 1)
                    error = (spread / n_boards) ** 0.5
                    lines.append(Line(str(rule), code, name(code), count, mean, count / total, error))
        return lines


def _note(table: dict[str, list[int]], key: str, n: int) -> None:
    entry = table[key]
    entry[0] += n
    entry[1] += n * n


def tally_store(
    store: Store, rows: range, *, backend: str = AUTO, progress: Callable[[int], None] = lambda n_rows: None
) -> Tally:
    """Tally the objects on `rows` of a data set of ash, which must hold ``ash``, ``period`` and ``rule``.

    Raises
    ------
    StoreError
        If it does not, or if some of the rows are not generated yet.
    """
    if not {"ash", "period", "rule"} <= set(store) or store.schema["ash"].bits is None:
        raise StoreError(f"{store.path} is no data set of ash: it lacks one of the fields ash, period and rule")
    tally = Tally(tuple(Rule.parse(label) for label in store.schema["rule"].labels))
    ash, rule, period = store["ash"], store["rule"], store["period"]
    for start in range(rows.start, rows.stop, store.layout.chunk_rows):
        here = slice(start, min(start + store.layout.chunk_rows, rows.stop))
        tally.add(ash[here], store.schema["ash"].bits, rule[here], period[here], backend=backend)
        progress(here.stop - here.start)
    return tally


def tally_file(path: Path, *, backend: str = AUTO) -> tuple[Tally, str]:
    """Tally what the board in an RLE file becomes; on the plane it is put on a torus with room around it.

    Returns
    -------
    Tally, str
        And when it settles, in words.

    Raises
    ------
    PatternError
        If the file cannot be read, the board is too small or too large, or it does not settle.
    """
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
    return tally, f"settles at generation {settle[0]:,} with period {period[0]:,} on a {where}"
