"""Bit planes of stacks: how they lie in memory, and the steps of gas and spins on them, 64 cells a word.

A stack of `height` cells along its interfaces (y) has n word rows, n being height / 64 rounded up to an even number.
Cell y is bit ``y // n`` of word row ``y % n``; the word columns are those of the stack (x). So every neighbour is a
whole word: word rows above and below, words left and right; only the first and last word rows are neighbours of each
other rotated by one bit, and two guard rows hold those. As n is even a word holds cells of one checkerboard colour, and
the spins of the two colours are kept apart: word j of colour c in word row w is column ``2j + (w + c) % 2``.

If the height is no multiple of 128, the highest bits of some words are no cells. What they hold is of no account, but
for the bit that follows the last cell: a copy of the first cell is put there, as in a guard row. The share of bits that
are cells is height / (64 n): one half at worst from 64 on, 0.98 and more from 4,096 on.

A plane is ``n + 2`` word rows of `stride` words in one array, row w at ``base + (w + 1) * stride + PAD``. What lies at
columns -1 and behind the last is set before it is read.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.life import simd
from simkit.kernels.life.circuit import MAJ, SELECT, XOR3
from simkit.kernels.life.simd import LANES, both, differing, load, lut3, shift_down, shift_up, splat, store

U64 = npt.NDArray[np.uint64]

PAD = LANES

#: digest of all code that is compiled here. Numba's cache looks only at the file of the function it compiled; as the
#: default of a parameter, part of that function's signature, the digest makes the cache see every file.
CODE = hashlib.sha256(
    b"".join(path.read_bytes() for path in (*sorted(Path(__file__).parent.glob("*.py")), Path(simd.__file__)))
).hexdigest()

_ONE = np.uint64(1)

#: tables of the HPP collision: E = W != N; and that, if N = S
PAIR, HEAD_ON = 0x42, 0x90

#: table of "two of four" from the majority and the parity of three, and the fourth
TWO = 0x18


class Plane(NamedTuple):
    """Where planes lie: plane `i` begins at ``base + i * size``."""

    base: int
    size: int
    stride: int
    n_rows: int
    #: columns; of spins, words of a colour
    n: int
    #: cells of a column
    height: int


def place(base: int, n_rows: int, n: int, height: int) -> Plane:
    """Return planes of `n` columns that begin at `base`."""
    stride = -(-n // LANES) * LANES + 2 * PAD
    return Plane(base, (n_rows + 2) * stride, stride, n_rows, n, height)


def rows_of(height: int) -> int:
    """Return how many word rows a stack has."""
    return -(-height // 128) * 2


def to_words(bits: npt.NDArray[np.bool_]) -> U64:
    """Pack the bits of a column, bool (y,), into words (row,)."""
    n_rows = rows_of(len(bits))
    padded = np.zeros(64 * n_rows, np.bool_)
    padded[: len(bits)] = bits
    packed = np.packbits(padded.reshape(64, n_rows), axis=0, bitorder="little")
    words: U64 = np.ascontiguousarray(packed.T).view("<u8")[:, 0].astype(np.uint64)
    return words


def allocate(n_words: int) -> U64:
    """Return that many zero words, aligned to vectors."""
    room = np.zeros(n_words + LANES, np.uint64)
    skip = -room.ctypes.data // 8 % LANES
    return room[skip : skip + n_words]


@nb.njit
def row(at, index, w):
    """Return where word row `w` of a plane begins."""
    return at.base + index * at.size + (w + 1) * at.stride + PAD


@nb.njit
def guard_above(room, at, index):
    """Set the row before the first one of a plane: the last row, its bits one higher, then the last cell as bit 0."""
    last, above = row(at, index, at.n_rows - 1), row(at, index, -1)
    end, high = row(at, index, (at.height - 1) % at.n_rows), splat(np.uint64((at.height - 1) // at.n_rows))
    for x in range(0, at.n, LANES):
        cell = both(shift_down(load(room, end + x), high), splat(_ONE))
        store(room, above + x, differing(shift_up(load(room, last + x), splat(_ONE)), cell))


@nb.njit
def guard_below(room, at, index):
    """Set the row behind the last one of a plane: the first row, its bits one lower; and that after the last cell."""
    first, below = row(at, index, 0), row(at, index, at.n_rows)
    n_bits = np.uint64((at.height - 1) // at.n_rows)
    behind, high, bit = row(at, index, (at.height - 1) % at.n_rows + 1), splat(n_bits), splat(_ONE << n_bits)
    for x in range(0, at.n, LANES):
        words = load(room, first + x)
        store(room, below + x, shift_down(words, splat(_ONE)))
        store(room, behind + x, lut3(SELECT, bit, shift_up(words, high), load(room, behind + x)))


@nb.njit
def stream(room, at, now, after):
    """Stream and collide the gas in planes ``now..now + 3`` (N, E, S, W) into planes ``after..after + 3``.

    Six nodes a vector: two say whether a head-on pair turns, four turn it.
    """
    for w in range(at.n_rows):
        north, east, south, west = (
            row(at, now, w + 1),
            row(at, now + 1, w),
            row(at, now + 2, w - 1),
            row(at, now + 3, w),
        )
        to = row(at, after, w)
        for x in range(0, at.n, LANES):
            n, s = load(room, north + x), load(room, south + x)
            e, v = load(room, east + x - 1), load(room, west + x + 1)
            turns = lut3(HEAD_ON, lut3(PAIR, e, v, n), n, s)
            store(room, to + x, differing(n, turns))
            store(room, to + at.size + x, differing(e, turns))
            store(room, to + 2 * at.size + x, differing(s, turns))
            store(room, to + 3 * at.size + x, differing(v, turns))
    guard_below(room, at, after)
    guard_above(room, at, after + 2)


@nb.njit
def flip(room, at, colour):
    """Flip the spins of a colour that have two neighbours of four up. Four nodes a vector."""
    for w in range(at.n_rows):
        mine, other = row(at, colour, w), row(at, 1 - colour, w)
        aside = 1 if (w + colour) & 1 else -1
        for j in range(0, at.n, LANES):
            a, b = load(room, other + j - at.stride), load(room, other + j + at.stride)
            c, d = load(room, other + j), load(room, other + j + aside)
            two = lut3(TWO, lut3(MAJ, a, b, c), lut3(XOR3, a, b, c), d)
            store(room, mine + j, differing(load(room, mine + j), two))
    guard_above(room, at, colour)
    guard_below(room, at, colour)
