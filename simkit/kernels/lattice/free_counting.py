"""The census of a free layout, from popcounts of its planes, a vector of cells at a time and region by region."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.lattice import BOND_BIT, MIRROR, QUANTITIES, SITES, SLOT, UNSATISFIED, UP
from simkit.kernels.lattice.free import (
    HAS_INTERFACE,
    HAS_PACKETS,
    HAS_SPINS,
    IN_GAS,
    IN_INTERFACE,
    IN_MIRROR,
    IN_SPIN,
    MASKS,
    N_PLANES,
    SPINS,
    TOWARDS,
    B,
    neighbours,
)
from simkit.kernels.lattice.planes import allocate, row
from simkit.kernels.life.circuit import MAJ, XOR3
from simkit.kernels.life.simd import LANES, add, both, differing, load, lut3, popcount, shift_in, splat, store

U64 = npt.NDArray[np.uint64]

_N, _SITES = len(QUANTITIES), SITES.start

#: tables of x and not y; of x and y and not z; of x or y or z
_BUT, _BOTH_BUT, _OR = 0x30, 0x40, 0xFE

#: the bits of cells with even x
_EVEN = np.uint64(0x5555555555555555)


def region_masks(regions: npt.NDArray[np.int64]) -> U64:
    """Return which columns are in each region, as words along x in vectors: uint64 (region, word)."""
    is_in = regions == np.arange(int(regions.max()) + 1)[:, None]
    padded = np.zeros((len(is_in), -(-is_in.shape[1] // (64 * LANES)) * 64 * LANES), np.bool_)
    padded[:, : is_in.shape[1]] = is_in
    masks: U64 = np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)
    return masks


def workspace(masks: U64) -> U64:
    """Return the room that counting needs: a vector for each quantity of each region."""
    return allocate(len(masks) * _N * LANES)


@nb.njit
def _tally(counts, quantity, words):
    store(counts, quantity * LANES, add(load(counts, quantity * LANES), popcount(words)))


@nb.njit
def _count_packets(room, size, here, mask, odd, inside, counts, into):
    """Add the packets of a vector; `odd` are the cells whose packets are of class 1 now."""
    gas = both(load(room, mask + IN_GAS * size), inside)
    mirror = both(load(room, mask + IN_MIRROR * size), inside)
    for d in range(4):
        packets = load(room, here + d * size)
        _tally(counts, into + 2 * d, lut3(_BOTH_BUT, packets, gas, odd))
        _tally(counts, into + 2 * d + 1, both(both(packets, gas), odd))
        _tally(counts, into + MIRROR, both(packets, mirror))


@nb.njit
def _count_spins(room, at, here, mask, flag, inside, counts, into):
    size = at.size
    spin_cells = load(room, mask + IN_SPIN * size)
    mine = both(spin_cells, inside)
    spins = load(room, here + SPINS * size)
    up, right, down, left = neighbours(room, at, here, mask, flag)
    n, e = both(differing(spins, up), mine), both(differing(spins, right), mine)
    s, w = both(differing(spins, down), mine), both(differing(spins, left), mine)
    _tally(counts, into + UP, both(spins, mine))
    parity, carry = lut3(XOR3, n, e, s), lut3(MAJ, n, e, s)
    more = both(parity, w)
    ones, twos, fours = differing(parity, w), differing(carry, more), both(carry, more)
    _tally(counts, into + _SITES, lut3(_BUT, mine, lut3(_OR, ones, twos, fours), mine))
    _tally(counts, into + _SITES + 1, lut3(_BUT, ones, twos, ones))
    _tally(counts, into + _SITES + 2, lut3(_BUT, twos, ones, twos))
    _tally(counts, into + _SITES + 3, both(ones, twos))
    _tally(counts, into + _SITES + 4, fours)
    if flag & HAS_INTERFACE:
        interface = both(load(room, mask + IN_INTERFACE * size), inside)
        _tally(counts, into + SLOT, both(load(room, here), interface))
        _tally(counts, into + BOND_BIT, both(differing(spins, load(room, here + B * size)), interface))
        n = lut3(_BUT, n, load(room, mask + TOWARDS * size), n)
        e = lut3(_BUT, e, load(room, mask + (TOWARDS + 1) * size), e)
        s = lut3(_BUT, s, load(room, mask + (TOWARDS + 2) * size), s)
        w = lut3(_BUT, w, load(room, mask + (TOWARDS + 3) * size), w)
    at_spins = mask + IN_SPIN * size
    _tally(counts, into + UNSATISFIED, e)
    _tally(counts, into + UNSATISFIED, s)
    _tally(counts, into + UNSATISFIED, lut3(_BUT, n, load(room, at_spins - at.stride), n))
    _tally(counts, into + UNSATISFIED, lut3(_BUT, w, shift_in(spin_cells, load(room, at_spins - 1), 1), w))


@nb.njit
def count(room, at, flags, state, time, masks, counts, census):
    """Add the census of a state, in the order of QUANTITIES; `masks` are those of the regions."""
    counts[:] = 0
    for k in range(flags.shape[1]):
        i = k * LANES
        for region in range(len(masks)):
            is_here = False
            for j in range(LANES):
                is_here |= masks[region, i + j] != 0
            if not is_here:
                continue
            inside, into = load(masks, region * masks.shape[1] + i), region * _N
            for y in range(at.n_rows):
                here, mask, flag = row(at, state * N_PLANES, y) + i, row(at, MASKS, y) + i, flags[y, k]
                if flag & HAS_PACKETS:
                    odd = splat(_EVEN << np.uint64((y + time + 1) % 2))
                    _count_packets(room, at.size, here, mask, odd, inside, counts, into)
                if flag & HAS_SPINS:
                    _count_spins(room, at, here, mask, flag, inside, counts, into)
    for region in range(len(masks)):
        for quantity in range(_N):
            for j in range(LANES):
                census[region, quantity] += np.int64(counts[(region * _N + quantity) * LANES + j])
