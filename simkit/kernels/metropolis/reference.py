"""The Metropolis algorithm in NumPy: the definition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.kernels.metropolis import FIRST_STREAM, N_PAIRS, Trace, lanes, to_cells
from simkit.kernels.philox import reference as philox

U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]


def random_integers(shape: tuple[int, ...], seed: int, row: int, time: int) -> U64:
    """Return the random integers of all spins that have their turn in step `time`: uint64 (y, x), of others 0."""
    n = lanes(shape).n_words
    words = philox.words(seed, np.array([row], np.uint64), FIRST_STREAM + time, 4 * N_PAIRS * n)
    digits = words.astype(">u4").view(">u8").astype(np.uint64).reshape(n, 2 * N_PAIRS)  # (word, digit from the highest)
    found = np.zeros(shape, np.uint64)
    for j in range(2 * N_PAIRS):
        both = np.zeros((2, n), np.uint64)
        both[time % 2] = digits[:, j]
        found |= to_cells(both, shape).astype(np.uint64) << np.uint64(2 * N_PAIRS - 1 - j)
    return found


def unsatisfied(cells: U8) -> U8:
    """Return the unsatisfied bonds, 0..4, of each spin (y, x)."""
    near = (np.roll(cells, shift, axis) for axis in (0, 1) for shift in (1, -1))
    found: U8 = np.sum([cells ^ other for other in near], axis=0, dtype=np.uint8)
    return found


def step(cells: U8, acceptance: int, random: U64, time: int) -> U8:
    """Return spins (y, x) after step `time`."""
    u = unsatisfied(cells)
    y, x = np.indices(cells.shape)
    below = (np.uint64(acceptance**2), np.uint64(acceptance << 32))
    flips = (u >= 2) | (u == 1) & (random < below[1]) | (u == 0) & (random < below[0])
    after: U8 = cells ^ (flips & ((y + x + time) % 2 == 0)).astype(np.uint8)
    return after


def count(cells: U8) -> I64:
    """Return the census of spins (y, x): int64 (quantity,), as QUANTITIES says."""
    u = unsatisfied(cells)
    return np.array([cells.sum(dtype=np.int64), u.sum(dtype=np.int64) // 2, *np.bincount(u.ravel(), minlength=5)])


def run(
    cells: U8, n_steps: int, *, acceptance: npt.NDArray[np.uint32], seed: int, row: int, every: int = 1, start: int = 0
) -> Trace:
    """Run spins; see the package's docstring."""
    census = [count(cells)]
    for t in range(start, start + n_steps):
        cells = step(cells, int(acceptance[t // every]), random_integers(cells.shape, seed, row, t), t)
        if (t + 1 - start) % every == 0:
            census.append(count(cells))
    return Trace(cells.copy(), np.array(census))
