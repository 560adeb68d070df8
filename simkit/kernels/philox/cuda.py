"""Philox4x32-10 in CUDA C++."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simkit.kernels.cuda import Array, back, compile_module, empty, full, to_device
from simkit.kernels.philox import MULTIPLIER_0, MULTIPLIER_1, N_DIGITS, N_ROUNDS, WEYL_0, WEYL_1

#: threads of a block at most: as many as it takes for the words of a board of 128x128 cells
_MAX_THREADS = 128

#: largest number of blocks along y
_MAX_GRID_Y = 65535

#: the text that draws a block of four words, and the constants that it needs: for other kernels, too
DRAW = Path(__file__).with_name("draw.cu")
CONSTANTS = {
    "MULTIPLIER_0": MULTIPLIER_0,
    "MULTIPLIER_1": MULTIPLIER_1,
    "WEYL_0": WEYL_0,
    "WEYL_1": WEYL_1,
    "N_ROUNDS": N_ROUNDS,
}


@cache
def module() -> Any:
    """Return the compiled kernels."""
    return compile_module([DRAW, Path(__file__).with_name("philox.cu")], N_DIGITS=N_DIGITS, **CONSTANTS)


def words(seed: int, rows: Array, stream: int, n_words: int) -> Array:
    """Draw `n_words` words for each row; see the package's docstring."""
    return back(_drawn("words", seed, rows, stream, n_words, ()), rows)


def bits(seed: int, rows: Array, stream: int, n_words: int, threshold: int) -> Array:
    """Draw bits that are 1 with probability ``threshold / 2**32``; see the package's docstring."""
    if threshold in (0, 1 << N_DIGITS):
        return back(full((len(rows), n_words), 0xFFFFFFFF if threshold else 0, np.uint32), rows)
    lowest = (threshold & -threshold).bit_length() - 1
    return back(_drawn("bits", seed, rows, stream, n_words, (np.uint32(threshold), np.int32(lowest))), rows)


def _drawn(kernel: str, seed: int, rows: Array, stream: int, n_words: int, more: tuple[np.generic, ...]) -> Any:
    n_blocks = -(-n_words // 4)
    out = empty((len(rows), 4 * n_blocks), np.uint32)
    if out.size:
        n_threads = min(_MAX_THREADS, -(-n_blocks // 32) * 32)
        grid = (len(rows), min(_MAX_GRID_Y, -(-n_blocks // n_threads)))
        arguments = (np.uint64(seed), to_device(rows, np.uint64), np.uint32(stream), np.uint32(n_blocks), *more, out)
        module().get_function(kernel)(grid, (n_threads,), arguments)
    return out[:, :n_words]
