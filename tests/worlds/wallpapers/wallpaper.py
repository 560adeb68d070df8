"""The source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.kernels import philox
from simkit.schema import Batch, Field, Schema

#: cells of a side of a tile
TILE = 8


@final
@dataclass(frozen=True)
class Wallpaper(Source):
    """Boards covered with copies of a random tile: all alike, or every second one mirrored. Row i is of class i mod 2."""

    name = "wallpaper"
    version = 1
    title = "copies of a random tile, plain or mirrored in turn"
    tiny: ClassVar[dict[str, object]] = {"n_tiles": 2}
    sample: ClassVar[dict[str, object]] = {"n_tiles": 2}
    facts = ("every row of tiles of a board is the same",)
    citation = "Anonymous, Wallpapers (an example)"
    kernels = (philox.KERNEL,)

    n_tiles: int = param(4, "tiles in a row, and rows of tiles; 2..64")

    def validate(self) -> None:
        if not 2 <= self.n_tiles <= 64:
            self.refuse("n_tiles", "2 to 64", self.n_tiles)

    def schema(self) -> Schema:
        side = TILE * self.n_tiles
        return Schema(
            board=Field("uint8", "1 = ink", ("y", "x_byte"), (side, self.n_tiles), bits=side),
            symmetry=Field("uint8", "how the tile is repeated", labels=("plain", "mirrored")),
        )

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        index = np.arange(rows.start, rows.stop, dtype=np.uint64)
        words = on.philox.bits(seed, index, 0, TILE * TILE // 32, 2**31)
        tiles = np.unpackbits(words.view(np.uint8).reshape(-1, TILE, 1), axis=-1, bitorder="little")
        symmetry = (index % np.uint64(2)).astype(np.uint8)
        other = np.where(symmetry[:, None, None] == 1, tiles[:, :, ::-1], tiles)
        pairs = [(tiles, other)[x % 2] for x in range(self.n_tiles)]
        board = np.tile(np.concatenate(pairs, axis=2), (1, self.n_tiles, 1))
        return {"board": np.packbits(board, axis=-1, bitorder="little"), "symmetry": symmetry}
