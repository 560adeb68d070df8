"""How a board lies in memory for vectors.

Its H rows are cut into LANES bands, band ``j`` beginning at row ``j * H // LANES``. Word column ``w`` of row ``v`` of
every band makes one vector, at index ``(w * n_rows + v) * LANES``, where n_rows is H / LANES rounded up. So the rows
above and below a vector are vectors too, with no shuffle; only the first and the last row of the bands take theirs from
the next band (a rotation of the lanes). If H is no multiple of LANES, some bands are one row short: their last row is
then a copy of the first row of the next band, computed along with it, and the rotation takes the rows next to it (marks
behind the last state say which bands are not short).

If the width is a multiple of 128, of each 128 cells of a row the even ones make one word and the odd ones the next;
else words are 64 cells in a row.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.life.simd import LANES

U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]

#: boards in the workspace of one thread
N_STATES = 6

_ONE, _32 = np.uint64(1), np.uint64(32)


class Shape(NamedTuple):
    """What the compiled code knows of a board."""

    size: int  # words of a state
    width: int  # cells
    n_rows: int  # rows of a band
    is_uneven: bool  # whether some bands are a row short
    is_paired: bool  # whether the word columns are of even and odd cells by turns


@nb.njit
def _spread(word):
    """Move bits 0..31 of a word to its even places."""
    word &= np.uint64(0xFFFFFFFF)
    word = (word | word << np.uint64(16)) & np.uint64(0x0000FFFF0000FFFF)
    word = (word | word << np.uint64(8)) & np.uint64(0x00FF00FF00FF00FF)
    word = (word | word << np.uint64(4)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    word = (word | word << np.uint64(2)) & np.uint64(0x3333333333333333)
    return (word | word << _ONE) & np.uint64(0x5555555555555555)


@nb.njit
def _gather(word):
    """Move the bits at even places of a word to 0..31."""
    word &= np.uint64(0x5555555555555555)
    word = (word | word >> _ONE) & np.uint64(0x3333333333333333)
    word = (word | word >> np.uint64(2)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    word = (word | word >> np.uint64(4)) & np.uint64(0x00FF00FF00FF00FF)
    word = (word | word >> np.uint64(8)) & np.uint64(0x0000FFFF0000FFFF)
    return (word | word >> np.uint64(16)) & np.uint64(0xFFFFFFFF)


@nb.njit
def load_board(words, states, target, shape):
    """Put a board of words (y, word) into the state at `target`."""
    height, n_columns = words.shape
    size = shape.n_rows * LANES
    for v in range(shape.n_rows):
        for lane in range(LANES):
            row = (lane * height // LANES + v) % height
            at = target + v * LANES + lane
            if shape.is_paired:
                for w in range(0, n_columns, 2):
                    first, second = words[row, w], words[row, w + 1]
                    states[at + w * size] = _gather(first) | _gather(second) << _32
                    states[at + w * size + size] = _gather(first >> _ONE) | _gather(second >> _ONE) << _32
            else:
                for w in range(n_columns):
                    states[at + w * size] = words[row, w]


@nb.njit
def store_board(states, source, words, shape):
    """Put the state at `source` into a board of words (y, word)."""
    height, n_columns = words.shape
    size = shape.n_rows * LANES
    for lane in range(LANES):
        start = lane * height // LANES
        for v in range((lane + 1) * height // LANES - start):
            at = source + v * LANES + lane
            if shape.is_paired:
                for w in range(0, n_columns, 2):
                    even, odd = states[at + w * size], states[at + w * size + size]
                    words[start + v, w] = _spread(even) | _spread(odd) << _ONE
                    words[start + v, w + 1] = _spread(even >> _32) | _spread(odd >> _32) << _ONE
            else:
                for w in range(n_columns):
                    words[start + v, w] = states[at + w * size]


def is_paired(width: int) -> bool:
    """Say whether boards of that width are kept as even and odd cells."""
    return width % 128 == 0


def to_words(boards: U8) -> U64:
    """View packed boards as words (sample, y, word), padding each row of cells to whole words."""
    n_bytes = 8 * -(-boards.shape[-1] // 8)
    padded = np.zeros((*boards.shape[:-1], n_bytes), np.uint8)
    padded[..., : boards.shape[-1]] = boards
    return padded.view("<u8")


def to_bytes(words: U64, n_bytes: int) -> U8:
    """View words (sample, y, word) as packed boards of `n_bytes` a row."""
    return np.ascontiguousarray(words.view(np.uint8)[..., :n_bytes])


def workspace(height: int, width: int) -> tuple[U64, Shape]:
    """Return room for N_STATES boards, aligned to vectors, with the marks of the bands that are not short behind."""
    n_rows = -(-height // LANES)
    shape = Shape(-(-width // 64) * n_rows * LANES, width, n_rows, height % LANES != 0, is_paired(width))
    n_words = N_STATES * shape.size + LANES
    room = np.empty(n_words + LANES, np.uint64)
    skip = -room.ctypes.data // 8 % LANES
    states = room[skip : skip + n_words]
    starts = np.arange(LANES + 1) * height // LANES
    states[-LANES:] = np.where(np.diff(starts) == n_rows, ~np.uint64(0), np.uint64(0))
    return states, shape
