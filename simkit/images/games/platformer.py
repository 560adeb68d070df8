"""platformer: transitions of a game of running and jumping to a coin, with all places and distances, and edits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from simkit.backends import AUTO, Kernels
from simkit.contract import Source, param
from simkit.errors import UnknownNameError, counted
from simkit.images.games.platformer_edits import EDIT_WORDS, EDITS, MANY_COINS
from simkit.images.games.platformer_scene import SIDE, Moment, Scene, draw, measure, row_places
from simkit.images.thesis import CITATION
from simkit.kernels import philox, platformer, raster
from simkit.kernels.platformer import (
    ACTIONS,
    GOES_ON,
    HAS_COIN,
    HAZARDS,
    LEVEL_WORDS,
    LIMIT,
    NOWHERE,
    PLAY_WORDS,
    TILE,
    Episodes,
    Levels,
)
from simkit.schema import Array, Batch, Field, Schema

#: streams of Philox: what the row is, its level, the player, the edit
_ROW, _LEVEL, _PLAY, _EDIT = range(4)

#: pixels of a side at most
_LARGEST = 1024

THEMES = ("meadow", "dusk", "snow", "cave")
HAZARD_KINDS = ("none", "saw", "enemy")

#: what is said of the end of an episode
_ENDS = ("time is up", "the coin", "dead")

_XY = ("x", "y")


class Played:
    """Episodes of rows, and what is drawn for each row beside them."""

    def __init__(self, source: Platformer, seed: int, rows: range, on: Kernels) -> None:
        index = on.row_numbers(rows)
        words = on.philox.words(seed, index, _ROW, 4).astype(np.uint64)
        self.is_rewarded: Array = words[:, 0] < np.uint64(round(source.reward_rate * 2**32))
        fails = ~self.is_rewarded & (words[:, 1] >= np.uint64(round(source.success * 2**32)))
        self.levels: Levels = on.platformer.levels(on.philox.words(seed, index, _LEVEL, LEVEL_WORDS))
        player = on.philox.words(seed, index, _PLAY, PLAY_WORDS)
        self.episodes: Episodes = on.platformer.play(self.levels, player, fails.astype(np.uint8))
        lengths = self.episodes.lengths.astype(np.uint64)
        n_zero = lengths - (self.episodes.ends == HAS_COIN)
        drawn = words[:, 2] * n_zero >> np.uint64(32)
        #: which transition of its episode a row is
        self.times: Array = np.where(self.is_rewarded, lengths - np.uint64(1), drawn).astype(np.int32)

    def scene(self, times: Array) -> Scene:
        """Return the transition of each episode that begins at a time."""
        which, coins = row_places(times), self.levels.coins[:, None]
        is_last = times == self.episodes.lengths - 1
        ends = np.where(is_last, self.episodes.ends, np.uint8(GOES_ON))
        moments = []
        for i in (0, 1):
            states = self.episodes.states[which, times + i]
            moments.append(Moment(states, states[:, :2], coins, times + np.int32(i)))
        actions = self.episodes.actions[which, times]
        return Scene(self.levels, moments[0], actions, moments[1], ends, np.full_like(is_last, False))


@final
@dataclass(frozen=True)
class Platformer(Source):
    """Transitions (frame, next frame, action, reward) of a game after CoinRun, each of an episode of its own.

    A sprite runs to the right through a level, over pits of lava, platforms, walls, crates, saws and enemies, to a
    coin. Touching the coin ends the episode and is rewarded with 10. A row is, with probability `reward_rate`, the last
    transition of an episode that is won; otherwise one of the transitions without a reward, drawn uniformly, of an
    episode that is won with probability `success`. Lengths and places are in tiles, x to the right, y upwards, those of
    sprite and coin are of their middles. What begins with ``next_`` is of the next frame.

    An edit changes the states of a row, and keeps the level, the time and the view. The rules lead from the edited
    state by the edited action to the edited next state, and the reward is theirs; where that cannot be, the row stays
    as it was, and `edited` is 0. The same seed and row have the same transition before each edit.
    """

    name: ClassVar[str] = "platformer"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "a game of running and jumping to a coin: transitions, places, distances, edits"
    tiny: ClassVar[dict[str, object]] = {"reward_rate": 0.25, "edit": "translated"}
    kernels: ClassVar = (philox.KERNEL, platformer.KERNEL, raster.KERNEL)
    block_rows: ClassVar[int] = 512
    facts: ClassVar[tuple[str, ...]] = (
        "before an edit, a transition is rewarded with probability reward_rate",
        "the reward is 10 if and only if the box of the sprite (0.75 x 1.25 tiles) meets that of a coin (0.75 x 0.75) "
        "in the next frame and the sprite does not die there; in no frame before do they meet",
        "every level can be won: the player fails in a share 1 - success of episodes because it forgets to jump",
        "distance is that between the middles of sprite and nearest coin, to float32",
        "the sprite's middle is in the middle of every picture that is not edited",
        "the rules lead from each state by its action to the next one, edited or not, and the reward is theirs",
    )
    citation: ClassVar[str] = (
        f"{CITATION}, chapter 5; after CoinRun of K. Cobbe, C. Hesse, J. Hilton, J. Schulman, Leveraging procedural "
        "generation to benchmark reinforcement learning, ICML, 2020"
    )

    reward_rate: float = param(0.0093, "share of rows that are rewarded, 0..1")
    success: float = param(0.936, "share of episodes that are won, among rows that are not rewarded, 0..1")
    edit: str = param("none", "none, translated, rearranged, coin-removed or many-coins")
    size: int = param(SIDE, "pixels of a side of a frame, a multiple of 64 up to 1024; 12.8 tiles are seen")

    def validate(self) -> None:
        for name in ("reward_rate", "success"):
            if not 0 <= getattr(self, name) <= 1:
                self.refuse(name, "a share from 0 to 1", getattr(self, name))
        UnknownNameError.check("edit", self.edit, EDITS, self.name)
        if not SIDE <= self.size <= _LARGEST or self.size % SIDE:
            self.refuse("size", f"a multiple of {SIDE} from {SIDE} to {_LARGEST}", self.size)

    @property
    def scale(self) -> int:
        """Pixels for each pixel of the smallest frame."""
        return self.size // SIDE

    def schema(self) -> Schema:
        frame = ("channel", "y", "x"), (3, self.size, self.size)
        n_coins = MANY_COINS if self.edit == "many-coins" else 1
        now, later = _moment_fields(""), _moment_fields("next_")
        return Schema(
            frame=Field("uint8", "picture before the step", *frame, full=255),
            next_frame=Field("uint8", "picture after the step", *frame, full=255),
            action=Field("uint8", "keys that are pressed, as procgen numbers them", labels=ACTIONS),
            reward=Field("float32", "10 if the step leads to a coin alive, else 0"),
            original_reward=Field("float32", "reward before the edit"),
            edited=Field("uint8", "1 = the edit was made"),
            coins=Field(
                "float32", "places of coins; NaN where there is none", ("coin", "axis"), (n_coins, 2), unit="tiles",
                columns=_XY,
            ),
            **now,
            **later,
            hazard_kind=Field("uint8", "what each hazard is", ("hazard",), (HAZARDS,), labels=HAZARD_KINDS),
            theme=Field("uint8", "colours of the level", labels=THEMES),
            t=Field("int32", f"steps before this one, 0..{LIMIT - 1}"),
            length=Field("int32", f"steps of the episode, 1..{LIMIT}"),
            succeeded=Field("uint8", "1 = the episode ends with the coin"),
        )  # fmt: skip

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        played = Played(self, seed, rows, on)
        original = played.scene(played.times)
        words = on.philox.words(seed, on.row_numbers(rows), _EDIT, EDIT_WORDS)
        scene = EDITS[self.edit](original, words, on)
        levels, scale = played.levels, self.scale
        places = scene.before.coins.astype(np.float32) / np.float32(TILE)
        is_coin = scene.before.coins[:, :, :1] != NOWHERE
        return {
            "frame": draw(levels, scene.before, scale, on),
            "next_frame": draw(levels, scene.after, scale, on),
            "action": scene.actions,
            "reward": _reward(scene.ends),
            "original_reward": _reward(original.ends),
            "edited": scene.is_edited.astype(np.uint8),
            "coins": np.where(is_coin, places, np.float32(np.nan)),
            **measure(levels, scene.before, scale, ""),
            **measure(levels, scene.after, scale, "next_"),
            "hazard_kind": levels.hazards[:, :, 0].astype(np.uint8),
            "theme": levels.maps[:, 0, 0] % np.uint8(len(THEMES)),
            "t": played.times,
            "length": played.episodes.lengths,
            "succeeded": (played.episodes.ends == HAS_COIN).astype(np.uint8),
        }

    def film(self, seed: int, row: int, backend: str = AUTO) -> list[tuple[Array, str]]:
        """Return the frames of the whole episode of a row, uint8 (channel, y, x), each with words about it.

        They are as many as states, have at least 128 pixels a side, and show no edit.
        """
        on = self.load(backend)
        played = Played(self, seed, range(row, row + 1), on)
        n_frames = int(played.episodes.lengths[0]) + 1
        again = [0] * n_frames
        of = played.levels
        levels = Levels(of.maps[again], of.starts[again], of.coins[again], of.hazards[again], of.triggers[again])
        states, times = played.episodes.states[0, :n_frames], on.row_numbers(range(n_frames)).astype(np.int32)
        shown = Moment(states, states[:, :2], levels.coins[:, None], times)
        pictures = on.to_host(draw(levels, shown, max(2, self.scale), on))
        actions = on.to_host(played.episodes.actions)[0, : n_frames - 1]
        words = [*(ACTIONS[int(action)] for action in actions), _ENDS[int(played.episodes.ends[0])]]
        return list(zip(pictures, words, strict=True))

    def summary(self, read: Callable[..., Iterator[Batch]]) -> str:
        """Return how many rows have the reward, and how many are edited."""
        n_rewarded = n_edited = 0
        for batch in read("reward", "edited"):
            n_rewarded += int((batch["reward"] > 0).sum())
            n_edited += int(batch["edited"].sum())
        return f"{counted(n_rewarded, 'row')} with the reward" + (
            f", {n_edited:,} edited" if self.edit != "none" else ""
        )

    def notes(self) -> list[str]:
        if self.reward_rate == 1:
            return []
        return ["an episode is drawn for each row, so that long episodes are no more frequent than short ones"]


def _reward(ends: Array) -> Array:
    found: Array = np.where(ends == HAS_COIN, np.float32(10), np.float32(0))
    return found


def _moment_fields(prefix: str) -> dict[str, Field]:
    """Return the fields that `measure` gives."""
    when = "after the step" if prefix else "before the step"

    def number(doc: str, unit: str) -> Field:
        return Field("float32", f"{doc} {when}", unit=unit)

    def pair(doc: str, unit: str = "tiles") -> Field:
        return Field("float32", doc, ("axis",), (2,), columns=_XY, unit=unit)

    fields = {
        "sprite": pair(f"place of the sprite {when}"),
        "offset": pair(f"from the sprite to the nearest coin {when}; NaN if there is none"),
        "distance": number("distance to the nearest coin, infinite if there is none,", "tiles"),
        "distance_capped": number("distance, at most 13 sqrt(2),", "tiles"),
        "distance_squared": number("square of the distance, at most 338,", "tiles^2"),
        "inverse_distance": number("1 / distance, at most 5,", "1/tiles"),
        "inverse_squared": number("1 / distance^2, at most 5,", "1/tiles^2"),
        "visible": Field("uint8", f"1 = some of a coin is within the picture {when}"),
        "velocity": pair(f"speed of the sprite {when}", "tiles/step"),
        "on_ground": Field("uint8", f"1 = the sprite stands on something {when}"),
        "hazards": Field(
            "float32", f"places of saws and enemies {when}; NaN where there is none", ("hazard", "axis"), (HAZARDS, 2),
            columns=_XY, unit="tiles",
        ),
        "view": pair(f"place in the middle of the picture {when}: that of the sprite, unless edited"),
    }  # fmt: skip
    return {prefix + name: field for name, field in fields.items()}
