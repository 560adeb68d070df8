"""The 54 states of a cell of the coupled system, as tables, and the maps that act on single cells.

====================  ============  ====================================================================
state                 cell          bits
====================  ============  ====================================================================
0                     void          counts as a spin 0 that never flips
1 + g                 gas           g = 0..15: packets about to leave N (1), E (2), S (4), W (8)
17 + s + 2f           Ising         s spin, f phase (1 = active in the next step)
21 + s + 2d + 4p + 8f interface     s spin, d bond bit (1 = unsatisfied), p packet slot, f phase
37                    pinned        a spin 1 that never flips
38 + g                mirror        g as of gas
====================  ============  ====================================================================

All tables are uint8 of shape (54,).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]

N_STATES = 54

VOID, GAS, ISING, INTERFACE, PINNED, MIRROR = range(6)

#: first state of each kind
FIRST = {VOID: 0, GAS: 1, ISING: 17, INTERFACE: 21, PINNED: 37, MIRROR: 38}

#: directions N, E, S, W, in the order of the bits, as (dy, dx)
DIRECTIONS = ((-1, 0), (0, 1), (1, 0), (0, -1))

_STATE = np.arange(N_STATES)

KIND: U8 = np.repeat(np.array([VOID, GAS, ISING, INTERFACE, PINNED, MIRROR], np.uint8), [1, 16, 4, 16, 1, 16])
IS_GAS: U8 = np.isin(KIND, (GAS, MIRROR)).astype(np.uint8)
IS_SPIN: U8 = np.isin(KIND, (ISING, INTERFACE)).astype(np.uint8)


def _bit(kind: int, place: int) -> U8:
    return np.where(kind == KIND, (_STATE - FIRST[kind]) >> place & 1, 0).astype(np.uint8)


#: packets of gas and mirror cells, 0..15
G: U8 = np.where(GAS == KIND, _STATE - 1, np.where(MIRROR == KIND, _STATE - 38, 0)).astype(np.uint8)
#: spin, with pinned and void cells
SPIN: U8 = _bit(ISING, 0) | _bit(INTERFACE, 0) | np.equal(KIND, PINNED).astype(np.uint8)
BOND: U8 = _bit(INTERFACE, 1)
SLOT: U8 = _bit(INTERFACE, 2)
PHASE: U8 = _bit(ISING, 1) | _bit(INTERFACE, 3)


def compose(kind: U8, g: U8, spin: U8, bond: U8, slot: U8, phase: U8) -> U8:
    """Return the states of cells of the given kinds and bits, all of one shape; bits that a kind lacks are ignored."""
    state = np.array([FIRST[k] for k in range(6)], np.uint8)[kind]
    state = state + np.where((kind == GAS) | (kind == MIRROR), g, 0)
    state = state + np.where(kind == ISING, spin + 2 * phase, 0)
    state = state + np.where(kind == INTERFACE, spin + 2 * bond + 4 * slot + 8 * phase, 0)
    return state.astype(np.uint8)


def _turned_back(g: U8) -> U8:
    return ((g << 2 | g >> 2) & 15).astype(np.uint8)


_COLLIDED = np.where(G == 5, 10, np.where(G == 10, 5, G)).astype(np.uint8)

#: the second half of a step, B: the state after it
PERMUTED: U8 = compose(
    KIND, np.where(MIRROR == KIND, _turned_back(G), _COLLIDED).astype(np.uint8), SPIN, SLOT, BOND, PHASE ^ np.uint8(1)
)

#: all packets of gas and mirrors turned back, R
TURNED: U8 = compose(KIND, _turned_back(G), SPIN, BOND, SLOT, PHASE)

#: the states of cells whose rows become columns: packets to the N as those to the W, to the E as those to the S
TRANSPOSED: U8 = compose(
    KIND, (G >> 3 | (G >> 1 & 2) | (G << 1 & 4) | (G << 3 & 8)).astype(np.uint8), SPIN, BOND, SLOT, PHASE
)

#: X = R B, which makes the rule run backwards
REVERSED: U8 = TURNED[PERMUTED]


def reverse(cells: U8) -> U8:
    """Return the cells from which the same rule runs backwards: ``reverse(run(reverse(run(c, t)), t)) = c``."""
    return REVERSED[cells]
