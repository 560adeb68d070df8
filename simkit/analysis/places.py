"""Where objects are on boards, and in which state: single ones as the census finds them, and their constellations.

A traffic light is four blinkers, three cells from its centre; a honey farm is four beehives, five or more from it. An
object that belongs to one of these is not listed on its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.analysis.boards import Rows
from simkit.kernels import census
from simkit.kernels.census import name_of
from simkit.kernels.census.apgcode import decode, size
from simkit.kernels.life import Rule

I64 = npt.NDArray[np.int64]

#: kinds that are listed; all keep their bounding boxes but the blinker, whose two phases are told apart
_CODES = ("xp2_7", "xs4_33", "xs6_696", "xs7_2596", "xs5_253", "xs4_252", "xs8_6996", "xs6_356")
_BLINKER, _BEEHIVE = 0, 2

#: the kinds, constellations first
KINDS = ("traffic-light", "honey-farm", *map(name_of, _CODES))


class _Four(NamedTuple):
    """Four objects of a kind around a centre: those above and below are turned against those at the sides."""

    member: int
    #: bounding box of the one above: height, width
    box: tuple[int, int]
    #: from the centre to the first row of the one above, upwards, and of the one below, downwards
    up: int
    down: int
    #: from the centre to the first column of both
    aside: int
    #: rows, and columns, of the whole
    side: int
    phase: int


#: two phases of a traffic light, and a honey farm
_FOURS = (
    (0, _Four(_BLINKER, (1, 3), 3, 3, -1, 7, 0)),
    (0, _Four(_BLINKER, (3, 1), 4, 2, 0, 9, 1)),
    (1, _Four(_BEEHIVE, (4, 3), 6, 3, -1, 13, 0)),
)


class Places(NamedTuple):
    """Objects of some boards, in the order of boards; one entry an object.

    Attributes
    ----------
    n_boards : int
    board, kind : int64
        `kind` is an index in `KINDS`.
    y, x : int64
        Top left corner of the bounding box, which may cross the edges.
    height, width : int64
    phase : int64
        Of blinkers 0 lies and 1 stands; of traffic lights 0 is the one whose blinkers lie along a ring, 1 the one whose
        blinkers point to the centre; 0 of all others.
    """

    n_boards: int
    board: I64
    kind: I64
    y: I64
    x: I64
    height: I64
    width: I64
    phase: I64

    def of(self, kind: int) -> Places:
        """Return the objects of one kind."""
        chosen = self.kind == kind
        return Places(self.n_boards, *(column[chosen] for column in self[1:]))

    def among(self, boards: range) -> Places:
        """Return the objects of some of the boards, which are then counted from 0."""
        low, high = np.searchsorted(self.board, (boards.start, boards.stop))
        board, *others = (column[low:high] for column in self[1:])
        return Places(len(boards), board - boards.start, *others)


def places(
    boards: npt.NDArray[np.uint8],
    width: int,
    rules: tuple[Rule, ...],
    which: npt.NDArray[np.uint8],
    period: npt.NDArray[np.int32],
) -> Places:
    """Return the objects of boards of ash; arguments as in `simkit.kernels.census`. A board without census has none."""
    table = census.KERNEL.load("cpu").find(boards, width, rules, which, period)
    sizes = np.array([size(decode(code)) for code in _CODES])
    known = {census.hash_of(code): i for i, code in enumerate(_CODES)}
    member = np.array([known.get(code, -1) for code in table.code.tolist()], np.int64)
    chosen = member >= 0
    member = member[chosen]
    board, y, x = (each[chosen].astype(np.int64) for each in (table.sample, table.y, table.x))
    is_turned = (table.orientation[chosen] & 4 > 0) ^ (table.phase[chosen] % 2 > 0)
    box = np.where(is_turned[:, None], sizes[member, ::-1], sizes[member])
    is_free, fours = _fours(board, member, y, x, box, boards.shape[1], width)
    phase = np.where(member == _BLINKER, box[:, 0] == 3, 0).astype(np.int64)
    single = np.column_stack([board, member + 2, y, x, box, phase])[is_free]
    columns = np.concatenate([fours, single])
    columns = columns[np.lexsort(columns.T[[3, 2, 1, 0]])]
    return Places(len(boards), *columns.T)


def of_rows(rows: Rows) -> Places:
    """Return the objects of rows of a data set of ash, which has the fields ``ash``, ``rule`` and ``period``."""
    width, rules = rows.schema["ash"].bits or 0, tuple(Rule.parse(label) for label in rows.schema["rule"].labels)
    return places(rows.field("ash"), width, rules, rows.field("rule"), rows.field("period"))


def _fours(
    board: I64, member: I64, y: I64, x: I64, box: I64, height: int, width: int
) -> tuple[npt.NDArray[np.bool_], I64]:
    """Return which objects belong to no constellation, and the constellations: board, kind, y, x, box, phase."""

    def key(which: I64 | int, of: I64, y: I64, x: I64, high: I64 | int, wide: I64 | int) -> I64:
        cell: I64 = (of * height + y % height) * width + x % width
        state = (np.asarray(which, np.int64) * 16 + high) * 16 + wide
        found: I64 = cell * 16**3 + state
        return found

    keys = key(member, board, y, x, box[:, 0], box[:, 1])
    order = np.argsort(keys)
    is_free = np.ones(len(keys), bool)
    fours = [np.empty((0, 7), np.int64)]
    for kind, four in _FOURS:
        if four.side > min(height, width):
            continue
        high, wide = four.box
        top = np.flatnonzero((member == four.member) & (box == four.box).all(1))
        of, cy, cx = board[top], y[top] + four.up, x[top] - four.aside
        members = np.stack([
            keys[top],
            key(four.member, of, cy + four.down, cx + four.aside, high, wide),
            key(four.member, of, cy + four.aside, cx - four.up, wide, high),
            key(four.member, of, cy + four.aside, cx + four.down, wide, high),
        ])  # fmt: skip
        at = order[np.searchsorted(keys, members, sorter=order).clip(max=len(keys) - 1)]
        is_whole = (keys[at] == members).all(0)
        is_free[at[:, is_whole]] = False
        half, n = four.side // 2, int(is_whole.sum())
        constant = [np.full(n, value) for value in (four.side, four.side, four.phase)]
        corner = (cy[is_whole] - half) % height, (cx[is_whole] - half) % width
        fours.append(np.column_stack([of[is_whole], np.full(n, kind), *corner, *constant]))
    return is_free, np.concatenate(fours)
