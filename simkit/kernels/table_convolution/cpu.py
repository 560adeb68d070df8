"""The table convolution in Numba. Nothing here holds the GIL, and nothing starts threads.

Rows of the result one after another. Cells whose whole neighbourhood is background are told apart first, since of ash
they are most and all alike; of the others it is listed where in the tables their nine neighbours are, and sixteen
channels go through them at a time. Channels are filled up with zeros to a multiple of that, and neighbours beside
the image are those of a row of zeros, so that nothing is asked on the way.

Bound: the bytes of the result or its gradient, and per cell that is no background 9 R + 2 R C operations forward
and three times as many backward.
"""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.compiling import stamped
from simkit.kernels.table_convolution import F32, SLOPE, Grid, Parameters
from simkit.kernels.table_convolution.simd import LANES, add, gather, leak, outer, scatter, times

U16 = npt.NDArray[np.uint16]

_SLOPE = np.float32(SLOPE)


def count(codes: U16, n_codes: int) -> npt.NDArray[np.int64]:
    """Return how many cells hold each code."""
    # four of each, so that equal codes that follow one another do not wait for each other
    counts = np.zeros((4, n_codes), np.int64)
    _count(np.ascontiguousarray(codes).reshape(-1), counts)
    total: npt.NDArray[np.int64] = counts.sum(axis=0)
    return total


def forward(codes: U16, parameters: Parameters, grid: Grid) -> F32:
    """Return the convolution, what follows it, and the stream."""
    n, height, width = codes.shape
    n_codes, n_channels = parameters.stream.shape
    filled = _filled(parameters)
    out = np.empty((n, *grid.shape(height, width), filled.stream.shape[1]), np.float32)
    _forward(codes, n_codes, *(each.reshape(-1) for each in filled), *grid, out)
    return out if out.shape[-1] == n_channels else out[..., :n_channels].copy()


def backward(codes: U16, parameters: Parameters, grid: Grid, gradient: F32) -> Parameters:
    """Return the gradients of the sum of the result times `gradient`."""
    n_codes, n_channels = parameters.stream.shape
    n_hidden = len(parameters.bias)
    filled = _filled(parameters)
    upward = _wide(np.ascontiguousarray(gradient), -1)
    stream, taps, bias, mix, mixed_bias = to = Parameters(*map(np.zeros_like, filled))
    turned = np.ascontiguousarray(filled.mix.T).reshape(-1)
    given = n_codes, filled.taps.reshape(-1), filled.bias, turned
    _backward(codes, *given, *grid, upward, *(each.reshape(-1) for each in to))
    return Parameters(
        stream[:n_codes, :n_channels].copy(),
        taps[:, :n_codes, :n_hidden].copy(),
        bias[:n_hidden],
        mix[:n_hidden, :n_channels].copy(),
        mixed_bias[:n_channels],
    )


def _wide(array: F32, *axes: int) -> F32:
    """Fill axes up with zeros to a multiple of LANES."""
    more = [(0, 0)] * array.ndim
    for axis in axes:
        more[axis] = (0, -array.shape[axis] % LANES)
    return np.pad(array, more) if any(after for _, after in more) else array


def _filled(parameters: Parameters) -> Parameters:
    """Return all arrays with channels filled up, and a row of zeros behind those of the codes."""
    stream, taps, bias, mix, mixed_bias = map(np.ascontiguousarray, parameters)
    behind = ((0, 1), (0, 0))
    return Parameters(
        _wide(np.pad(stream, behind), -1),
        _wide(np.pad(taps, ((0, 0), *behind)), -1),
        _wide(bias, 0),
        _wide(mix, 0, 1),
        _wide(mixed_bias, 0),
    )


@nb.njit(nogil=True, cache=True)
@stamped
def _count(codes, counts):
    n = codes.size // 4
    for i in range(n):
        for j in range(4):
            counts[j, codes[4 * i + j]] += 1
    for i in range(4 * n, codes.size):
        counts[0, codes[i]] += 1


@nb.njit(nogil=True, cache=True, forceinline=True)
@stamped
def _place(at, side, is_torus):
    """Return a coordinate on the torus, or -1 for one that is outside."""
    if 0 <= at < side:
        return at
    return at % side if is_torus else -1


@nb.njit(nogil=True, cache=True)
@stamped
def _lists(n_columns, width):
    """Return memory for what is listed of a row."""
    return (
        np.empty((n_columns + 1, 9), np.intp),
        np.empty(n_columns, np.intp),
        np.empty(n_columns, np.intp),
        np.empty(width, np.uint16),
    )


@nb.njit(nogil=True, cache=True, forceinline=True)
@stamped
def _differ(above, own, below, background, others):
    """Note where one of three rows is no background."""
    for x in range(own.size):
        others[x] = (above[x] ^ background) | (own[x] ^ background) | (below[x] ^ background)


@nb.njit(nogil=True, cache=True, forceinline=True)
@stamped
def _list(board, y, n_codes, n_hidden, grid, offsets, active, own, others):
    """List the cells of a row that are no background, and where in the tables what they see is; return how many."""
    stride, dilation, is_torus, background = grid
    height, width = board.shape
    top, bottom = _place(y - dilation, height, is_torus), _place(y + dilation, height, is_torus)
    step = (n_codes + 1) * n_hidden
    is_inside = background >= 0 and top >= 0 and bottom >= 0
    if is_inside:
        _differ(board[top], board[y], board[bottom], np.uint16(background), others)
    n = 0
    for column in range(-(-width // stride)):
        x = column * stride
        left, right = _place(x - dilation, width, is_torus), _place(x + dilation, width, is_torus)
        if is_inside and left >= 0 and right >= 0 and not others[left] | others[x] | others[right]:
            continue
        for i in range(3):
            row = top if i == 0 else y if i == 1 else bottom
            for j in range(3):
                at = left if j == 0 else x if j == 1 else right
                code = np.intp(board[row, at]) if row >= 0 and at >= 0 else n_codes
                offsets[n, 3 * i + j] = (3 * i + j) * step + code * n_hidden
        own[n] = board[y, x]
        active[n] = column
        n += 1
    return n


@nb.njit(nogil=True, cache=True, forceinline=True)
@stamped
def _hidden(taps, offsets, at, bias, hidden):
    for block in range(0, hidden.size, LANES):
        gather(taps, offsets, at, block, bias, block, hidden, block)


@nb.njit(nogil=True, cache=True, forceinline=True)
@stamped
def _cell(offsets, at, own, stream, taps, bias, mix, mixed_bias, hidden, out, to):
    n_channels = mixed_bias.size
    _hidden(taps, offsets, at, bias, hidden)
    for block in range(0, hidden.size, LANES):
        leak(hidden, hidden, block, _SLOPE)
    for c in range(0, n_channels, LANES):
        for i in range(c, c + LANES):
            out[to + i] = mixed_bias[i]
        add(stream, own * n_channels + c, out, to + c)
        for r in range(0, hidden.size, LANES):
            times(hidden, r, mix, r * n_channels + c, n_channels, out, to + c)


@nb.njit(nogil=True, cache=True)
@stamped
def _forward(codes, n_codes, stream, taps, bias, mix, mixed_bias, stride, dilation, is_torus, background, out):
    n_boards, n_rows, n_columns, n_channels = out.shape
    flat, grid = out.reshape(-1), (stride, dilation, is_torus, background)
    offsets, active, own, others = _lists(n_columns, codes.shape[2])
    where = offsets.reshape(-1)
    hidden, common = np.empty(bias.size, np.float32), np.empty(n_channels, np.float32)
    if background >= 0:
        for k in range(9):
            offsets[0, k] = (k * (n_codes + 1) + background) * bias.size
        _cell(where, 0, background, stream, taps, bias, mix, mixed_bias, hidden, common, 0)
    for i in range(n_boards):
        for y in range(n_rows):
            n = _list(codes[i], y * stride, n_codes, bias.size, grid, offsets, active, own, others)
            first = (i * n_rows + y) * n_columns * n_channels
            if n < n_columns:
                for x in range(n_columns):
                    for c in range(n_channels):
                        flat[first + x * n_channels + c] = common[c]
            for j in range(n):
                to = first + active[j] * n_channels
                _cell(where, 9 * j, own[j], stream, taps, bias, mix, mixed_bias, hidden, flat, to)


@nb.njit(nogil=True, cache=True, forceinline=True)
@stamped
def _back(offsets, at, taps, bias, turned, upward, up_at, hidden, within, to_taps, to_bias, to_mix, n_channels):
    """Take the gradient of a cell, or the sum of those of cells that are alike, back to what the cell saw."""
    n_hidden = bias.size
    _hidden(taps, offsets, at, bias, hidden)
    for r in range(0, n_hidden, LANES):
        for i in range(r, r + LANES):
            within[i] = 0
        for c in range(0, n_channels, LANES):
            times(upward, up_at + c, turned, c * n_hidden + r, n_hidden, within, r)
        leak(hidden, within, r, _SLOPE)
        leak(hidden, hidden, r, _SLOPE)
        scatter(within, r, to_taps, offsets, at, r)
        add(within, r, to_bias, r)
        for c in range(0, n_channels, LANES):
            outer(hidden, r, upward, up_at + c, to_mix, r * n_channels + c, n_channels)


@nb.njit(nogil=True, cache=True)
@stamped
def _backward(codes, n_codes, taps, bias, turned, stride, dilation, is_torus, background, gradient,
              to_stream, to_taps, to_bias, to_mix, to_mixed_bias):  # fmt: skip
    n_boards, n_rows, n_columns, n_channels = gradient.shape
    flat, grid, n_hidden = gradient.reshape(-1), (stride, dilation, is_torus, background), bias.size
    offsets, active, own, others = _lists(n_columns, codes.shape[2])
    where = offsets.reshape(-1)
    hidden, within = np.empty(n_hidden, np.float32), np.empty(n_hidden, np.float32)
    # sums of a row are of float32, those of all rows of float64
    row_sum, row_own = np.empty(n_channels, np.float32), np.empty(n_channels, np.float32)
    row_bias, row_mix = np.empty(n_hidden, np.float32), np.empty(n_hidden * n_channels, np.float32)
    alike, all_mixed = np.zeros(n_channels, np.float64), np.zeros(n_channels, np.float64)
    all_bias, all_mix = np.zeros(n_hidden, np.float64), np.zeros(n_hidden * n_channels, np.float64)
    for i in range(n_boards):
        for y in range(n_rows):
            n = _list(codes[i], y * stride, n_codes, n_hidden, grid, offsets, active, own, others)
            first = (i * n_rows + y) * n_columns * n_channels
            row_sum[:] = 0
            row_own[:] = 0
            for c in range(0, n_channels, LANES):
                for x in range(n_columns):
                    add(flat, first + x * n_channels + c, row_sum, c)
                for j in range(n):
                    at = first + active[j] * n_channels + c
                    add(flat, at, row_own, c)
                    add(flat, at, to_stream, own[j] * n_channels + c)
            for c in range(n_channels):
                all_mixed[c] += row_sum[c]
                if n < n_columns:
                    alike[c] += row_sum[c] - row_own[c]
            if n == 0:
                continue
            row_bias[:] = 0
            row_mix[:] = 0
            for j in range(n):
                at = first + active[j] * n_channels
                _back(where, 9 * j, taps, bias, turned, flat, at, hidden, within, to_taps, row_bias, row_mix,
                      n_channels)  # fmt: skip
            for r in range(n_hidden):
                all_bias[r] += row_bias[r]
            for r in range(row_mix.size):
                all_mix[r] += row_mix[r]
    if background >= 0:
        row_bias[:] = 0
        row_mix[:] = 0
        for c in range(n_channels):
            row_sum[c] = alike[c]
            to_stream[background * n_channels + c] += row_sum[c]
        for k in range(9):
            offsets[0, k] = (k * (n_codes + 1) + background) * n_hidden
        _back(where, 0, taps, bias, turned, row_sum, 0, hidden, within, to_taps, row_bias, row_mix, n_channels)
        for r in range(n_hidden):
            all_bias[r] += row_bias[r]
        for r in range(row_mix.size):
            all_mix[r] += row_mix[r]
    to_bias[:] = all_bias
    to_mix[:] = all_mix
    to_mixed_bias[:] = all_mixed
