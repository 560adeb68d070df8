"""Boards as cells in NumPy: the definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simkit.kernels.cells import Form


def expand(
    boards: npt.NDArray[np.uint8],
    places: npt.NDArray[np.int64],
    width: int,
    orientation: npt.NDArray[np.uint8],
    shift: npt.NDArray[np.int32],
    form: Form,
    out: npt.NDArray[Any],
) -> None:
    """Write the cells of boards; see the package's docstring."""
    cells = np.unpackbits(boards[places], axis=-1, count=width, bitorder="little")
    for i, (turn, by) in enumerate(zip(orientation, shift, strict=True)):
        planes = cells[i]
        if turn & 4:
            planes = planes.swapaxes(-2, -1)
        if turn & 1:
            planes = planes[..., ::-1]
        if turn & 2:
            planes = planes[..., ::-1, :]
        cells[i] = np.roll(planes, by, (-2, -1))
    if form.onehot:
        cells = np.stack((1 - cells, cells), 2).reshape(len(cells), -1, *cells.shape[2:])
    if form.channels_last:
        cells = np.moveaxis(cells, 1, -1)
    out[...] = cells
