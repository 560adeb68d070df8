"""RLE of many states, as Golly writes it: ``.`` is state 0, A..X are 1..24, pA..pX 25..48, qA..qX 49..72 and so on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from simkit.errors import PatternError, show
from simkit.interchange.rle import MAX_CELLS, run_of, text_of
from simkit.lattices.golly import Automaton, automaton

U8 = npt.NDArray[np.uint8]

_HEADER = re.compile(r"x = ([0-9]{1,9}), y = ([0-9]{1,9}), rule = ([\w-]+)(?::T([0-9]{1,9}),([0-9]{1,9}))?")
_CORNER = re.compile(r"#CXRLE\b.*?\bPos=(-?[0-9]{1,9}),(-?[0-9]{1,9})")
_RUN = re.compile(r"([0-9]{0,9})([p-y]?[A-X]|[.$!])")


@dataclass(frozen=True, eq=False)
class Pattern:
    """What a file of many states says: the kernel's cells, uint8 (y, x), of the whole torus if it is one."""

    automaton: Automaton
    cells: U8
    is_torus: bool


def write(automaton: Automaton, cells: U8, *, torus: bool = True, comments: Iterable[str] = ()) -> str:
    """Write the kernel's cells (y, x) as RLE, on a torus of their size or on the plane.

    Raises
    ------
    PatternError
        If some are no part of the system.
    """
    found = automaton.encode(cells)
    height, width = found.shape
    bounds = f":T{width},{height}" if torus else ""
    lines = [f"#C {comment}" for comment in comments]
    # where Golly has the top left cell of a torus: without it a reader could not tell where the pattern lies
    lines.append(f"#CXRLE Pos={-(width // 2)},{-(height // 2)}")
    lines.append(f"x = {width}, y = {height}, rule = {automaton.name}{bounds}")
    return text_of(lines, _runs(found))


def _tag(state: int) -> str:
    if state == 0:
        return "."
    letter = chr(ord("A") + (state - 1) % 24)
    return letter if state <= 24 else chr(ord("p") + (state - 25) // 24) + letter


def _runs(found: U8) -> Iterable[str]:
    n_ends = 0
    for y in np.flatnonzero(found.any(axis=1)).tolist():
        if y > n_ends:
            yield run_of(y - n_ends, "$")
            n_ends = y
        row = np.trim_zeros(found[y], "b")
        begins = [0, *(np.flatnonzero(np.diff(row.astype(np.int16))) + 1).tolist(), len(row)]
        for begin, end in pairwise(begins):
            yield run_of(end - begin, _tag(int(row[begin])))
    yield "!"


def read(text: str) -> Pattern:
    """Read RLE of one of our rules, as `write` or Golly wrote it.

    Raises
    ------
    PatternError
        If it is not that; shows the line.
    UnknownNameError
        If its rule is none of ours.
    """
    corner: tuple[int, int] | None = None
    header = None
    body: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if place := _CORNER.match(line):
            corner = int(place[2]), int(place[1])
        elif line.startswith("#"):
            continue
        elif header is None:
            header = _HEADER.fullmatch(line.strip())
            if header is None:
                example = "x = 9, y = 9, rule = simkit-hpp:T9,9"
                raise PatternError(f"line {number}: {show(line.strip())} is not a header; write one such as {example}")
        else:
            body.append(line.strip())
    if header is None:
        raise PatternError("there is no pattern; RLE is a header and runs")
    width, height, of = int(header[1]), int(header[2]), automaton(header[3])
    size = (int(header[5]), int(header[4])) if header[4] else (height, width)
    if max(size[0] * size[1], height * width) > MAX_CELLS or height > size[0] or width > size[1]:
        raise PatternError(f"{width} x {height} cells do not fit on {size[1]} x {size[0]}, or are over {MAX_CELLS:,}")
    board = np.zeros(size, np.uint8)
    board[:height, :width] = _cells("".join(body), height, width)
    if header[4] and corner:
        board = np.roll(board, (corner[0] + size[0] // 2, corner[1] + size[1] // 2), (0, 1))
    return Pattern(of, of.decode(board), bool(header[4]))


def _cells(body: str, height: int, width: int) -> U8:
    found = np.zeros((height, width), np.uint8)
    y = x = at = 0
    while at < len(body):
        match = _RUN.match(body, at)
        if match is None:
            raise PatternError(
                f"{show(body[at : at + 10])} is not a run of RLE; runs are a count and . $ ! A to X, pA to yX"
            )
        at, n, tag = match.end(), int(match[1] or 1), match[2]
        if tag == "!":
            return found
        if tag == "$":
            y, x = y + n, 0
            continue
        state = 0 if tag == "." else ord(tag[-1]) - 64 + (24 * (ord(tag[0]) - 111) if len(tag) > 1 else 0)
        if state:
            if y >= height or x + n > width or state > 255:
                raise PatternError(f"row {y + 1} has {show(match[0])} beyond the header's {width} x {height} cells")
            found[y, x : x + n] = state
        x += n
    raise PatternError("the text ends without '!'; is it cut off?")
