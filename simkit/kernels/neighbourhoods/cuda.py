"""Codes of neighbourhoods in CUDA C++, a thread for eight cells, written at once where rows are of whole bytes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simkit.kernels.cuda import Array, back, compile_module, empty, to_device
from simkit.kernels.neighbourhoods import N_PATTERNS, check

#: threads of a block
_N_THREADS = 256

#: blocks of a board, at most: what a grid may have
_MAX_BLOCKS = 65_535


@cache
def module() -> Any:
    """Return the compiled kernel."""
    constants = {"N_THREADS": _N_THREADS, "N_PATTERNS": N_PATTERNS}
    return compile_module([Path(__file__).with_name("neighbourhoods.cu")], **constants)


def codes(boards: Array, width: int, padding: str) -> Array:
    """Return the code of each cell; see the package's docstring."""
    check(boards, width, padding)
    n, height, n_bytes = boards.shape
    out = empty((n, height, width), np.uint16)
    if n:
        sizes = *map(np.int32, (height, width, n_bytes)), np.int32(padding == "circular")
        grid = n, min(_MAX_BLOCKS, -(-height * n_bytes // _N_THREADS))
        module().get_function("codes")(grid, (_N_THREADS,), (to_device(boards, np.uint8), *sizes, out))
    return back(out, boards)
