"""A game of running and jumping: its levels, its rules, and a player that wins, all in integers.

A level is a strip of ground between two walls, with pits of lava, platforms, walls, crates, terraces, saws and walking
enemies, and a coin at its right end. Lengths are in units of 1/256 of a tile, x to the right and y upwards, 0 at the
left edge of the map and the height of the lava's foot. The tile in column c and row r of a map covers x from ``256 c``
and y from ``256 (TOP - r)``. Every backend module has these functions.

``levels(words) -> Levels``
    Build levels from random words, uint32 (row, LEVEL_WORDS); see `Levels` and "Levels" below.

``play(levels, words, fails) -> Episodes``
    Let the player play each level once; see `Episodes` and "The player" below.

    * words: uint32 (row, PLAY_WORDS)
    * fails: uint8 (row,), 1 = the player forgets to jump

``step(levels, states, actions, times, coins) -> Step``
    Apply the rules once, to any states.

    * states: int16 (row, 5), as STATE says: the sprite is where it meets no solid tile
    * actions: uint8 (row,), 0..14, as ACTIONS says
    * times: int32 (row,), how many steps there were before: it says where the enemies are
    * coins: int16 (row, coin, 2), x and y of the middle; NOWHERE as x = no coin

The rules
---------
The sprite is a box of WIDTH x HEIGHT, whose x is that of its middle and whose y is that of its feet; its middle is
MIDDLE above them. A step:

1. Left or right changes vx by PUSH, up to RUN either way; neither brings it nearer to 0 by PUSH. Down has no effect.
2. Up sets vy to JUMP if the sprite is on the ground; otherwise vy falls by GRAVITY, to -FALL at most.
3. The sprite moves by vx along x, then by vy along y. A solid tile that is in the way stops it where they touch, and
   sets that speed to 0. It is on the ground if the second move was downwards and was stopped.
4. Time t goes on by one, and enemies walk to and fro: x of a hazard's middle is left + s or left + 2 range - s, the
   lesser, where s = (phase + ENEMY_RUN t) mod 2 range; a saw has range 0 and stays.
5. The sprite dies if its feet are below LAVA, or if its box meets that of a hazard (2 REACH wide, HAZARD high).
   Otherwise it has the coin if its box meets that of a coin (2 REACH wide and high).

Boxes that only touch do not meet. A step can give a coin and no more than that: the reward of the game.

Levels
------
Random numbers 0..n-1 are ``n * b >> 8`` of a byte b of a word, byte 0 the lowest. Word 0: theme, height of the ground
at the start (3 or 4), start of the sprite (9.5 tiles and 1/32 tile times 0..31), last column where an obstacle may
begin (20..44). Word 1 is the seed of decorations. Words 2 to 5 are obstacles: byte 0 their kind, 1 and 2 their shape,
and phase of enemies, 3 the distance from the one before. Word 6: the coin is 8 to 10 columns past the last obstacle
(byte 0), and 0 to 2 columns from the wall (byte 1). Obstacles follow one another at distances that a jump over one
cannot reach, so that the player passes each at full speed: `tests/facts` tries all shapes at all phases.

Decorations (stones, plants, clouds) stand where the byte ``chance`` of a column and a height is below a number: the
highest byte of ``(w ^ w >> 15) * MIXERS[3]``, where w is ``(seed ^ column * MIXERS[0] ^ (64 + height) * MIXERS[1]) *
MIXERS[2]``, all modulo 2**32. They change nothing in the game, and neither do themes.

The player
----------
It runs to the right, and jumps where an obstacle says so (`Levels.triggers`). Sometimes, on the ground, in the first
PAUSES steps, and at least CLEAR from the next obstacle, it stops or turns back for up to eight steps: byte t // 8 of
words 1 to 4 is below IDLE, or below IDLE + BACK if it is BACK_OFF past the last obstacle. Byte t of the words from 5 on
picks one of the actions that have the same effect. One that fails jumps no more from trigger ``n * word 0 >> 32`` of n
on, and dies there, or stands before a wall until time is up, at LIMIT.

After K. Cobbe et al., "Leveraging procedural generation to benchmark reinforcement learning", ICML (2020), whose
CoinRun has such levels and these actions; code, rules and pictures are others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernel

U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]

KERNEL = Kernel("platformer", ("cuda", "cpu", "reference"))

#: units of a tile
TILE = 256

#: columns and rows of a map; the row whose foot is y = 0; columns of the wall at either end
COLUMNS, ROWS, TOP, BORDER = 72, 24, 17, 8

#: actions as procgen numbers them: keys of arrows, then letters, which have no effect in this game
ACTIONS = ("left+down", "left", "left+up", "down", "nothing", "up", "right+down", "right", "right+up", "d", "a", "w",
           "s", "q", "e")  # fmt: skip

#: what a state is, int16 each: place and speed of the sprite, and whether it is on the ground
STATE = ("x", "y", "vx", "vy", "ground")

#: the sprite's box and middle; half a side of the boxes of coins and hazards; height of a hazard; the lava's surface
WIDTH, HEIGHT, MIDDLE, REACH, HAZARD, LAVA = 192, 320, 160, 96, 192, 192

#: speeds and their changes in a step
RUN, PUSH, JUMP, GRAVITY, FALL, ENEMY_RUN = 80, 24, 200, 28, 224, 16

#: steps of an episode at most; steps with pauses; bytes of 256 that are pauses, and turns
LIMIT, PAUSES, IDLE, BACK = 300, 100, 24, 12

#: how far before an obstacle of each kind the player jumps: edges, what stands on the ground, hazards
AT_EDGE, AT_WALL, AT_HAZARD = RUN, 336, 400

#: how far from the next obstacle there are pauses, and past the last one turns
CLEAR, BACK_OFF = 640, 384

#: obstacles, hazards and places to jump that a level has at most; words that it is made of, and those of the player
OBSTACLES, HAZARDS, TRIGGERS = 4, 4, 8
LEVEL_WORDS, PLAY_WORDS = 8, 80

#: obstacles
GAP, PLATFORM, BARRIER, CRATES, SAW, ENEMY, UP, DOWN = range(8)

#: kinds of hazards
NO_HAZARD, IS_SAW, IS_ENEMY = range(3)

#: themes, and what tiles are: the number of a tile is its kind times N_THEMES, plus the theme
N_THEMES = 4
KINDS = ("sky", "high sky", "higher sky", "highest sky", "cloud", "plant", "flower", "lava's surface", "lava", "turf",
         "earth", "stone", "brick", "crate", "plank")  # fmt: skip
SKY, CLOUD, PLANT, FLOWER, SURFACE, MOLTEN, TURF, EARTH, STONE, BRICK, CRATE, PLANK = (0, *range(4, 15))

#: tiles from this number on are solid
SOLID = TURF * N_THEMES

#: odd numbers that mix bits
MIXERS = (0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F)

#: of 256 tiles of earth, stones; on turf, plants, and plants or flowers; of the sky where clouds are, clouds
STONES, PLANTS, GROWN, CLOUDS = 40, 48, 72, 24

#: heights in tiles from which on the sky is a shade darker; clouds are in the last but one
SHADES = (7, 9, 11)

#: no coin; no more places to jump
NOWHERE = -32768
NEVER = 32767

#: what a step may end with
GOES_ON, HAS_COIN, DIES = range(3)


class Levels(NamedTuple):
    """Levels."""

    #: uint8 (row, ROWS, COLUMNS): numbers of tiles
    maps: U8
    #: int16 (row, 2): x and y of the sprite at the start
    starts: I16
    #: int16 (row, 2): x and y of the middle of the coin
    coins: I16
    #: int16 (row, HAZARDS, 5): kind, left, y of the foot, range, phase; 0 where there is none
    hazards: I16
    #: int16 (row, TRIGGERS, 3): x from which on the sprite may jump, hazard that it waits for or -1, and x from which
    #: on the obstacle lies behind; NEVER, -1, 0 where there is none
    triggers: I16


class Episodes(NamedTuple):
    """Episodes."""

    #: int16 (row, LIMIT + 1, 5): states, from the start to the end; 0 beyond
    states: I16
    #: uint8 (row, LIMIT): actions; 0 beyond
    actions: U8
    #: int32 (row,): steps
    lengths: I32
    #: uint8 (row,): what the last step ended with; GOES_ON = time was up
    ends: U8


class Step(NamedTuple):
    """What a step makes of states."""

    #: int16 (row, 5)
    states: I16
    #: uint8 (row,): GOES_ON, HAS_COIN or DIES
    ends: U8
