"""Levels of the maze in Numba. Cells are numbers of a world with a border; ways are found by going back to the start.

In a tree there is one way between two cells: from each back to the start, without what both have in common.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from simkit.kernels.compiling import INNER
from simkit.kernels.maze import MIN_SIDE, N_COLOURS, STEPS, WORLD
from simkit.kernels.philox.cpu import _block as block

#: cells of a row of the world, a border on both sides included, and of all rows
STRIDE = WORLD + 2
N_CELLS = STRIDE * STRIDE

_ROOMS = (WORLD + 1) // 2
_PASSAGES = 2 * _ROOMS * (_ROOMS - 1)

#: blocks of four words that a level takes at most: nine words, the passages, the start, locks, their order, things
LEVEL_BLOCKS = -(-(9 + _PASSAGES + 1 + 3 * N_COLOURS + 1) // 4)

#: what a cell needs that no agent has: it is a wall
WALL = 0x80

#: from a cell to those beside it, in the order of STEPS
BESIDE = np.array([x + STRIDE * y for x, y in STEPS], np.int64)

_32, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


@nb.njit(**INNER)
def draw_words(seed, row, stream, n_blocks, words):
    """Draw the first blocks of a stream."""
    k0, k1 = np.uint32(seed & _LOW), np.uint32(seed >> _32)
    r0, r1 = np.uint32(row & _LOW), np.uint32(row >> _32)
    for b in range(n_blocks):
        w0, w1, w2, w3 = block(np.uint32(b), r0, r1, stream, k0, k1)
        words[4 * b], words[4 * b + 1], words[4 * b + 2], words[4 * b + 3] = w0, w1, w2, w3


@nb.njit(**INNER)
def below(word, n):
    """Return a number below n."""
    return np.int64((np.uint64(word) * np.uint64(n)) >> _32)


@nb.njit(**INNER)
def _part(parts, room):
    while parts[room] != room:
        parts[room] = parts[parts[room]]
        room = parts[room]
    return room


@nb.njit(**INNER)
def _carve(words, at, n, first, need):
    """Join n x n rooms to a perfect maze; return which word is next."""
    parts, passages = np.arange(n * n), np.empty(_PASSAGES, np.int64)
    m = n * (n - 1)
    for j in range(n):
        for i in range(n - 1):
            passages[j * (n - 1) + i] = 2 * (j * n + i)  # to the right, row by row
            passages[m + i * n + j] = 2 * (i * n + j) + 1  # down, row by row
    left, n_joined = 2 * m, 1
    while n_joined < n * n:
        j = below(words[at], left)
        at, left = at + 1, left - 1
        passage = passages[j]
        passages[j] = passages[left]
        room = passage >> 1
        a, b = _part(parts, room), _part(parts, room + (n if passage & 1 else 1))
        if a != b:
            parts[a] = b
            n_joined += 1
            need[first + 2 * STRIDE * (room // n) + 2 * (room % n) + (STRIDE if passage & 1 else 1)] = 0
    return at


@nb.njit(**INNER)
def turn(ways, lock):
    """Close the ways into the cell of a lock, or open them again."""
    for way in range(4):
        if ways[lock] >> way & 1:
            ways[lock + BESIDE[way]] ^= 1 << (way ^ 1)


@nb.njit(**INNER)
def make(words, size, most, level):
    """Make a level of its words: fill in what arrays of `level` hold; return numbers that `cpu` names."""
    need, gives, ways, back, depth, things, locks, colours = level
    number = below(words[2], (size - MIN_SIDE) // 2 + 1)
    side = MIN_SIDE + 2 * number
    n_keys = min(most, number + below(words[3], 2))
    n_places = (WORLD - side) // 2 + 1
    first = 1 + 2 * below(words[4], n_places) + STRIDE * (1 + 2 * below(words[5], n_places))
    unnoticed = below(words[6], n_keys + 1)
    for i in range(N_COLOURS):
        colours[i] = i
    for i in range(2):
        j = below(words[7 + i], 3 - i)
        colours[2 - i], colours[j] = colours[j], colours[2 - i]
    n = (side + 1) // 2
    need[:] = WALL
    gives[:] = 0
    ways[:] = 0
    for room in range(n * n):
        need[first + 2 * STRIDE * (room // n) + 2 * (room % n)] = 0
    at = _carve(words, 9, n, first, need)
    room = below(words[at], n * n)
    start = first + 2 * STRIDE * (room // n) + 2 * (room % n)
    at += 1
    # rooms in their order from the start
    order, pool = np.empty(n * n, np.int64), np.empty(n * n, np.int64)
    back[:] = 255
    order[0], n_found = start, 1
    back[start], depth[start] = 4, 0
    for i in range(n * n):
        room = order[i]
        for way in range(4):
            passage = room + BESIDE[way]
            other = passage + BESIDE[way]
            if need[passage] == 0 and back[passage] == 255:
                back[passage] = back[other] = way ^ 1
                ways[room] |= 1 << way
                ways[passage] = 3 if way < 2 else 12
                ways[other] |= 1 << (way ^ 1)
                depth[passage], depth[other] = depth[room] + 1, depth[room] + 2
                order[n_found] = other
                n_found += 1
    # locks, and the regions that they cut off: 0, and 1 + i behind lock i
    region = np.zeros(N_CELLS, np.uint8)
    closed = np.empty(N_COLOURS, np.int64)
    for i in range(n * n - 2):
        pool[i] = order[2 + i]
    for i in range(n_keys):
        left = n * n - 2 - i
        j = below(words[at + i], left)
        closed[i] = pool[j]
        pool[j] = pool[left - 1]
        region[closed[i]] = 1 + i
    at += n_keys
    for i in range(1, n * n):
        room = order[i]
        if region[room] == 0:
            region[room] = region[room + 2 * BESIDE[back[room]]]
    # the order in which regions open
    opened, is_open = np.zeros(N_COLOURS + 1, np.uint8), np.zeros(N_COLOURS + 1, np.bool_)
    is_open[0] = True
    for k in range(n_keys):
        n_can = 0
        for i in range(n_keys):
            outside = region[closed[i] + 2 * BESIDE[back[closed[i]]]]
            if not is_open[1 + i] and is_open[outside]:
                pool[n_can] = i
                n_can += 1
        i = pool[below(words[at + k], n_can)]
        opened[1 + k] = 1 + i
        locks[k] = closed[i] + BESIDE[back[closed[i]]]
        is_open[1 + i] = True
    at += n_keys
    for k in range(n_keys + 1):
        n_can = 0
        for i in range(1, n * n):
            if region[order[i]] == opened[k]:
                pool[n_can] = order[i]
                n_can += 1
        things[k] = pool[below(words[at + k], n_can)]
    for k in range(n_keys):
        need[locks[k]] = 1 << colours[k]
        turn(ways, locks[k])
        gives[things[k]] = 1 << colours[k]
    return side, n_keys, unnoticed, start
