"""Follow the islands of a small set of cells through a whole period, compiled: the exact path of the backend cpu.

What `reference` does with a dictionary of all space-time cells is done here generation by generation, in memory of
the size of the board. Every live cell carries the number of a cell of generation 0 from which it descends and a
winding (see `split`); a cell that is born or survives takes those of a live neighbour, and all that are neighbours
are joined. A second run, with the islands known, collects the contacts.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.census.split import Contact, Return, split
from simkit.kernels.compiling import CALLED, INNER, stamped
from simkit.kernels.life import Rule

U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]

#: islands at most around one dead cell: no two of them adjacent on a ring of eight
_N_SIDES = 4

_DEAD = -1


class _State(NamedTuple):
    """A generation: its live cells as `y * width + x`, and where each descends from (origin, winding)."""

    height: int
    width: int
    live: I32
    n_live: I32  # of one element
    origin: I32  # of all cells, _DEAD where dead
    wind_y: I32
    wind_x: I32
    n_near: U8  # live neighbours, + 16 if alive; 0 between generations
    near: I32  # cells with live neighbours, and live cells
    spare: tuple[I32, I32, I32, I32]  # live, origin, wind_y, wind_x of the next generation


class _Forest(NamedTuple):
    """Union-find with windings over the cells of generation 0."""

    parent: I32
    wind_y: I32
    wind_x: I32
    wraps: npt.NDArray[np.bool_]


@nb.njit(cache=True, error_model="numpy", **CALLED)
@stamped
def _find(forest, node, wy, wx):
    parent, wind_y, wind_x, wraps = forest
    while parent[node] != node:
        wy += wind_y[node]
        wx += wind_x[node]
        node = np.int64(parent[node])
    if wraps[node]:
        return node, 0, 0
    return node, wy, wx


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def _join(forest, a, ay, ax, b, by, bx):
    a, ay, ax = _find(forest, a, ay, ax)
    b, by, bx = _find(forest, b, by, bx)
    parent, wind_y, wind_x, wraps = forest
    if a == b:
        if ay != by or ax != bx:
            wraps[a] = True
    else:
        parent[b] = a
        wind_y[b] = ay - by
        wind_x[b] = ax - bx
        if wraps[b]:
            wraps[a] = True


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def _next_to(cell, dy, dx, height, width):
    """Return the cell that is `dy`, `dx` from `cell`, and how it crosses the edges."""
    y, x = cell // width + dy, cell % width + dx
    cy = 1 if y == height else (-1 if y < 0 else 0)
    cx = 1 if x == width else (-1 if x < 0 else 0)
    return (y - cy * height) * width + x - cx * width, cy, cx


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def _tally(state):
    """Count live neighbours; return how many cells are near live ones."""
    height, width, live, n_live, near_of, near = (
        state.height,
        state.width,
        state.live,
        state.n_live,
        state.n_near,
        state.near,
    )
    n_near = 0
    for i in range(n_live[0]):
        cell = live[i]
        if near_of[cell] == 0:
            near[n_near] = cell
            n_near += 1
        near_of[cell] |= 16  # alive
        for dy in range(-1, 2):
            for dx in range(-1, 2):
                if dy != 0 or dx != 0:
                    other, _, _ = _next_to(cell, dy, dx, height, width)
                    if near_of[other] == 0:
                        near[n_near] = other
                        n_near += 1
                    near_of[other] += 1
    return n_near


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def _generation(state, forest, n_near, birth, survival):
    """Go on by a generation, after `_tally`, and join what is next to what."""
    height, width, near_of, near, from_ = state.height, state.width, state.n_near, state.near, state.origin
    from_y, from_x, live = state.wind_y, state.wind_x, state.live
    after, origin, wind_y, wind_x = state.spare
    n_after = 0
    for i in range(n_near):
        cell = near[i]
        count = near_of[cell]
        counts = survival if count & 16 else birth
        if not counts >> (count & 15) & 1:
            continue
        after[n_after] = cell
        n_after += 1
        first = True
        for dy in range(-1, 2):
            for dx in range(-1, 2):
                other, cy, cx = _next_to(cell, dy, dx, height, width)
                if from_[other] == _DEAD:
                    continue
                # `cell` seen from where `other` comes from
                wy, wx = from_y[other] - cy, from_x[other] - cx
                if first:
                    origin[cell], wind_y[cell], wind_x[cell] = from_[other], wy, wx
                    first = False
                else:
                    at, to = np.int64(origin[cell]), np.int64(from_[other])
                    _join(forest, at, np.int64(wind_y[cell]), np.int64(wind_x[cell]), to, wy, wx)
    for i in range(n_near):
        near_of[near[i]] = 0
        from_[near[i]] = _DEAD
    for i in range(n_after):
        cell = after[i]
        live[i] = cell
        from_[cell], from_y[cell], from_x[cell] = origin[cell], wind_y[cell], wind_x[cell]
    state.n_live[0] = n_after


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def _join_neighbours(state, forest):
    """Join live cells that are neighbours in this generation."""
    height, width, live, n_live, origin = state.height, state.width, state.live, state.n_live, state.origin
    wind_y, wind_x = state.wind_y, state.wind_x
    for i in range(n_live[0]):
        cell = live[i]
        for k in range(1, 5):  # to the right, and below: left, at and right
            other, cy, cx = _next_to(cell, 0 if k == 1 else 1, 1 if k == 1 else k - 3, height, width)
            if origin[other] != _DEAD:
                at, to = np.int64(origin[cell]), np.int64(origin[other])
                of_y, of_x = np.int64(wind_y[other]), np.int64(wind_x[other])
                _join(forest, at, wind_y[cell] + cy, wind_x[cell] + cx, to, of_y, of_x)


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def _contact(state, forest, cell, sides):
    """Write the sides (root, winding, live neighbours) of a dead cell, in order; return how many there are."""
    height, width, origin, wind_y, wind_x = state.height, state.width, state.origin, state.wind_y, state.wind_x
    n_sides = 0
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            other, cy, cx = _next_to(cell, dy, dx, height, width)
            if origin[other] == _DEAD:
                continue
            root, wy, wx = _find(forest, np.int64(origin[other]), wind_y[other] - cy, wind_x[other] - cx)
            s = 0
            while s < n_sides and (sides[s, 0] != root or sides[s, 1] != wy or sides[s, 2] != wx):
                s += 1
            if s == n_sides:
                sides[s, 0], sides[s, 1], sides[s, 2], sides[s, 3] = root, wy, wx, 0
                n_sides += 1
            sides[s, 3] += 1
    return n_sides


@nb.njit(nogil=True, cache=True, error_model="numpy", **CALLED)
@stamped
def _follow(state, forest, n_generations, birth, survival, joins, found):
    """Go on by `n_generations`: join neighbours to islands, or (not `joins`) write the contacts of these to `found`.

    Returns how many contacts, and how many generations there was room for.
    """
    n_found = 0
    near, near_of = state.near, state.n_near
    fewest = 1
    while not birth >> fewest & 1 and fewest < 9:
        fewest += 1
    for t in range(n_generations):
        if joins:
            _join_neighbours(state, forest)
        n_near = _tally(state)
        if not joins and n_found + n_near > found.shape[0]:
            for i in range(n_near):
                near_of[near[i]] = 0
            return n_found, t
        for i in range(0 if joins else n_near):
            cell = near[i]
            count = near_of[cell]
            if count >= fewest and count < 16 and not birth >> count & 1:
                n_sides = _contact(state, forest, cell, found[n_found])
                if n_sides > 1:
                    for s in range(n_sides, found.shape[1]):
                        for k in range(4):
                            found[n_found, s, k] = 0
                    n_found += 1
        _generation(state, forest, n_near, birth, survival)
    return n_found, n_generations


def _start(cells: I32, height: int, width: int) -> tuple[_State, _Forest]:
    n, size = len(cells), height * width
    live = np.empty(size, np.int32)
    live[:n] = cells
    grids = [np.zeros(size, np.int32) for _ in range(6)]
    grids[0][:] = _DEAD
    grids[0][cells] = np.arange(n)
    state = _State(
        height, width, live, np.array([n], np.int32), grids[0], grids[1], grids[2], np.zeros(size, np.uint8),
        np.empty(size, np.int32), (np.empty(size, np.int32), grids[3], grids[4], grids[5]),
    )  # fmt: skip
    forest = _Forest(np.arange(n, dtype=np.int32), np.zeros(n, np.int32), np.zeros(n, np.int32), np.zeros(n, np.bool_))
    return state, forest


def separate(cells: I32, height: int, width: int, rule: Rule, period: int) -> list[tuple[bool, list[tuple[int, int]]]]:
    """Return the objects of a set of cells that recurs after `period` generations on a torus.

    Parameters
    ----------
    cells : int32, shape (cell,)
        The live cells as ``y * width + x``, in reading order.

    Returns
    -------
    list of (whether it goes round the torus, its cells (y, x) unrolled, or as they are on the torus if it does)
    """
    state, forest = _start(cells, height, width)
    found = np.empty((max(4096, height * width), _N_SIDES, 4), np.int32)
    _follow(state, forest, period, rule.birth, rule.survival, True, found)

    def seen(origin: int, wy: int, wx: int) -> tuple[int, int, int]:
        return tuple(map(int, _find(forest, int(origin), int(wy), int(wx))))  # type: ignore[return-value]

    returns: set[Return] = {
        (*seen(i, 0, 0), *seen(state.origin[cell], state.wind_y[cell], state.wind_x[cell]))
        for i, cell in enumerate(cells)
    }
    contacts: set[Contact] = set()
    state, _ = _start(cells, height, width)
    while period > 0:
        n_found, n_done = _follow(state, forest, period, rule.birth, rule.survival, False, found)
        period -= n_done
        for record in np.unique(found[:n_found], axis=0).tolist():
            contacts.add(_relative([side for side in record if side[3]], forest))
    wraps = np.flatnonzero(forest.wraps & (forest.parent == np.arange(len(cells)))).tolist()
    parts = split(len(cells), wraps, contacts, returns, rule.birth)

    objects: dict[int, list[tuple[int, int]]] = {}
    for i, cell in enumerate(cells.tolist()):
        y, x = divmod(cell, width)
        part, wy, wx = parts.find(*seen(i, 0, 0))
        objects.setdefault(part, []).append((y + height * wy, x + width * wx))
    return [(parts.wraps[part], places) for part, places in objects.items()]


def _relative(sides: list[list[int]], forest: _Forest) -> Contact:
    """Put a contact in one form wherever on the torus it is: in order, windings relative to the first that has one."""
    sides.sort()
    y, x = next(((side[1], side[2]) for side in sides if not forest.wraps[side[0]]), (0, 0))
    return tuple((root, 0, 0, n) if forest.wraps[root] else (root, wy - y, wx - x, n) for root, wy, wx, n in sides)
