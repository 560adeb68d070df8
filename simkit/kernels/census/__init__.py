"""Census: from boards of exact ash to the objects on them, with names, places and states.

Boards are as `life.settle` returns them: ash, bit-packed uint8 (sample, y, x_byte) on a torus, and the exact period
of each whole board. Every backend module has three functions of the same arguments.

``count(boards, width, rules, which, period) -> Counts``
    How many objects of each kind, and constellations, each board has.

``find(boards, width, rules, which, period) -> Objects``
    A table of all objects.

``label(boards, width, rules, which, period) -> int32 (sample, y, x)``
    The instance mask: 0 where a cell is dead, else 1 + the place of the cell's object among those of its board in
    `find`.

Arguments: `width` in cells; `rules` a tuple of `Rule`; board ``i`` is of ``rules[which[i]]``, `which` uint8 of shape
(sample,); `period` int32 (sample,): every board must recur after as many generations, and need not before, else
ParameterError is raised.

What an object is
    A split of a board into parts is *exact* if every part, evolved alone on the empty plane, does for ever what it
    does in the whole. Objects are the parts of the finest exact split that leaves islands whole: live cells that are
    neighbours, in one generation or from one to the next, belong to one object. Where there are several finest
    splits, the islands on which they differ stay together (`split`). So a bi-block is two blocks, but a ship-tie,
    whose ships touch, is one object. These are the objects of apgsearch (lifelib's ``full_3dsep``), which differs in
    one respect: of several splits it takes the first that it finds with the fewest parts, and then splits these.
    Of splits that take more than MAX_TRIALS choices (`split`), backends that try them in another order may find one
    where another gives up.
Names
    Objects are unwrapped across the edges and named by apgcode (`apgcode`). One that reaches round the torus, or
    meets its own image there, has no code: it is a ``zz_torus``. Spaceships are followed for their own period,
    whatever the board's.
Boards that are not censused
    A board with period 0 (it never settled), or under a rule with B0 (its empty space does not stay empty), has -1 in
    all columns of `count`, -1 objects in `find`, and an empty mask.
Places
    `y` and `x` are the top left corner of the object's bounding box at the generation given, 0..height-1 and
    0..width-1; the box may cross the edges. Of a ``zz_torus`` they are its first live cell in reading order.
States
    `phase` (0..period-1) and `orientation` (0..7) say: take the pattern of the apgcode, evolve it `phase`
    generations, put it in `orientation`; that is what stands on the board. Of several such pairs it is the one with
    the smallest orientation, then the smallest phase: a blinker has always orientation 0. 0 and 0 of a ``zz_torus``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernel
from simkit.errors import ParameterError
from simkit.kernels.census.constellations import CONSTELLATIONS as CONSTELLATIONS
from simkit.kernels.census.kinds import KINDS as KINDS
from simkit.kernels.census.kinds import TORUS as TORUS
from simkit.kernels.census.kinds import hash_of as hash_of
from simkit.kernels.census.kinds import name_of as name_of
from simkit.kernels.life import Rule

KERNEL = Kernel("census", ("cuda", "cpu", "reference"))

I32 = npt.NDArray[np.int32]


class Counts(NamedTuple):
    """How often each kind is on each board; all int32, -1 throughout for a board that is not censused."""

    #: (sample, kind): objects of each of KINDS; a row's sum is the number of objects
    kinds: I32
    #: (sample, constellation): of each of CONSTELLATIONS
    constellations: I32


class Objects(NamedTuple):
    """One entry an object, ordered by sample, y, x, then apgcode, phase, orientation."""

    #: int64: row of `boards`
    sample: npt.NDArray[np.int64]
    #: uint8: index in KINDS, 0 = not in that list
    kind: npt.NDArray[np.uint8]
    #: uint64: `hash_of` the apgcode
    code: npt.NDArray[np.uint64]
    #: int16
    y: npt.NDArray[np.int16]
    #: int16
    x: npt.NDArray[np.int16]
    #: int32: generations after the pattern of the apgcode
    phase: I32
    #: uint8: 0..7, see `apgcode`
    orientation: npt.NDArray[np.uint8]
    #: int32: live cells at the generation given
    population: I32
    #: int32 (sample,): objects of each board, -1 if it is not censused
    n_objects: I32
    #: `code` -> apgcode, of all that are in the table
    apgcodes: dict[int, str]


def wrong_period(board: int, period: int, rule: Rule) -> ParameterError:
    """Return the error of a board that is not what it was before after `period` generations."""
    return ParameterError(
        f"census: board {board} does not recur after {period} generations of {rule}; pass boards and periods as "
        "life.settle returns them"
    )


def pad(objects: Objects, n_most: int) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of `Objects` as arrays of shape (sample, object), for stores of rows of one length.

    Parameters
    ----------
    objects : Objects
    n_most : int
        Length of the axis ``object``. Of a board with more objects the first ones are kept; its `n_objects` tells.

    Returns
    -------
    dict of kind, code, y, x, phase, orientation, population; where there is no object y and x are -1, the others 0
    """
    sample = objects.sample
    place = np.ones_like(sample).cumsum() - 1 - np.searchsorted(sample, sample)
    kept = place < n_most
    at = (sample[kept], place[kept])
    padded = {}
    for name in ("kind", "code", "y", "x", "phase", "orientation", "population"):
        values = getattr(objects, name)
        column = np.full_like(values, -1 if name in ("y", "x") else 0, shape=(len(objects.n_objects), n_most))
        column[at] = values[kept]
        padded[name] = column
    return padded
