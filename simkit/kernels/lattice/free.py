"""Any layout, on bit planes with masks: rows of words along x, cell x in bit ``x + 1`` of its row.

The bits before the first and behind the last cell of a row, and a row above and below, hold copies of the cells across
the edges. An interface cell holds its slot in all four packet planes, so that it streams out as packets do; of spin and
bond bit it holds the spin and b = spin xor bond bit (see `stack`).
"""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.lattice.planes import HEAD_ON, PAD, PAIR, TWO, Plane, allocate, place, row
from simkit.kernels.lattice.states import (
    BOND,
    DIRECTIONS,
    GAS,
    INTERFACE,
    IS_GAS,
    IS_SPIN,
    KIND,
    MIRROR,
    PHASE,
    SLOT,
    SPIN,
    G,
    compose,
)
from simkit.kernels.life.circuit import MAJ, SELECT, XOR3
from simkit.kernels.life.simd import LANES, both, differing, load, lut3, shift_in, store

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

#: planes of a state: packets N, E, S, W; spins; b; phases
_SPINS, _B, _PHASES, _N_PLANES = 4, 5, 6, 7

#: planes of masks behind the two states: gas; mirror; either; spins; where a packet of direction d is turned back; the
#: interface cells with their gas in direction d
_GAS, _MIRROR, _EITHER, _SPIN, _BACK, _TOWARDS, _N_MASKS = 0, 1, 2, 3, 4, 8, 12

_ONE, _63 = np.uint64(1), np.uint64(63)

#: table of x or y and z
_OR_AND = 0xF8


def prepare(cells: U8) -> tuple[U64, Plane]:
    """Put cells (y, x) into planes: the state in the first, the masks behind two states."""
    height, width = cells.shape
    at = place(0, height, -(-(width + 2) // 64), height)
    room = allocate((2 * _N_PLANES + _N_MASKS) * at.size)
    kind, is_gas, is_interface = KIND[cells], IS_GAS[cells], KIND[cells] == INTERFACE
    for d in range(4):
        _put(room, at, d, np.where(is_interface, SLOT[cells], G[cells] >> d & 1))
    _put(room, at, _SPINS, SPIN[cells])
    _put(room, at, _B, np.where(is_interface, SPIN[cells] ^ BOND[cells], 0))
    _put(room, at, _PHASES, PHASE[cells])
    masks = 2 * _N_PLANES
    for index, mask in ((_GAS, kind == GAS), (_MIRROR, kind == MIRROR), (_EITHER, is_gas), (_SPIN, IS_SPIN[cells])):
        _put(room, at, masks + index, mask)
    for d, (dy, dx) in enumerate(DIRECTIONS):
        near = np.roll(cells, (-dy, -dx), (0, 1))
        is_open = (IS_GAS[near] == 1) | (KIND[near] == INTERFACE)
        _put(room, at, masks + _BACK + (d + 2) % 4, (is_gas == 1) & ~is_open)
        _put(room, at, masks + _TOWARDS + d, is_interface & (IS_GAS[near] == 1))
    return room, at


def _put(room: U64, at: Plane, index: int, bits: npt.NDArray[np.generic]) -> None:
    height, width = bits.shape
    padded = np.zeros((height + 2, 64 * at.n), np.uint8)
    padded[1:-1, 1 : width + 1] = bits
    padded[:, 0], padded[:, width + 1] = padded[:, width], padded[:, 1]
    padded[0], padded[-1] = padded[-2], padded[1]
    words = np.packbits(padded, axis=1, bitorder="little").view("<u8")
    begin = at.base + index * at.size
    room[begin : begin + at.size].reshape(height + 2, at.stride)[:, PAD : PAD + at.n] = words


def _inside(room: U64, at: Plane, index: int) -> U64:
    """Return a view of a plane without its guards: uint64 (row, word)."""
    begin = at.base + index * at.size
    whole = room[begin : begin + at.size].reshape(at.n_rows + 2, at.stride)
    return whole[1:-1, PAD : PAD + at.n]


def cells_of(cells: U8, room: U64, at: Plane, state: int) -> U8:
    """Return the cells of a state, 0 or 1, in the planes of a layout that began as `cells`."""
    width = cells.shape[1]

    def bits(index: int) -> U8:
        words = np.ascontiguousarray(_inside(room, at, state * _N_PLANES + index)).astype("<u8", copy=False)
        return np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")[:, 1 : width + 1]

    packets = [bits(d) for d in range(4)]
    g = sum(p << np.uint8(d) for d, p in enumerate(packets))
    spin, b = bits(_SPINS), bits(_B)
    return compose(KIND[cells], np.asarray(g, np.uint8), spin, spin ^ b, packets[0], bits(_PHASES))


@nb.njit
def _nodes(room, at, y, i, now, masks):
    """Return what the vector at word `i` of row `y` becomes: packets N, E, S, W, spins, b, phases."""
    here = row(at, now, y) + i
    size, stride = at.size, at.stride
    mask = row(at, masks, y) + i
    # what comes in: the packets of the cell before, in each direction
    n0, e0, s0, w0 = load(room, here), load(room, here + size), load(room, here + 2 * size), load(room, here + 3 * size)
    n, s = load(room, here + stride), load(room, here + 2 * size - stride)
    e, w = shift_in(e0, load(room, here + size - 1), 1), shift_in(load(room, here + 3 * size + 1), w0, 63)
    to_n, to_e = load(room, mask + _TOWARDS * size), load(room, mask + (_TOWARDS + 1) * size)
    to_s, to_w = load(room, mask + (_TOWARDS + 2) * size), load(room, mask + (_TOWARDS + 3) * size)
    came = lut3(_OR_AND, lut3(_OR_AND, lut3(_OR_AND, both(s, to_n), n, to_s), w, to_e), e, to_w)
    # gas and mirrors
    n = lut3(SELECT, load(room, mask + _BACK * size), s0, n)
    e = lut3(SELECT, load(room, mask + (_BACK + 1) * size), w0, e)
    s = lut3(SELECT, load(room, mask + (_BACK + 2) * size), n0, s)
    w = lut3(SELECT, load(room, mask + (_BACK + 3) * size), e0, w)
    turns = both(lut3(HEAD_ON, lut3(PAIR, e, w, n), n, s), load(room, mask + _GAS * size))
    mirror = load(room, mask + _MIRROR * size)
    north, south = lut3(SELECT, mirror, s, differing(n, turns)), lut3(SELECT, mirror, n, differing(s, turns))
    east, west = lut3(SELECT, mirror, w, differing(e, turns)), lut3(SELECT, mirror, e, differing(w, turns))
    # spins
    spins, b = load(room, here + _SPINS * size), load(room, here + _B * size)
    up = lut3(_OR_AND, load(room, here + _SPINS * size - stride), b, to_n)
    down = lut3(_OR_AND, load(room, here + _SPINS * size + stride), b, to_s)
    right = lut3(_OR_AND, shift_in(load(room, here + _SPINS * size + 1), spins, 63), b, to_e)
    left = lut3(_OR_AND, shift_in(spins, load(room, here + _SPINS * size - 1), 1), b, to_w)
    two = lut3(TWO, lut3(MAJ, up, down, right), lut3(XOR3, up, down, right), left)
    phases = load(room, here + _PHASES * size)
    spins = differing(spins, both(two, phases))
    # the swap of the interface
    interface = lut3(_OR_AND, lut3(_OR_AND, lut3(_OR_AND, to_n, to_e, to_e), to_s, to_s), to_w, to_w)
    slot = both(differing(spins, b), interface)
    either = load(room, mask + _EITHER * size)
    return (
        lut3(_OR_AND, slot, north, either),
        lut3(_OR_AND, slot, east, either),
        lut3(_OR_AND, slot, south, either),
        lut3(_OR_AND, slot, west, either),
        spins,
        both(differing(spins, came), interface),
        differing(phases, load(room, mask + _SPIN * size)),
    )


@nb.njit
def step(room, at, width, now):
    """Put the state one step after state `now`, 0 or 1, into the other."""
    after = (1 - now) * _N_PLANES
    for y in range(at.n_rows):
        to = row(at, after, y)
        for i in range(0, at.n, LANES):
            n, e, s, w, spins, b, phases = _nodes(room, at, y, i, now * _N_PLANES, 2 * _N_PLANES)
            store(room, to + i, n)
            store(room, to + at.size + i, e)
            store(room, to + 2 * at.size + i, s)
            store(room, to + 3 * at.size + i, w)
            store(room, to + _SPINS * at.size + i, spins)
            store(room, to + _B * at.size + i, b)
            store(room, to + _PHASES * at.size + i, phases)
    wrap(room, at, width, after)


@nb.njit
def wrap(room, at, width, after):
    """Set the copies of the cells across the edges, where they are read."""
    for y in range(at.n_rows):
        _copy_bit(room, row(at, after + 1, y), width, 0)
        _copy_bit(room, row(at, after + 3, y), 1, width + 1)
        _copy_bit(room, row(at, after + _SPINS, y), width, 0)
        _copy_bit(room, row(at, after + _SPINS, y), 1, width + 1)
    for i in range(at.n):
        for index in (after, after + _SPINS):
            room[row(at, index, at.n_rows) + i] = room[row(at, index, 0) + i]
        for index in (after + 2, after + _SPINS):
            room[row(at, index, -1) + i] = room[row(at, index, at.n_rows - 1) + i]


@nb.njit
def _copy_bit(room, begin, source, target):
    bit = room[begin + source // 64] >> np.uint64(source % 64) & _ONE
    at = begin + target // 64
    shift = np.uint64(target % 64)
    room[at] = room[at] & ~(_ONE << shift) | bit << shift


@nb.njit
def drive_walls(room, at, width, state, words, so_far):
    """Replace what the mirrors in columns 0 and -1 are about to emit, and count what this gives."""
    n_words = words.shape[1]
    for wall in range(2):
        plane, place = (3, width) if wall else (1, 1)
        for y in range(at.n_rows):
            new = words[wall, y % n_words] >> np.uint64(y // n_words) & _ONE
            word = row(at, state * _N_PLANES + plane, y) + place // 64
            shift = np.uint64(place % 64)
            so_far[wall] += np.int64(new) - np.int64(room[word] >> shift & _ONE)
            room[word] = room[word] & ~(_ONE << shift) | new << shift
    wrap(room, at, width, state * _N_PLANES)


@nb.njit
def _bit(room, at, plane, y, x):
    return np.int64(room[row(at, plane, y) + (x + 1) // 64] >> np.uint64((x + 1) % 64) & _ONE)


@nb.njit
def count(room, at, width, state, time, regions, census):
    """Add the census of a state, cell by cell, in the order of QUANTITIES."""
    planes, masks = state * _N_PLANES, 2 * _N_PLANES
    for y in range(at.n_rows):
        for x in range(width):
            into = census[regions[x]]
            if _bit(room, at, masks + _GAS, y, x):
                for d in range(4):
                    into[2 * d + (y + x + time) % 2] += _bit(room, at, planes + d, y, x)
            elif _bit(room, at, masks + _MIRROR, y, x):
                for d in range(4):
                    into[8] += _bit(room, at, planes + d, y, x)
            elif _bit(room, at, masks + _SPIN, y, x):
                spin, u = _bit(room, at, planes + _SPINS, y, x), 0
                into[11] += spin
                for d in range(4):
                    if _bit(room, at, masks + _TOWARDS + d, y, x):
                        bond = spin ^ _bit(room, at, planes + _B, y, x)
                        into[9] += _bit(room, at, planes, y, x)
                        into[10] += bond
                    else:
                        far_y = (y + (d == 2) - (d == 0)) % at.n_rows
                        far_x = (x + (d == 1) - (d == 3)) % width
                        bond = spin ^ _bit(room, at, planes + _SPINS, far_y, far_x)
                        if d == 1 or d == 2 or not _bit(room, at, masks + _SPIN, far_y, far_x):
                            into[12] += bond
                    u += bond
                into[13 + u] += 1
