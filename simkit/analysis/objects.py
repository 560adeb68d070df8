"""Where on boards of ash the common objects are: the ground truth of what features of networks may see.

Single objects are those of the census (`simkit.kernels.census`). A traffic light is four blinkers and a honey farm is
four beehives, each an object of its own, in the places that `simkit.kernels.census.constellations` gives them; they
are counted as it counts them, and their members are among the blinkers and the beehives, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError, show
from simkit.kernels import census
from simkit.kernels.census.apgcode import decode, size
from simkit.kernels.life import Rule
from simkit.schema import Array

I32 = npt.NDArray[np.int32]
Bool = npt.NDArray[np.bool_]

#: single objects: name -> apgcode
SINGLE = {
    "block": "xs4_33", "beehive": "xs6_696", "loaf": "xs7_2596", "boat": "xs5_253", "ship": "xs6_356",
    "blinker": "xp2_7",
}  # fmt: skip

#: the kinds of things, in the order of `Places.kind`
KINDS = (*SINGLE, "traffic light", "honey farm")

_BLINKER, _BEEHIVE, _LIGHT, _FARM = map(KINDS.index, ("blinker", "beehive", "traffic light", "honey farm"))

#: (phase of the blinkers above and below the centre) -> sides of the box of a traffic light
_LIGHT_SIDES = (9, 7)

#: side of the box of a honey farm
_FARM_SIDE = 13

#: what of `Places` has one entry a thing
_COLUMNS = ("sample", "kind", "y", "x", "height", "width", "phase")

#: when a cell of a network's grid counts as seeing a thing; see `mask`
Sees = Literal["part", "whole", "centre"]


@dataclass(frozen=True)
class Places:
    """Things on boards, one entry each, ordered by board within a kind.

    Attributes
    ----------
    shape : (int, int, int)
        Boards, their height and width in cells.
    sample : int64
        Board.
    kind : uint8
        Index in `KINDS`.
    y, x : int32
        Top left corner of the bounding box, which may cross the edges of the torus.
    height, width : int32
        Of the bounding box, in cells.
    phase : uint8
        Of a blinker 0 if it stands upright, 1 if it lies; of a traffic light that of its upper and lower blinkers, so
        that its box has 9 x 9 cells in phase 0 and 7 x 7 in phase 1. 0 of all others.
    n_objects : int32 (board,)
        Objects of the census, of whatever kind; -1 if the board has none (it never settled, or its rule has B0).
    """

    shape: tuple[int, int, int]
    sample: npt.NDArray[np.int64]
    kind: npt.NDArray[np.uint8]
    y: I32
    x: I32
    height: I32
    width: I32
    phase: npt.NDArray[np.uint8]
    n_objects: I32

    def of(self, name: str, phase: int | None = None) -> Places:
        """Return the things of one kind, in one phase if one is asked for."""
        if name not in KINDS:
            raise ParameterError(f"there is no kind {show(name)}; choose from {', '.join(KINDS)}")
        chosen = self.kind == KINDS.index(name)
        return self.where(chosen if phase is None else chosen & (self.phase == phase))

    def where(self, chosen: Bool) -> Places:
        """Return those entries for which `chosen`, bool (entry,), is true."""
        columns = {name: getattr(self, name)[chosen] for name in _COLUMNS}
        return Places(self.shape, **columns, n_objects=self.n_objects)

    def centres(self) -> tuple[I32, I32]:
        """Return y and x of the middle cell of each box; of an even side the lower or right one of the two."""
        _, height, width = self.shape
        return (self.y + self.height // 2) % height, (self.x + self.width // 2) % width

    def alignment(self, modulus: int) -> tuple[I32, I32]:
        """Return y and x of the centres modulo 2, 4 or 8: where they lie against the grid of a layer."""
        y, x = self.centres()
        return y % modulus, x % modulus

    def counts(self) -> I32:
        """Return how many things each board has, int32 (board, kind)."""
        found = np.bincount(self.sample * len(KINDS) + self.kind, minlength=self.shape[0] * len(KINDS))
        return found.reshape(-1, len(KINDS)).astype(np.int32)


class Table(NamedTuple):
    """What of a census is needed; all of one length but `n_objects`."""

    sample: npt.NDArray[np.int64]
    #: index in the kinds of the census
    kind: Array
    y: Array
    x: Array
    phase: Array
    orientation: Array
    n_objects: I32


def find(boards: Array, width: int, rules: Sequence[Rule | str], which: Array, period: Array) -> Places:
    """Find the things on boards of ash.

    Parameters
    ----------
    boards : uint8 (sample, y, x_byte)
        Eight cells a byte, lowest bit first, each exactly periodic.
    width : int
        In cells.
    rules : sequence of Rule or rulestrings
    which : uint8 (sample,)
        Board ``i`` is of ``rules[which[i]]``.
    period : int32 (sample,)
        Generations after which a board recurs; boards with 0 have no things.

    Raises
    ------
    ParameterError
        If a board does not recur after its period.
    """
    parsed = tuple(Rule.parse(rule) if isinstance(rule, str) else rule for rule in rules)
    found = census.KERNEL.load("cpu").find(boards, width, parsed, which, period)
    table = Table(found.sample, found.kind, found.y, found.x, found.phase, found.orientation, found.n_objects)
    return places(table, (*boards.shape[:2], width))


def from_rows(fields: Mapping[str, Array], shape: tuple[int, int]) -> Places:
    """Return the things of rows of a data set with ``census="objects"``.

    Parameters
    ----------
    fields : mapping
        The rows of its fields ``n_objects`` and ``object_kind``, ``object_y``, ``object_x``, ``object_phase`` and
        ``object_orientation``.
    shape : (int, int)
        Height and width of the boards in cells.

    Raises
    ------
    ParameterError
        If a board has more objects than its table.
    """
    kind, y, x, phase, orientation = (fields[f"object_{name}"] for name in ("kind", "y", "x", "phase", "orientation"))
    n_objects = fields["n_objects"].astype(np.int32)
    listed = y >= 0
    n_listed = listed.sum(axis=1)
    lacking = np.flatnonzero(n_listed != np.maximum(n_objects, 0))
    if lacking.size:
        raise ParameterError(
            f"the table of row {lacking[0]} has {n_listed[lacking[0]]} of its {n_objects[lacking[0]]} objects; "
            "generate the data set with a larger max_objects, or find them on its boards"
        )
    of = np.nonzero(listed)[0]
    table = Table(of, kind[listed], y[listed], x[listed], phase[listed], orientation[listed], n_objects)
    return places(table, (len(kind), *shape))


def places(table: Table, shape: tuple[int, int, int]) -> Places:
    """Return the things of a census of boards of `shape`: boards, height, width."""
    numbers = np.full(256, 255, np.uint8)
    sides = np.zeros((len(SINGLE), 2), np.int32)
    for number, apgcode in enumerate(SINGLE.values()):
        numbers[census.KINDS.index(apgcode)] = number
        sides[number] = size(decode(apgcode))
    kind = numbers[table.kind]
    known = kind != 255
    kind = kind[known]
    phase = (table.phase[known] & 1).astype(np.uint8) * (kind == _BLINKER)
    is_turned = (phase == 1) | (table.orientation[known] & 4 > 0)
    box = np.where(is_turned[:, None], sides[kind, ::-1], sides[kind])
    sample, y, x = table.sample[known], table.y[known].astype(np.int32), table.x[known].astype(np.int32)
    height, width = box[:, 0].astype(np.int32), box[:, 1].astype(np.int32)
    single = Places(shape, sample, kind, y, x, height, width, phase, table.n_objects)
    parts = [single, *_lights(single), _farms(single)]
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
    order = np.lexsort((joined["sample"], joined["kind"]))
    return Places(shape, **{name: column[order] for name, column in joined.items()}, n_objects=table.n_objects)


def _lights(single: Places) -> list[Places]:
    """Return the traffic lights of both phases."""
    blinkers = single.where(single.kind == _BLINKER)
    state = _drawn(blinkers, blinkers.phase)
    found = []
    for phase, side in enumerate(_LIGHT_SIDES):
        ring = ((-3, 0, phase), (3, 0, phase), (0, -3, 1 - phase), (0, 3, 1 - phase))
        found.append(_rings(blinkers, state, ring, side, _LIGHT, phase))
    return found


def _farms(single: Places) -> Places:
    """Return the honey farms: centres of beehives are those of `Places.centres`, of even sides the later cell."""
    beehives = single.where(single.kind == _BEEHIVE)
    lies = (beehives.width > beehives.height).astype(np.uint8)
    ring = ((-4, 0, 0), (5, 0, 0), (0, -4, 1), (0, 5, 1))
    return _rings(beehives, _drawn(beehives, lies), ring, _FARM_SIDE, _FARM, 0)


def _drawn(members: Places, state: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return uint8 (board, y, x): 1 + the state of the member whose centre is there, or 0."""
    drawn = np.zeros(members.shape, np.uint8)
    drawn[(members.sample, *members.centres())] = 1 + state
    return drawn


def _rings(members: Places, state: npt.NDArray[np.uint8], ring: tuple[tuple[int, int, int], ...], side: int,
           kind: int, phase: int) -> Places:  # fmt: skip
    """Return the centres around which there is a member in each state at each place (y, x, state) of a ring."""
    _, height, width = members.shape
    (up, across, _), *_ = ring
    y, x = members.centres()
    y, x, sample = (y - up) % height, (x - across) % width, members.sample
    is_whole = np.full(len(sample), side <= min(height, width))
    for dy, dx, wanted in ring:
        is_whole &= state[sample, (y + dy) % height, (x + dx) % width] == 1 + wanted
    y, x, sample = y[is_whole], x[is_whole], sample[is_whole]
    sides = np.full(len(y), side, np.int32)
    corners = (y - side // 2) % height, (x - side // 2) % width
    kinds, phases = np.full(len(y), kind, np.uint8), np.full(len(y), phase, np.uint8)
    return Places(members.shape, sample, kinds, *corners, sides, sides, phases, members.n_objects)


def mask(things: Places, stride: int = 1, reach: int = 0, sees: Sees = "part") -> Bool:
    """Return which cells of a grid see one of some things.

    Cell (Y, X) of the grid lies over cell (Y, X) * stride of the board, and looks at the square of ``2 * reach + 1``
    cells around it. Behind layer i of ResCNN_CAC stride and reach are ``2 ** (i + 1)``, or, in the expanded form, 1 and
    ``2 ** (i + 1)``; of the board itself they are 1 and 0.

    Parameters
    ----------
    things : Places
        Such as ``places.of("traffic light")``.
    stride, reach : int
        In cells; the stride divides height and width.
    sees : "part", "whole" or "centre"
        Whether the square has to overlap the bounding box or to contain it; or, whatever the reach, the cell has to be
        the one that is nearest to the centre of the box (of two, the lower or right one): one cell of the grid a thing.
        The squares are on the torus, so that cells see across the edges.

    Returns
    -------
    bool (board, Y, X)

    Raises
    ------
    ParameterError
        If the stride does not divide the sides, or `sees` is something else.
    """
    n, height, width = things.shape
    if stride < 1 or height % stride or width % stride or reach < 0:
        raise ParameterError(
            f"a grid has a stride that divides {height} and {width}, and a reach from 0; asked for {stride} and {reach}"
        )
    if sees not in ("part", "whole", "centre"):
        raise ParameterError(f"a cell sees part, whole or centre; asked for {show(sees)}")
    grid = height // stride, width // stride
    if sees == "centre":
        y, x = things.centres()
        seen = np.zeros((n, *grid), np.bool_)
        seen[things.sample, (y + stride // 2) // stride % grid[0], (x + stride // 2) // stride % grid[1]] = True
        return seen
    ranges = []
    for start, side, n_cells in ((things.y, things.height, grid[0]), (things.x, things.width, grid[1])):
        # the cells whose squares overlap the box are those from `low` to `high`; those that contain it likewise
        low, high = start - reach, start + side - 1 + reach
        if sees == "whole":
            low, high = start + side - 1 - reach, start + reach
        first = -(-low // stride)
        ranges.append((first % n_cells, np.clip(high // stride - first + 1, 0, n_cells)))
    (top, n_down), (left, n_across) = ranges
    most = [int(each.max(initial=0)) for each in (n_down, n_across)]
    # corners of rectangles, summed along both axes, and folded onto the torus
    room = np.zeros((n, grid[0] + most[0] + 1, grid[1] + most[1] + 1), np.int16)
    for y, by_y in ((top, 1), (top + n_down, -1)):
        for x, by_x in ((left, 1), (left + n_across, -1)):
            np.add.at(room, (things.sample, y, x), np.int16(by_y * by_x))
    inside = room.cumsum(axis=1, dtype=np.int16).cumsum(axis=2, dtype=np.int16) > 0
    inside[:, : most[0] + 1] |= inside[:, grid[0] :]
    inside[:, :, : most[1] + 1] |= inside[:, :, grid[1] :]
    return inside[:, : grid[0], : grid[1]]
