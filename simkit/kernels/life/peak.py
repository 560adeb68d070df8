"""The bound of the life kernel: how many bitwise vector instructions a core can do in a second."""

from __future__ import annotations

import numba as nb
import numpy as np

from simkit.kernels.life.bands import is_paired
from simkit.kernels.life.circuit import MAJ, compile_rule
from simkit.kernels.life.rule import Rule
from simkit.kernels.life.simd import CODE, HAS_AVX512, LANES, both, differing, load, lut3, store

#: independent chains of instructions, enough to hide the latency of each
_CHAINS = 8

#: bitwise instructions of a repetition
N_INSTRUCTIONS = 2 * _CHAINS


@nb.njit(nogil=True, cache=True)
def _chains(room, n, _code=CODE):
    a, b, c, d = load(room, 0), load(room, LANES), load(room, 2 * LANES), load(room, 3 * LANES)
    e, f, g, h = load(room, 4 * LANES), load(room, 5 * LANES), load(room, 6 * LANES), load(room, 7 * LANES)
    for _ in range(n):  # each takes others' values, so that no compiler finds a shorter way
        if HAS_AVX512:
            for _ in range(2):
                a, b, c, d = lut3(MAJ, a, b, c), lut3(MAJ, b, c, d), lut3(MAJ, c, d, e), lut3(MAJ, d, e, f)
                e, f, g, h = lut3(MAJ, e, f, g), lut3(MAJ, f, g, h), lut3(MAJ, g, h, a), lut3(MAJ, h, a, b)
        else:
            a, b, c, d = differing(a, b), differing(b, c), differing(c, d), differing(d, e)
            e, f, g, h = differing(e, f), differing(f, g), differing(g, h), differing(h, a)
            a, b, c, d = both(a, d), both(b, e), both(c, f), both(d, g)
            e, f, g, h = both(e, h), both(f, a), both(g, b), both(h, c)
    for i, vector in enumerate((a, b, c, d, e, f, g, h)):
        store(room, i * LANES, vector)


def repeat(n: int) -> None:
    """Do ``n * N_INSTRUCTIONS`` bitwise instructions."""
    _chains(np.arange(_CHAINS * LANES, dtype=np.uint64), n)


def instructions_per_generation(height: int, width: int, rule: Rule) -> int:
    """Return the vector instructions that a generation of a board cannot do without."""
    n_shifts = 1 if is_paired(width) else 2
    n_nodes = 2 + len(compile_rule(rule).nodes)
    # of two-input instructions, a shift across words takes three and a node two at least: one input is in one of them
    of_a_vector = n_shifts + n_nodes if HAS_AVX512 else 3 * n_shifts + 2 * n_nodes
    return -(-height // LANES) * -(-width // 64) * of_a_vector
