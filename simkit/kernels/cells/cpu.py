"""Boards as cells in Numba. Nothing here holds the GIL.

Bound: the bytes of the result. A board's cells, one byte each, are put together in a buffer that stays in the first
cache, and written out once.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.cells import Form


@nb.njit(nogil=True, cache=True)
def _unpack(board, width, is_mirrored, is_upside_down, cells):
    height = board.shape[0]
    n_bytes = width // 8
    for y in range(height):
        bits, row = board[y], cells[height - 1 - y if is_upside_down else y]
        if is_mirrored:
            for x in range(n_bytes * 8, width):
                row[width - 1 - x] = (bits[n_bytes] >> (x % 8)) & 1
            whole = row[width - 8 * n_bytes :]
            for byte in range(n_bytes):
                for k in range(8):
                    whole[8 * byte + k] = (bits[n_bytes - 1 - byte] >> (7 - k)) & 1
        else:
            for byte in range(n_bytes):
                for k in range(8):
                    row[8 * byte + k] = (bits[byte] >> k) & 1
            for x in range(n_bytes * 8, width):
                row[x] = (bits[n_bytes] >> (x % 8)) & 1


@nb.njit(nogil=True, cache=True)
def _transpose(cells):
    """Swap y and x, a square of 16 cells at a time, so that reads and writes stay in the first cache."""
    side = cells.shape[0]
    for top in range(0, side, 16):
        for left in range(0, side, 16):
            for y in range(top, min(top + 16, side)):
                for x in range(max(left, y + 1), min(left + 16, side)):
                    cells[y, x], cells[x, y] = cells[x, y], cells[y, x]


@nb.njit(nogil=True, cache=True)
def _copy(source, is_inverted, target):
    """Write cells, or what they are not, into `target`; a loop over views, which becomes vector instructions."""
    one = np.uint8(1)
    if is_inverted:
        for x in range(source.shape[0]):
            target[x] = np.uint8(source[x] ^ one)
    else:
        for x in range(source.shape[0]):
            target[x] = source[x]


@nb.njit(nogil=True, cache=True)
def _copy_shifted(row, right, is_inverted, target):
    width = row.shape[0]
    if right:
        _copy(row[: width - right], is_inverted, target[right:])
        _copy(row[width - right :], is_inverted, target[:right])
    else:
        _copy(row, is_inverted, target)


@nb.njit(nogil=True, cache=True)
def _expand(boards, width, orientation, shift, onehot, channels_last, out):
    height = boards.shape[2]
    cells = np.empty((height, width), np.uint8)
    n_states = 2 if onehot else 1
    for i in range(boards.shape[0]):
        turn, down, right = orientation[i], shift[i, 0], shift[i, 1]
        for plane in range(boards.shape[1]):
            # mirrored left-right after a transposition is upside down before it
            left_right, upside_down = turn & 1, turn & 2
            if turn & 4:
                left_right, upside_down = upside_down, left_right
            _unpack(boards[i, plane], width, left_right != 0, upside_down != 0, cells)
            if turn & 4:
                _transpose(cells)
            for y in range(height):
                row = cells[y - down if y >= down else y - down + height]
                for state in range(n_states):
                    channel, is_inverted = n_states * plane + state, onehot and state == 0
                    if channels_last:
                        _copy_shifted(row, right, is_inverted, out[i, y, :, channel])
                    else:
                        _copy_shifted(row, right, is_inverted, out[i, channel, y])


def expand(
    boards: npt.NDArray[np.uint8],
    width: int,
    orientation: npt.NDArray[np.uint8],
    shift: npt.NDArray[np.int32],
    form: Form,
    out: npt.NDArray[Any],
) -> None:
    """Write the cells of boards; see the package's docstring."""
    _expand(np.ascontiguousarray(boards), width, orientation, shift, form.onehot, form.channels_last, out)
