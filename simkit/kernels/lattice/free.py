"""Any layout, on bit planes with masks: rows of words along x, cell x in bit ``x % 64`` of word ``x // 64`` of its row.

The bits before the first and behind the last cell of a row, and a row above and below, hold copies of the cells across
the edges. All planes of a row lie side by side, as a step needs them. An interface cell holds its slot in all four
packet planes, so that it streams out as packets do; of spin and bond bit it holds the spin and b = spin xor bond bit
(see `stack`).

Of each vector of cells it is known what is in it (`FLAGS`), and only that is done. Gas alone takes 4 vectors in and 4
out, gas with walls 15 in and 4 out, spins 6 in and 1 out, those of an interface 16 in and 6 out.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.compiling import stamped
from simkit.kernels.lattice.planes import CODE, HEAD_ON, PAD, PAIR, TWO, Plane, allocate, row
from simkit.kernels.lattice.states import (
    BOND,
    GAS,
    INTERFACE,
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
U64 = npt.NDArray[np.uint64]

#: planes of each of two states: packets N, E, S, W; spins; b
SPINS, B, N_PLANES = 4, 5, 6

#: planes of masks behind the two states: gas; mirrors; either; spins; interface; the spins active in even and in odd
#: steps; where a packet of direction d is turned back; the interface cells with their gas in direction d
MASKS = 2 * N_PLANES
IN_GAS, IN_MIRROR, IN_EITHER, IN_SPIN, IN_INTERFACE, ACTIVE, BACK, TOWARDS, N_MASKS = 0, 1, 2, 3, 4, 5, 7, 11, 15

#: what is in a vector of cells: packets; gas and nothing else; spins; interface; mirrors or places to turn back
FLAGS = HAS_PACKETS, IS_GAS_ALONE, HAS_SPINS, HAS_INTERFACE, HAS_WALLS = 1, 2, 4, 8, 16

_ONE, _63 = np.uint64(1), np.uint64(63)

#: tables of x or y and z; and of x or y or z
OR_AND, _OR = 0xF8, 0xFE

#: what is kept of a state, a bit each, in the order of the planes that are put together of single cells
_FEATURES = np.zeros(len(KIND), np.uint16)
for _bit, _table in enumerate(
    (
        *(np.where(KIND == INTERFACE, SLOT, G >> d & 1) for d in range(4)),
        SPIN,
        np.where(KIND == INTERFACE, SPIN ^ BOND, 0),
        KIND == GAS,
        KIND == MIRROR,
        (KIND == GAS) | (KIND == MIRROR),
        IS_SPIN,
        KIND == INTERFACE,
        (IS_SPIN == 1) & (PHASE == 1),
        (IS_SPIN == 1) & (PHASE == 0),
    )
):
    _FEATURES |= np.asarray(_table, np.uint16) << np.uint16(_bit)

_BITS = np.broadcast_to(np.arange(2**N_PLANES, dtype=np.uint8), (len(KIND), 2**N_PLANES))

#: for each state and its bits packet N (or slot), E, S, W, spin and b: the state; phases are 0
_SPIN, _B = _BITS >> np.uint8(SPINS) & np.uint8(1), _BITS >> np.uint8(B) & np.uint8(1)
_AGAIN = compose(
    np.repeat(KIND[:, None], 2**N_PLANES, axis=1),
    _BITS & np.uint8(15),
    _SPIN,
    _SPIN ^ _B,
    _BITS & np.uint8(1),
    np.zeros_like(_BITS),
)


class Lattice(NamedTuple):
    """A layout in bit planes."""

    room: U64
    at: Plane
    width: int
    #: uint8 (y, vector): FLAGS
    flags: U8


def prepare(cells: U8) -> Lattice:
    """Put cells (y, x) into planes: the state in the first, the masks behind two states."""
    height, width = cells.shape
    n = -(-width // 64)
    pitch = -(-n // LANES) * LANES + PAD
    at = Plane(0, pitch, (MASKS + N_MASKS) * pitch, height, n, height)
    room = allocate((height + 2) * at.stride + PAD)
    flags = np.zeros((height, -(-at.n // LANES)), np.uint8)
    _fill(cells, _FEATURES, room, at, flags)
    return Lattice(room, at, width, flags)


@nb.njit
def _east(room, begin, i):
    """Return the bits to the E of those of word `i` of a row."""
    return room[begin + i] >> _ONE | room[begin + i + 1] << _63


@nb.njit
def _west(room, begin, i):
    return room[begin + i] << _ONE | room[begin + i - 1] >> _63


@nb.njit(nogil=True, cache=True)
@stamped
def _fill(cells, features, room, at, flags, _code=CODE):
    height, width = cells.shape
    values, words = np.zeros(64, np.uint16), np.zeros(13, np.uint64)
    for y in range(height):
        for i in range(at.n):
            words[:] = 0
            n = min(64, width - 64 * i)
            for k in range(n):
                values[k] = features[cells[y, 64 * i + k]]
            for bit in range(13):
                word = np.uint64(0)
                for k in range(n):
                    word |= np.uint64(values[k] >> bit & 1) << np.uint64(k)
                # packets, spins and b are those of both states: where nothing is done they stay as they are
                room[row(at, bit if bit < N_PLANES else MASKS + bit - N_PLANES, y) + i] = word
                if bit < N_PLANES:
                    room[row(at, N_PLANES + bit, y) + i] = word
    for state in range(2):
        _wrap(room, at, width, state, HAS_PACKETS | HAS_SPINS)
    for plane in (IN_EITHER, IN_INTERFACE, IN_SPIN):
        _wrap_x(room, at, width, MASKS + plane)
        _wrap_y(room, at, MASKS + plane)
    for y in range(height):
        either, interface = row(at, MASKS + IN_EITHER, y), row(at, MASKS + IN_INTERFACE, y)
        for i in range(at.n):
            here, of = room[either + i], room[interface + i]
            n, s = room[either + i - at.stride], room[either + i + at.stride]
            e, w = _east(room, either, i), _west(room, either, i)
            back, towards = row(at, MASKS + BACK, y) + i, row(at, MASKS + TOWARDS, y) + i
            room[back + 2 * at.size] = here & ~(n | room[interface + i - at.stride])
            room[back + 3 * at.size] = here & ~(e | _east(room, interface, i))
            room[back] = here & ~(s | room[interface + i + at.stride])
            room[back + at.size] = here & ~(w | _west(room, interface, i))
            room[towards], room[towards + at.size] = of & n, of & e
            room[towards + 2 * at.size], room[towards + 3 * at.size] = of & s, of & w
            exists = ~np.uint64(0) >> np.uint64(64 - min(64, width - 64 * i))
            walls = room[row(at, MASKS + IN_MIRROR, y) + i]
            for d in range(4):
                walls |= room[back + d * at.size]
            flag = flags[y, i // LANES]
            if i % LANES == 0:
                flag = IS_GAS_ALONE
            if room[row(at, MASKS + IN_GAS, y) + i] != exists or walls:
                flag &= ~IS_GAS_ALONE
            flag |= (
                (HAS_PACKETS if here else 0)
                | (HAS_SPINS if room[row(at, MASKS + IN_SPIN, y) + i] else 0)
                | (HAS_INTERFACE if of else 0)
                | (HAS_WALLS if walls else 0)
            )
            flags[y, i // LANES] = flag


def cells_of(cells: U8, lattice: Lattice, n_steps: int) -> U8:
    """Return the cells of a layout that began as `cells`, `n_steps` later."""
    turned = np.where(IS_SPIN == 1, PHASE ^ np.uint8(n_steps % 2), 0).astype(np.uint8)
    phases = np.where(KIND == INTERFACE, 8 * turned, 2 * turned).astype(np.uint8)
    found = np.empty_like(cells)
    _read(cells, lattice.room, lattice.at, n_steps % 2 * N_PLANES, _AGAIN, phases, found)
    return found


@nb.njit(nogil=True, cache=True)
@stamped
def _read(cells, room, at, planes, again, phases, found, _code=CODE):
    for y in range(cells.shape[0]):
        begin = row(at, planes, y)
        for i in range(at.n):
            words = (
                room[begin + i], room[begin + at.size + i], room[begin + 2 * at.size + i],
                room[begin + 3 * at.size + i], room[begin + SPINS * at.size + i], room[begin + B * at.size + i],
            )  # fmt: skip
            for k in range(min(64, cells.shape[1] - 64 * i)):
                bits, shift = np.uint64(0), np.uint64(k)
                for p in range(N_PLANES):
                    bits |= (words[p] >> shift & _ONE) << np.uint64(p)
                cell = cells[y, 64 * i + k]
                found[y, 64 * i + k] = again[cell, bits] + phases[cell]


@nb.njit
def neighbours(room, at, here, mask, flag):
    """Return what the spins of a vector see to the N, E, S, W: spins, or b where their gas is."""
    size, begin = at.size, here + SPINS * at.size
    spins, up, down = load(room, begin), load(room, begin - at.stride), load(room, begin + at.stride)
    right, left = shift_in(load(room, begin + 1), spins, 63), shift_in(spins, load(room, begin - 1), 1)
    if flag & HAS_INTERFACE:
        b = load(room, here + B * size)
        up = lut3(SELECT, load(room, mask + TOWARDS * size), b, up)
        right = lut3(SELECT, load(room, mask + (TOWARDS + 1) * size), b, right)
        down = lut3(SELECT, load(room, mask + (TOWARDS + 2) * size), b, down)
        left = lut3(SELECT, load(room, mask + (TOWARDS + 3) * size), b, left)
    return up, right, down, left


@nb.njit
def _step_packets(room, at, here, mask, to, flag):
    """Stream, turn back and collide the packets of a vector."""
    size, stride = at.size, at.stride
    e0, w0 = load(room, here + size), load(room, here + 3 * size)
    n, s = load(room, here + stride), load(room, here + 2 * size - stride)
    e, w = shift_in(e0, load(room, here + size - 1), 1), shift_in(load(room, here + 3 * size + 1), w0, 63)
    if flag & HAS_WALLS:
        n0, s0 = load(room, here), load(room, here + 2 * size)
        n = lut3(SELECT, load(room, mask + BACK * size), s0, n)
        e = lut3(SELECT, load(room, mask + (BACK + 1) * size), w0, e)
        s = lut3(SELECT, load(room, mask + (BACK + 2) * size), n0, s)
        w = lut3(SELECT, load(room, mask + (BACK + 3) * size), e0, w)
    turns = lut3(HEAD_ON, lut3(PAIR, e, w, n), n, s)
    if flag & IS_GAS_ALONE:
        store(room, to, differing(n, turns))
        store(room, to + size, differing(e, turns))
        store(room, to + 2 * size, differing(s, turns))
        store(room, to + 3 * size, differing(w, turns))
        return
    gas, either = load(room, mask + IN_GAS * size), load(room, mask + IN_EITHER * size)
    turns = both(turns, gas)
    north, east, south, west = differing(n, turns), differing(e, turns), differing(s, turns), differing(w, turns)
    if flag & HAS_WALLS:
        north, east = lut3(SELECT, gas, north, s), lut3(SELECT, gas, east, w)
        south, west = lut3(SELECT, gas, south, n), lut3(SELECT, gas, west, e)
    store(room, to, both(north, either))
    store(room, to + size, both(east, either))
    store(room, to + 2 * size, both(south, either))
    store(room, to + 3 * size, both(west, either))


@nb.njit
def _step_spins(room, at, here, active, mask, to, flag):
    """Flip the active spins of a vector; at an interface swap slot and bond bit, once packets have been done."""
    size, stride = at.size, at.stride
    up, right, down, left = neighbours(room, at, here, mask, flag)
    two = lut3(TWO, lut3(MAJ, up, down, right), lut3(XOR3, up, down, right), left)
    spins = differing(load(room, here + SPINS * size), both(two, load(room, active)))
    store(room, to + SPINS * size, spins)
    if not flag & HAS_INTERFACE:
        return
    b = load(room, here + B * size)
    to_n, to_e = load(room, mask + TOWARDS * size), load(room, mask + (TOWARDS + 1) * size)
    to_s, to_w = load(room, mask + (TOWARDS + 2) * size), load(room, mask + (TOWARDS + 3) * size)
    e, w = shift_in(load(room, here + size), load(room, here + size - 1), 1), load(room, here + 3 * size)
    w = shift_in(load(room, here + 3 * size + 1), w, 63)
    came = lut3(OR_AND, both(load(room, here + 2 * size - stride), to_n), load(room, here + stride), to_s)
    came = lut3(OR_AND, lut3(OR_AND, came, w, to_e), e, to_w)
    interface = load(room, mask + IN_INTERFACE * size)
    slot = both(differing(spins, b), interface)
    store(room, to + B * size, both(differing(spins, came), interface))
    for d in range(4):
        store(room, to + d * size, lut3(_OR, load(room, to + d * size), slot, slot) if flag & HAS_PACKETS else slot)


@nb.njit
def step(room, at, width, flags, now):
    """Put the state one step after state `now`, 0 or 1, the parity of the steps before, into the other."""
    there = 0
    for y in range(at.n_rows):
        here, mask, to = row(at, now * N_PLANES, y), row(at, MASKS, y), row(at, (1 - now) * N_PLANES, y)
        active = row(at, MASKS + ACTIVE + now, y)
        for k in range(flags.shape[1]):
            flag, i = flags[y, k], k * LANES
            there |= flag
            if flag & HAS_PACKETS:
                _step_packets(room, at, here + i, mask + i, to + i, flag)
            if flag & HAS_SPINS:
                _step_spins(room, at, here + i, active + i, mask + i, to + i, flag)
    _wrap(room, at, width, 1 - now, there)


@nb.njit
def _wrap_x(room, at, width, plane):
    """Set the copies of the first cell of each row behind the last one, and of the last before the first."""
    last, high, behind, low = (width - 1) // 64, np.uint64((width - 1) % 64), width // 64, np.uint64(width % 64)
    for y in range(at.n_rows):
        begin = row(at, plane, y)
        room[begin - 1] = room[begin + last] >> high << _63
        room[begin + behind] = room[begin + behind] & ~(_ONE << low) | (room[begin] & _ONE) << low


@nb.njit
def _wrap_y(room, at, plane):
    """Set the copies of the first row behind the last one, and of the last before the first."""
    above, first = row(at, plane, -1), row(at, plane, 0)
    below, last = row(at, plane, at.n_rows), row(at, plane, at.n_rows - 1)
    for i in range(at.n):
        room[above + i], room[below + i] = room[last + i], room[first + i]


@nb.njit
def _wrap(room, at, width, state, flag):
    """Set the copies of the cells across the edges, where they are read; `flag` says what there is in the layout."""
    planes = state * N_PLANES
    if flag & HAS_PACKETS:
        _wrap_x(room, at, width, planes + 1)
        _wrap_x(room, at, width, planes + 3)
        _wrap_y(room, at, planes)
        _wrap_y(room, at, planes + 2)
    if flag & HAS_SPINS:
        _wrap_x(room, at, width, planes + SPINS)
        _wrap_y(room, at, planes + SPINS)


@nb.njit
def drive_walls(room, at, width, state, words, so_far):
    """Replace what the mirrors in columns 0 and -1 are about to emit, and count what this gives."""
    n_words = words.shape[1]
    for wall in range(2):
        plane, x = (3, width - 1) if wall else (1, 0)
        for y in range(at.n_rows):
            new = words[wall, y % n_words] >> np.uint64(y // n_words) & _ONE
            word, shift = row(at, state * N_PLANES + plane, y) + x // 64, np.uint64(x % 64)
            so_far[wall] += np.int64(new) - np.int64(room[word] >> shift & _ONE)
            room[word] = room[word] & ~(_ONE << shift) | new << shift
        _wrap_x(room, at, width, state * N_PLANES + plane)
