"""The fast path of the backend cpu, compiled: boards to clusters, clusters to objects by looking them up.

The *field* of a board is all cells that are alive in some generation of its period, and all that have in some
generation as many live neighbours as the smallest number of the rule's B. Islands, and islands that meet at a contact
where there could be a birth, are joined through cells of the field; so what happens in one connected piece of the
field, a *cluster*, does not depend on the others, and is a function of the cluster's live cells at generation 0.
These are the key of the table (`table`) that has the cluster's objects, found once by the exact path (`trace`).

A cluster that reaches round the torus, or is more than MAX_KEY cells wide or high, is *odd*: its cells are given back
to be separated by the exact path on the board itself. Spaceships make such clusters, all the way that they fly.

Boards are words of 64 cells, (y, word), the lowest bit first.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.census.flood import MIDDLE, N_ROWS, flood, grow, lowest, take, window, wrap
from simkit.kernels.compiling import CALLED, INNER, stamped

U8 = npt.NDArray[np.uint8]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
U64 = npt.NDArray[np.uint64]

#: cells that a cluster in the table may be wide and high
MAX_KEY = 64

#: what became of a board: all its objects were found; clusters were missing in the table; the period was wrong
DONE, MISSING, ASTRAY = 0, 1, 2

#: farther than any cell
_FAR = 1 << 30

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
    key_starts: I32
    keys: U64


class Placing(NamedTuple):
    """The objects that were found: of board ``i`` those from ``starts[i]``, `n[i]` of them."""

    starts: npt.NDArray[np.int64]
    n: I32
    sprite: I32
    y: I16
    x: I16


class Room(NamedTuple):
    """Memory that `survey` works in; compiled code that takes it by itself is compiled for longer."""

    states: tuple[U64, ...]
    field: U64
    board: U64
    rows: U64
    parts: U64
    y: I32
    x: I32
    place: I32

    @classmethod
    def of(cls, height: int, width: int) -> Room:
        """Return what boards of that size need."""
        n_words = -(-width // 64)
        states = tuple(np.empty((height + 2) * n_words, np.uint64) for _ in range(7))
        field, board = (np.empty(height * (n_words + 1), np.uint64) for _ in range(2))
        rows, parts = (np.empty(N_ROWS, np.uint64) for _ in range(2))
        y, x, place = (np.empty(height * width, np.int32) for _ in range(3))
        return cls(states, field, board, rows, parts, y, x, place)


@nb.njit(inline="always")
def _choose(bit, low, high):
    return low ^ (bit & (low ^ high))


@nb.njit(inline="always")
def _by_count(n0, n1, n2, n3, v0, v1, v2, v3, v4, v5, v6, v7, v8):
    """Return in each bit the value ``v`` of the number that the digits n0..n3 make there."""
    low = _choose(n1, _choose(n0, v0, v1), _choose(n0, v2, v3))
    high = _choose(n1, _choose(n0, v4, v5), _choose(n0, v6, v7))
    return _choose(n3, _choose(n2, low, high), v8)


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def _generation(now, after, sums, field, height, n_words, width, law):
    """Step a board, and add to the field.

    `now` and `after` have a row of padding above and below; `law` is, for dead and live cells and for the field, 9
    words each.
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
            east = (now[i - last] & _1) << top if w == last else now[i + 1] << _63
            right = c >> _1 | east
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


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def hash_key(keys, start, n):
    """Return a hash of the rows of a cluster."""
    value = np.uint64(n)
    for i in range(start, start + n):
        value = (value ^ keys[i]) * _PRIME
        value ^= value >> _29
    value *= _PRIME
    return value ^ value >> _32


@nb.njit(cache=True, error_model="numpy", **CALLED)
@stamped
def look_up(slots, hashes, key_starts, known_keys, value, keys, start, n):
    """Return the cluster with the hash `value` and these rows, -1 if it is not in the table."""
    mask = slots.shape[0] - 1
    slot = np.int64(value & np.uint64(mask))
    while True:
        cluster = slots[slot]
        if cluster < 0:
            return -1
        first = key_starts[cluster]
        if hashes[cluster] == value and key_starts[cluster + 1] - first == n:
            same = True
            for i in range(n):
                if known_keys[first + i] != keys[start + i]:
                    same = False
                    break
            if same:
                return cluster
        slot = (slot + 1) & mask


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def _key_of_parts(board, stride, height, width, y, column, low, high, parts, keys, start):
    """Write the live cells of what `grow` found to `keys`; return how many rows they have, and their place."""
    every, n, top = _0, 0, low
    for r in range(low, high + 1):
        there = y + r - MIDDLE
        there += height if there < 0 else (-height if there >= height else 0)
        alive = window(board, there * stride, column, parts[r])
        if n == 0:
            top = r
        if n > 0 or alive != 0:
            keys[start + r - top] = alive
            n += 1
        every |= alive
    while keys[start + n - 1] == 0:
        n -= 1
    left = lowest(every)
    for i in range(start, start + n):
        keys[i] >>= np.uint64(left)
    return n, (y + top - MIDDLE) % height, (column + left) % width


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def _key_of_cells(board, stride, height, width, ys, xs, places, n_cells, keys, start, odd):
    """Write the live cells of what `flood` found to `keys`; return how many rows they have, and their place.

    If it is odd, write them to the board `odd` and return 0 rows.
    """
    low, high, west, east = ys[0], ys[0], xs[0], xs[0]
    top, bottom, left, right = _FAR, -_FAR, _FAR, -_FAR
    for i in range(n_cells):
        y, x = ys[i], xs[i]
        low, high, west, east = min(low, y), max(high, y), min(west, x), max(east, x)
        row, column = places[i] // width, places[i] % width
        if board[row * stride + column // 64] >> np.uint64(column % 64) & _1:
            top, bottom, left, right = min(top, y), max(bottom, y), min(left, x), max(right, x)
        else:
            places[i] = -1
    n = bottom - top + 1
    is_odd = high - low + 1 >= height or east - west + 1 >= width or n > MAX_KEY or right - left + 1 > MAX_KEY
    if not is_odd:
        for i in range(start, start + n):
            keys[i] = 0
    for i in range(n_cells):
        if places[i] < 0:
            continue
        if is_odd:
            row, column = places[i] // width, places[i] % width
            odd[row, column // 64] |= _1 << np.uint64(column % 64)
        else:
            keys[start + ys[i] - top] |= _1 << np.uint64(xs[i] - left)
    return 0 if is_odd else n, top % height, left % width


@nb.njit(nogil=True, cache=True, error_model="numpy", **CALLED)
@stamped
def survey(words, todo, period, width, law, known, missing, odd, placing, result, room):
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
    room : Room

    Returns
    -------
    int : how many of `todo` were done before `missing` was full
    """
    height, n_words = words.shape[1:]
    stride = n_words + 1
    span = min(64, width)
    lead = 3 * span // 8  # columns of a window before the one that is begun with, which is in the top row
    now, after, pair0, pair1, row0, row1, found = room.states
    sums = pair0, pair1, row0, row1
    field, board, rows, parts, ys, xs, places = (
        room.field,
        room.board,
        room.rows,
        room.parts,
        room.y,
        room.x,
        room.place,
    )
    # Taken out of their tuples, the arrays are not counted as used and unused again by every access.
    slots, hashes, key_starts, known_keys = known.slots, known.hashes, known.key_starts, known.keys
    object_starts, sprites, object_y, object_x = known.object_starts, known.sprites, known.object_y, known.object_x
    keys = missing.keys
    out_sprite, out_y, out_x = placing.sprite, placing.y, placing.x
    missing.n[0] = missing.n[1] = 0

    for done in range(todo.shape[0]):
        sample = todo[done]
        for i in range(found.shape[0]):
            found[i] = 0
        for y in range(height):
            for w in range(n_words):
                now[(y + 1) * n_words + w] = words[sample, y, w]
        for _ in range(period[sample]):
            _generation(now, after, sums, found, height, n_words, width, law)
            now, after = after, now
        is_astray = False
        for y in range(height):
            for w in range(n_words):
                is_astray |= now[(y + 1) * n_words + w] != words[sample, y, w]
                field[y * stride + w] = found[(y + 1) * n_words + w]
                board[y * stride + w] = words[sample, y, w]
            wrap(field, y * stride, n_words, width)
            wrap(board, y * stride, n_words, width)
        result[sample] = ASTRAY if is_astray else DONE
        if is_astray:
            continue

        at = placing.starts[sample]
        for y in range(height):
            for w in range(n_words):
                inside = ~_0 >> np.uint64(64 * (w + 1) - width) if 64 * (w + 1) > width else ~_0
                while field[y * stride + w] & inside != 0:
                    x = 64 * w + lowest(field[y * stride + w])
                    if missing.n[0] == missing.hashes.shape[0] or missing.n[1] + MAX_KEY > keys.shape[0]:
                        result[sample] = MISSING
                        return done
                    start = np.int64(missing.n[1])
                    column = x - lead if x >= lead else x - lead + width
                    low, high = grow(field, stride, height, width, y, column, _1 << np.uint64(lead), span, rows, parts)
                    if low <= high:
                        n, top, left = _key_of_parts(
                            board, stride, height, width, y, column, low, high, parts, keys, start
                        )
                        take(field, stride, height, width, y, column, low, high, parts)
                    else:
                        n_cells = flood(field, stride, height, width, y, x, ys, xs, places)
                        n, top, left = _key_of_cells(
                            board, stride, height, width, ys, xs, places, n_cells, keys, start, odd[sample]
                        )
                        if n == 0:
                            continue
                    value = hash_key(keys, start, n)
                    cluster = look_up(slots, hashes, key_starts, known_keys, value, keys, start, n)
                    if cluster < 0:
                        result[sample] = MISSING
                        i = missing.n[0]
                        missing.hashes[i] = value
                        missing.key_starts[i + 1] = start + n
                        missing.n[0], missing.n[1] = i + 1, start + n
                        continue
                    for i in range(object_starts[cluster], object_starts[cluster + 1]):
                        out_sprite[at] = sprites[i]
                        y_i, x_i = top + object_y[i], left + object_x[i]
                        out_y[at] = y_i - height if y_i >= height else y_i
                        out_x[at] = x_i - width if x_i >= width else x_i
                        at += 1
        placing.n[sample] = at - placing.starts[sample]
    return todo.shape[0]
