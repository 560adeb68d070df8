"""The bound of the life kernel: how many bitwise vector instructions a core can do in a second."""

from __future__ import annotations

import numba as nb
import numpy as np

from simkit.kernels.compiling import stamped
from simkit.kernels.life.bands import shape_of
from simkit.kernels.life.circuit import MAJ, XOR3, compile_rule
from simkit.kernels.life.gates import compile_gates
from simkit.kernels.life.rule import Rule
from simkit.kernels.life.simd import CODE, HAS_AVX512, LANES, both, differing, load, lut3, store

#: independent chains of instructions, enough to hide the latency of each
_CHAINS = 8

#: bitwise instructions of a repetition
N_INSTRUCTIONS = 2 * _CHAINS


@nb.njit(nogil=True, cache=True)
@stamped
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


def instructions_per_generation(height: int, width: int, rule: Rule) -> float:
    """Return the vector instructions that a generation of a board cannot do without: those of bits, and rotations."""
    shape = shape_of(height, width)
    n_shifts = 2 / shape.n_words if shape.n_words > 1 else 2
    if HAS_AVX512:
        of_a_vector = n_shifts + len((XOR3, MAJ)) + len(compile_rule(rule).nodes)
    else:  # a shift is three instructions; of four words, two and two share what they have in common
        of_sums = 4 if shape.n_words > 1 else 5
        of_a_vector = 3 * n_shifts + of_sums + compile_gates(rule).n_instructions
    n_rotations = 4 * shape.n_columns * shape.n_words  # of bands: two sums above the first row, two below the last
    return shape.size / LANES * of_a_vector + n_rotations
