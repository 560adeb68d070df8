"""maze: transitions of a game in which keys open the way to a diamond."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from simkit.backends import AUTO, Kernels
from simkit.contract import Source, param
from simkit.errors import counted
from simkit.images.games import maze_frames
from simkit.images.games.maze_art import SIDE
from simkit.images.thesis import CITATION
from simkit.kernels import maze, philox, raster
from simkit.kernels.maze import ACTIONS, MAX_LIMIT, MIN_SIDE, N_COLOURS, WORLD, Rules
from simkit.schema import Batch, Field, Schema

#: reward of a transition that ends at the diamond, as procgen has it
REWARD = 10.0


@final
@dataclass(frozen=True)
class Maze(Source):
    """Transitions of a game in a maze, after Heist of procgen: frame, next frame, action and reward.

    The agent takes keys, opens locks of their colours, and ends the episode at the diamond, with reward 10. All of the
    maze is in the picture, and above it are the keys that are held. Each row is a transition of an episode of its own,
    in a maze of its own: a share `reward_rate` are the last ones of episodes that succeed, and the others are uniform
    among all transitions without a reward. That is what is left of many whole episodes once most of the transitions
    without a reward are discarded, but that no two rows share an episode.

    A move takes the agent a whole cell, so that the states of a maze are few, and the shortest way is known in each of
    them; in procgen it is up to three quarters of a cell.
    """

    name: ClassVar[str] = "maze"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "a game with keys, locks and a diamond in a maze, after Heist of procgen"
    tiny: ClassVar[dict[str, object]] = {"size": 9, "limit": 300, "reward_rate": 0.3, "success": 0.6}
    kernels: ClassVar = (philox.KERNEL, maze.KERNEL, raster.KERNEL)
    facts: ClassVar[tuple[str, ...]] = (
        "Every maze can be solved: keys lie before the locks that they open, and each is needed for the next.",
        "A share `reward_rate` of the rows have reward 10, all others 0; the best constant guess has the mean squared "
        "error 100 p (1 - p), 0.458 for 0.0046.",
        "The reward is 10 if and only if the agent is at the diamond in the next frame.",
        "A share `success` of the episodes end at the diamond, all others at `limit`.",
        "A move changes x or y by one, or nothing; no move leads into a wall, or into a lock whose key is not held.",
        "Middles of cells are 4 pixels apart: the middle of cell (x, y) is the corner of pixels (8 + 4 x, 11 + 4 y).",
    )
    citation: ClassVar[str] = (
        f"{CITATION}, chapter 5; after Heist in K. Cobbe, C. Hesse, J. Hilton, J. Schulman, Leveraging Procedural "
        "Generation to Benchmark Reinforcement Learning, ICML, 2020"
    )
    block_rows: ClassVar[int] = 1024

    reward_rate: float = param(0.0046, "share of rows that have the reward, 0..1")
    success: float = param(0.203, "share of episodes that end at the diamond, 0..1; above 0 if rows have the reward")
    size: int = param(13, "largest side of a maze, in cells, odd, 5..13; sides are uniform among 5, 7, ... and this")
    keys: int = param(3, "most keys and locks of a maze, 0..3; larger mazes have more, up to this")
    limit: int = param(1000, "steps after which an episode ends, up to 10,000, and enough for the longest way")

    def validate(self) -> None:
        for name in ("reward_rate", "success"):
            if not 0 <= getattr(self, name) <= 1:
                self.refuse(name, "a share, 0 to 1", getattr(self, name))
        if self.size % 2 == 0 or not MIN_SIDE <= self.size <= WORLD:
            self.refuse("size", f"an odd number of cells from {MIN_SIDE} to {WORLD}", self.size)
        if not 0 <= self.keys <= N_COLOURS:
            self.refuse("keys", f"0 to {N_COLOURS}", self.keys)
        least = maze.longest(self.size, self.keys)
        if not least <= self.limit <= MAX_LIMIT:
            how = f"{least:,} to {MAX_LIMIT:,} steps with mazes of {self.size} cells a side and {self.keys} keys"
            self.refuse("limit", how, self.limit)
        if self.rules.rewarded and not self.rules.success:
            self.refuse("success", "a share above 0 where rows have the reward", self.success)

    @property
    def rules(self) -> Rules:
        """The parameters as the kernel takes them."""
        rewarded, success = (round(share * 2**32) for share in (self.reward_rate, self.success))
        return Rules(self.size, self.keys, self.limit, rewarded, success)

    def schema(self) -> Schema:
        picture = ("channel", "y", "x"), (3, SIDE, SIDE)
        place = ("axis",), (2,)
        by_colour = ("colour",), (N_COLOURS,)
        places = ("colour", "axis"), (N_COLOURS, 2)
        xy = "x", "y"
        return Schema(
            frame=Field("uint8", "the state before the action, RGB", *picture, full=255),
            next_frame=Field("uint8", "the state after it", *picture, full=255),
            action=Field("uint8", "what the agent does, as procgen numbers it", labels=ACTIONS),
            reward=Field("float32", "10 if the agent comes to the diamond, else 0"),
            agent=Field("int8", "the agent's cell, x and y, y downwards", *place, unit="cells"),
            next_agent=Field("int8", "its cell after the action", *place, unit="cells"),
            diamond=Field("int8", "the diamond's cell", *place, unit="cells"),
            offset=Field("int8", "from the agent to the diamond", *place, unit="cells", columns=("dx", "dy")),
            next_offset=Field("int8", "the same after the action", *place, unit="cells"),
            distance=Field("float32", "from the agent to the diamond, in a straight line", unit="cells"),
            next_distance=Field("float32", "the same after the action", unit="cells"),
            path=Field("int16", "fewest moves to the diamond, by way of the keys that it takes", unit="moves"),
            next_path=Field("int16", "the same after the action", unit="moves"),
            keys=Field("int8", "cells of the blue, red and green key; -1 = none", *places, unit="cells", columns=xy),
            locks=Field("int8", "cells of the blue, red and green lock; -1 = none", *places, unit="cells", columns=xy),
            held=Field("uint8", "1 = the key of that colour has been found", *by_colour),
            next_held=Field("uint8", "the same after the action", *by_colour),
            opened=Field("uint8", "1 = the lock of that colour has been opened", *by_colour),
            next_opened=Field("uint8", "the same after the action", *by_colour),
            floor=Field("uint8", "cells of the world: 1 = floor, also under a lock; 0 = wall", ("y", "x"),
                        (WORLD, WORLD)),
            side=Field("int8", "side of the maze", unit="cells"),
            t=Field("int32", "number of the transition in its episode, from 0 on"),
            length=Field("int32", "transitions of the episode"),
            succeeded=Field("uint8", "whether the episode ends at the diamond", labels=("no", "yes")),
        )  # fmt: skip

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        found = on.maze.play(seed, on.row_numbers(rows), self.rules)
        scene = maze_frames.Scene(*found.scene)
        first = maze_frames.levels(scene, on)
        frames = [
            maze_frames.states(pictures, scene, found.agent[:, i], found.held[:, i], found.opened[:, i], on)
            for i, pictures in enumerate((first.copy(), first))
        ]
        offsets = [found.diamond - found.agent[:, i] for i in range(2)]
        distances = [_length(offset) for offset in offsets]
        held, opened = ([_bits(pair[:, i]) for i in range(2)] for pair in (found.held, found.opened))
        return {
            "frame": frames[0],
            "next_frame": frames[1],
            "action": found.action,
            "reward": found.rewarded.astype(np.float32) * np.float32(REWARD),
            "agent": found.agent[:, 0],
            "next_agent": found.agent[:, 1],
            "diamond": found.diamond,
            "offset": offsets[0],
            "next_offset": offsets[1],
            "distance": distances[0],
            "next_distance": distances[1],
            "path": found.path[:, 0],
            "next_path": found.path[:, 1],
            "keys": found.keys,
            "locks": found.locks,
            "held": held[0],
            "next_held": held[1],
            "opened": opened[0],
            "next_opened": opened[1],
            "floor": found.floor,
            "side": found.side,
            "t": found.t,
            "length": found.length,
            "succeeded": found.succeeded,
        }

    def summary(self, read: Callable[..., Iterator[Batch]]) -> str:
        """Return how many rows have the reward."""
        n_rewarded = sum(int((batch["reward"] > 0).sum()) for batch in read("reward"))
        return f"{counted(n_rewarded, 'row')} with the reward"

    def film(self, seed: int, row: int, backend: str = AUTO) -> list[tuple[Any, str]]:
        """Return the frames of the whole episode of a row, uint8 (channel, y, x), each with words about it."""
        on = self.load(backend)
        number = on.row_numbers(range(row, row + 1))
        level, trace = on.maze.play(seed, number, self.rules), on.maze.follow(seed, number, self.rules)
        t = range(int(trace.length[0]) + 1)
        scene = maze_frames.Scene(*(values[[0] * len(t)] for values in level.scene))
        agent, held, opened = (values[0, : len(t)] for values in (trace.agent, trace.held, trace.opened))
        pictures = on.to_host(maze_frames.states(maze_frames.levels(scene, on), scene, agent, held, opened, on))
        end = "the diamond" if int(level.succeeded[0]) else "time is up"
        words = [ACTIONS[int(action)] for action in on.to_host(trace.action)[0, : len(t) - 1]] + [end]
        return list(zip(pictures, words, strict=True))


def _length(offset: Any) -> Any:
    """Return how long vectors of small integers (row, 2) are, float32 (row,): the root of an exact sum."""
    dx, dy = (offset[:, axis].astype(np.float32) for axis in range(2))
    return np.sqrt(dx * dx + dy * dy)


def _bits(colours: Any) -> Any:
    """Return bits of colours, uint8 (row,), as uint8 (row, colour), 0 or 1."""
    return np.stack([colours >> colour & 1 for colour in range(N_COLOURS)], axis=1)
