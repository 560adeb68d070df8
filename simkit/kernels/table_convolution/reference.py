"""The table convolution in NumPy, as the contract says it, in float64."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from simkit.kernels.table_convolution import F32, SLOPE, Grid, Parameters

F64 = npt.NDArray[np.float64]
U16 = npt.NDArray[np.uint16]


def count(codes: U16, n_codes: int) -> npt.NDArray[np.int64]:
    """Return how many cells hold each code."""
    return np.bincount(codes.reshape(-1), minlength=n_codes).astype(np.int64)


def forward(codes: U16, parameters: Parameters, grid: Grid) -> F32:
    """Return the convolution, what follows it, and the stream."""
    hidden = _hidden(codes, parameters, grid)
    leaky = np.where(hidden > 0, hidden, SLOPE * hidden)
    own = parameters.stream[codes[:, :: grid.stride, :: grid.stride]].astype(np.float64)
    out: F32 = (own + parameters.mixed_bias + leaky @ parameters.mix.astype(np.float64)).astype(np.float32)
    return out


def backward(codes: U16, parameters: Parameters, grid: Grid, gradient: F32) -> Parameters:
    """Return the gradients of the sum of the result times `gradient`."""
    hidden = _hidden(codes, parameters, grid)
    slope = np.where(hidden > 0, 1, SLOPE)
    upward = gradient.astype(np.float64)
    within = slope * (upward @ parameters.mix.T.astype(np.float64))
    stream, taps = np.zeros(parameters.stream.shape), np.zeros(parameters.taps.shape)
    np.add.at(stream, codes[:, :: grid.stride, :: grid.stride], upward)
    for k, seen, is_inside in _seen(codes, grid):
        np.add.at(taps[k], seen[is_inside], within[is_inside])
    mix = np.einsum("nyxr,nyxc->rc", slope * hidden, upward)
    given = stream, taps, within.sum((0, 1, 2)), mix, upward.sum((0, 1, 2))
    return Parameters(*(part.astype(np.float32) for part in given))


def _hidden(codes: U16, parameters: Parameters, grid: Grid) -> F64:
    n, height, width = codes.shape
    hidden = np.tile(parameters.bias.astype(np.float64), (n, *grid.shape(height, width), 1))
    for k, seen, is_inside in _seen(codes, grid):
        hidden += np.where(is_inside[..., None], parameters.taps[k][seen], 0)
    return hidden


def _seen(codes: U16, grid: Grid) -> Iterator[tuple[int, U16, npt.NDArray[np.bool_]]]:
    """Yield each tap, the codes that the cells of the result see through it, and whether these are inside."""
    height, width = codes.shape[1:]
    ys, xs = np.arange(0, height, grid.stride), np.arange(0, width, grid.stride)
    for k in range(9):
        y, x = ys + grid.dilation * (k // 3 - 1), xs + grid.dilation * (k % 3 - 1)
        is_inside = ((y >= 0) & (y < height))[:, None] & ((x >= 0) & (x < width)) | grid.is_torus
        seen = codes[:, (y % height)[:, None], x % width]
        yield k, seen, np.broadcast_to(is_inside, seen.shape)
