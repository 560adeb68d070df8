"""Codes of neighbourhoods in Numba. Nothing here holds the GIL, and nothing starts threads.

Bound: the bytes of the result. Of each row of a board the three cells around every place become a number once, eight
places at a time from a table, and codes are of three such rows, which stay in the first cache.
"""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.compiling import stamped
from simkit.kernels.neighbourhoods import N_PATTERNS, check

_WINDOWS = np.arange(1024, dtype=np.uint16)

#: ten cells that follow one another -> the threes around the eight in the middle, uint16 four to a word
_THREES = np.stack([_WINDOWS >> k & 7 for k in range(8)], 1).view(np.uint64)


def codes(boards: npt.NDArray[np.uint8], width: int, padding: str) -> npt.NDArray[np.uint16]:
    """Return the code of each cell; see the package's docstring."""
    check(boards, width, padding)
    out = np.empty((*boards.shape[:2], width), np.uint16)
    _codes(np.ascontiguousarray(boards), _THREES, padding == "circular", out)
    return out


@nb.njit(nogil=True, cache=True)
@stamped
def _threes(boards, i, y, width, threes, is_torus, words, to):
    """Write the three cells around each place of row `y` of board `i` into ``words[to]``: left, middle, right."""
    last = boards.shape[2] - 1
    n_spare = 8 * (last + 1) - width
    final = np.int64(boards[i, y, last]) & (0xFF >> n_spare)  # without spare bits
    before = final >> (7 - n_spare) if is_torus else 0
    for byte in range(last):
        own = np.int64(boards[i, y, byte])
        after = final if byte + 1 == last else np.int64(boards[i, y, byte + 1])
        window = before | own << 1 | (after & 1) << 9
        words[to, 2 * byte], words[to, 2 * byte + 1] = threes[window, 0], threes[window, 1]
        before = own >> 7
    own = np.int64(boards[i, y, 0]) if last else final
    window = before | final << 1 | (own & 1 if is_torus else 0) << (9 - n_spare)
    words[to, 2 * last], words[to, 2 * last + 1] = threes[window, 0], threes[window, 1]


@nb.njit(nogil=True, cache=True)
@stamped
def _codes(boards, threes, is_torus, out):
    # no views of rows: each would take as long as 30 cells
    n_boards, height, width = out.shape
    words = np.zeros((4, 2 * boards.shape[2]), np.uint64)
    rows = words.view(np.uint16)
    for i in range(n_boards):
        above, own, below = 0, 1, 2
        if is_torus:
            _threes(boards, i, height - 1, width, threes, is_torus, words, above)
        else:
            above = 3  # which stays zero
        _threes(boards, i, 0, width, threes, is_torus, words, own)
        for y in range(height):
            is_end = y == 0 or y == height - 1
            if y + 1 < height or is_torus:
                _threes(boards, i, (y + 1) % height, width, threes, is_torus, words, below)
            else:
                below = 3
            place = np.uint16(0 if is_torus or not is_end else 2 * N_PATTERNS if y == 0 else 7 * N_PATTERNS)
            for x in range(width):
                out[i, y, x] = (rows[above, x] | rows[own, x] << 3 | rows[below, x] << 6) + place
            if not is_torus:
                out[i, y, 0] += np.uint16(N_PATTERNS * (-1 if is_end else 4) & 0xFFFF)
                out[i, y, width - 1] += np.uint16(N_PATTERNS * (1 if is_end else 5))
            above, own, below = own, below, 0 if above == 3 else above
