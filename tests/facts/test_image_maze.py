"""What is known of the maze: rules, rates, ways, and what is in its pictures; each checked by code of its own."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

import simkit
from simkit.errors import ParameterError, StoreError
from simkit.images.games import maze_art
from simkit.kernels import maze
from simkit.kernels.maze import Rules

WORLD = 13
N = 3000

#: how a fact begins -> the tests that hold it
HELD_BY = {
    "Every maze": ("test_every_maze_can_be_solved_in_as_many_moves_as_it_says", "test_each_key_is_needed"),
    "A share `reward_rate`": ("test_the_share_of_rows_with_the_reward", "test_the_reward_is_that_of_the_diamond"),
    "The reward": ("test_the_reward_is_that_of_the_diamond",),
    "A share `success`": (
        "test_the_share_of_episodes_that_succeed",
        "test_whole_episodes_follow_the_rules_and_hold_the_transition",
    ),
    "A move": ("test_every_transition_follows_the_rules",),
    "Middles": ("test_the_whole_maze_is_in_the_picture", "test_everything_is_painted_at_its_cell"),
}


def test_every_fact_has_a_test():
    for fact in simkit.source("maze").facts:
        (tests,) = [tests for begin, tests in HELD_BY.items() if fact.startswith(begin)]
        assert all(callable(globals()[test]) for test in tests)
    assert len(HELD_BY) == len(simkit.source("maze").facts)


@pytest.fixture(scope="module")
def rows() -> dict[str, np.ndarray]:
    """Rows of mazes of all sizes, a third of them with the reward."""
    return simkit.source("maze", reward_rate=0.3).generate(5, range(N))


def play(n: int, seed: int = 1, *, size: int = 13, keys: int = 3, limit: int = 1000, rewarded: float, success: float):
    rules = Rules(size, keys, limit, round(rewarded * 2**32), round(success * 2**32))
    return maze.KERNEL.load("cpu").play(seed, np.arange(n, dtype=np.uint64), rules)


def within(found: float, wanted: float, sigma: float) -> None:
    assert abs(found - wanted) < 4 * sigma, (found, wanted, sigma)


# -- rates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "n"), [(0.0046, 40_000), (0.5, 2000)])
def test_the_share_of_rows_with_the_reward(rate, n):
    within(play(n, rewarded=rate, success=0.203).rewarded.mean(), rate, np.sqrt(rate * (1 - rate) / n))
    assert simkit.source("maze").reward_rate == 0.0046  # a constant guess is off by 100 p (1 - p) = 0.458 on average


@pytest.mark.parametrize("success", [0.203, 0.8])
def test_the_share_of_episodes_that_succeed(success):
    """Rows are drawn among transitions, so that an episode counts by one over how many of its own bring no reward."""
    found = play(60_000, size=5, limit=40, rewarded=0, success=success)
    succeeded, length = found.succeeded.astype(bool), found.length
    assert (length[~succeeded] == 40).all()
    weights = 1 / (length - succeeded)
    share = weights[succeeded].sum() / weights.sum()
    within(share, success, np.sqrt((weights**2 * (succeeded - share) ** 2).sum()) / weights.sum())


def test_transitions_without_a_reward_are_uniform():
    found = play(30_000, size=7, limit=300, rewarded=0, success=0.5)
    succeeded = found.succeeded.astype(bool)
    for mask in (succeeded, ~succeeded):
        last = found.length[mask] - succeeded[mask]
        at = (found.t[mask] + 0.5) / last
        assert ((found.t[mask] >= 0) & (found.t[mask] < last)).all()
        within(at.mean(), 0.5, np.sqrt(1 / 12 / mask.sum()))
        within((at**2).mean(), 1 / 3 - (1 / last**2).mean() / 12, np.sqrt(4 / 45 / mask.sum()))
    # an episode is met as often as it has such transitions
    share = succeeded.mean()
    lengths = play(30_000, seed=2, size=7, limit=300, rewarded=1, success=0.5).length - 1
    wanted = lengths.mean() / (lengths.mean() + 300)
    error = 300 * lengths.std() / np.sqrt(len(lengths)) / (lengths.mean() + 300) ** 2
    within(share, wanted, np.hypot(error, np.sqrt(share * (1 - share) / len(found.t))))


def test_episodes_of_a_mediocre_policy():
    """Some succeed in no time, most take many times the shortest way, and few have to hurry at the end."""
    found = play(4000, rewarded=1, success=0.203)
    assert found.length.max() <= 1000
    assert 0.001 < (found.length >= 999).mean() < 0.06
    assert 200 < found.length.mean() < 320
    assert np.bincount(play(4000, rewarded=0, success=0.203).action, minlength=15).min() > 0


def test_sides_and_keys(rows):
    side, n_keys = rows["side"], (rows["keys"][:, :, 0] >= 0).sum(axis=1)
    # a reward comes once an episode: among rows that have it, sides are as they are drawn
    has = rows["reward"] > 0
    counts = np.array([(side[has] == s).sum() for s in (5, 7, 9, 11, 13)])
    assert counts.sum() == has.sum()
    for count in counts:
        within(count / has.sum(), 0.2, np.sqrt(0.2 * 0.8 / has.sum()))
    number = (side - 5) // 2
    assert ((n_keys == np.minimum(3, number)) | (n_keys == np.minimum(3, number + 1))).all()
    assert ((rows["keys"] >= 0) == (rows["locks"] >= 0)).all()
    assert (simkit.source("maze", keys=0).generate(0, 50)["keys"] == -1).all()
    assert set(simkit.source("maze", size=7).generate(0, 50)["side"]) == {5, 7}


# -- rules ------------------------------------------------------------------------------------------------------------

NAMES = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def after(floor, keys, locks, cell, held, opened, action):
    """Apply the rules to a state; return the next one. Colours are sets."""
    steps = [NAMES[part] for part in action.split("+") if part in NAMES]
    for dx, dy in sorted(steps, key=lambda step: step[1] != 0):  # along x first
        x, y = cell[0] + dx, cell[1] + dy
        if not (0 <= x < WORLD and 0 <= y < WORLD and floor[y, x]):
            continue
        barred = [colour for colour, lock in enumerate(locks) if lock == (x, y)]
        if all(colour in held for colour in barred):
            found = {colour for colour, key in enumerate(keys) if key == (x, y)}
            return (x, y), held | found, opened | set(barred)
    return cell, held, opened


def state_of(batch, i, prefix=""):
    return (
        tuple(batch[f"{prefix}agent"][i].tolist()),
        set(np.flatnonzero(batch[f"{prefix}held"][i]).tolist()),
        set(np.flatnonzero(batch[f"{prefix}opened"][i]).tolist()),
    )


def places(array):
    return [tuple(place) if place[0] >= 0 else None for place in array.tolist()]


def test_every_transition_follows_the_rules(rows):
    labels = simkit.source("maze").schema()["action"].labels
    n_moves = 0
    for i in range(N):
        level = rows["floor"][i], places(rows["keys"][i]), places(rows["locks"][i])
        before, then = state_of(rows, i), state_of(rows, i, "next_")
        assert after(*level, *before, labels[rows["action"][i]]) == then, i
        n_moves += before[0] != then[0]
        assert np.abs(rows["next_agent"][i] - rows["agent"][i]).sum() <= 1
    assert 0.5 * N < n_moves < N


def test_the_reward_is_that_of_the_diamond(rows):
    is_there = (rows["next_agent"] == rows["diamond"]).all(axis=1)
    assert (rows["reward"] == np.where(is_there, 10, 0)).all()
    assert 0 < is_there.sum() < N
    assert not (rows["agent"] == rows["diamond"]).all(axis=1).any()
    assert (rows["t"][is_there] == rows["length"][is_there] - 1).all()
    assert rows["succeeded"][is_there].all()


def test_distances(rows):
    for prefix in ("", "next_"):
        offset = rows["diamond"].astype(int) - rows[f"{prefix}agent"]
        assert np.array_equal(rows[f"{prefix}offset"], offset)
        assert np.array_equal(rows[f"{prefix}distance"], np.sqrt((offset**2).sum(axis=1)).astype(np.float32))


def ways(floor, keys, locks, diamond, cell, held, without=None):
    """Return the fewest moves to the diamond, by a search over cells and keys; None if there is no way."""
    start = cell, frozenset(held)
    seen, waiting = {start: 0}, deque([start])
    while waiting:
        state = waiting.popleft()
        if state[0] == diamond:
            return seen[state]
        for action in NAMES:
            place, has, _ = after(floor, keys, locks, state[0], set(state[1]), set(), action)
            other = place, frozenset(has - {without})
            if other not in seen:
                seen[other] = seen[state] + 1
                waiting.append(other)
    return None


def test_every_maze_can_be_solved_in_as_many_moves_as_it_says(rows):
    for i in range(250):
        level = rows["floor"][i], places(rows["keys"][i]), places(rows["locks"][i])
        diamond = tuple(rows["diamond"][i].tolist())
        for prefix, path in (("", "path"), ("next_", "next_path")):
            cell, held, _ = state_of(rows, i, prefix)
            assert ways(*level, diamond, cell, held) == rows[path][i], i


def test_each_key_is_needed(rows):
    n_tried = 0
    for i in range(60):
        keys = places(rows["keys"][i])
        cell, held, opened = state_of(rows, i)
        for colour in range(3):
            if keys[colour] is not None and colour not in held:
                level = rows["floor"][i], keys, places(rows["locks"][i])
                assert ways(*level, tuple(rows["diamond"][i].tolist()), cell, held, without=colour) is None
                n_tried += 1
        assert opened <= held
    assert n_tried > 10


def test_mazes_are_perfect(rows):
    for i in range(300):
        floor, side = rows["floor"][i], int(rows["side"][i])
        y, x = np.nonzero(floor)
        assert (x.max() - x.min() + 1, y.max() - y.min() + 1) == (side, side)
        assert x.min() % 2 == y.min() % 2 == 0
        rooms = floor[y.min() : y.max() + 1 : 2, x.min() : x.max() + 1 : 2]
        assert rooms.all()
        assert floor.sum() == 2 * rooms.size - 1  # a tree: one passage less than rooms, and
        free = [None] * 3
        assert all(ways(floor, free, free, (int(a), int(b)), (int(x[0]), int(y[0])), set()) is not None
                   for a, b in zip(x[::17], y[::17], strict=True))  # fmt: skip
        for cell in (*places(rows["keys"][i]), tuple(rows["diamond"][i].tolist())):
            assert cell is None or (cell[0] % 2 == 0 and cell[1] % 2 == 0)
        for cell in places(rows["locks"][i]):
            assert cell is None or (floor[cell[1], cell[0]] and (cell[0] + cell[1]) % 2 == 1)


# -- pictures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "next_"])
def test_the_whole_maze_is_in_the_picture(rows, prefix):
    """The middle of cell (x, y) is the corner of pixels (8 + 4 x, 11 + 4 y): floor is light there, and walls are dark."""
    light = rows[f"{prefix}frame"].astype(int).sum(axis=1) > 450
    at = np.arange(WORLD)
    cells = np.stack([light[:, 11 + 4 * at - i][:, :, 8 + 4 * at - j] for i in (0, 1) for j in (0, 1)]).sum(axis=0)
    things = np.concatenate(
        [rows[name].reshape(N, -1, 2) for name in (f"{prefix}agent", "diamond", "keys", "locks")], 1
    )
    y, x = np.indices((WORLD, WORLD))
    is_near = ((np.abs(things[:, :, 0, None, None] - x) <= 1) & (np.abs(things[:, :, 1, None, None] - y) <= 1)).any(
        axis=1
    )
    assert (cells[~is_near & (rows["floor"] == 1)] == 4).all()
    assert (cells[~is_near & (rows["floor"] == 0)] == 0).all()
    assert 0.5 < (~is_near).mean() < 1
    assert rows["agent"].min() == 0  # the mazes reach all edges of the world, which lies within the picture
    assert rows["agent"].max() == WORLD - 1


@pytest.mark.parametrize("prefix", ["", "next_"])
def test_everything_is_painted_at_its_cell(rows, prefix):
    """Pixel for pixel, from the sprites alone: keys and locks while they are there, then diamond and agent."""
    sprites = maze_art.sprites()
    inks = {tuple(pixel[:3]) for pixel in sprites.transpose(0, 2, 3, 1).reshape(-1, 4).tolist() if pixel[3]}
    assert (rows["next_opened"][:150].sum(axis=0) > 0).all()
    for i in range(150):
        frame = rows[f"{prefix}frame"][i]
        _, held, opened = state_of(rows, i, prefix)
        shown = []
        for colour, lock in enumerate(places(rows["locks"][i])):
            if lock is not None and colour not in opened:
                shown.append((maze_art.LOCK + colour + 3 * (lock[1] % 2), 5 + 4 * lock[0], 8 + 4 * lock[1]))
            if colour in held - opened:
                shown.append((maze_art.HELD + colour, 5 + 8 * colour, 1))
        for colour, key in enumerate(places(rows["keys"][i])):
            if key is not None and colour not in held:
                shown.append((maze_art.KEY + colour, 5 + 4 * key[0], 8 + 4 * key[1]))
        for number, name in ((maze_art.DIAMOND, "diamond"), (maze_art.AGENT, f"{prefix}agent")):
            x, y = rows[name][i].tolist()
            shown.append((number, 5 + 4 * x, 8 + 4 * y))
        wanted = np.zeros((64, 64, 4), int)
        for number, x, y in shown:
            sprite = sprites[number].transpose(1, 2, 0)
            wanted[y : y + 6, x : x + 6][sprite[..., 3] > 0] = sprite[sprite[..., 3] > 0]
        is_painted = wanted[..., 3] > 0
        assert np.array_equal(frame.transpose(1, 2, 0)[is_painted], wanted[is_painted][:, :3]), i
        beside = {tuple(pixel) for pixel in frame.transpose(1, 2, 0)[~is_painted].tolist()}
        assert not inks & beside, i  # and nothing else is


def test_colours_are_told_apart_by_shape():
    """Without colours: what keys cover, and where locks are light, differ."""
    sprites = maze_art.sprites().astype(int)
    keys = sprites[maze_art.KEY :][:3, 3] > 0
    for first in (maze_art.LOCK, maze_art.LOCK + 3):
        marks = sprites[first : first + 3, :3].sum(axis=1) > 600
        for a, b in ((0, 1), (0, 2), (1, 2)):
            assert (keys[a] != keys[b]).sum() >= 8
            assert (marks[a] != marks[b]).sum() >= 2


# -- whole episodes ---------------------------------------------------------------------------------------------------


def test_whole_episodes_follow_the_rules_and_hold_the_transition():
    source = simkit.source("maze", size=11, limit=500, reward_rate=0.3, success=0.7)
    numbers, labels = np.arange(25, dtype=np.uint64), source.schema()["action"].labels
    trace = maze.KERNEL.load("cpu").follow(9, numbers, source.rules)
    batch = source.generate(9, range(25))
    assert np.array_equal(trace.length, batch["length"])
    for i in range(25):
        level = batch["floor"][i], places(batch["keys"][i]), places(batch["locks"][i])
        diamond, length = tuple(batch["diamond"][i].tolist()), int(trace.length[i])
        states = [
            (tuple(cell), *({c for c in range(3) if bits >> c & 1} for bits in (held, opened)))
            for cell, held, opened in zip(
                trace.agent[i].tolist(), trace.held[i].tolist(), trace.opened[i].tolist(), strict=True
            )
        ]
        for t in range(length):
            assert states[t][0] != diamond
            assert after(*level, *states[t], labels[trace.action[i, t]]) == states[t + 1]
        assert (states[length][0] == diamond) == bool(batch["succeeded"][i])
        assert batch["succeeded"][i] or length == 500
        t = int(batch["t"][i])
        assert (states[t], states[t + 1]) == (state_of(batch, i), state_of(batch, i, "next_"))
        assert trace.action[i, t] == batch["action"][i]


def test_a_film_shows_the_episode_of_a_row():
    source = simkit.source("maze", size=9, limit=300, reward_rate=0.5, success=0.5)
    batch = source.generate(3, range(6))
    for row in range(6):
        film, t = source.film(3, row), int(batch["t"][row])
        assert len(film) == batch["length"][row] + 1
        assert np.array_equal(film[t][0], batch["frame"][row])
        assert np.array_equal(film[t + 1][0], batch["next_frame"][row])
        assert film[-1][1] == ("the diamond" if batch["succeeded"][row] else "time is up")


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"size": 12}, "parameter 'size' takes an odd number of cells from 5 to 13; this is 12"),
        ({"size": 15}, "parameter 'size' takes an odd number of cells from 5 to 13; this is 15"),
        ({"keys": 4}, "parameter 'keys' takes 0 to 3; this is 4"),
        ({"reward_rate": 1.5}, "parameter 'reward_rate' takes a share, 0 to 1; this is 1.5"),
        ({"reward_rate": float("nan")}, "parameter 'reward_rate' takes a share, 0 to 1; this is nan"),
        ({"success": -0.1}, "parameter 'success' takes a share, 0 to 1; this is -0.1"),
        ({"success": 0}, "parameter 'success' takes a share above 0 where rows have the reward; this is 0"),
        ({"limit": 100}, "takes 384 to 10,000 steps with mazes of 13 cells a side and 3 keys; this is 100"),
        ({"limit": 20_000}, "takes 384 to 10,000 steps"),
    ],
)
def test_parameters_that_make_no_sense(parameters, said):
    with pytest.raises(ParameterError) as error:
        simkit.source("maze", **parameters)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_the_least_limit_is_enough():
    """So short a time makes all who succeed hurry, and all do."""
    for size, keys in ((5, 1), (9, 0), (13, 3)):
        limit = maze.longest(size, keys)
        found = play(3000, size=size, keys=keys, limit=limit, rewarded=1, success=1)
        assert found.rewarded.all()
        assert found.length.max() == limit if size > 5 else found.length.max() <= limit


def test_sets_that_are_no_games_have_no_films(tmp_path):
    from simkit.figures.preview import describe

    simkit.generate("bits", n=4, out=tmp_path / "bits.zarr")
    with pytest.raises(StoreError, match="are of no episodes: their source is bits"):
        describe(simkit.open(tmp_path / "bits.zarr"), None, "film", "auto")
    simkit.generate("maze", n=3, out=tmp_path / "maze.zarr", reward_rate=0.5, size=9, limit=200)
    film = describe(simkit.open(tmp_path / "maze.zarr"), [1], "film", "auto")
    store = simkit.open(tmp_path / "maze.zarr")
    boards = [frame.boards[0] for frame in film.frames()]
    t = int(store["t"][1])
    assert film.n_frames == len(boards) == store["length"][1] + 1
    assert np.array_equal(film.colours[boards[t]], store["frame"][1].transpose(1, 2, 0))
