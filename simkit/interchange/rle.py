"""RLE, the run length encoded patterns that Golly, LifeViewer and LifeWiki read and write.

A header ``x = WIDTH, y = HEIGHT, rule = B3/S23:T128,128``, then runs: a count (1 is left out) and ``b`` (dead), ``o``
(alive) or ``$`` (end of line), and ``!`` at the end. Dead cells at the end of a line and dead lines at the end are left
out. ``:TWIDTH,HEIGHT`` after the rule makes the universe a torus. Lines that begin with ``#`` are comments.

Source: Golly's help pages "File formats" and "Bounded grids"; LifeWiki, "Run Length Encoded".
"""

from __future__ import annotations

import re
import textwrap
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from simkit.errors import PatternError, RuleError, show
from simkit.kernels.life import Rule

U8 = npt.NDArray[np.uint8]

#: characters of a line at most
LINE = 70

#: cells of a pattern that is read, at most: 64 MiB
MAX_CELLS = 2**26

_HEADER = re.compile(r"x\s*=\s*([0-9]+)\s*,?\s*y\s*=\s*([0-9]+)\s*,?\s*(?:rule\s*=\s*(.*))?", re.IGNORECASE)
_TORUS = re.compile(r"t([0-9]{1,9})(?:,([0-9]{1,9}))?", re.IGNORECASE)
_CORNER = re.compile(r"#CXRLE\b.*?\bPos\s*=\s*(-?[0-9]{1,9})\s*,\s*(-?[0-9]{1,9})")
_RUN = re.compile(r"([0-9]*)\s*([^0-9\s])|([0-9]+)\s*$")
_EXAMPLE = "such as x = 3, y = 3, rule = B3/S23"

#: what the characters of two-state patterns mean; ``.`` and ``A`` are those of Golly's many-state files
_DEAD, _ALIVE = "b.", "oA"


@dataclass(frozen=True, eq=False)
class Pattern:
    """What an RLE file says.

    Attributes
    ----------
    cells : uint8 (y, x), 0 or 1
        Of the size that the header gives, or the smallest that holds the pattern if there is not a header.
    rule : Rule or None
    torus : (height, width) or None
        Size of the torus; None is the unbounded plane.
    corner : (y, x) or None
        Where Golly has the top left cell (``#CXRLE Pos=x,y``); (0, 0) is the middle of its universe.
    name, author : str
        ``#N`` and ``#O``, "" if not given.
    comments : tuple of str
        ``#C``, in order.
    """

    cells: U8
    rule: Rule | None = None
    torus: tuple[int, int] | None = None
    corner: tuple[int, int] | None = None
    name: str = ""
    author: str = ""
    comments: tuple[str, ...] = ()

    def board(self) -> U8:
        """Return the whole torus, uint8 (y, x): the cells where Golly had them, at the top left if it does not say.

        Without a torus these are the cells alone.
        """
        if self.torus is None:
            return self.cells
        height, width = self.torus
        board = np.zeros(self.torus, np.uint8)
        board[: self.cells.shape[0], : self.cells.shape[1]] = self.cells
        if self.corner is None:
            return board
        return np.roll(board, (self.corner[0] + height // 2, self.corner[1] + width // 2), (0, 1))


def write(cells: U8, rule: Rule, *, torus: bool = True, comments: Iterable[str] = ()) -> str:
    """Write cells as RLE.

    Parameters
    ----------
    cells : uint8 (y, x), 0 or 1
    rule : Rule
    torus : bool
        Whether the cells are a torus of their size; else a pattern on the plane.
    comments : iterable of str
        Each becomes a ``#C`` line, or several if it is long.

    Returns
    -------
    str
        Lines of at most 70 characters (a comment's word that is longer stays whole), the last one ended too.

    Raises
    ------
    PatternError
        If `cells` is not two-dimensional, holds anything but 0 and 1, or has no cells though it is to be a torus.
    """
    cells = np.asarray(cells)
    if cells.ndim != 2 or cells.dtype not in (np.uint8, np.bool_) or (cells.size and cells.max() > 1):
        raise PatternError(f"RLE takes uint8 cells (y, x) of 0 and 1; these are {cells.dtype} of shape {cells.shape}")
    if torus and not cells.size:
        raise PatternError(f"a torus has at least one cell; this is {cells.shape[0]} x {cells.shape[1]}")
    if not isinstance(rule, Rule):
        raise PatternError(f"rule is a Rule, such as Rule.parse('B3/S23'); this is {show(rule)}")
    height, width = cells.shape
    bounds = f":T{width},{height}" if torus else ""
    lines = [f"#C {part}".rstrip() for comment in comments for part in _wrap(comment)]
    lines.append(f"x = {width}, y = {height}, rule = {rule}{bounds}")
    return text_of(lines, _runs(cells))


def text_of(head: Iterable[str], runs: Iterable[str]) -> str:
    """Return lines followed by runs as one text, the runs in lines of at most LINE characters."""
    lines, line = list(head), ""
    for run in runs:
        if len(line) + len(run) > LINE:
            lines.append(line)
            line = ""
        line += run
    return "\n".join([*lines, line, ""])


def _wrap(comment: str) -> list[str]:
    return [
        part
        for line in comment.splitlines()
        for part in textwrap.wrap(line, LINE - 3, break_long_words=False, break_on_hyphens=False) or [""]
    ]


def _runs(cells: U8) -> Iterable[str]:
    n_ends = 0
    for y in np.flatnonzero(cells.any(axis=1)).tolist() if cells.size else []:
        if y > n_ends:
            yield run_of(y - n_ends, "$")
            n_ends = y
        padded = np.zeros(cells.shape[1] + 2, np.int8)
        padded[1:-1] = cells[y]
        edges = np.flatnonzero(np.diff(padded)).tolist()  # where live runs begin and end, by turns
        at = 0
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            if begin > at:
                yield run_of(begin - at, "b")
            yield run_of(end - begin, "o")
            at = end
    yield "!"


def run_of(n: int, tag: str) -> str:
    """Return a run of `n` equal cells or ends of line."""
    return f"{n}{tag}" if n > 1 else tag


def read(text: str) -> Pattern:
    """Read RLE, as Golly writes it or as it is found elsewhere.

    A header may be missing, or have no rule; the rule may be in any notation and case that `Rule` reads. Comments are
    read between the lines too; what follows ``!`` is left unread. Dead cells may reach beyond the header's size.

    Raises
    ------
    PatternError
        If it is not RLE, is empty without a header that says so, is cut off before its ``!``, has more than two states,
        live cells beyond the header's size, more than MAX_CELLS cells, a rule that is not Life-like, or bounds that are
        not a torus; shows line and position.
    """
    if not isinstance(text, str):
        raise PatternError(f"RLE is read from a text; this is {show(text)}")
    return _Reader().read(text)


class _Reader:
    def __init__(self) -> None:
        self.line = 0
        self.size: tuple[int, int] | None = None
        self.rule: Rule | None = None
        self.torus: tuple[int, int] | None = None
        self.corner: tuple[int, int] | None = None
        self.names: dict[str, str] = {}
        self.comments: list[str] = []
        #: live runs, three numbers each: y, first x, end
        self.runs = array("q")
        self.y = self.x = 0
        #: a count at the end of a line, whose character is on the next
        self.pending = ""
        self.begun = False

    def read(self, text: str) -> Pattern:
        lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for self.line, line in enumerate(lines, start=1):
            if line.startswith("#"):
                self._comment(line)
            elif not self.begun and self.size is None and line.lstrip()[:1] in ("x", "X"):
                self._header(line)
            elif line.strip() and self._runs_of(line):
                break
        else:
            if self.begun or self.size:
                raise PatternError(
                    f"line {self.line}: the text ends without '!'; is it cut off? if it is whole, add '!'"
                )
        if not self.size and not self.runs:
            raise PatternError(f"there is no pattern; RLE is a header, {_EXAMPLE}, and runs, such as bo$2bo$3o!")
        cells = self._cells()
        return Pattern(
            cells,
            self.rule,
            self.torus,
            self.corner,
            self.names.get("N", ""),
            self.names.get("O", ""),
            tuple(self.comments),
        )

    def _fail(self, position: int, why: str) -> NoReturn:
        raise PatternError(f"line {self.line}, position {position + 1}: {why}")

    def _comment(self, line: str) -> None:
        kind, text = line[1:2], line[2:].strip()
        if corner := _CORNER.match(line):
            self.corner = int(corner[2]), int(corner[1])
        elif kind in ("C", "c"):
            self.comments.append(text)
        elif kind in ("N", "O"):
            self.names.setdefault(kind, text)
        elif kind in ("P", "R") and (place := re.fullmatch(r"(-?[0-9]{1,9})[\s,]+(-?[0-9]{1,9})", text)):
            self.corner = self.corner or (int(place[2]), int(place[1]))
        elif kind == "r" and text and self.rule is None:
            self._rule(text.partition(":")[0], line.index(text))

    def _header(self, line: str) -> None:
        header = _HEADER.fullmatch(line.strip())
        if not header:
            self._fail(0, f"{show(line.strip())} is not a header; write one {_EXAMPLE}")
        width, height = (_count(digits) for digits in header.group(1, 2))
        if max(width, height, width * height) > MAX_CELLS:
            self._fail(0, f"the header says {header[1]:.20} x {header[2]:.20} cells; at most {MAX_CELLS:,} are read")
        self.size = height, width
        if header[3] is not None:
            self._rule(header[3], line.index("=", line.lower().index("rule")) + 1)
        if self.torus and (height > self.torus[0] or width > self.torus[1]):
            self._fail(0, f"{width} x {height} cells do not fit on a torus of {self.torus[1]} x {self.torus[0]}")

    def _rule(self, text: str, position: int) -> None:
        name, colon, bounds = (part.strip() for part in text.partition(":"))
        try:
            self.rule = Rule.parse(name[:LINE])
        except RuleError as error:
            raise PatternError(f"line {self.line}: {error}") from None
        if colon:
            torus = _TORUS.fullmatch(bounds)
            height, width = (int(torus[2] or torus[1]), int(torus[1])) if torus else (0, 0)
            if not 0 < height * width <= MAX_CELLS:
                at_most = f"at most {MAX_CELLS:,} cells"
                self._fail(position, f"bounds {show(bounds[:LINE])} are not a torus such as T128,64 of {at_most}")
            self.torus = height, width

    def _runs_of(self, line: str) -> bool:
        """Read a line of runs; say whether it has the ``!``."""
        self.begun = True
        for match in _RUN.finditer(line):
            digits, tag, rest = match.groups()
            if self.pending and (digits or rest):
                self._fail(match.start(), f"the count {self.pending} at the end of the line before has no character")
            if rest:
                self.pending = rest
                return False
            digits, self.pending = digits or self.pending, ""
            if tag == "!":
                if digits:
                    self._fail(match.start(), f"the count {digits:.20} has no character")
                return True
            self._run(match, digits, tag)
        return False

    def _run(self, match: re.Match[str], digits: str, tag: str) -> None:
        if tag not in "bo$.A":
            if re.fullmatch("[B-Xp-y]", tag):
                self._fail(
                    match.start(2), f"{show(tag)} is a state beyond two; cells are dead (b or .) or alive (o or A)"
                )
            self._fail(match.start(2), f"{show(tag)} is none of the characters b o $ ! of RLE")
        n = _count(digits) if digits else 1
        if not 0 < n <= MAX_CELLS:
            self._fail(match.start(), f"a run of {digits:.20}: runs are 1 to {MAX_CELLS:,} long")
        if tag == "$":
            self.y, self.x = self.y + n, 0
            return
        if tag in _ALIVE:
            if self.size and self.y >= self.size[0]:
                self._fail(match.start(), f"live cells in row {self.y + 1}; the header says y = {self.size[0]}")
            if self.size and self.x + n > self.size[1]:
                self._fail(match.start(), f"live cells up to column {self.x + n}; the header says x = {self.size[1]}")
            self.runs.extend((self.y, self.x, self.x + n))
        self.x += n

    def _cells(self) -> U8:
        runs = np.array(self.runs, np.int64).reshape(-1, 3)
        y, begin, end = runs.T
        height, width = self.size or (int(y.max(initial=-1)) + 1, int(end.max(initial=0)))
        if height * width > MAX_CELLS:
            raise PatternError(f"the pattern has {width:,} x {height:,} cells; at most {MAX_CELLS:,} are read")
        changes = np.zeros(height * width + 1, np.int8)  # +1 where a run begins, -1 after its end
        np.add.at(changes, y * width + begin, 1)
        np.subtract.at(changes, y * width + end, 1)
        return np.cumsum(changes[:-1], dtype=np.int8).view(np.uint8).reshape(height, width)


def _count(digits: str) -> int:
    """Return a number, or one that is too large for anything here if it has too many digits."""
    return int(digits) if len(digits.lstrip("0")) < 10 else MAX_CELLS + 1
