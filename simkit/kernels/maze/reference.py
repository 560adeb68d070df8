"""Mazes in plain Python: the definition. Ways are found by searching breadth first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from simkit.kernels.maze import (
    ANYTHING,
    MIN_SIDE,
    MOVES,
    N_ACTIONS,
    N_COLOURS,
    NOTICE,
    STAY,
    STEPS,
    WORLD,
    Rules,
    Trace,
    Transitions,
    like,
)
from simkit.kernels.philox import reference as philox

Cell = tuple[int, int]


def words(seed: int, row: int, stream: int) -> Iterator[int]:
    """Yield the words of a stream of a row."""
    n = 256
    done = 0
    while True:
        found = philox.words(seed, np.array([row], np.uint64), stream, n)[0].tolist()
        yield from found[done:]
        done, n = n, 4 * n


@dataclass
class Level:
    """A maze of the world, and what lies in it."""

    side: int
    #: cells that are no wall
    floor: set[Cell]
    start: Cell
    #: what has to be come to: the keys in their order, then the diamond
    things: list[Cell]
    #: the lock before each thing but the first
    locks: list[Cell]
    #: the colour of each lock and of the key to it
    colours: list[int]
    #: number of the thing that goes unnoticed, of an episode that fails
    unnoticed: int


def step(cell: Cell, way: int) -> Cell:
    """Return the cell beside another."""
    return cell[0] + STEPS[way][0], cell[1] + STEPS[way][1]


def distances(to: Cell, floor: Container[Cell]) -> dict[Cell, int]:
    """Return how many moves it is to a cell from each other, through `floor`."""
    found, waiting = {to: 0}, deque([to])
    while waiting:
        cell = waiting.popleft()
        for way in range(4):
            other = step(cell, way)
            if other in floor and other not in found:
                found[other] = found[cell] + 1
                waiting.append(other)
    return found


def level(rules: Rules, draw: Callable[[int], int]) -> Level:
    """Return the level that numbers below given ones make."""
    number = draw((rules.size - MIN_SIDE) // 2 + 1)
    side = MIN_SIDE + 2 * number
    n_keys = min(rules.keys, number + draw(2))
    x0, y0 = (2 * draw((WORLD - side) // 2 + 1) for _ in range(2))
    unnoticed = draw(n_keys + 1)
    colours = list(range(N_COLOURS))
    for i in (2, 1):
        j = draw(i + 1)
        colours[i], colours[j] = colours[j], colours[i]
    rooms = [(x0 + x, y0 + y) for y in range(0, side, 2) for x in range(0, side, 2)]
    floor = _maze(rooms, draw)
    start = rooms[draw(len(rooms))]
    order, before = _order(start, floor)  # rooms from the start on, and the one before each
    pool = order[2:]
    closed = []
    for i in range(n_keys):
        j = draw(len(pool) - i)
        closed.append(pool[j])
        pool[j] = pool[len(pool) - 1 - i]
    region = {start: start}  # of each room: the start, or the room behind a lock, from which it goes on
    for room in order[1:]:
        region[room] = room if room in closed else region[before[room]]
    opened = [start]
    while len(opened) <= n_keys:
        can = [room for room in closed if room not in opened and region[before[room]] in opened]
        opened.append(can[draw(len(can))])
    things = []
    for first in opened:
        inside = [room for room in order if region[room] == first and room != start]
        things.append(inside[draw(len(inside))])
    locks = [((room[0] + before[room][0]) // 2, (room[1] + before[room][1]) // 2) for room in opened[1:]]
    return Level(side, floor, start, things, locks, colours[:n_keys], unnoticed)


def _maze(rooms: list[Cell], draw: Callable[[int], int]) -> set[Cell]:
    """Return rooms, and passages between them that are taken in any order where they join what was apart (Kruskal)."""
    parts = {room: {room} for room in rooms}
    passages = [(room, (room[0] + 2, room[1])) for room in rooms if (room[0] + 2, room[1]) in parts]
    passages += [(room, (room[0], room[1] + 2)) for room in rooms if (room[0], room[1] + 2) in parts]
    floor = set(rooms)
    while len(parts[rooms[0]]) < len(rooms):
        j = draw(len(passages))
        (a, b), passages[j] = passages[j], passages[-1]
        passages.pop()
        if parts[a] is not parts[b]:
            floor.add(((a[0] + b[0]) // 2, (a[1] + b[1]) // 2))
            whole = parts[a] | parts[b]
            for room in whole:
                parts[room] = whole
    return floor


def _order(start: Cell, floor: set[Cell]) -> tuple[list[Cell], dict[Cell, Cell]]:
    """Return the rooms breadth first, and the one before each."""
    order, before = [start], {start: start}
    for room in order:
        for way in range(4):
            passage = step(room, way)
            other = step(passage, way)
            if passage in floor and other not in before:
                order.append(other)
                before[other] = room
    return order, before


@dataclass
class State:
    """Where the agent is, what it has, and what it thinks of."""

    cell: Cell
    held: set[int]
    opened: set[int]
    #: the thing that it needs next, whether it has noticed that, and its last way
    stage: int = 0
    noticed: bool = False
    last: int = -1
    #: moves from here to the diamond, by way of what it needs
    path: int = 0


class Episode:
    """An attempt: a level, and whether it succeeds."""

    def __init__(self, seed: int, row: int, attempt: int, rules: Rules, is_rewarded: bool) -> None:
        source = words(seed, row, 1 + 2 * attempt)
        self.limit = rules.limit
        self.succeeds = next(source) < rules.success or is_rewarded
        self.number = next(source) * rules.limit >> 32
        self.level = level(rules, lambda n: next(source) * n >> 32)
        self.steps = words(seed, row, 2 + 2 * attempt)
        here = self.level
        self.ways = [distances(thing, here.floor) for thing in here.things]
        self.legs = [self.ways[i + 1][a] for i, (a, _) in enumerate(pairwise(here.things))]
        self.states: list[State] = [State(here.start, set(), set())]
        self.actions: list[int] = []
        self.states[0].path = self._path(self.states[0])

    def _path(self, state: State) -> int:
        if state.stage == len(self.level.things):
            return 0
        return self.ways[state.stage][state.cell] + sum(self.legs[state.stage :])

    def free(self, state: State, cell: Cell) -> bool:
        """Return whether the agent can go to a cell."""
        here = self.level
        if cell in here.locks and here.colours[here.locks.index(cell)] not in state.held:
            return False
        return cell in here.floor

    def way_of(self, state: State, action: int) -> int:
        """Return which way an action goes, -1 if none."""
        x, y = MOVES[action] if action < len(MOVES) else (0, 0)
        for dx, dy in ((x, 0), (0, y)):
            if (dx, dy) != (0, 0) and self.free(state, (state.cell[0] + dx, state.cell[1] + dy)):
                return STEPS.index((dx, dy))
        return -1

    def going(self, state: State, way: int, word: int) -> int:
        """Return an action that goes a way: along y also a diagonal whose x is not free."""
        dx, dy = STEPS[way]
        side = (0, -1, 1, 0)[word >> 14 & 3]
        if dx:
            return MOVES.index((dx, side))
        if side and self.free(state, (state.cell[0] + side, state.cell[1])):
            side = 0
        return MOVES.index((side, dy))

    def choose(self, state: State, t: int, word: int) -> int:
        """Return the action of the policy."""
        here = self.level
        ignored = here.things[state.stage] if not self.succeeds and state.stage == here.unnoticed else None
        if ignored is None and (word & 1023) < NOTICE:
            state.noticed = True
        ways = self.ways[state.stage]
        nearer = next(way for way in range(4) if ways.get(step(state.cell, way)) == ways[state.cell] - 1)
        if self.succeeds and self.limit - t <= state.path + 1:
            return self.going(state, nearer, word)
        if (word >> 10 & 15) < ANYTHING:
            action = (word >> 14 & 255) * N_ACTIONS >> 8
            way = self.way_of(state, action)
            return STAY if way >= 0 and step(state.cell, way) == ignored else action
        if state.noticed:
            return self.going(state, nearer, word)
        can = [way for way in range(4) if self.free(state, step(state.cell, way)) and step(state.cell, way) != ignored]
        onward = [way for way in can if way != state.last ^ 1] if state.last >= 0 else can
        ways_on = onward or can
        return self.going(state, ways_on[(word >> 22) * len(ways_on) >> 10], word) if ways_on else STAY

    def play(self) -> int:
        """Take all steps and return how many."""
        here = self.level
        for t in range(self.limit):
            state = self.states[-1]
            action = self.choose(state, t, next(self.steps))
            way = self.way_of(state, action)
            after = State(state.cell, set(state.held), set(state.opened), state.stage, state.noticed, state.last)
            if way >= 0:
                after.cell, after.last = step(state.cell, way), way
            if after.cell in here.things[:-1]:
                after.held.add(here.colours[here.things.index(after.cell)])
            if after.cell in here.locks:
                after.opened.add(here.colours[here.locks.index(after.cell)])
            if after.cell == here.things[state.stage]:
                after.stage, after.noticed = state.stage + 1, False
            after.path = self._path(after)
            self.actions.append(action)
            self.states.append(after)
            if after.cell == here.things[-1]:
                return t + 1
        return self.limit


def _chosen(seed: int, row: int, rules: Rules) -> tuple[Episode, int, int]:
    """Return the episode of a row, played, the number of its transition, and its length."""
    is_rewarded = next(words(seed, row, 0)) < rules.rewarded
    attempt = 0
    while True:
        episode = Episode(seed, row, attempt, rules, is_rewarded)
        length = episode.play()
        if is_rewarded:
            return episode, length - 1, length
        if episode.number < length - episode.succeeds:
            return episode, episode.number, length
        attempt += 1


def _bits(colours: set[int]) -> int:
    return sum(1 << colour for colour in colours)


def play(seed: int, rows: npt.NDArray[np.uint64], rules: Rules) -> Transitions:
    """Draw transitions; see the package's docstring."""
    out = Transitions(*(np.zeros(shape, dtype) for shape, dtype in like(len(rows), rules.limit)[0]))
    out.keys[:], out.locks[:] = -1, -1
    for i, row in enumerate(rows.tolist()):
        episode, t, length = _chosen(seed, row, rules)
        here, both = episode.level, episode.states[t : t + 2]
        for x, y in here.floor:
            out.floor[i, y, x] = 1
        out.side[i], out.diamond[i] = here.side, here.things[-1]
        for key, lock, colour in zip(here.things, here.locks, here.colours, strict=False):
            out.keys[i, colour], out.locks[i, colour] = key, lock
        out.agent[i] = [state.cell for state in both]
        out.held[i] = [_bits(state.held) for state in both]
        out.opened[i] = [_bits(state.opened) for state in both]
        out.path[i] = [state.path for state in both]
        out.action[i], out.t[i], out.length[i] = episode.actions[t], t, length
        out.rewarded[i], out.succeeded[i] = both[1].cell == here.things[-1], episode.succeeds
    return out


def follow(seed: int, rows: npt.NDArray[np.uint64], rules: Rules) -> Trace:
    """Return whole episodes; see the package's docstring."""
    out = Trace(*(np.zeros(shape, dtype) for shape, dtype in like(len(rows), rules.limit)[1]))
    for i, row in enumerate(rows.tolist()):
        episode, _, length = _chosen(seed, row, rules)
        out.agent[i, : length + 1] = [state.cell for state in episode.states]
        out.held[i, : length + 1] = [_bits(state.held) for state in episode.states]
        out.opened[i, : length + 1] = [_bits(state.opened) for state in episode.states]
        out.action[i, :length], out.length[i] = episode.actions, length
    return out
