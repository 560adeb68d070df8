"""Philox4x32-10 in CUDA C++."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simkit.kernels import logarithm, philox
from simkit.kernels.cuda import Array, back, compile_module, empty, full, to_device
from simkit.kernels.philox import MULTIPLIER_0, MULTIPLIER_1, N_DIGITS, N_ROUNDS, WEYL_0, WEYL_1

#: threads of a block at most: as many as it takes for the words of a board of 128x128 cells
_MAX_THREADS = 128

#: largest numbers of blocks along x and y
_MAX_GRID_X, _MAX_GRID_Y = 2**31 - 1, 65535

#: numbers that the text of normal quantiles needs
_NUMBERS = ("CENTRAL", "NEAR", "NEAR_ORIGIN", "FAR_ORIGIN")
_POLYNOMIALS = ("CENTRAL_ABOVE", "CENTRAL_BELOW", "NEAR_ABOVE", "NEAR_BELOW", "FAR_ABOVE", "FAR_BELOW")

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


@cache
def normal_module() -> Any:
    """Return the compiled kernels of normal numbers."""
    tables = {
        **{name: (getattr(philox, name),) for name in _NUMBERS},
        **{name: getattr(philox, name) for name in _POLYNOMIALS},
        "SERIES": logarithm.SERIES,
        "LN_2": (logarithm.LN_2,),
        "SQRT_HALF": (logarithm.SQRT_HALF,),
    }
    text = "".join(
        f"__device__ constexpr double {name}[] = {{{', '.join(map(repr, values))}}};\n"
        for name, values in tables.items()
    )
    return compile_module([text, DRAW, Path(__file__).with_name("normal.cu")], **CONSTANTS)


def words(seed: int, rows: Array, stream: int, n_words: int) -> Array:
    """Draw `n_words` words for each row; see the package's docstring."""
    return back(_drawn("words", seed, rows, stream, n_words), rows)


def bits(seed: int, rows: Array, stream: int, n_words: int, threshold: int) -> Array:
    """Draw bits that are 1 with probability ``threshold / 2**32``; see the package's docstring."""
    if threshold in (0, 1 << N_DIGITS):
        return back(full((len(rows), n_words), 0xFFFFFFFF if threshold else 0, np.uint32), rows)
    lowest = (threshold & -threshold).bit_length() - 1
    return back(_drawn("bits", seed, rows, stream, n_words, np.uint32(threshold), np.int32(lowest)), rows)


def normals(seed: int, rows: Array, stream: int, n: int) -> Array:
    """Draw `n` normal numbers for each row; see the package's docstring."""
    out = empty((len(rows), 2 * -(-n // 2)), np.float64)
    _launch(normal_module, "normals", seed, rows, stream, out)
    return back(out[:, :n], rows)


def quantiles(numbers: Array) -> Array:
    """Return normal quantiles; see the package's docstring."""
    out = empty((len(numbers),), np.float64)
    if out.size:
        grid = (min(_MAX_GRID_X, -(-len(numbers) // _MAX_THREADS)),)
        arguments = (to_device(numbers, np.uint64), np.uint64(len(numbers)), out)
        normal_module().get_function("quantiles")(grid, (_MAX_THREADS,), arguments)
    return back(out, numbers)


def _drawn(kernel: str, seed: int, rows: Array, stream: int, n_words: int, *more: np.generic) -> Any:
    out = empty((len(rows), 4 * -(-n_words // 4)), np.uint32)
    _launch(module, kernel, seed, rows, stream, out, *more)
    return out[:, :n_words]


def _launch(
    of: Callable[[], Any], kernel: str, seed: int, rows: Array, stream: int, out: Any, *more: np.generic
) -> None:
    """Let a kernel write blocks of four words, or what becomes of them, into all of `out`."""
    n_blocks = out.shape[1] * out.itemsize // 16
    if out.size:
        n_threads = min(_MAX_THREADS, -(-n_blocks // 32) * 32)
        grid = (len(rows), min(_MAX_GRID_Y, -(-n_blocks // n_threads)))
        arguments = (np.uint64(seed), to_device(rows, np.uint64), np.uint32(stream), np.uint32(n_blocks), *more, out)
        of().get_function(kernel)(grid, (n_threads,), arguments)
