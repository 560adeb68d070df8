"""The game `platformer`: levels, player, rewards, distances, pictures and edits."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from where import COMPILED, on

import simkit
from simkit.backends import Kernels
from simkit.errors import ParameterError, UnknownNameError
from simkit.images.games import platformer_art as art
from simkit.images.games.platformer_edits import EDITS
from simkit.images.games.platformer_scene import Moment, draw, measure
from simkit.kernels import platformer as game
from simkit.kernels import raster
from simkit.kernels.philox import reference as philox
from simkit.kernels.platformer import cpu, reference
from simkit.kernels.platformer.cases import words

#: sides of the boxes, in tiles: sprite, coin
WIDE, HIGH, COIN = 0.75, 1.25, 0.75


def shapes(kind: int) -> list[tuple[int, int]]:
    """Return a pair of bytes for each shape of an obstacle; of enemies also for each place to begin."""
    fourths = [0, 64, 128, 192]
    if kind == game.ENEMY:
        return list(itertools.product((0, 100, 200), range(256)))
    return list(itertools.product((0, 100, 200), fourths))


def level_words(obstacles: list[tuple[int, int, int, int]], height: int, start: int, limit: int) -> list[int]:
    """Return the words of a level with given obstacles: kind, two bytes of shape and one of spacing each."""
    first = 128 * height << 8 | 8 * start << 16 | limit << 24
    coded = [32 * kind | a << 8 | b << 16 | spacing << 24 for kind, a, b, spacing in obstacles]
    return [first, 12345, *coded, *[0] * (game.OBSTACLES - len(coded)), 0x8040, 0]


def played(levels_of: list[list[int]], *, fails: bool, seed: int = 0) -> game.Episodes:
    """Return what the player makes of levels: with no pauses in every other one."""
    player = words(len(levels_of), game.PLAY_WORDS, seed)
    player[::2, 1:5] = 0xFFFFFFFF
    lost = np.full(len(levels_of), fails, np.uint8)
    return cpu.play(cpu.levels(np.array(levels_of, np.uint32)), player, lost)


def singles() -> list[list[int]]:
    """Return a level for every obstacle of every shape that comes first, from every start, on either ground."""
    starts = list(itertools.product((0, 1), range(32)))
    found = []
    for kind in range(8):
        pairs = shapes(kind)
        places = starts if len(pairs) < 100 else starts[:: len(pairs) // 96]
        found += [level_words([(kind, a, b, 0)], height, start, 0) for a, b in pairs for height, start in places]
    return found


def test_every_obstacle_is_passed_and_nothing_else_than_jumping_passes_it():
    levels = singles()
    assert (played(levels, fails=False).ends == game.HAS_COIN).all()
    assert (played(levels, fails=True).ends != game.HAS_COIN).all()


@pytest.mark.slow  # every two obstacles
def test_every_pair_of_obstacles_is_passed():
    kinds = [(kind, *pair) for kind in range(8) for pair in shapes(kind)[:: 1 if kind != game.ENEMY else 37]]
    for spacing in (0, 100, 200):
        for first in kinds:
            levels = [
                level_words([(*first, 0), (*second, spacing)], start % 2, start % 32, 20)
                for start, second in itertools.product(range(0, 40, 3), kinds)
            ]
            assert (played(levels, fails=False, seed=spacing).ends == game.HAS_COIN).all(), first
            assert (played(levels, fails=True, seed=spacing).ends != game.HAS_COIN).all(), first


@pytest.mark.parametrize("n", [20_000, pytest.param(200_000, marks=pytest.mark.slow)])
def test_every_level_is_won_unless_the_player_forgets_to_jump(n):
    for part in range(0, n, 20_000):
        levels, player = cpu.levels(words(20_000, game.LEVEL_WORDS, part)), words(20_000, game.PLAY_WORDS, part + 1)
        for fails in (0, 1):
            episodes = cpu.play(levels, player, np.full(20_000, fails, np.uint8))
            assert ((episodes.ends == game.HAS_COIN) == (not fails)).all()
            assert (episodes.lengths <= game.LIMIT).all()
            assert ((episodes.ends != game.GOES_ON) | (episodes.lengths == game.LIMIT)).all()


def test_all_keys_are_pressed_and_all_ways_to_end_are_taken():
    levels, player = cpu.levels(words(4000, game.LEVEL_WORDS, 5)), words(4000, game.PLAY_WORDS, 6)
    episodes = cpu.play(levels, player, (np.arange(4000) % 2).astype(np.uint8))
    taken = np.concatenate([a[:n] for a, n in zip(episodes.actions, episodes.lengths, strict=True)])
    counts = np.bincount(taken, minlength=15)
    never = {"left+up", "up"}  # it jumps to the right alone
    assert {name for name, n in zip(game.ACTIONS, counts.tolist(), strict=True) if not n} == never
    assert set(episodes.ends.tolist()) == {game.GOES_ON, game.HAS_COIN, game.DIES}


def test_shares_are_those_of_the_parameters():
    n = 20_000
    batch = simkit.source("platformer").generate(7, range(n))
    is_rewarded = batch["reward"] == 10
    assert set(batch["reward"].tolist()) == {0, 10}
    _share(is_rewarded, 0.0093)
    _share(batch["succeeded"][~is_rewarded] == 1, 0.936)
    assert (batch["succeeded"][is_rewarded] == 1).all()
    assert (batch["t"][is_rewarded] == batch["length"][is_rewarded] - 1).all()
    zero = (batch["length"] - batch["succeeded"])[~is_rewarded]
    places = (batch["t"][~is_rewarded] + 0.5) / zero
    assert abs(places.mean() - 0.5) < 4 * math.sqrt(1 / 12 / len(places))
    assert (batch["t"][~is_rewarded] < zero).all()
    assert (np.bincount(batch["theme"], minlength=4) > n / 4 - 4 * math.sqrt(n * 3 / 16)).all()


@pytest.mark.parametrize(("reward_rate", "success"), [(1, 0), (0, 0), (0, 1), (1, 1)])
def test_shares_that_leave_nothing_to_chance(reward_rate, success):
    batch = simkit.source("platformer", reward_rate=reward_rate, success=success).generate(8, range(300))
    assert (batch["reward"] == 10 * reward_rate).all()
    assert (batch["succeeded"] == max(reward_rate, success)).all()


def _share(which, wanted):
    assert abs(which.mean() - wanted) < 4 * math.sqrt(wanted * (1 - wanted) / len(which))


@pytest.fixture(scope="module")
def batches():
    """Rows of each edit, half of them rewarded before it."""
    return {edit: simkit.source("platformer", reward_rate=0.5, edit=edit).generate(3, range(600)) for edit in EDITS}


def touches(sprite, coins):
    """Return whether the box of the sprite has more than an edge in common with that of a coin."""
    away = np.abs(coins - sprite[:, None])
    return ((away[..., 0] < (WIDE + COIN) / 2) & (away[..., 1] < (HIGH + COIN) / 2)).any(axis=1)  # False for NaN


@pytest.mark.parametrize("edit", EDITS)
def test_the_reward_is_that_of_touching_a_coin_alive(batches, edit):
    batch = batches[edit]
    has_coin = touches(batch["next_sprite"], batch["coins"]) & ~dies(batch)
    assert np.array_equal(has_coin, batch["reward"] == 10)
    assert not touches(batch["sprite"], batch["coins"]).any()


def dies(batch):
    """Return whether the box of the sprite meets that of a saw or an enemy after the step, or its feet are in lava."""
    away = np.abs(batch["next_hazards"] - batch["next_sprite"][:, None])
    meets = (away[..., 0] < (WIDE + COIN) / 2) & (away[..., 1] < (HIGH + COIN) / 2)
    return meets.any(axis=1) | (batch["next_sprite"][:, 1] - HIGH / 2 < 0.75)


def test_a_sprite_that_dies_gets_no_coin():
    """There are few such rows: this one was found among 3,000."""
    batch = simkit.source("platformer", reward_rate=0.3, edit="many-coins").generate(31, range(1996, 1997))
    assert touches(batch["next_sprite"], batch["coins"]).all()
    assert dies(batch).all()
    assert not batch["reward"].any()


@pytest.mark.parametrize("edit", EDITS)
def test_the_rules_lead_from_each_state_to_the_next(batches, edit):
    """By the reference's own rules, row by row, from the fields alone and the level, which the seed gives."""
    batch, n = batches[edit], 600
    rows = np.arange(n, dtype=np.uint64)
    levels = reference.levels(philox.words(3, rows, 1, game.LEVEL_WORDS))
    states = {prefix: _states(batch, prefix) for prefix in ("", "next_")}
    coins = np.where(np.isnan(batch["coins"]), game.NOWHERE, batch["coins"] * game.TILE).astype(np.int16)
    step = reference.step(levels, states[""], batch["action"], batch["t"], coins)
    assert np.array_equal(step.states, states["next_"])
    assert np.array_equal(step.ends == game.HAS_COIN, batch["reward"] == 10)
    for i, later in enumerate(("", "next_")):
        places = [
            [(reference.hazard_at(hazard, int(t) + i), int(hazard[2]) + 96) for hazard in hazards]
            for hazards, t in zip(levels.hazards, batch["t"], strict=True)
        ]
        wanted = np.where(levels.hazards[:, :, :1] == game.NO_HAZARD, np.nan, np.array(places) / game.TILE)
        assert np.array_equal(batch[later + "hazards"], wanted, equal_nan=True)
    for i in range(n):
        boxes = reference.solid_boxes(levels.maps[i], reference.sprite_box(*states[""][i, :2].tolist()))
        assert not boxes, f"row {i} begins in the ground"


def _states(batch, prefix):
    sprite, velocity = batch[prefix + "sprite"] * game.TILE, batch[prefix + "velocity"] * game.TILE
    x, feet = sprite[:, 0], sprite[:, 1] - game.MIDDLE
    return np.stack((x, feet, velocity[:, 0], velocity[:, 1], batch[prefix + "on_ground"]), axis=1).astype(np.int16)


@pytest.mark.parametrize("edit", EDITS)
def test_distances_are_those_of_the_places(batches, edit):
    batch = batches[edit]
    for prefix in ("", "next_"):
        away = batch["coins"].astype(np.float64) - batch[prefix + "sprite"][:, None]
        lengths = np.where(np.isnan(away[..., 0]), np.inf, np.hypot(away[..., 0], away[..., 1]))
        distance = lengths.min(axis=1)
        inverse = 1 / np.maximum(distance, 0.2)
        assert np.allclose(batch[prefix + "distance"], distance, rtol=1e-6)
        assert np.allclose(batch[prefix + "distance_capped"], np.minimum(distance, 13 * math.sqrt(2)), rtol=1e-6)
        assert np.allclose(batch[prefix + "distance_squared"], np.minimum(distance**2, 338), rtol=1e-6)
        assert np.allclose(batch[prefix + "inverse_distance"], inverse, rtol=1e-6)
        assert np.allclose(batch[prefix + "inverse_squared"], 1 / np.maximum(distance**2, 0.2), rtol=1e-6)
        nearest = away[np.arange(len(away)), lengths.argmin(axis=1)]
        assert np.array_equal(batch[prefix + "offset"], nearest.astype(np.float32), equal_nan=True)


def test_a_coin_is_visible_if_the_picture_would_be_another_without_it(batches):
    shown, bare = batches["none"], batches["coin-removed"]
    for prefix in ("", "next_"):
        differs = (shown[prefix + "frame"] != bare[prefix + "frame"]).any(axis=(1, 2, 3))
        assert np.array_equal(differs, shown[prefix + "visible"] == 1)
        assert 0.1 < differs.mean() < 0.9
        assert not bare[prefix + "visible"].any()


def test_the_view_is_centred_on_the_sprite(batches):
    """Its picture stands in the middle of the frame, in each pixel that no coin covers."""
    bare = batches["coin-removed"]
    poses = art.sprites(1)[: art.COIN]
    left, top = 32 - 3, 32 + 3 - 7
    for prefix in ("", "next_"):
        assert np.array_equal(bare[prefix + "view"], bare[prefix + "sprite"])
        shown = bare[prefix + "frame"][:, None, :, top : top + 7, left : left + 6]
        is_same = ((shown == poses[:, :3]) | (poses[:, 3:] < 255)).all(axis=(2, 3, 4))
        assert is_same.any(axis=1).all()
        assert is_same.any(axis=0)[[art.STAND, art.STRIDE, art.PASS, art.LEAP]].all()


def test_wherever_a_coin_is_it_is_drawn_and_said_to_be_visible_or_neither():
    """Of a sprite in the middle of the air, and coins all around it, up to the borders of the picture and beyond."""
    on, n = Kernels.load((game.KERNEL, raster.KERNEL), "cpu"), 90
    across, down = np.meshgrid(np.linspace(-2000, 2000, n), np.linspace(-2000, 2000, n))
    levels = cpu.levels(np.zeros((n * n, game.LEVEL_WORDS), np.uint32))
    states = np.tile(np.array([5000, 1500, 0, 0, 0], np.int16), (n * n, 1))
    coins = (states[:, None, :2] + np.stack((across, down), axis=-1).reshape(n * n, 1, 2)).astype(np.int16)
    moment = Moment(states, states[:, :2], coins, np.zeros(n * n, np.int32))
    bare = draw(levels, moment._replace(coins=np.full_like(coins, game.NOWHERE)), 1, on)
    is_seen = (draw(levels, moment, 1, on) != bare).any(axis=(1, 2, 3))
    assert np.array_equal(measure(levels, moment, 1, "")["visible"] == 1, is_seen)
    assert 0.5 < is_seen.mean() < 0.9


def test_hazards_are_drawn_where_the_fields_say(batches):
    batch, atlas = batches["none"], art.sprites(1)
    n_seen = 0
    for row, i in zip(*np.nonzero(batch["hazard_kind"]), strict=True):
        (x, y), (view_x, view_y) = batch["hazards"][row, i].tolist(), batch["view"][row].tolist()
        feet = game.TOP + 1 - (y - 96 / game.TILE), game.TOP + 1 - (view_y - game.MIDDLE / game.TILE)
        left = math.floor(5 * x) - math.floor(5 * view_x) + 32 - 3
        top = math.floor(5 * feet[0]) - math.floor(5 * feet[1]) + 35 - 7
        if 0 <= left <= 58 and 0 <= top <= 57 and abs(x - view_x) > 1.5 and batch["distance"][row] > 12:
            shown = batch["frame"][row, :, top : top + 7, left : left + 6]
            first = art.SAW if batch["hazard_kind"][row, i] == game.IS_SAW else art.ENEMY
            poses = atlas[first : first + 2]
            assert ((shown == poses[:, :3]) | (poses[:, 3:] < 255)).all(axis=(1, 2, 3)).any(), (row, i)
            n_seen += 1
    assert n_seen > 5


@pytest.mark.parametrize("edit", EDITS)
def test_rows_that_are_not_edited_stay_as_they_are(batches, edit):
    batch, original = batches[edit], batches["none"]
    is_edited = batch["edited"] == 1
    if edit != "many-coins":  # it has more coins in each row
        for name, values in original.items():
            assert np.array_equal(batch[name][~is_edited], values[~is_edited], equal_nan=values.dtype.kind == "f"), name
    for name in ("original_reward", "view", "next_view", "t", "length", "theme", "succeeded", "hazards"):
        assert np.array_equal(batch[name], original[name], equal_nan=original[name].dtype.kind == "f"), name
    assert np.array_equal(batch["original_reward"], original["reward"])
    wanted = edit != "none"
    assert (is_edited[original["reward"] == 10] == wanted).all(), "each rewarded transition can be edited"
    assert edit == "none" or is_edited.mean() > 0.75


def test_translated_moves_sprite_and_coin_to_the_left_by_the_same_tiles(batches):
    batch, original = batches["translated"], batches["none"]
    moved = (original["sprite"] - batch["sprite"])[batch["edited"] == 1]
    assert set(moved[:, 0].tolist()) == {1, 2, 3, 4}
    assert not moved[:, 1].any()
    for name in ("offset", "next_offset", "reward", "action", "velocity"):
        assert np.array_equal(batch[name], original[name]), name


def test_rearranged_has_the_coin_above_the_sprite_which_jumps_up_to_it(batches):
    batch = batches["rearranged"]
    edited = {name: values[batch["edited"] == 1] for name, values in batch.items()}
    assert (edited["reward"] == 10).all()
    assert (edited["action"] == game.ACTIONS.index("up")).all()
    assert not edited["offset"][:, 0].any()
    assert (edited["offset"][:, 1] >= (HIGH + COIN) / 2).all()
    assert (edited["next_sprite"][:, 1] > edited["sprite"][:, 1]).all()
    assert (edited["visible"] == 1).all()
    assert set(edited["original_reward"].tolist()) == {0, 10}


def test_coins_that_are_removed_or_added_change_the_reward_alone(batches):
    none, removed, many = batches["none"], batches["coin-removed"], batches["many-coins"]
    for batch in (removed, many):
        for name in ("sprite", "next_sprite", "action", "velocity", "next_velocity"):
            assert np.array_equal(batch[name], none[name]), name
    assert not removed["reward"].any()
    n_coins = (~np.isnan(many["coins"][:, :, 0])).sum(axis=1)
    assert n_coins.max() > 5
    assert np.array_equal(many["coins"][:, 0], none["coins"][:, 0])
    assert ((many["reward"] == 10) & (none["reward"] == 0)).any()
    for coins in many["coins"]:
        there = coins[~np.isnan(coins[:, 0])]
        assert len(np.unique(there, axis=0)) == len(there)


@pytest.mark.parametrize("place", COMPILED)
@pytest.mark.parametrize("edit", EDITS)
def test_edits_are_the_same_on_all_backends(edit, place):
    source = simkit.source("platformer", reward_rate=0.5, edit=edit)
    wanted = source.generate(5, range(12), backend="reference")
    with on(place, *source.kernels) as backend:
        found = source.generate(5, range(12), backend=backend)
    for name, values in wanted.items():
        assert np.array_equal(found[name], values, equal_nan=values.dtype.kind == "f"), name


def test_the_film_of_a_row_is_its_episode():
    source = simkit.source("platformer", size=128, reward_rate=0.5)
    batch = source.generate(2, range(6))
    for row in range(6):
        film = source.film(2, row)
        assert len(film) == batch["length"][row] + 1
        t = batch["t"][row]
        for i, name in ((0, "frame"), (1, "next_frame")):
            assert np.array_equal(film[t + i][0], batch[name][row])
        assert film[t][1] == game.ACTIONS[batch["action"][row]]
        assert (film[-1][1] == "the coin") == batch["succeeded"][row]
    colours = np.unique(np.stack([picture for picture, _ in film]).transpose(0, 2, 3, 1).reshape(-1, 3), axis=0)
    assert len(colours) <= 200  # what a film can have without losing any
    assert simkit.source("platformer").film(2, 0)[0][0].shape == (3, 128, 128)


def test_the_last_line_of_a_run_says_how_many_rows_are_rewarded_and_edited():
    def read(*fields):
        yield {name: np.array([10, 0, 10]) if name == "reward" else np.array([1, 0, 0]) for name in fields}

    assert simkit.source("platformer").summary(read) == "2 rows with the reward"
    assert simkit.source("platformer", edit="translated").summary(read) == "2 rows with the reward, 1 edited"
    one = {"reward": np.array([0, 10]), "edited": np.array([0, 0])}
    for name in ("platformer", "maze"):
        assert simkit.source(name).summary(lambda *fields: iter([one])) == "1 row with the reward"


def test_pictures_of_any_size_show_the_same():
    small, large = (simkit.source("platformer", size=size).generate(4, range(20)) for size in (64, 256))
    for name in small:
        if "visible" in name:  # the last pixel of a coin at the edge is smaller in a larger picture
            differs = small[name] != large[name]
            away = np.abs(small[name.replace("visible", "offset")]).max(axis=1)
            assert ((away[differs] > 6.6) & (away[differs] < 7.1)).all()
        elif "frame" not in name:
            assert np.array_equal(small[name], large[name], equal_nan=small[name].dtype.kind == "f"), name
    means = large["frame"].reshape(20, 3, 64, 4, 64, 4).mean(axis=(3, 5))
    assert (np.abs(means - small["frame"]) < 60).mean() > 0.97


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"reward_rate": 1.5}, ParameterError, "'reward_rate' takes a share from 0 to 1; this is 1.5"),
        ({"success": -0.1}, ParameterError, "'success' takes a share from 0 to 1; this is -0.1"),
        ({"success": math.nan}, ParameterError, "'success' takes a share from 0 to 1; this is nan"),
        ({"size": 100}, ParameterError, "'size' takes a multiple of 64 from 64 to 1024; this is 100"),
        ({"size": 0}, ParameterError, "'size' takes a multiple of 64"),
        ({"edit": "turned"}, UnknownNameError, "turned"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters, error, message):
    with pytest.raises(error, match=message):
        simkit.source("platformer", **parameters)
