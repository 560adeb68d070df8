"""The channels: the board, and where it differs from the cell to the left; see `simkit.learn.streaming.channels.Channels`."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from simkit.schema import Batch, Schema, unpack

U8 = npt.NDArray[np.uint8]


class Edges:
    """Ink, and upright edges of ink."""

    about: ClassVar[str] = "two channels, ink and its upright edges"
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, schema: Schema, name: str) -> None:
        self._width = schema[name].bits or 0

    def planes(self, boards: U8, beside: Batch) -> U8:
        del beside
        cells = unpack(boards, self._width)
        both = np.stack((cells, cells ^ np.roll(cells, 1, axis=-1)), axis=1)
        return np.packbits(both, axis=-1, bitorder="little")
