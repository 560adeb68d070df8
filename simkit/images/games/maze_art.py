"""How the maze looks: tiles and sprites, drawn in characters.

Rooms are 6 pixels wide and the walls between them 2, so that the middles of cells are 4 pixels apart, whether of rooms
or between them: the middle of cell (x, y) is the corner of pixels at (LEFT + 4x + 3, TOP + 4y + 3). Each colour of keys
and locks also has a direction of its own: across, upright or slanting.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.kernels.maze import N_COLOURS

U8 = npt.NDArray[np.uint8]

#: pixels of a side of a picture, from one cell to the next, and of a tile; those of a room
SIDE, PITCH, TILE, _WIDTH = 64, 4, 8, 6

#: where the world begins in the picture; above it are the keys that the agent holds
LEFT, TOP = 5, 8

#: where the keys that are held are shown, and how far each is from the one before
POCKET, POCKET_STEP = (5, 1), 8

#: numbers of sprites, in the order in which they are painted; those of colours follow one another
LOCK, KEY, HELD, DIAMOND, AGENT = *(N_COLOURS * i for i in (0, 2, 3, 4)), 4 * N_COLOURS + 1

#: bits of a tile's number. A tile is a room with what is between it and the next ones, to its right and below it. The
#: bits say which cells are floor: the room; those to its right, below it, above it and to its left; the next room
#: below, and the cell to the right of that
ROOM, RIGHT, DOWN, UP, ASIDE, BELOW, BELOW_RIGHT = (1 << i for i in range(7))

_COLOURS = {
    "k": (24, 22, 38), "w": (255, 255, 255), "g": (148, 154, 172), "o": (240, 150, 60), "s": (246, 205, 170),
    "c": (62, 208, 226), "t": (18, 150, 190), "i": (214, 250, 255), "d": (8, 92, 140), "p": (240, 233, 214),
}  # fmt: skip

#: of each colour of keys and locks: the body, and the dark edge of a lock
_BODIES = (((0, 98, 190), (0, 46, 104)), ((214, 72, 20), (116, 24, 0)), ((0, 142, 92), (0, 70, 44)))

_KEYS = (
    ("......", ".bb...", "b..bbb", "b..b.b", ".bb...", "......"),
    ("..bb..", ".b..b.", ".b..b.", "..bb..", "..b...", "..bb.."),
    ("bbb...", "b.b...", "bbbb..", "...bb.", "....bb", "...b.b"),
)
#: in passages across, then in those up and down
_LOCKS = (
    (".eeee.", ".eppe.", ".ebbe.", ".ebbe.", ".eppe.", ".eeee."),
    (".eeee.", ".epbe.", ".epbe.", ".epbe.", ".epbe.", ".eeee."),
    (".eeee.", ".ebpe.", ".ebpe.", ".epbe.", ".epbe.", ".eeee."),
    ("......", "eeeeee", "eppppe", "ebbbbe", "eeeeee", "......"),
    ("......", "eeeeee", "epbbpe", "epbbpe", "eeeeee", "......"),
    ("......", "eeeeee", "ebbppe", "eppbbe", "eeeeee", "......"),
)
_DIAMOND = (".icct.", "iwcctd", "cicctd", ".cctd.", "..td..", "......")
_AGENT = (".oooo.", "oooooo", ".kssk.", ".ssss.", "gwwwwg", ".k..k.")


def _drawn(lines: tuple[str, ...], colours: dict[str, tuple[int, int, int]]) -> U8:
    """Return a sprite, uint8 (channel + 1, y, x), of lines of characters; "." is transparent."""
    pixels = [[(*colours[c], 255) if c != "." else (0, 0, 0, 0) for c in line] for line in lines]
    return np.array(pixels, np.uint8).transpose(2, 0, 1)


def sprites() -> U8:
    """Return the sprites: locks, keys, keys in the pocket, the diamond, the agent."""
    of_colour = [{**_COLOURS, "b": body, "e": edge} for body, edge in _BODIES]
    plates = [tuple(line.replace(".", "p") for line in key) for key in _KEYS]
    drawn = [_drawn(lines, of_colour[i % N_COLOURS]) for i, lines in enumerate((*_LOCKS, *_KEYS, *plates))]
    return np.stack([*drawn, _drawn(_DIAMOND, _COLOURS), _drawn(_AGENT, _COLOURS)])


def tiles() -> U8:
    """Return the tiles, uint8 (tile, channel, y, x). Light comes from the right and from below."""
    rock, joint, top, face = (44, 48, 74), (50, 55, 84), (96, 106, 148), (66, 72, 108)
    floor, shade = (233, 226, 208), (203, 193, 172)
    found = np.empty((2 * BELOW_RIGHT, TILE, TILE, 3), np.uint8)
    for number, tile in enumerate(found):
        tile[:] = rock
        if not number & ROOM:
            tile[2] = tile[:3, 2] = tile[6] = tile[3:, 6] = joint  # bricks
            tile[_WIDTH:, _WIDTH:] = rock
        has = {bit: bool(number & bit) for bit in (ROOM, RIGHT, DOWN, UP, ASIDE, BELOW, BELOW_RIGHT)}
        room, gap = slice(0, _WIDTH), slice(_WIDTH, TILE)
        if has[ROOM]:
            tile[room, room] = floor
            if not has[UP]:
                tile[0, room] = shade
            if not has[ASIDE]:
                tile[room, 0] = shade
        if has[RIGHT]:
            tile[room, gap] = floor
            tile[0, gap] = shade
        if has[DOWN]:
            tile[gap, room] = floor
            tile[gap, 0] = shade
        else:
            if has[ROOM]:
                tile[_WIDTH, room] = face
            if has[BELOW]:
                tile[TILE - 1, room] = top
        if has[RIGHT]:
            tile[_WIDTH, gap] = face
        if has[BELOW_RIGHT]:
            tile[TILE - 1, gap] = top
    return found.transpose(0, 3, 1, 2).copy()
