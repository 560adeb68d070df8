"""Bit planes of stacks: how they lie in memory, and the steps of gas and spins on them, 64 cells a word.

A stack has sides of L = 64 * n cells along its interfaces (y), n even. Cell y is bit ``y // n`` of word row
``y % n``; the word columns are those of the stack (x). So every neighbour is a whole word: word rows above and below,
words left and right; only the first and last word rows are neighbours of each other rotated by one bit, and two guard
rows hold those. As n is even a word holds cells of one checkerboard colour, and the spins of the two colours are kept
apart: word j of colour c in word row w is column ``2j + (w + c) % 2``.

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
from simkit.kernels.life.circuit import MAJ, XOR3
from simkit.kernels.life.simd import LANES, differing, load, lut3, shift_in, store

U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]

PAD = LANES

#: digest of all code that is compiled here. Numba's cache looks only at the file of the function it compiled; as the
#: default of a parameter, part of that function's signature, the digest makes the cache see every file.
CODE = hashlib.sha256(
    b"".join(path.read_bytes() for path in (*sorted(Path(__file__).parent.glob("*.py")), Path(simd.__file__)))
).hexdigest()

_ONE, _63 = np.uint64(1), np.uint64(63)

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


def place(base: int, n_rows: int, n: int) -> Plane:
    """Return planes of `n` columns that begin at `base`."""
    stride = -(-n // LANES) * LANES + 2 * PAD
    return Plane(base, (n_rows + 2) * stride, stride, n_rows, n)


def to_words(bits: U8) -> U64:
    """Pack bits (y, x), 0 or 1, y a multiple of 64, into words (row, x), cell y in bit ``y // rows``."""
    height, width = bits.shape
    packed = np.packbits(bits.reshape(64, height // 64, width), axis=0, bitorder="little")
    words: U64 = np.ascontiguousarray(packed.transpose(1, 2, 0)).view("<u8")[..., 0]
    return words.astype(np.uint64, copy=False)


def to_bits(words: U64) -> U8:
    """Unpack words (row, x) into bits (y, x)."""
    n_rows, width = words.shape
    packed = np.ascontiguousarray(words.astype("<u8", copy=False)).view(np.uint8).reshape(n_rows, width, 8)
    bits = np.unpackbits(packed.transpose(2, 0, 1), axis=0, bitorder="little")
    return bits.reshape(64 * n_rows, width)


def inside(room: U64, at: Plane, index: int) -> U64:
    """Return a view of a plane without its guards: uint64 (row, column)."""
    begin = at.base + index * at.size
    whole = room[begin : begin + at.size].reshape(at.n_rows + 2, at.stride)
    return whole[1:-1, PAD : PAD + at.n]


def colours(room: U64, at: Plane, index: int, words: U64, *, into: bool) -> None:
    """Copy words (row, column) of spins into planes `index`, `index` + 1 of the two colours, or out of them."""
    for colour in range(2):
        plane = inside(room, at, index + colour)
        for parity in range(2):
            first = (parity + colour) % 2
            mine, columns = plane[first::2], words[first::2, parity::2]
            if into:
                mine[:] = columns
            else:
                columns[:] = mine


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
    """Set the row before the first one of a plane."""
    last, above = row(at, index, at.n_rows - 1), row(at, index, -1)
    for x in range(0, at.n, LANES):
        words = load(room, last + x)
        store(room, above + x, shift_in(words, words, 1))


@nb.njit
def guard_below(room, at, index):
    """Set the row behind the last one of a plane."""
    first, below = row(at, index, 0), row(at, index, at.n_rows)
    for x in range(0, at.n, LANES):
        words = load(room, first + x)
        store(room, below + x, shift_in(words, words, 63))


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
