"""Argument sets of `table_convolution`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product

import numpy as np

from simkit.kernels.cases import Call
from simkit.kernels.table_convolution import Grid, Parameters


def convolution(
    function: str,
    n: int,
    side: tuple[int, int],
    n_codes: int,
    n_channels: int,
    n_hidden: int,
    grid: Grid,
    seed: int = 0,
) -> Call:
    """Return a call on images whose cells hold code 0 but for a few, and on random parameters."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, n_codes, (n, *side)).astype(np.uint16)
    codes *= random.random(codes.shape) < 0.05

    def drawn(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    stream, taps = drawn(n_codes, n_channels), drawn(9, n_codes, n_hidden)
    parameters = Parameters(stream, taps, drawn(n_hidden), drawn(n_hidden, n_channels), drawn(n_channels))
    if function == "forward":
        return Call("forward", (codes, parameters, grid))
    return Call("backward", (codes, parameters, grid, drawn(n, *grid.shape(*side), n_channels)))


def count(n: int, n_codes: int, seed: int = 0) -> Call:
    """Return a call that counts the codes of `n` images of one row."""
    return Call("count", (np.random.default_rng(seed).integers(0, n_codes, (n, 1, 7)).astype(np.uint16), n_codes))


_GRIDS = {
    "of a network": ((16, 24), 16, 16, Grid(2, 1, is_torus=False, background=0)),
    "torus": ((16, 12), 16, 16, Grid(2, 1, is_torus=True, background=0)),
    "no background": ((8, 8), 16, 16, Grid(2, 1, is_torus=False, background=-1)),
    "odd sides, few channels": ((9, 7), 5, 3, Grid(2, 1, is_torus=False, background=0)),
    "full grid, more channels inside": ((9, 8), 8, 24, Grid(1, 1, is_torus=False, background=0)),
    "full grid, dilated": ((12, 9), 20, 16, Grid(1, 4, is_torus=False, background=0)),
    "dilated beyond the image, torus": ((5, 4), 1, 1, Grid(3, 6, is_torus=True, background=0)),
    "dilated beyond the image": ((5, 4), 1, 1, Grid(3, 6, is_torus=False, background=0)),
}

CASES: Mapping[str, Callable[[], Call]] = {
    **{
        f"{function}, {name}": partial(convolution, function, 3, side, 11, n_channels, n_hidden, grid)
        for function, (name, (side, n_channels, n_hidden, grid)) in product(("forward", "backward"), _GRIDS.items())
    },
    "forward of no image": lambda: convolution("forward", 0, (4, 4), 3, 2, 2, Grid()),
    "backward of no image": lambda: convolution("backward", 0, (4, 4), 3, 2, 2, Grid(background=0)),
    "count": lambda: count(5, 9),
    "count of none": lambda: count(0, 9),
}
