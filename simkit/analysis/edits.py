"""Boards of ash with one thing more or less, which are ash of the same rule again.

A thing is pasted where nothing is: two dead cells at least lie between it and any cell that is ever alive, in all of
its phases, so that no cell has neighbours of both, and each goes on as if it were alone. On each board one place is
drawn, and there every thing is put at each of 64 alignments: centres of all residues modulo 8, against which layers of
strides 2, 4 and 8 tell places apart. What is cut are things that are there; boards on which the others then did
something else are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simkit.analysis.objects import KINDS, Places
from simkit.errors import ParameterError
from simkit.kernels import life
from simkit.kernels.census.constellations import picture
from simkit.kernels.life import Rule
from simkit.kernels.life.reference import step_cells
from simkit.schema import Array

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
Cells = list[tuple[int, int]]

#: places of a thing relative to the grid of the deepest layer, along each axis
N_ALIGNMENTS = 8

#: dead cells around a thing, so that it and what is around it do not meet
_MARGIN = 2

#: the things as they are pasted, of blinkers and traffic lights both phases as in `objects.Places.phase`
THINGS = (
    "traffic light, phase 0",
    "traffic light, phase 1",
    "honey farm",
    "blinker, phase 0",
    "blinker, phase 1",
    "block",
)


@dataclass(frozen=True)
class Pasted:
    """Boards, and each of them with each thing at each alignment.

    Attributes
    ----------
    boards : uint8 (board, y, x_byte)
        Before anything is pasted.
    row : int64 (board,)
        Which of the boards given they are.
    y, x : int64 (board,)
        Upper left of the centres: a thing of alignment (i, j) has its centre in the cell of the square of 8 x 8 cells
        from here on whose y is i and whose x is j modulo 8.
    width : int
        Of the boards, in cells.
    """

    boards: U8
    row: I64
    y: I64
    x: I64
    width: int

    def edited(self, board: int, thing: int) -> U8:
        """Return a board with a thing at all alignments, uint8 (64, y, x_byte): that of y changes last."""
        cells = np.unpackbits(self.boards[board], axis=-1, count=self.width, bitorder="little")
        edited = np.repeat(cells[None], N_ALIGNMENTS**2, axis=0)
        for y in range(N_ALIGNMENTS):
            for x in range(N_ALIGNMENTS):
                at = (
                    self.y[board] + (y - self.y[board]) % N_ALIGNMENTS,
                    self.x[board] + (x - self.x[board]) % N_ALIGNMENTS,
                )
                for dy, dx in shape_of(THINGS[thing]):
                    edited[y * N_ALIGNMENTS + x, at[0] + dy, at[1] + dx] = 1
        return np.packbits(edited, axis=-1, bitorder="little")


@dataclass(frozen=True)
class Cut:
    """Boards, and each of them without one of its things.

    Attributes
    ----------
    boards, edited : uint8 (cut, y, x_byte)
        Before and after.
    row : int64 (cut,)
        Which of the boards given it is.
    phase : uint8 (cut,)
    y, x : int32 (cut,)
        Centre of the thing.
    """

    boards: U8
    edited: U8
    row: I64
    phase: U8
    y: npt.NDArray[np.int32]
    x: npt.NDArray[np.int32]


def shape_of(thing: str) -> Cells:
    """Return the cells (y, x) of one of `THINGS`, relative to its centre."""
    light = sorted(cell for cells in picture("traffic-light").values() for cell in cells)
    blinker = [(-1, 0), (0, 0), (1, 0)]
    shapes: Mapping[str, Cells] = {
        "traffic light, phase 0": [
            (y + dy, x + dx) for y, x in ((-3, 0), (3, 0)) for dy, dx in blinker
        ] + [(y + dx, x + dy) for y, x in ((0, -3), (0, 3)) for dy, dx in blinker],
        "traffic light, phase 1": [(y - 3, x - 3) for y, x in light],
        "honey farm": [(y - 6, x - 6) for cells in picture("honey-farm").values() for y, x in cells],
        "blinker, phase 0": blinker,
        "blinker, phase 1": [(x, y) for y, x in blinker],
        "block": [(-1, -1), (-1, 0), (0, -1), (0, 0)],
    }  # fmt: skip
    return shapes[thing]


def paste(boards: U8, width: int, rules: Sequence[Rule | str], which: Array, period: Array, n: int,
          seed: int = 0) -> Pasted:  # fmt: skip
    """Draw places for things on the first `n` boards that have room for each of them at each alignment.

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
        Boards whose period is not 1 or 2 are not used.
    n : int
        Boards at most.
    seed : int
        Of the places.

    Raises
    ------
    ParameterError
        If no board has room, or a rule does not keep a thing.
    """
    parsed = tuple(Rule.parse(rule) if isinstance(rule, str) else rule for rule in rules)
    for rule in parsed:
        _check_kept(rule)
    low = -min(min(cell) for thing in THINGS for cell in shape_of(thing)) + _MARGIN
    high = max(max(cell) for thing in THINGS for cell in shape_of(thing)) + _MARGIN
    side = low + N_ALIGNMENTS + high
    rng = np.random.Generator(np.random.Philox(seed))
    rows: list[int] = []
    ys: list[int] = []
    xs: list[int] = []
    for row in range(len(boards)):
        if len(rows) == n:
            break
        if period[row] not in (1, 2):
            continue
        ever = _ever(boards[row : row + 1], width, parsed[which[row]])[0]
        y, x = np.nonzero(~_any_in_squares(ever, side))
        if y.size:
            chosen = rng.integers(y.size)
            rows.append(row)
            ys.append(int(y[chosen]) + low)
            xs.append(int(x[chosen]) + low)
    if not rows:
        raise ParameterError(
            f"none of these {len(boards):,} boards has {side} x {side} cells that are never alive, the room in which "
            "things are pasted; take larger boards, or more of them"
        )
    found = np.array(rows)
    return Pasted(np.ascontiguousarray(boards[found]), found, np.array(ys), np.array(xs), width)


def cut(boards: U8, width: int, rules: Sequence[Rule | str], which: Array, period: Array, places: Places,
        n: int) -> Cut:  # fmt: skip
    """Cut each of the first things out of its board, up to `n`, where all else goes on as before.

    Parameters
    ----------
    boards, width, rules, which, period
        As of `paste`.
    places : Places
        Of things of one kind on these boards, such as ``places.of("traffic light")``.
    n : int
        Cuts at most; there may be none.

    Raises
    ------
    ParameterError
        If the things are of another kind than `THINGS`, or are not there.
    """
    parsed = tuple(Rule.parse(rule) if isinstance(rule, str) else rule for rule in rules)
    unknown = {KINDS[kind] for kind in places.kind} - {thing.split(",")[0] for thing in THINGS}
    if unknown:
        raise ParameterError(
            f"what can be cut are traffic lights, honey farms, blinkers and blocks, and no {min(unknown)}"
        )
    cells = np.unpackbits(boards, axis=-1, count=width, bitorder="little")
    ys, xs = places.centres()
    edited: list[U8] = []
    chosen: list[int] = []
    for entry in range(len(places.sample)):
        if len(chosen) == n:
            break
        row = places.sample[entry]
        if period[row] not in (1, 2):
            continue
        now, after = (_shape_at(places, entry, later=later) for later in (False, True))
        before = cells[row]
        if not before[now].all():
            raise ParameterError(f"there is no such thing on board {row} at ({ys[entry]}, {xs[entry]})")
        without = before.copy()
        without[now] = 0
        packed = np.packbits(np.stack([before, without]), axis=-1, bitorder="little")
        # each generation of the board without it has to be that of the whole, less the thing's
        first, second = (_stepped(packed, width, parsed[which[row]], n_steps) for n_steps in (1, 2))
        first[0][after] = 0
        if np.array_equal(first[0], first[1]) and np.array_equal(second[1], without):
            edited.append(packed[1])
            chosen.append(entry)
    at = np.array(chosen, np.int64)
    row = places.sample[at]
    after_all = np.array(edited, np.uint8).reshape(-1, *boards.shape[1:])
    return Cut(boards[row], after_all, row, places.phase[at], ys[at], xs[at])


def _shape_at(places: Places, entry: int, *, later: bool) -> tuple[Array, Array]:
    """Return y and x of the cells of a thing, now or a generation later."""
    _, height, width = places.shape
    name, phase = KINDS[places.kind[entry]], places.phase[entry] ^ later
    own = shape_of(name if name in THINGS else f"{name}, phase {phase}")
    ys, xs = places.centres()
    y, x = np.array(own).T
    return (ys[entry] + y) % height, (xs[entry] + x) % width


def _stepped(boards: U8, width: int, rule: Rule, n_generations: int) -> U8:
    """Return the cells of boards some generations later, a byte each."""
    later = life.KERNEL.load("cpu").step(boards, width, rule, n_generations)
    return np.unpackbits(later, axis=-1, count=width, bitorder="little")


def _ever(boards: U8, width: int, rule: Rule) -> npt.NDArray[np.bool_]:
    """Return which cells of boards of period 1 or 2 are ever alive."""
    now = np.unpackbits(boards, axis=-1, count=width, bitorder="little")
    return (now | _stepped(boards, width, rule, 1)).astype(np.bool_)


def _any_in_squares(cells: npt.NDArray[np.bool_], side: int) -> npt.NDArray[np.bool_]:
    """Return whether a cell is true in the square of `side` cells that begins at each, where it fits on the board."""
    height, width = cells.shape
    if side > min(height, width):
        return np.ones((0, 0), np.bool_)
    sums = np.zeros((height + 1, width + 1), np.int32)
    sums[1:, 1:] = cells.cumsum(axis=0, dtype=np.int32).cumsum(axis=1)
    inside: Array = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return inside > 0


def _check_kept(rule: Rule) -> None:
    """Raise ParameterError if a thing alone is not after two generations, in the phases that its name says."""
    for thing in THINGS:
        cells = np.zeros((2, 32, 32), np.uint8)
        later = thing.replace("phase 0", "phase 2").replace("phase 1", "phase 0").replace("phase 2", "phase 1")
        for board, name in enumerate((thing, later)):
            for y, x in shape_of(name):
                cells[board, 16 + y, 16 + x] = 1
        if not np.array_equal(step_cells(cells[0], rule), cells[1]):
            raise ParameterError(f"{rule} does not keep a {thing.split(',')[0]}, which is to be pasted")
