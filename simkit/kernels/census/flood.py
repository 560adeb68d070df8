"""Take connected pieces off a board of words, compiled.

A board here has `stride` words a row, one more than its cells need: behind the last column the first ones are
repeated (`wrap`), so that any 64 columns in a row, the edge among them, are one shift of two words: a *window*.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros

from simkit.kernels.compiling import INNER, stamped

#: rows of the windows of `grow`, and the one that it begins in
N_ROWS, MIDDLE = 130, 65

_0, _1, _63, _64 = np.uint64(0), np.uint64(1), np.uint64(63), np.uint64(64)


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def wrap(board, row, n_words, width):
    """Repeat the first columns of the row of words at `row` behind its last."""
    tail = np.uint64(width % 64)
    if tail == 0:
        board[row + n_words] = board[row]
        return
    last = row + n_words - 1
    inside = (_1 << tail) - _1
    board[last] &= inside
    first = board[row]
    board[last] |= first << tail
    board[row + n_words] = first >> (_64 - tail)


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def window(board, row, column, inside):
    """Return the cells from `column` on of the row of words at `row`."""
    shift = np.uint64(column & 63)
    at = row + (column >> 6)
    word = board[at] >> shift
    if shift != 0:
        word |= board[at + 1] << (_64 - shift)
    return word & inside


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def _clear(board, row, column, cells, n_words, width):
    """Clear `cells` of the window at `column`."""
    shift = np.uint64(column & 63)
    at = row + (column >> 6)
    board[at] &= ~(cells << shift)
    if shift != 0:
        board[at + 1] &= ~(cells >> (_64 - shift))
    if width - column < 64:
        board[row] &= ~(cells >> np.uint64(width - column))
    wrap(board, row, n_words, width)


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def _fill(cells, inside):
    """Add what is connected to `cells` in the row `inside`."""
    while True:
        grown = (cells | cells << _1 | cells >> _1) & inside
        if grown == cells:
            return cells
        cells = grown


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def grow(board, stride, height, width, y, column, seed, span, rows, parts):
    """Find the connected piece with the cells `seed` of row `y` in the window of `span` columns from `column`.

    Returns the first and last row of it in `parts`, of which row MIDDLE is `y`; (0, -1) if it is as high as the board,
    or 64, or reaches the sides of the window.
    """
    inside = ~_0 >> np.uint64(64 - span)
    limit = min(height, 64)
    low, high = MIDDLE, MIDDLE
    rows[MIDDLE] = window(board, y * stride, column, inside)
    parts[MIDDLE] = _fill(seed, rows[MIDDLE])
    is_first = True
    while True:
        for step in (1, -1):
            changed = False
            r = low if step > 0 else high
            while True:
                cells = parts[r]
                r += step
                is_new = r > high or r < low
                if is_new:
                    there = y + r - MIDDLE
                    there += height if there < 0 else (-height if there >= height else 0)
                    rows[r], parts[r] = window(board, there * stride, column, inside), _0
                fresh = (cells | cells << _1 | cells >> _1) & rows[r] & ~parts[r]
                if fresh != 0:
                    changed = True
                    parts[r] = _fill(parts[r] | fresh, rows[r])
                    if is_new:
                        low, high = min(low, r), max(high, r)
                        if high - low + 1 >= limit:
                            return 0, -1
                elif is_new:
                    break
            if not changed and (step < 0 or not is_first):
                every = _0
                for r in range(low, high + 1):
                    every |= parts[r]
                if every & (_1 | _1 << np.uint64(span - 1)):
                    return 0, -1
                return low, high
            is_first = False


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def take(board, stride, height, width, y, column, low, high, parts):
    """Take what `grow` found off the board."""
    for r in range(low, high + 1):
        there = y + r - MIDDLE
        there += height if there < 0 else (-height if there >= height else 0)
        _clear(board, there * stride, column, parts[r], stride - 1, width)


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def flood(board, stride, height, width, y, x, ys, xs, places):
    """Take the connected piece at (y, x) off the board, whatever its size, cell by cell.

    Writes its cells, unrolled, to `ys` and `xs`, and where they are on the torus, ``y * width + x``, to `places`.
    Returns how many there are.
    """
    ys[0], xs[0], places[0] = y, x, y * width + x
    board[y * stride + x // 64] &= ~(_1 << np.uint64(x % 64))
    n, i = 1, 0
    while i < n:
        y, x = places[i] // width, places[i] % width
        for dy in range(-1, 2):
            row = y + dy
            row += height if row < 0 else (-height if row >= height else 0)
            for dx in range(-1, 2):
                column = x + dx
                column += width if column < 0 else (-width if column >= width else 0)
                at, bit = row * stride + column // 64, _1 << np.uint64(column % 64)
                if board[at] & bit:
                    board[at] &= ~bit
                    ys[n], xs[n], places[n] = ys[i] + dy, xs[i] + dx, row * width + column
                    n += 1
        i += 1
    for row in range(height):
        wrap(board, row * stride, stride - 1, width)
    return n


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def lowest(word):
    """Return the number of the lowest bit of a word that is not 0."""
    return np.int64(trailing_zeros(word))  # type: ignore[call-arg]  # Numba gives the first argument
