"""Constellations: objects that commonly come in fours, and the same with one missing.

A constellation is matched on *objects*: each must be in the ash as an object of its own, in the state and at the place
that it has in the constellation; what else is around does not matter. "Three of four" is the constellation without one
member, and the missing one must not be there as an object of its own. Some members touch, so that two of them are one
object: the fleet is two ship-ties, three of its four are a ship-tie and a ship. Under a rule that does not keep the
pattern (with a period of 1 or 2) there are none, nor on a board that it does not fit on.

Source of the patterns: Stephen Silver's Life Lexicon (traffic light, honey farm, blockade, fleet, bakery); the four boats
are HighLife's xs20_2530352z4ac0ca4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from simkit.kernels.census.apgcode import N_ORIENTATIONS, Rows, from_cells, orient, size
from simkit.kernels.census.plane import orbit
from simkit.kernels.life import Rule

#: name -> picture, a letter for each of the four members; rows with nothing in them as blank lines
_PICTURES = {
    "traffic-light": """\
..aaa
.
b.....c
b.....c
b.....c
.
..ddd""",
    "honey-farm": """\
......a
.....a.a
.....a.a
......a

.bb.......cc
b..b.....c..c
.bb.......cc

......d
.....d.d
.....d.d
......d""",
    "blockade": """\
........aa
....bb..aa
....bb

















....cc
dd..cc
dd""",
    "fleet": """\
....aa
....a.a
.....aa
.......bb
cc.....b.b
c.c.....bb
.cc
...dd
...d.d
....dd""",
    "bakery": """\
....aa
...a..a
...a.a
.bb.a...c
b..b...c.c
b.b...c..c
.b...d.cc
....d.d
...d..d
....dd""",
    "four-boats": """\
.aa.bb
a.a.b.b
.a...b



.c...d
c.c.d.d
.cc.dd""",
}

#: the constellations, in the order of the columns
COMPLETE = tuple(_PICTURES)

#: Columns of the counts of constellations: first all complete ones, then all that lack one member.
CONSTELLATIONS = (*COMPLETE, *(f"{name}-3-of-4" for name in COMPLETE))

#: generations in which a constellation, or one that lacks a member, must recur
_MAX_PERIOD = 2

#: an object's pattern as it stands on the board, and the y and x of its top left corner
Placed = tuple[Rows, int, int]


class Template(NamedTuple):
    """Objects whose presence, in one state and orientation, makes a constellation."""

    #: index in CONSTELLATIONS
    column: int
    #: the objects; places relative to the first
    members: tuple[Placed, ...]
    #: what must not be there
    absent: Placed | None
    height: int
    width: int


def picture(name: str) -> dict[str, list[tuple[int, int]]]:
    """Return the cells (y, x) of each member of a complete constellation."""
    members: dict[str, list[tuple[int, int]]] = {}
    for y, line in enumerate(_PICTURES[name].splitlines()):
        for x, char in enumerate(line):
            if char.isalpha():
                members.setdefault(char, []).append((y, x))
    return members


def templates(rule: Rule, separate: Callable[[Rows, Rule], list[Placed]]) -> tuple[Template, ...]:
    """Return the templates of all constellations under a rule, each once.

    Parameters
    ----------
    rule : Rule
    separate : callable
        (pattern, rule) -> its objects on the empty plane; `reference` and `cpu` each bring their own.
    """
    found: dict[tuple[object, ...], Template] = {}
    for index, name in enumerate(COMPLETE):
        members = picture(name)
        whole = _states(sorted(sum(members.values(), [])), rule, separate)
        for missing in (None, *members) if whole else ():
            cells = sorted(sum((members[m] for m in members if m != missing), []))
            column = index if missing is None else index + len(COMPLETE)
            for objects, complete in zip(_states(cells, rule, separate), whole, strict=False):
                rest = [placed for placed in complete if placed not in objects]
                absent = rest[0] if missing is not None and len(rest) == 1 else None
                for template in _orientations(column, objects, absent):
                    found.setdefault((column, template.members, template.absent), template)
    return tuple(found.values())


def _states(cells: list[tuple[int, int]], rule: Rule, separate: Callable[[Rows, Rule], list[Placed]]) -> list[list[Placed]]:
    """Return the objects of each phase of a pattern, in one frame; nothing if it does not recur in place."""
    rows, y, x = from_cells(cells)
    try:
        phases, corners = orbit(rows, rule, _MAX_PERIOD)
    except ValueError:
        return []
    if corners[-1] != (0, 0):
        return []
    return [
        [(part, y + up + dy, x + left + dx) for part, dy, dx in separate(phase, rule)]
        for phase, (up, left) in zip(phases, corners, strict=False)
    ]


def _orientations(column: int, objects: list[Placed], absent: Placed | None) -> Iterator[Template]:
    everything = [*objects, absent] if absent else objects
    for orientation in range(N_ORIENTATIONS):
        turned = [_turn(placed, orientation) for placed in everything]
        top, left = min(y for _, y, _ in turned), min(x for _, _, x in turned)
        height = max(y + size(rows)[0] for rows, y, _ in turned) - top
        width = max(x + size(rows)[1] for rows, _, x in turned) - left
        missing = turned.pop() if absent else None
        turned.sort()
        _, y0, x0 = turned[0]
        members = tuple((rows, y - y0, x - x0) for rows, y, x in turned)
        lacks = (missing[0], missing[1] - y0, missing[2] - x0) if missing else None
        yield Template(column, members, lacks, height, width)


def _turn(placed: Placed, orientation: int) -> Placed:
    """Turn an object about the origin; see `apgcode` for the orientations."""
    rows, y, x = placed
    height, width = size(rows)
    if orientation & 4:
        y, x, height, width = x, y, width, height
    if orientation & 1:
        x = -x - width
    if orientation & 2:
        y = -y - height
    return orient(rows, orientation), y, x
