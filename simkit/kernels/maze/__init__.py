"""A maze with keys, locks and a diamond: levels, moves, and a policy that is no master of it.

The world has WORLD x WORLD cells; x grows to the right, y downwards. Rooms are its cells (2i, 2j), which the cells
between them may join. A level lies somewhere in it: a perfect maze of an odd side. Some of the cells between rooms have
a lock, each of another colour. Without these cells the maze falls into regions, which open one after another. The agent
begins in the first region. Each region but the last holds the key to the next one, and the last holds the diamond.

A move (MOVES, an action number each) takes the agent one cell on, if that cell is free: no wall, and no lock whose key
it has not found. A diagonal goes along x, or along y if the cell along x is not free; other actions do nothing. An
agent that comes to a key's cell holds the key from then on; one that comes to a lock's cell opens the lock; one that
comes to the diamond's cell has the reward, and the episode ends.

The policy takes one random word a step. It strolls, and turns back only in a dead end. In one step of eight it takes
any action. In three steps of 1,024 it notices the next thing that it needs, a key or the diamond, and goes straight
there. Whether an episode succeeds is drawn first. One that succeeds goes straight to the end once the time that is left
is hardly more than that takes. In one that fails there is one of the things, drawn as well, that the policy never
notices and whose cell it never enters.

Every backend module has these functions; `rules` are a `Rules`.

``play(seed, rows, rules) -> Transitions``
    One transition of an episode of its own for each row: with probability ``rewarded / 2**32`` the last one of a
    successful episode; else one that brings no reward, uniformly of all such transitions of all episodes.

``follow(seed, rows, rules) -> Trace``
    The whole episodes of these transitions.

Arguments: `seed` 0..2**64-1; `rows` uint64 of shape (row,). Random numbers are Philox's. Word 0 of stream 0 says
whether a row is rewarded. Attempt a takes its level from stream 1 + 2a and its steps from stream 2 + 2a. If the attempt
does not have the transition whose number was drawn, or has a reward there, the next attempt follows. One of n things is
number ``word * n >> 32``, so that each probability is right to 2**-32.

After Heist in K. Cobbe, C. Hesse, J. Hilton, J. Schulman, "Leveraging procedural generation to benchmark reinforcement
learning", ICML 2020, whose idea, sizes and action numbers these are; code, levels and pictures are others.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernel

KERNEL = Kernel("maze", ("cuda", "cpu", "reference"))

#: cells of a side of the world, and of the smallest maze
WORLD, MIN_SIDE = 13, 5

#: colours of keys and locks
N_COLOURS = 3

#: steps (x, y) by their number: the order in which neighbours are looked at
STEPS = ((-1, 0), (1, 0), (0, -1), (0, 1))

#: actions as procgen numbers them: keys of arrows, then letters, which have no effect in this game
ACTIONS = ("left+down", "left", "left+up", "down", "nothing", "up", "right+down", "right", "right+up", "d", "a", "w",
           "s", "q", "e")  # fmt: skip
N_ACTIONS, STAY = len(ACTIONS), 4

#: (x, y) of the actions that do something
MOVES = tuple((x, y) for x in (-1, 0, 1) for y in (1, 0, -1))

#: of the word of a step, from the lowest: 10 bits notice if below NOTICE, 4 take any action if below ANYTHING, 8 choose
#: that action (the first two of them a diagonal, if the way is known), and 10 choose a way
NOTICE, ANYTHING = 3, 2

#: steps that an episode may have at most
MAX_LIMIT = 10_000


class Rules(NamedTuple):
    """What levels and episodes are like."""

    #: largest side of a maze, odd, MIN_SIDE..WORLD; the side is uniform among the odd numbers from MIN_SIDE on
    size: int
    #: most keys, 0..3; number i of the sides from the smallest on has i or i + 1, if there may be that many
    keys: int
    #: steps after which an episode ends, `longest` at least, MAX_LIMIT at most
    limit: int
    #: 2**32 times the share of rewarded rows, and of episodes that succeed, 0..2**32
    rewarded: int
    success: int


def longest(size: int, keys: int) -> int:
    """Return a number of moves in which the diamond can be reached in every maze of at most that size."""
    n_rooms = ((size + 1) // 2) ** 2
    return (min(keys, (size - MIN_SIDE) // 2 + 1) + 1) * 2 * (n_rooms - 1)


class Transitions(NamedTuple):
    """A transition a row; of pairs, the first is before it and the second after it; places are x, y; -1 = none."""

    #: uint8 (row, WORLD, WORLD), y and x: 1 = floor, also under a lock
    floor: npt.NDArray[np.uint8]
    #: int8 (row,)
    side: npt.NDArray[np.int8]
    #: int8 (row, 2, 2)
    agent: npt.NDArray[np.int8]
    #: int8 (row, 2)
    diamond: npt.NDArray[np.int8]
    #: int8 (row, N_COLOURS, 2) both
    keys: npt.NDArray[np.int8]
    locks: npt.NDArray[np.int8]
    #: uint8 (row, 2), bit c of colour c: keys that have been found, locks that have been opened
    held: npt.NDArray[np.uint8]
    opened: npt.NDArray[np.uint8]
    #: uint8 (row,)
    action: npt.NDArray[np.uint8]
    #: uint8 (row,): whether it ends at the diamond, and whether the episode does
    rewarded: npt.NDArray[np.uint8]
    succeeded: npt.NDArray[np.uint8]
    #: int32 (row,): number of the transition, and how many the episode has
    t: npt.NDArray[np.int32]
    length: npt.NDArray[np.int32]
    #: int16 (row, 2): moves to the diamond, by way of all keys that it takes
    path: npt.NDArray[np.int16]

    @property
    def scene(self) -> tuple[npt.NDArray[Any], ...]:
        """What stays in an episode: floor, diamond, keys and locks."""
        return self.floor, self.diamond, self.keys, self.locks


class Trace(NamedTuple):
    """Whole episodes, state ``length`` being the last and transition t the one between states t and t + 1.

    What comes after an episode is 0.
    """

    #: int8 (row, limit + 1, 2), uint8 (row, limit + 1) both: as in Transitions
    agent: npt.NDArray[np.int8]
    held: npt.NDArray[np.uint8]
    opened: npt.NDArray[np.uint8]
    #: uint8 (row, limit)
    action: npt.NDArray[np.uint8]
    #: int32 (row,)
    length: npt.NDArray[np.int32]


def like(rows: int, limit: int) -> tuple[list[tuple[tuple[int, ...], type]], list[tuple[tuple[int, ...], type]]]:
    """Return shapes and dtypes of the arrays of Transitions and of Trace."""
    place, pair = (rows, 2), (rows, N_COLOURS, 2)
    one = (rows,)
    transitions: list[tuple[tuple[int, ...], type]] = [
        ((rows, WORLD, WORLD), np.uint8), (one, np.int8), ((rows, 2, 2), np.int8), (place, np.int8), (pair, np.int8),
        (pair, np.int8), (place, np.uint8), (place, np.uint8), (one, np.uint8), (one, np.uint8), (one, np.uint8),
        (one, np.int32), (one, np.int32), (place, np.int16),
    ]  # fmt: skip
    states = (rows, limit + 1)
    trace: list[tuple[tuple[int, ...], type]] = [
        ((*states, 2), np.int8), (states, np.uint8), (states, np.uint8), ((rows, limit), np.uint8), (one, np.int32),
    ]  # fmt: skip
    return transitions, trace
