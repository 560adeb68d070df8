"""The bound of the life kernel: how many circuit nodes a core can evaluate in a second."""

from __future__ import annotations

import time

import numba as nb
import numpy as np

from simkit.kernels.life.bands import is_paired
from simkit.kernels.life.circuit import MAJ, compile_rule
from simkit.kernels.life.rule import Rule
from simkit.kernels.life.simd import LANES, load, lut3, store

#: XOR3 and MAJ of a row
_ROW_SUMS = 2

#: independent chains of nodes, enough to hide the latency of each
_CHAINS = 12


@nb.njit(nogil=True, cache=True)
def _chains(room, n):
    x, y = load(room, 0), load(room, LANES)
    a, b, c, d = load(room, 0), load(room, 8), load(room, 16), load(room, 24)
    e, f, g, h = load(room, 32), load(room, 40), load(room, 48), load(room, 56)
    i, j, k, l = load(room, 64), load(room, 72), load(room, 80), load(room, 88)  # noqa: E741
    for _ in range(n):
        a, b, c, d = lut3(MAJ, a, x, y), lut3(MAJ, b, x, y), lut3(MAJ, c, x, y), lut3(MAJ, d, x, y)
        e, f, g, h = lut3(MAJ, e, x, y), lut3(MAJ, f, x, y), lut3(MAJ, g, x, y), lut3(MAJ, h, x, y)
        i, j, k, l = lut3(MAJ, i, x, y), lut3(MAJ, j, x, y), lut3(MAJ, k, x, y), lut3(MAJ, l, x, y)  # noqa: E741
    store(
        room, 0, lut3(MAJ, lut3(MAJ, a, b, c), lut3(MAJ, d, e, f), lut3(MAJ, lut3(MAJ, g, h, i), j, lut3(MAJ, k, l, x)))
    )


def node_rate(seconds: float = 0.2) -> float:
    """Return the vector nodes that this core evaluates in a second of CPU time, measured over about `seconds`."""
    room = np.arange(96, dtype=np.uint64)
    _chains(room, 1)
    n, spent = 100_000, 0.0
    while spent < seconds:
        n *= 2
        started = time.thread_time()
        _chains(room, n)
        spent = time.thread_time() - started
    return n * _CHAINS / spent


def nodes_per_generation(height: int, width: int, rule: Rule) -> int:
    """Return the vector operations that a generation of a board cannot do without."""
    n_shifts = 1 if is_paired(width) else 2
    return -(-height // LANES) * -(-width // 64) * (n_shifts + _ROW_SUMS + len(compile_rule(rule).nodes))
