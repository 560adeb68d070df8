"""Patterns on the plane, their eight orientations, and apgcodes.

A pattern is a tuple of integers, one a row from the top, bit ``x`` of each the cell in column ``x``; it is *trimmed*:
no blank row or column at its edges. The empty pattern is ``()``.

Orientation ``o`` (0..7) of a pattern: first transpose it if ``o & 4``, then mirror it left-right if ``o & 1``, then
upside down if ``o & 2``. Orientation 0 leaves it as it is.

An apgcode is a prefix, ``_`` and a body. Prefix: ``xs`` + population of a still life, ``xp`` + period of an oscillator,
``xq`` + period of a spaceship. Body: the extended Wechsler format. Strips of five rows, joined by ``z``; a character
a column, worth 1, 2, 4, 8, 16 for its rows from the top, in the digits 0-9a-v; 1, 2, 3 blank columns are ``0``, ``w``,
``x``, and 4 to 39 are ``y`` and a digit 0-9a-z (longer runs are cut into runs of 39); blank columns at the right of a
strip are left out. An object's code takes the body that is shortest, and among these first in ASCII order, over all
phases of its period and all eight orientations.

Source: A. P. Goucher's apgsearch; LifeWiki, "Apgcode".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from simkit.errors import ParameterError, show

Rows = tuple[int, ...]

N_ORIENTATIONS = 8

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_STRIP = 5
_LONGEST = 39  # blank columns of one run
_SHORT = {1: "0", 2: "w", 3: "x"}


def trim(rows: Sequence[int]) -> tuple[Rows, int, int]:
    """Cut the blank edges off; return the pattern and how many rows and columns went at the top and the left."""
    top, bottom = 0, len(rows)
    while top < bottom and not rows[top]:
        top += 1
    while bottom > top and not rows[bottom - 1]:
        bottom -= 1
    every = 0
    for row in rows[top:bottom]:
        every |= row
    if not every:
        return (), 0, 0
    left = (every & -every).bit_length() - 1
    return tuple(row >> left for row in rows[top:bottom]), top, left


def from_cells(cells: Iterable[tuple[int, int]]) -> tuple[Rows, int, int]:
    """Return the pattern of cells (y, x) and the y and x of its top left corner."""
    places = list(cells)
    top, left = min(y for y, _ in places), min(x for _, x in places)
    rows = [0] * (max(y for y, _ in places) - top + 1)
    for y, x in places:
        rows[y - top] |= 1 << x - left
    return tuple(rows), top, left


def cells_of(rows: Rows) -> list[tuple[int, int]]:
    """Return the live cells (y, x) of a pattern in reading order."""
    return [(y, x) for y, row in enumerate(rows) for x in range(row.bit_length()) if row >> x & 1]


def size(rows: Rows) -> tuple[int, int]:
    """Return height and width of a pattern."""
    return len(rows), max((row.bit_length() for row in rows), default=0)


def population(rows: Rows) -> int:
    """Return the number of live cells."""
    return sum(row.bit_count() for row in rows)


def orient(rows: Rows, orientation: int) -> Rows:
    """Return a pattern in an orientation; see the module's docstring."""
    if orientation & 4:
        rows = tuple(sum((row >> x & 1) << y for y, row in enumerate(rows)) for x in range(size(rows)[1]))
    if orientation & 1:
        width = size(rows)[1]
        rows = tuple(int(f"{row:0{width}b}"[::-1], 2) for row in rows)
    if orientation & 2:
        rows = rows[::-1]
    return rows


def inverse(orientation: int) -> int:
    """Return the orientation that undoes one: a transposition swaps the two mirrors."""
    if orientation & 4:
        return 4 | (orientation & 1) << 1 | orientation >> 1 & 1
    return orientation


def encode(rows: Rows) -> str:
    """Write a trimmed pattern as it stands in extended Wechsler format."""
    width = size(rows)[1]
    strips = []
    for top in range(0, len(rows), _STRIP):
        strip = rows[top : top + _STRIP]
        text, n_blank = [], 0
        for x in range(width):
            value = 0
            for y, row in enumerate(strip):
                value |= (row >> x & 1) << y
            if not value:
                n_blank += 1
                continue
            text.append(_blanks(n_blank) + _DIGITS[value])
            n_blank = 0
        strips.append("".join(text))
    return "z".join(strips)


def _blanks(n: int) -> str:
    text = ""
    while n > 0:
        run = min(n, _LONGEST)
        text += _SHORT[run] if run in _SHORT else "y" + _DIGITS[run - 4]
        n -= run
    return text


def canonical(phases: Iterable[Rows]) -> tuple[str, int, int]:
    """Return the body of the apgcode of an object, given all its phases, and the phase and orientation that has it."""
    best = min(
        (len(body), body, phase, orientation)
        for phase, rows in enumerate(phases)
        for orientation in range(N_ORIENTATIONS)
        for body in (encode(orient(rows, orientation)),)
    )
    return best[1:]


def compose(kind: Literal["xs", "xp", "xq"], number: int, body: str) -> str:
    """Return the apgcode of a kind of object (``xs``, ``xp``, ``xq``) with its population or period."""
    return f"{kind}{number}_{body}"


def decode(apgcode: str) -> Rows:
    """Read the pattern of an apgcode, or of a body alone.

    Raises
    ------
    ParameterError
        If it is not an apgcode; shows the position.
    """
    prefix, underscore, body = apgcode.rpartition("_")
    if underscore and not re.fullmatch(r"x[spq][1-9][0-9]*", prefix):
        raise ParameterError(f"{show(apgcode)} is not an apgcode: {show(prefix)} is not xs, xp or xq and a number")
    offset = len(prefix) + len(underscore)
    rows = [0] * _STRIP
    x, at = 0, 0
    while at < len(body):
        char = body[at]
        if char == "z":
            rows += [0] * _STRIP
            x = 0
        elif char == "w" or char == "x":
            x += 2 if char == "w" else 3
        elif char == "y":
            at += 1
            if at == len(body) or body[at] not in _DIGITS:
                raise ParameterError(
                    f"{show(apgcode)} is not an apgcode: no digit after 'y' at position {offset + at - 1}"
                )
            x += 4 + _DIGITS.index(body[at])
        elif char in _DIGITS[:32]:
            for y in range(_STRIP):
                rows[len(rows) - _STRIP + y] |= (_DIGITS.index(char) >> y & 1) << x
            x += 1
        else:
            raise ParameterError(f"{show(apgcode)} is not an apgcode: {show(char)} at position {offset + at}")
        at += 1
    return trim(rows)[0]
