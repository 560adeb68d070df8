"""The census in plain Python on whole boards over the whole period: the definition."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.kernels.census import CONSTELLATIONS, KINDS, TORUS, Counts, Objects, wrong_period
from simkit.kernels.census.apgcode import Rows, from_cells, size
from simkit.kernels.census.constellations import Placed, Template, templates
from simkit.kernels.census.kinds import hash_of, kind_of
from simkit.kernels.census.plane import identify
from simkit.kernels.census.split import Contact, Parts, Return, split
from simkit.kernels.life import Rule
from simkit.kernels.life.reference import step_cells

U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]

#: dead cells around a pattern on the plane: enough for constellations, which recur after two generations
_MARGIN = 6

#: steps to the neighbours of a cell, and to itself
_AROUND = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]


class Found(NamedTuple):
    """An object on a board."""

    y: int
    x: int
    apgcode: str
    phase: int
    orientation: int
    #: as it stands there; empty for a ``zz_torus``
    rows: Rows
    #: its cells (y, x) on the torus
    cells: list[tuple[int, int]]


def separate(states: list[U8], rule: Rule) -> list[Found]:
    """Return the objects of a board of cells (y, x), given in each generation of its period and at its end."""
    period, (height, width) = len(states) - 1, states[0].shape

    # Space-time islands. Time ends after one period, so that a spaceship that comes back from the other side is not
    # joined with itself.
    live = [(t, y, x) for t, state in enumerate(states) for y, x in np.argwhere(state).tolist()]
    number = {place: i for i, place in enumerate(live)}
    islands = Parts(len(live))
    for (t, y, x), i in number.items():
        for dt in (0, 1):
            for dy, dx in _AROUND:
                (cy, ny), (cx, nx) = divmod(y + dy, height), divmod(x + dx, width)
                neighbour = number.get((t + dt, ny, nx))
                if neighbour is not None:
                    islands.join(i, cy, cx, neighbour, 0, 0)
    roots = sorted({islands.find(i)[0] for i in range(len(live))})
    index = {root: i for i, root in enumerate(roots)}

    def seen(node: int, wy: int, wx: int) -> tuple[int, int, int]:
        root, wy, wx = islands.find(node, wy, wx)
        return index[root], wy, wx

    contacts: set[Contact] = set()
    for t in range(period):
        near = np.argwhere((states[t] == 0) & (states[t + 1] == 0) & (_n_neighbours(states[t]) > 1))
        for y, x in near.tolist():
            sides: dict[tuple[int, int, int], int] = defaultdict(int)
            for dy, dx in _AROUND:
                (cy, ny), (cx, nx) = divmod(y + dy, height), divmod(x + dx, width)
                if states[t][ny, nx]:
                    sides[seen(number[t, ny, nx], -cy, -cx)] += 1
            if len(sides) > 1:
                contacts.add(tuple((*side, n) for side, n in sorted(sides.items())))
    start = {(y, x): i for (t, y, x), i in number.items() if t == 0}
    returns: set[Return] = {(*seen(i, 0, 0), *seen(number[period, y, x], 0, 0)) for (y, x), i in start.items()}
    parts = split(len(roots), [index[root] for root in roots if islands.wraps[root]], contacts, returns, rule.birth)

    members: dict[int, list[tuple[int, int]]] = defaultdict(list)
    unrolled: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for (y, x), i in start.items():
        part, wy, wx = parts.find(*seen(i, 0, 0))
        members[part].append((y, x))
        unrolled[part].append((y + height * wy, x + width * wx))
    found = []
    for part, places in members.items():
        if parts.wraps[part]:
            found.append(Found(*places[0], TORUS, 0, 0, (), places))
            continue
        rows, top, left = from_cells(unrolled[part])
        identity = identify(rows, rule)
        found.append(
            Found(top % height, left % width, identity.apgcode, identity.phase, identity.orientation, rows, places)
        )
    return sorted(found, key=lambda one: (one.y, one.x, hash_of(one.apgcode), one.phase, one.orientation))


def _n_neighbours(cells: U8) -> U8:
    rows = np.roll(cells, 1, -1) + cells + np.roll(cells, -1, -1)
    return np.asarray(np.roll(rows, 1, -2) + rows + np.roll(rows, -1, -2) - cells)


def _separate_alone(rows: Rows, rule: Rule) -> list[Placed]:
    """Return the objects of a pattern on the empty plane, which here is a torus with room around it."""
    cells = np.array([[row >> x & 1 for x in range(size(rows)[1])] for row in rows], np.uint8)
    states = [np.pad(cells, _MARGIN)]
    for _ in range(identify(rows, rule).period):
        states.append(step_cells(states[-1], rule))
    return [(one.rows, one.y - _MARGIN, one.x - _MARGIN) for one in separate(states, rule)]


@cache
def _templates(rule: Rule) -> tuple[Template, ...]:
    return templates(rule, _separate_alone)


def _constellations(found: list[Found], rule: Rule, height: int, width: int) -> list[int]:
    counts = [0] * len(CONSTELLATIONS)
    there = {(one.rows, one.y, one.x) for one in found}
    for template in _templates(rule):
        if template.height > height or template.width > width:
            continue
        for rows, y, x in there:
            if rows != template.members[0][0]:
                continue
            if template.absent:
                absent, dy, dx = template.absent
                if (absent, (y + dy) % height, (x + dx) % width) in there:
                    continue
            if all((part, (y + dy) % height, (x + dx) % width) in there for part, dy, dx in template.members):
                counts[template.column] += 1
    return counts


def _survey(boards: U8, width: int, rules: tuple[Rule, ...], which: U8, period: I32) -> list[list[Found] | None]:
    """Return the objects of each board; None for one that is not censused."""
    found: list[list[Found] | None] = []
    for i, cells in enumerate(np.unpackbits(boards, axis=-1, count=width, bitorder="little")):
        rule, n = rules[which[i]], int(period[i])
        if n == 0 or rule.birth & 1:
            found.append(None)
            continue
        states = [cells]
        for _ in range(n):
            states.append(step_cells(states[-1], rule))
        if not np.array_equal(states[0], states[-1]):
            raise wrong_period(i, n, rule)
        found.append(separate(states, rule))
    return found


def count(boards: U8, width: int, rules: tuple[Rule, ...], which: U8, period: I32) -> Counts:
    """Count objects and constellations; see the package's docstring."""
    kinds = np.full((len(boards), len(KINDS)), -1, np.int32)
    constellations = np.full((len(boards), len(CONSTELLATIONS)), -1, np.int32)
    for i, found in enumerate(_survey(boards, width, rules, which, period)):
        if found is not None:
            kinds[i] = np.bincount([kind_of(one.apgcode) for one in found], minlength=len(KINDS))
            constellations[i] = _constellations(found, rules[which[i]], boards.shape[1], width)
    return Counts(kinds, constellations)


def find(boards: U8, width: int, rules: tuple[Rule, ...], which: U8, period: I32) -> Objects:
    """Return the table of objects; see the package's docstring."""
    surveyed = _survey(boards, width, rules, which, period)
    table = [(i, one) for i, found in enumerate(surveyed) for one in found or ()]
    return Objects(
        sample=np.array([i for i, _ in table], np.int64),
        kind=np.array([kind_of(one.apgcode) for _, one in table], np.uint8),
        code=np.array([hash_of(one.apgcode) for _, one in table], np.uint64),
        y=np.array([one.y for _, one in table], np.int16),
        x=np.array([one.x for _, one in table], np.int16),
        phase=np.array([one.phase for _, one in table], np.int32),
        orientation=np.array([one.orientation for _, one in table], np.uint8),
        population=np.array([len(one.cells) for _, one in table], np.int32),
        n_objects=np.array([-1 if found is None else len(found) for found in surveyed], np.int32),
        apgcodes={hash_of(one.apgcode): one.apgcode for _, one in table},
    )


def label(boards: U8, width: int, rules: tuple[Rule, ...], which: U8, period: I32) -> I32:
    """Return the instance mask; see the package's docstring."""
    mask = np.zeros((*boards.shape[:2], width), np.int32)
    for i, found in enumerate(_survey(boards, width, rules, which, period)):
        for number, one in enumerate(found or (), start=1):
            for y, x in one.cells:
                mask[i, y, x] = number
    return mask
