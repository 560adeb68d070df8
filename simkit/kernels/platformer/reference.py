"""Levels, rules and player in plain Python and NumPy: the definition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.kernels import platformer as game
from simkit.kernels.platformer import I16, I32, TILE, U8, U32, Episodes, Levels, Step

Words = npt.NDArray[np.uint32]


class Box(NamedTuple):
    """A rectangle: x from `left` to `right`, y from `foot` to `top`."""

    left: int
    foot: int
    right: int
    top: int

    def meets(self, other: Box) -> bool:
        """Return whether two boxes have more than an edge in common."""
        across = self.left < other.right and other.left < self.right
        return across and self.foot < other.top and other.foot < self.top


def sprite_box(x: int, y: int) -> Box:
    """Return the box of the sprite whose feet are at a place."""
    return Box(x - game.WIDTH // 2, y, x + game.WIDTH // 2, y + game.HEIGHT)


def draw(word: int, byte: int, n: int) -> int:
    """Return a number 0..n-1 from a byte of a word."""
    return n * (int(word) >> 8 * byte & 255) >> 8


@dataclass
class Plan:
    """A level from left to right, of all that is told when it is built."""

    #: number of the ground's height from each column on, in tiles; 0 is a pit
    ground: dict[int, int] = field(default_factory=dict)
    #: (columns, height of the top, kind) of what stands on the ground, or hangs over a pit
    blocks: list[tuple[range, range, int]] = field(default_factory=list)
    hazards: list[tuple[int, ...]] = field(default_factory=list)
    triggers: list[tuple[int, int, int]] = field(default_factory=list)

    def jump(self, before: int, distance: int, behind: int) -> None:
        """Let the sprite jump `distance` before the left edge of a column, over what ends before column `behind`."""
        half = game.WIDTH // 2
        self.triggers.append((before * TILE - half - distance, -1, behind * TILE + half))

    def pit(self, column: int, width: int, height: int) -> None:
        """Let there be a pit, and ground of a height after it."""
        self.ground[column], self.ground[column + width] = 0, height
        self.jump(column, game.AT_EDGE - 1, column + width)

    def hazard(self, kind: int, column: int, height: int, span: int, phase: int) -> None:
        """Put a hazard that walks `span` columns."""
        left, reach = column * TILE + TILE // 2, game.WIDTH // 2 + game.REACH
        self.triggers.append((left - reach - game.AT_HAZARD, len(self.hazards), left + span * TILE + reach))
        self.hazards.append((kind, left, height * TILE, span * TILE, phase))

    def heights(self) -> list[int]:
        """Return the height of the ground of each column."""
        found, now = [], 0
        for column in range(game.COLUMNS):
            now = self.ground.get(column, now)
            found.append(now)
        return found


def obstacle(plan: Plan, kind: int, column: int, height: int, word: int) -> tuple[int, int]:
    """Put an obstacle at a column; return its last column that matters to the next, and the height of the ground."""
    pair = draw(word, 1, 2), draw(word, 2, 2)
    if kind == game.GAP:
        width, change = 2 + draw(word, 1, 3), draw(word, 2, 4)
        up = change == 2 and width < 4 and height < 6
        height += 1 if up else -1 if change == 3 and height > 2 else 0
        plan.pit(column, width, height)
        return column, height
    if kind == game.PLATFORM:
        raised = draw(word, 2, 4) in (1, 3) and height < 6
        edge = column + 3 + 3 + pair[0]
        plan.pit(column, 3, 0)
        plan.pit(edge, 2 + pair[1], height)
        top = height + raised
        plan.blocks.append((range(column + 3, edge), range(top - 1, top), game.PLANK))
        return edge, height
    if kind in (game.BARRIER, game.CRATES):
        material = game.BRICK if kind == game.BARRIER else game.CRATE
        for i in range(1 + pair[1]):
            n = 1 if kind == game.CRATES and i == 1 else 1 + pair[0]
            plan.blocks.append((range(column + i, column + i + 1), range(height, height + n), material))
        plan.jump(column, game.AT_WALL, column + 1 + pair[1])
        return column, height
    if kind in (game.SAW, game.ENEMY):
        span = 1 + draw(word, 1, 3) if kind == game.ENEMY else 0
        phase = draw(word, 2, 2 * span * TILE)
        plan.hazard(game.IS_ENEMY if kind == game.ENEMY else game.IS_SAW, column, height, span, phase)
        return column + span, height
    change = (1 + pair[0]) * (1 if kind == game.UP else -1)
    if not 2 <= height + change <= 6:
        change = -change
    plan.ground[column] = height + change
    if change > 0:
        plan.jump(column, game.AT_WALL, column)
    return column, height + change


def chances(seed: int) -> npt.NDArray[np.int64]:
    """Return the byte of each tile of a map that decides on decorations."""
    heights, columns = game.TOP - np.arange(game.ROWS)[:, None], np.arange(game.COLUMNS)
    w = np.uint64(seed) ^ (columns * game.MIXERS[0] ^ (64 + heights) * game.MIXERS[1]).astype(np.uint64)
    w = (w & np.uint64(2**32 - 1)) * np.uint64(game.MIXERS[2]) & np.uint64(2**32 - 1)
    w = (w ^ w >> np.uint64(15)) * np.uint64(game.MIXERS[3]) & np.uint64(2**32 - 1)
    return (w >> np.uint64(24)).astype(np.int64)


def level(words: Words) -> tuple[U8, tuple[int, int], tuple[int, int], Plan]:
    """Return the map, start, coin and plan of one level."""
    first = int(words[0])
    theme, height = draw(first, 0, game.N_THEMES), 3 + draw(first, 1, 2)
    limit = 20 + draw(first, 3, 25)
    plan = Plan({0: height})
    start = 19 * TILE // 2 + draw(first, 2, 32) * TILE // 32, height * TILE
    last = 6
    for i in range(game.OBSTACLES):
        word = int(words[2 + i])
        column = last + 8 + draw(word, 3, 3)
        if i and column > limit:
            break
        kind = draw(word, 0, 8)
        if i == 0 and kind == game.DOWN:  # so that there is a place to jump
            kind = game.UP
        last, height = obstacle(plan, kind, column, height, word)
    goal = last + 8 + draw(words[6], 0, 3)
    end = goal + 1 + draw(words[6], 1, 3)

    chance, columns = chances(int(words[1])), np.arange(game.COLUMNS)
    above, ground = game.TOP - np.arange(game.ROWS)[:, None], np.array(plan.heights())
    shade = np.sum([above >= least for least in game.SHADES], axis=0)
    clouds = (shade == len(game.SHADES) - 1) & (chance < game.CLOUDS)
    earth = np.where(chance < game.STONES, game.STONE, game.EARTH)
    kinds = np.where(clouds, game.CLOUD, game.SKY + np.broadcast_to(shade, chance.shape))
    kinds = np.where((above == ground) & (chance < game.GROWN), game.FLOWER, kinds)
    kinds = np.where((above == ground) & (chance < game.PLANTS), game.PLANT, kinds)
    kinds = np.where(above < ground, earth, kinds)
    kinds = np.where(above == ground - 1, game.TURF, kinds)
    kinds = np.where((ground == 0) & (above == 0), game.SURFACE, kinds)
    kinds = np.where((ground == 0) & (above < 0), game.MOLTEN, kinds)
    for where, tall, kind in plan.blocks:
        kinds[np.isin(above[:, 0], tall)[:, None] & np.isin(columns, where)] = kind
    kinds = np.where((columns < game.BORDER) | (columns >= end), earth, kinds)
    middle = TILE // 2
    coin = goal * TILE + middle, height * TILE + middle
    return (kinds * game.N_THEMES + theme).astype(np.uint8), start, coin, plan


def levels(words: U32) -> Levels:
    """Build levels; see the package's docstring."""
    n = len(words)
    maps = np.empty((n, game.ROWS, game.COLUMNS), np.uint8)
    starts, coins = np.empty((2, n, 2), np.int16)
    hazards = np.zeros((n, game.HAZARDS, 5), np.int16)
    triggers = np.tile(np.array([game.NEVER, -1, 0], np.int16), (n, game.TRIGGERS, 1))
    for i in range(n):
        maps[i], starts[i], coins[i], plan = level(words[i])
        hazards[i, : len(plan.hazards)] = np.reshape(plan.hazards, (-1, 5))
        triggers[i, : len(plan.triggers)] = plan.triggers
    return Levels(maps, starts, coins, hazards, triggers)


def hazard_at(hazard: I16, time: int) -> int:
    """Return x of the middle of a hazard."""
    _, left, _, span, phase = (int(number) for number in hazard)
    if not span:
        return left
    turned = (phase + game.ENEMY_RUN * time) % (2 * span)
    return left + span - abs(turned - span)


def way_of(action: int) -> tuple[int, bool]:
    """Return which way an action presses, -1, 0 or 1, and whether it presses up."""
    keys = game.ACTIONS[action].split("+")
    return ("right" in keys) - ("left" in keys), "up" in keys


def solid_boxes(map_: U8, around: Box) -> list[Box]:
    """Return the solid tiles that meet a box."""
    columns = range(around.left // TILE, (around.right - 1) // TILE + 1)
    heights = range(around.foot // TILE, (around.top - 1) // TILE + 1)
    return [
        Box(column * TILE, height * TILE, (column + 1) * TILE, (height + 1) * TILE)
        for column in columns
        for height in heights
        if map_[game.TOP - height, column] >= game.SOLID
    ]


def moved(map_: U8, x: int, y: int, dx: int, dy: int) -> tuple[int, int]:
    """Return where the sprite comes to that wants to move along one axis: solid tiles on its way stop it."""
    box = sprite_box(x, y)
    swept = Box(box.left + min(dx, 0), box.foot + min(dy, 0), box.right + max(dx, 0), box.top + max(dy, 0))
    tiles = solid_boxes(map_, swept)
    if dx > 0:
        return min([x + dx, *(x + tile.left - box.right for tile in tiles)]), y
    if dx < 0:
        return max([x + dx, *(x + tile.right - box.left for tile in tiles)]), y
    if dy > 0:
        return x, min([y + dy, *(y + tile.foot - box.top for tile in tiles)])
    return x, max([y + dy, *(tile.top for tile in tiles)])


def towards(value: int, wanted: int, by: int) -> int:
    """Return a value that has come nearer to another by at most `by`."""
    return min(value + by, wanted) if value < wanted else max(value - by, wanted)


def step_one(
    map_: U8, hazards: I16, coins: I16, state: tuple[int, ...], action: int, time: int
) -> tuple[tuple[int, ...], int]:
    """Return the state after a step, and how it ends."""
    x, y, vx, vy, ground = state
    way, up = way_of(action)
    vx = towards(vx, way * game.RUN, game.PUSH)
    vy = game.JUMP if up and ground else max(vy - game.GRAVITY, -game.FALL)
    at, _ = moved(map_, x, y, vx, 0) if vx else (x, y)
    vx = vx if at == x + vx else 0
    _, height = moved(map_, at, y, 0, vy) if vy else (at, y)
    stopped = height != y + vy
    after = at, height, vx, 0 if stopped else vy, int(stopped and vy < 0)
    box, reach = sprite_box(at, height), game.REACH
    if height < game.LAVA:
        return after, game.DIES
    for hazard in hazards:
        if hazard[0] != game.NO_HAZARD:
            middle, foot = hazard_at(hazard, time + 1), int(hazard[2])
            if box.meets(Box(middle - reach, foot, middle + reach, foot + game.HAZARD)):
                return after, game.DIES
    for cx, cy in coins.tolist():
        if cx != game.NOWHERE and box.meets(Box(cx - reach, cy - reach, cx + reach, cy + reach)):
            return after, game.HAS_COIN
    return after, game.GOES_ON


def step(levels: Levels, states: I16, actions: U8, times: I32, coins: I16) -> Step:
    """Apply the rules once; see the package's docstring."""
    found = Step(np.empty_like(states), np.empty(len(states), np.uint8))
    for i, state in enumerate(states.tolist()):
        found.states[i], found.ends[i] = step_one(
            levels.maps[i], levels.hazards[i], coins[i], state, int(actions[i]), int(times[i])
        )
    return found


def byte_of(words: Words, first: int, i: int) -> int:
    """Return byte i of the words from `first` on."""
    return int(words[first + i // 4]) >> 8 * (i % 4) & 255


def play_one(
    map_: U8, start: I16, coin: I16, hazards: I16, triggers: I16, words: Words, fails: bool
) -> tuple[list[tuple[int, ...]], list[int], int]:
    """Return states, actions and the end of an episode."""
    left = [tuple(map(int, trigger)) for trigger in triggers if trigger[0] != game.NEVER]
    if fails:
        remembered = len(left) * int(words[0]) >> 32
        left[remembered:] = [(left[remembered][0], -2, 0)]
    states: list[tuple[int, ...]] = [(int(start[0]), int(start[1]), 0, 0, 1)]
    actions: list[int] = []
    behind, end = 0, game.GOES_ON
    while end == game.GOES_ON and len(actions) < game.LIMIT:
        t, (x, _, _, _, ground) = len(actions), states[-1]
        at, hazard, beyond = left[0] if left else (game.NEVER, -1, 0)
        pick = byte_of(words, 5, t)
        if hazard >= 0:
            gap = (hazard_at(hazards[hazard], t) - game.REACH) - (x + game.WIDTH // 2)
            is_due = gap <= game.AT_HAZARD
        else:
            is_due = x >= at and hazard != -2  # -2: what is forgotten
        wants = 1
        if ground and is_due:
            wants, behind, left = 2, beyond, left[1:]
        elif ground and t < game.PAUSES and at - x >= game.CLEAR:
            mood = byte_of(words, 1, t // 8)
            if mood < game.IDLE:
                wants = 0 if x >= behind else 1
            elif mood < game.IDLE + game.BACK:
                wants = -1 if x >= behind + game.BACK_OFF else 1
        if wants == 2:
            action = 8
        elif wants == 0:
            action = (3, 4, 9, 10, 11, 12, 13, 14)[pick % 8]
        elif wants == -1:
            action = pick % 2
        else:
            action = {0: 6, 1: 7 if ground else 8}.get(pick % 4, 7)
        state, end = step_one(map_, hazards, coin[None], states[-1], action, t)
        states.append(state)
        actions.append(action)
    return states, actions, end


def play(levels: Levels, words: U32, fails: U8) -> Episodes:
    """Let the player play; see the package's docstring."""
    n = len(words)
    states, actions = np.zeros((n, game.LIMIT + 1, 5), np.int16), np.zeros((n, game.LIMIT), np.uint8)
    lengths, ends = np.zeros(n, np.int32), np.zeros(n, np.uint8)
    for i in range(n):
        each = levels.maps[i], levels.starts[i], levels.coins[i], levels.hazards[i], levels.triggers[i]
        found, taken, ends[i] = play_one(*each, words[i], bool(fails[i]))
        states[i, : len(found)], actions[i, : len(taken)], lengths[i] = found, taken, len(taken)
    return Episodes(states, actions, lengths, ends)
