"""The fast path of the backend cpu, compiled: boards to clusters, clusters to objects by looking them up.

The *field* of a board is all cells that are alive in some generation of its period, and all that have in some generation as
many live neighbours as the smallest number of the rule's B. Islands, and islands that meet at a contact where there could be
a birth, are joined through cells of the field; so what happens in one connected piece of the field, a *cluster*, does
not depend on the others, and is a function of the cluster's live cells at generation 0. These are the key of the
table (`table`) that has the cluster's objects, found once by the exact path (`trace`).

A cluster that reaches round the torus, or is more than MAX_KEY cells wide or high, is *odd*: its cells are given back to be
separated by the exact path on the board itself. Spaceships make such clusters, all the way that they fly.

Boards are words of 64 cells, (y, word), the lowest bit first.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt
from numba.cpython.unsafe.numbers import trailing_zeros

U8 = npt.NDArray[np.uint8]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
U64 = npt.NDArray[np.uint64]

#: cells that a cluster in the table may be wide and high
MAX_KEY = 64

#: what became of a board: all its objects were found; clusters were missing in the table; the period was wrong
DONE, MISSING, ASTRAY = 0, 1, 2

_FIELD, _ALIVE = np.uint8(1), np.uint8(2)

_0, _1, _63 = np.uint64(0), np.uint64(1), np.uint64(63)
_PRIME = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, odd
_29, _32 = np.uint64(29), np.uint64(32)


class Known(NamedTuple):
    """The table of clusters, as arrays; never changed once it was handed out."""

    #: int32, a power of two: open addressing by the hash of the key; cluster, or -1
    slots: I32
    #: of each cluster: hash and rows of its live cells, and where its objects begin; one more at the end
    hashes: U64
    key_starts: I32
    keys: U64
    object_starts: I32
    #: of each object of a cluster: sprite, and its place relative to the cluster's
    sprites: I32
    object_y: I16
    object_x: I16


class Clusters(NamedTuple):
    """Clusters that the table does not have; the first `n[0]`, with `n[1]` rows."""

    n: I32
    hashes: U64
    #: rows of the field, and columns, and the board: int32 (cluster, 3)
    extents: I32
    key_starts: I32
    keys: U64


class Placing(NamedTuple):
    """The objects that were found: of board ``i`` those from ``starts[i]``, `n[i]` of them."""

    starts: npt.NDArray[np.int64]
    n: I32
    sprite: I32
    y: I16
    x: I16


@nb.njit(inline="always")
def _choose(bit, low, high):
    return low ^ (bit & (low ^ high))


@nb.njit(inline="always")
def _by_count(n0, n1, n2, n3, v0, v1, v2, v3, v4, v5, v6, v7, v8):
    """Return in each bit the value ``v`` of the number that the digits n0..n3 make there."""
    low = _choose(n1, _choose(n0, v0, v1), _choose(n0, v2, v3))
    high = _choose(n1, _choose(n0, v4, v5), _choose(n0, v6, v7))
    return _choose(n3, _choose(n2, low, high), v8)


@nb.njit(cache=True, error_model="numpy")
def _generation(now, after, sums, field, height, n_words, width, law):
    """Step a board, and add to the field.

    `now` and `after` have a row of padding above and below; `law` is, for dead and live cells and for the field, 9 words each.
    """
    size = height * n_words
    last = n_words - 1
    top = np.uint64((width - 1) % 64)
    for w in range(n_words):
        now[w] = now[size + w]
        now[size + n_words + w] = now[n_words + w]
    pair0, pair1, row0, row1 = sums
    for y in range(height + 2):
        for w in range(n_words):
            i = y * n_words + w
            c = now[i]
            west = now[i + last] >> top if w == 0 else now[i - 1] >> _63
            if w == last:
                right = c >> _1 | (now[i - last] & _1) << top
            else:
                right = c >> _1 | now[i + 1] << _63
            left = c << _1 | west & _1
            p0, p1 = left ^ right, left & right
            pair0[i], pair1[i] = p0, p1
            row0[i], row1[i] = p0 ^ c, p1 | p0 & c
    b0, b1, b2, b3, b4, b5, b6, b7, b8 = law[0]
    s0, s1, s2, s3, s4, s5, s6, s7, s8 = law[1]
    f0, f1, f2, f3, f4, f5, f6, f7, f8 = law[2]
    d0, d1, d2, d3, d4, d5, d6, d7, d8 = (
        b0 ^ s0, b1 ^ s1, b2 ^ s2, b3 ^ s3, b4 ^ s4, b5 ^ s5, b6 ^ s6, b7 ^ s7, b8 ^ s8,
    )  # fmt: skip
    for i in range(n_words, size + n_words):
        x0, x1 = row0[i - n_words], row1[i - n_words]
        y0, y1 = pair0[i], pair1[i]
        z0, z1 = row0[i + n_words], row1[i + n_words]
        n0 = x0 ^ y0 ^ z0
        carry = x0 & y0 | x0 & z0 | y0 & z0
        t0 = x1 ^ y1 ^ z1
        t1 = x1 & y1 | x1 & z1 | y1 & z1
        n1 = t0 ^ carry
        carry &= t0
        n2, n3 = t1 ^ carry, t1 & carry
        c = now[i]
        after[i] = _by_count(
            n0, n1, n2, n3,
            b0 ^ (c & d0), b1 ^ (c & d1), b2 ^ (c & d2), b3 ^ (c & d3), b4 ^ (c & d4),
            b5 ^ (c & d5), b6 ^ (c & d6), b7 ^ (c & d7), b8 ^ (c & d8),
        )  # fmt: skip
        field[i] |= c | _by_count(n0, n1, n2, n3, f0, f1, f2, f3, f4, f5, f6, f7, f8)
    if width % 64 != 0:
        inside = (_1 << np.uint64(width % 64)) - _1
        for y in range(1, height + 1):
            after[y * n_words + last] &= inside
            field[y * n_words + last] &= inside


@nb.njit(cache=True)
def _spread(field, board, grid, height, n_words, width):
    """Write the field and the live cells to `grid`, a byte a cell."""
    for y in range(height):
        for w in range(n_words):
            word = field[(y + 1) * n_words + w]
            alive = board[y, w]
            while word != 0:
                bit = np.uint64(trailing_zeros(word))
                word &= word - _1
                grid[y * width + 64 * w + np.int64(bit)] = _FIELD | (np.uint8(alive >> bit & _1) << np.uint8(1))


@nb.njit(inline="always")
def _visit(grid, width, ys, xs, rows, columns, alive, n, y, x, row, column):
    at = row * width + column
    found = grid[at]
    if found != 0:
        grid[at] = 0
        ys[n], xs[n], rows[n], columns[n], alive[n] = y, x, row, column, found & _ALIVE
        n += 1
    return n


@nb.njit(cache=True)
def _flood(grid, cells, alive, y, x, height, width):
    """List the cells of the cluster at (y, x), unrolled and as they are, and take them off the grid; return how many."""
    ys, xs, rows, columns = cells
    n = _visit(grid, width, ys, xs, rows, columns, alive, 0, y, x, y, x)
    i = 0
    while i < n:
        y, x, row, column = ys[i], xs[i], rows[i], columns[i]
        i += 1
        up, down = row - 1 if row > 0 else height - 1, row + 1 if row < height - 1 else 0
        west, east = column - 1 if column > 0 else width - 1, column + 1 if column < width - 1 else 0
        n = _visit(grid, width, ys, xs, rows, columns, alive, n, y, x + 1, row, east)
        n = _visit(grid, width, ys, xs, rows, columns, alive, n, y + 1, x - 1, down, west)
        n = _visit(grid, width, ys, xs, rows, columns, alive, n, y + 1, x, down, column)
        n = _visit(grid, width, ys, xs, rows, columns, alive, n, y + 1, x + 1, down, east)
        n = _visit(grid, width, ys, xs, rows, columns, alive, n, y, x - 1, row, west)
        n = _visit(grid, width, ys, xs, rows, columns, alive, n, y - 1, x - 1, up, west)
        n = _visit(grid, width, ys, xs, rows, columns, alive, n, y - 1, x, up, column)
        n = _visit(grid, width, ys, xs, rows, columns, alive, n, y - 1, x + 1, up, east)
    return n


@nb.njit(cache=True)
def hash_key(keys, start, n):
    """Return a hash of the rows of a cluster."""
    value = np.uint64(n)
    for i in range(start, start + n):
        value = (value ^ keys[i]) * _PRIME
        value ^= value >> _29
    value *= _PRIME
    return value ^ value >> _32


@nb.njit(cache=True)
def look_up(known, value, keys, start, n):
    """Return the cluster with the hash `value` and these rows, -1 if it is not known."""
    mask = known.slots.shape[0] - 1
    slot = np.int64(value & np.uint64(mask))
    while True:
        cluster = known.slots[slot]
        if cluster < 0:
            return -1
        first = known.key_starts[cluster]
        if known.hashes[cluster] == value and known.key_starts[cluster + 1] - first == n:
            same = True
            for i in range(n):
                if known.keys[first + i] != keys[start + i]:
                    same = False
                    break
            if same:
                return cluster
        slot = (slot + 1) & mask


@nb.njit(nogil=True, cache=True)
def survey(words, todo, period, width, law, known, missing, odd, placing, result):
    """Find the objects of the boards `todo`.

    Parameters
    ----------
    words : uint64 (sample, y, word)
    todo : int64, rows of `words`
    period : int32 (sample,)
    width : int
        In cells.
    law : tuple of three tuples of nine words
        All ones where a number of live neighbours makes a dead cell alive, keeps a live one, is enough for the field.
    known : Known
    missing : Clusters
        Is filled with the clusters that are not known.
    odd : uint64 (sample, y, word)
        Is filled with the live cells of odd clusters.
    placing : Placing
        Is filled with objects.
    result : uint8 (sample,)
        Is filled with DONE, MISSING or ASTRAY.

    Returns
    -------
    int : how many of `todo` were done before `missing` was full
    """
    height, n_words = words.shape[1:]
    size = (height + 2) * n_words
    now, after, field = np.empty(size, np.uint64), np.empty(size, np.uint64), np.empty(size, np.uint64)
    sums = (np.empty(size, np.uint64), np.empty(size, np.uint64), np.empty(size, np.uint64), np.empty(size, np.uint64))
    grid = np.zeros(height * width, np.uint8)
    cells = (
        np.empty(height * width, np.int32), np.empty(height * width, np.int32),
        np.empty(height * width, np.int32), np.empty(height * width, np.int32),
    )  # fmt: skip
    ys, xs, torus_y, torus_x = cells
    alive = np.empty(height * width, np.uint8)
    missing.n[0] = missing.n[1] = 0
    for done in range(todo.shape[0]):
        board = todo[done]
        field[:] = 0
        for y in range(height):
            for w in range(n_words):
                now[(y + 1) * n_words + w] = words[board, y, w]
        for _ in range(period[board]):
            _generation(now, after, sums, field, height, n_words, width, law)
            now, after = after, now
        result[board] = DONE
        for y in range(height):
            for w in range(n_words):
                if now[(y + 1) * n_words + w] != words[board, y, w]:
                    result[board] = ASTRAY
        if result[board] == ASTRAY:
            continue
        _spread(field, words[board], grid, height, n_words, width)

        n_objects = 0
        end = placing.starts[board]
        for y in range(height):
            for w in range(n_words):
                word = field[(y + 1) * n_words + w]
                while word != 0:
                    x = 64 * w + np.int64(trailing_zeros(word))
                    word &= word - _1
                    if grid[y * width + x] == 0:
                        continue
                    n = _flood(grid, cells, alive, y, x, height, width)
                    top, bottom, left, right = height, -height, width, -width
                    low, high, west, east = y, y, x, x
                    for i in range(n):
                        low, high = min(low, ys[i]), max(high, ys[i])
                        west, east = min(west, xs[i]), max(east, xs[i])
                        if alive[i]:
                            top, bottom = min(top, ys[i]), max(bottom, ys[i])
                            left, right = min(left, xs[i]), max(right, xs[i])
                    rows = bottom - top + 1
                    if (
                        high - low + 1 >= height
                        or east - west + 1 >= width
                        or rows > MAX_KEY
                        or right - left + 1 > MAX_KEY
                    ):
                        for i in range(n):
                            if alive[i]:
                                odd[board, torus_y[i], torus_x[i] // 64] |= _1 << np.uint64(torus_x[i] % 64)
                        continue

                    start = missing.n[1]
                    if missing.n[0] == missing.hashes.shape[0] or start + rows > missing.keys.shape[0]:
                        # No room: this board is to be done again. What is left of it on the grid is taken off.
                        result[board] = MISSING
                        grid[:] = 0
                        return done
                    for i in range(rows):
                        missing.keys[start + i] = 0
                    for i in range(n):
                        if alive[i]:
                            missing.keys[start + ys[i] - top] |= _1 << np.uint64(xs[i] - left)
                    value = hash_key(missing.keys, start, rows)
                    cluster = look_up(known, value, missing.keys, start, rows)
                    if cluster < 0:
                        result[board] = MISSING
                        i = missing.n[0]
                        missing.hashes[i] = value
                        missing.extents[i, 0], missing.extents[i, 1] = high - low + 1, east - west + 1
                        missing.extents[i, 2] = board
                        missing.key_starts[i], missing.key_starts[i + 1] = start, start + rows
                        missing.n[0], missing.n[1] = i + 1, start + rows
                        continue
                    for i in range(known.object_starts[cluster], known.object_starts[cluster + 1]):
                        placing.sprite[end + n_objects] = known.sprites[i]
                        placing.y[end + n_objects] = (top + known.object_y[i]) % height
                        placing.x[end + n_objects] = (left + known.object_x[i]) % width
                        n_objects += 1
        placing.n[board] = n_objects
    return todo.shape[0]
