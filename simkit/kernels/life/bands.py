"""How a board lies in memory for vectors.

Its H rows are cut into bands, one for each lane of a vector: of n bands, band ``j`` begins at row ``j * H // n``. So
the rows above and below a vector are vectors too, with no shuffle; only the first and the last row of the bands take
theirs from the next band (a rotation of the lanes). A band has n_rows rows, H / n rounded up. If H is no multiple of n,
some bands are one row short. Their last row is then a copy of the first row of the next band, computed along with it,
and the rotation takes the rows next to it; marks behind the last state say which bands are not short.

The cells of a row are cut into columns, and those of a column dealt to n_words words: word ``k`` has cells k,
k + n_words, and so on. That word of row ``v`` of column ``w`` is, of all bands, the vector at
``((w * n_rows + v) * n_words + k) * LANES``. If the width is a multiple of 128, columns have 128 cells: two words of 64
bits with AVX-512, and else four words of 32 bits (see `quads`), so that there are twice as many bands. Other boards
have columns of 64 cells in one word.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.compiling import INNER
from simkit.kernels.life.quads import N_BANDS, N_SUMS, N_WORDS
from simkit.kernels.life.simd import HAS_AVX512, LANES

U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]

#: words of a column of 128 cells, and bits of a word that are one half of such a row; the compiler has to know them to
#: move bits without loops
_N_WORDS = 2 if HAS_AVX512 else N_WORDS
_HALF = np.uint64(64 // _N_WORDS)

#: boards in the workspace of one thread
N_STATES = 7


class Shape(NamedTuple):
    """What the compiled code knows of a board."""

    size: int  # words of 64 bits of a state
    width: int  # cells
    n_columns: int
    n_words: int  # of a column
    n_bands: int
    n_rows: int  # of a band
    is_uneven: bool  # whether some bands are a row short


@nb.njit(**INNER)
def _gather(word):
    """Move every second (AVX-512) or fourth bit of a word, from the lowest on, to its low half or quarter."""
    if not HAS_AVX512:
        word &= np.uint64(0x1111111111111111)
        word = (word | word >> np.uint64(3)) & np.uint64(0x0303030303030303)
        word = (word | word >> np.uint64(6)) & np.uint64(0x000F000F000F000F)
        word = (word | word >> np.uint64(12)) & np.uint64(0x000000FF000000FF)
        return (word | word >> np.uint64(24)) & np.uint64(0x000000000000FFFF)
    word &= np.uint64(0x5555555555555555)
    word = (word | word >> np.uint64(1)) & np.uint64(0x3333333333333333)
    word = (word | word >> np.uint64(2)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    word = (word | word >> np.uint64(4)) & np.uint64(0x00FF00FF00FF00FF)
    word = (word | word >> np.uint64(8)) & np.uint64(0x0000FFFF0000FFFF)
    return (word | word >> np.uint64(16)) & np.uint64(0x00000000FFFFFFFF)


@nb.njit(**INNER)
def _spread(word):
    """Undo `_gather`, with 0 between."""
    if not HAS_AVX512:
        word &= np.uint64(0x000000000000FFFF)
        word = (word | word << np.uint64(24)) & np.uint64(0x000000FF000000FF)
        word = (word | word << np.uint64(12)) & np.uint64(0x000F000F000F000F)
        word = (word | word << np.uint64(6)) & np.uint64(0x0303030303030303)
        return (word | word << np.uint64(3)) & np.uint64(0x1111111111111111)
    word &= np.uint64(0x00000000FFFFFFFF)
    word = (word | word << np.uint64(16)) & np.uint64(0x0000FFFF0000FFFF)
    word = (word | word << np.uint64(8)) & np.uint64(0x00FF00FF00FF00FF)
    word = (word | word << np.uint64(4)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    word = (word | word << np.uint64(2)) & np.uint64(0x3333333333333333)
    return (word | word << np.uint64(1)) & np.uint64(0x5555555555555555)


@nb.njit(**INNER)
def load_board(words, states, target, shape):
    """Put a board of words (y, word) into the state at `target`."""
    height, n_words = len(words), shape.n_words
    if not HAS_AVX512:
        halves = states.view(np.uint32)
    for band in range(shape.n_bands):
        row = band * height // shape.n_bands
        for v in range(shape.n_rows):
            for w in range(shape.n_columns):
                at = target + (w * shape.n_rows + v) * n_words * LANES
                if n_words == 1:
                    states[at + band] = words[row, w]
                    continue
                for k in range(_N_WORDS):
                    first, second = words[row, 2 * w] >> np.uint64(k), words[row, 2 * w + 1] >> np.uint64(k)
                    bits = _gather(first) | _gather(second) << _HALF
                    if HAS_AVX512:
                        states[at + k * LANES + band] = bits
                    else:
                        halves[2 * (at + k * LANES) + band] = bits
            row = row + 1 if row + 1 < height else 0


@nb.njit(**INNER)
def store_board(states, source, words, shape):
    """Put the state at `source` into a board of words (y, word)."""
    height, n_words = len(words), shape.n_words
    if not HAS_AVX512:
        halves = states.view(np.uint32)
    for band in range(shape.n_bands):
        start = band * height // shape.n_bands
        for v in range((band + 1) * height // shape.n_bands - start):
            for w in range(shape.n_columns):
                at = source + (w * shape.n_rows + v) * n_words * LANES
                if n_words == 1:
                    words[start + v, w] = states[at + band]
                    continue
                first, second = np.uint64(0), np.uint64(0)
                for k in range(_N_WORDS):
                    if HAS_AVX512:
                        bits = states[at + k * LANES + band]
                    else:
                        bits = np.uint64(halves[2 * (at + k * LANES) + band])
                    first |= _spread(bits) << np.uint64(k)
                    second |= _spread(bits >> _HALF) << np.uint64(k)
                words[start + v, 2 * w], words[start + v, 2 * w + 1] = first, second


def to_words(boards: U8) -> U64:
    """View packed boards as words (sample, y, word), padding each row of cells to whole words."""
    n_bytes = 8 * -(-boards.shape[-1] // 8)
    padded = np.zeros((*boards.shape[:-1], n_bytes), np.uint8)
    padded[..., : boards.shape[-1]] = boards
    return padded.view("<u8")


def to_bytes(words: U64, n_bytes: int) -> U8:
    """View words (sample, y, word) as packed boards of `n_bytes` a row."""
    return np.ascontiguousarray(words.view(np.uint8)[..., :n_bytes])


def shape_of(height: int, width: int) -> Shape:
    """Return how boards of that many cells lie."""
    n_words, n_bands = _N_WORDS, LANES if HAS_AVX512 else N_BANDS
    if width % 128 or height < n_bands:
        n_words, n_bands = 1, LANES
    n_columns, n_rows = -(-width // (64 if n_words == 1 else 128)), -(-height // n_bands)
    size = n_columns * n_rows * n_words * LANES
    return Shape(size, width, n_columns, n_words, n_bands, n_rows, height % n_bands != 0)


def workspace(height: int, width: int) -> tuple[U64, Shape]:
    """Return room for N_STATES boards, aligned to vectors; behind them marks of the bands that are not short, and for
    columns of four words room for the sums of their rows and of the rows above and below.
    """
    shape = shape_of(height, width)
    n_words = N_STATES * shape.size + LANES
    if shape.n_words == N_WORDS:
        n_words += N_SUMS * (shape.n_rows + 2) * LANES
    room = np.empty(n_words + LANES, np.uint64)
    skip = -room.ctypes.data // 8 % LANES
    states = room[skip : skip + n_words]
    marks = states[N_STATES * shape.size :][:LANES].view(np.uint32 if shape.n_bands == N_BANDS else np.uint64)
    starts = np.arange(shape.n_bands + 1) * height // shape.n_bands
    marks[:] = -(np.diff(starts) == shape.n_rows).astype(marks.dtype)
    return states, shape
