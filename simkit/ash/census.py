"""The table of a census: how often each object occurs on boards, rule by rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from simkit.errors import counted
from simkit.schema import Array
from simkit.tables import as_html, as_text

#: column -> dtype, in their order
COLUMNS: Mapping[str, type[np.generic]] = {
    "rule": np.str_, "apgcode": np.str_, "name": np.str_, "count": np.int64,
    "per_board": np.float64, "share": np.float64, "standard_error": np.float64,
}  # fmt: skip

#: kinds of each rule that are shown, and characters of an apgcode
_SHOWN, _MOST_CHARACTERS = 25, 40

_HEAD = ("apgcode", "name", "count", "per board", "", "share")


@dataclass(frozen=True, eq=False, repr=False)
class Census:
    """Kinds of objects, each with what it counts: rule by rule, the commonest first.

    Printed, it is a table; ``len`` is the number of its entries.

    Attributes
    ----------
    rule, apgcode, name : str (kind,)
        `name` is the common name, or the apgcode where there is none.
    count : int64 (kind,)
        Objects of the kind on all boards of the rule.
    per_board : float64 (kind,)
        Mean number on a board.
    share : float64 (kind,)
        Among all objects of the rule, 0..1.
    standard_error : float64 (kind,)
        Of `per_board`: the standard deviation over boards / sqrt(boards); 0 for a single board.
    n_boards, n_left_out : mapping of rule to int
        Boards that were counted; those that were not, since they never settled or the rule has B0.
    constellations : Census
        Arrangements of several objects, such as a traffic light; its apgcodes are their names, and `share` is among
        all of these. It has none itself.
    about : str
        When a single board settles, and where it was put, in words.
    """

    rule: Array
    apgcode: Array
    name: Array
    count: Array
    per_board: Array
    share: Array
    standard_error: Array
    n_boards: Mapping[str, int]
    n_left_out: Mapping[str, int]
    constellations: Census | None = None
    about: str = ""

    def __post_init__(self) -> None:
        for column in COLUMNS:
            getattr(self, column).flags.writeable = False
        for counts in ("n_boards", "n_left_out"):
            object.__setattr__(self, counts, MappingProxyType(dict(getattr(self, counts))))

    def __len__(self) -> int:
        return len(self.count)

    def entries(self) -> list[dict[str, Any]]:
        """Return the table as a list of its rows, plain values by the names of columns."""
        columns = [getattr(self, column).tolist() for column in COLUMNS]
        return [dict(zip(COLUMNS, row, strict=True)) for row in zip(*columns, strict=True)]

    def text(self, top: int = _SHOWN) -> str:
        """Return the table as text, with the `top` commonest kinds of each rule."""
        return "\n\n".join("\n".join(self._lines(rule, top)) for rule in self.n_boards)

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        parts = []
        for rule in self.n_boards:
            mine = np.flatnonzero(self.rule == rule)
            parts.append(as_html(self._title(rule), _HEAD, [self._cells(i) for i in mine[:_SHOWN]]))
            parts += [f"<p>{rest}</p>" for rest in self._rest(mine[_SHOWN:])]
            if found := self._arrangements(rule):
                parts.append(as_html("constellations", _HEAD[1:-1], found))
        return "".join(parts)

    def _lines(self, rule: str, top: int) -> Iterator[str]:
        """Yield the lines of a rule."""
        mine = np.flatnonzero(self.rule == rule)
        yield self._title(rule)
        if mine.size:
            yield as_text([_HEAD, *(self._cells(i) for i in mine[:top])])
            yield from (f"  {rest}" for rest in self._rest(mine[top:]))
        if found := self._arrangements(rule):
            yield "  constellations"
            yield as_text(found, indent="    ")

    def _arrangements(self, rule: str) -> list[tuple[str, ...]]:
        """Return name, count, mean and error of the constellations of a rule."""
        if self.constellations is None:
            return []
        others = self.constellations
        return [others._cells(i)[1:5] for i in np.flatnonzero(others.rule == rule)]

    def _title(self, rule: str) -> str:
        mine = self.rule == rule
        n_left_out = self.n_left_out[rule]
        left_out = f", {n_left_out:,} not counted (never settled, or a rule with B0)" if n_left_out else ""
        objects = counted(int(self.count[mine].sum()), "object")
        kinds, boards = counted(int(np.count_nonzero(mine)), "kind"), counted(self.n_boards[rule], "board")
        return f"{rule}: {objects} of {kinds} on {boards}{left_out}"

    def _rest(self, kinds: Array) -> Iterator[str]:
        """Yield what is said of the kinds that are not shown, if there are any."""
        if kinds.size:
            objects = counted(int(self.count[kinds].sum()), "object")
            share = 100 * self.share[kinds].sum()
            yield f"and {counted(kinds.size, 'more kind')}, {objects} ({share:.3g} %)"

    def _cells(self, i: Any) -> tuple[str, ...]:
        code, name = str(self.apgcode[i]), str(self.name[i])
        return (
            code if len(code) <= _MOST_CHARACTERS else f"{code[: _MOST_CHARACTERS - 3]}...",
            "-" if name == code and self.constellations is not None else name,
            f"{self.count[i]:,}",
            f"{self.per_board[i]:.4g}",
            f"± {self.standard_error[i]:.2g}",
            f"{100 * self.share[i]:.4g} %",
        )
