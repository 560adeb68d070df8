"""What the tests of the store write and compare: a source with every kind of field, small shards, whole trees.

Also imported by the programs that the tests start (worker.py, mortal.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

import numpy as np

import simkit
import simkit.run.plan
import simkit.store.layout
from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.kernels import philox
from simkit.recipe import Recipe
from simkit.schema import Batch, Field, Schema
from simkit.store import verify

#: rows of a shard, of an inner chunk and of a block of work, shards of a group, once `shrink` was called; then the toy's
#: board and energy are large, and two shards of charge and four of the others are merged, or a group if that is less
SHARD_ROWS, CHUNK_ROWS, BLOCK_ROWS, GROUP_SHARDS = 64, 16, 24, 2

#: two whole shards and a part of a third
N_ROWS = 2 * SHARD_ROWS + 22


@final
@dataclass(frozen=True)
class Toy(Source):
    """Arithmetic on the row number: quick, and different in every row."""

    name: ClassVar[str] = "toy"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "numbers of many kinds"
    tiny: ClassVar[dict[str, object]] = {}
    kernels: ClassVar = (philox.KERNEL,)

    scale: float = param(1.0, "factor of the energy")
    tags: tuple[str, ...] = param(("up", "down", "strange"), "names of the kinds")

    def schema(self) -> Schema:
        return Schema(
            board=Field("uint8", "thirteen packed cells a line", dims=("y", "x_byte"), shape=(3, 2), bits=13),
            energy=Field("float64", "over time, with NaN and infinity in it", dims=("t",), shape=(4,), unit="J"),
            charge=Field("int16", "of both signs", unit="e"),
            is_odd=Field("bool", "whether the row's number is odd"),
            kind=Field("uint8", "kind of the row", labels=self.tags),
        )

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        del on
        row = np.arange(rows.start, rows.stop, dtype=np.uint64)
        mixed = (row + np.uint64(seed)) * np.uint64(0x9E3779B97F4A7C15)
        board = mixed[:, None].view(np.uint8)[:, :6].reshape(-1, 3, 2).copy()
        board[..., -1] &= 0b11111
        energy = self.scale * (mixed[:, None] >> np.arange(0, 64, 16, dtype=np.uint64)).astype(np.float64)
        energy[row % 7 == 3, 1] = np.nan
        energy[row % 5 == 2, 2] = -np.inf
        return {
            "board": board,
            "energy": energy,
            "charge": mixed.astype(np.int16),
            "is_odd": row % 2 == 1,
            "kind": (mixed % np.uint64(3)).astype(np.uint8),
        }


def toy_recipe(n: int = N_ROWS, seed: int = 5, **parameters: object) -> Recipe:
    return Recipe(Toy(**parameters), seed, n)  # type: ignore[arg-type]


def ash_recipe(n: int = N_ROWS, seed: int = 5) -> Recipe:
    return Recipe.parse(
        {
            "source": "ca-ash",
            "version": 1,
            "parameters": {"rules": ["B3/S23", "B2/S"], "size": [24, 20], "max_steps": 300},
            "seed": seed,
            "n": n,
        }
    )


def shrink(set_attribute=setattr) -> None:
    """Make shards, chunks and blocks small, so that a few rows fill several."""
    set_attribute(simkit.store.layout, "_SHARD_ROWS", SHARD_ROWS)
    set_attribute(simkit.store.layout, "_CHUNK_ROWS", CHUNK_ROWS)
    set_attribute(simkit.store.layout, "_GROUP_SHARDS", GROUP_SHARDS)
    set_attribute(simkit.store.layout, "_MERGED_BYTES", 4 * SHARD_ROWS)
    set_attribute(simkit.run.plan, "_BLOCK_ROWS", BLOCK_ROWS)


def tree(root: Path) -> dict[str, bytes | None]:
    """Return every file below `root` with its bytes, and every folder with None."""
    return {str(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in root.rglob("*")}


def shard_faults(path: Path) -> list[str]:
    """Return what `verify` says of the shards; the metadata may be half-way if a process ended while it put them."""
    return [fault for fault in verify(simkit.open(path), full=True) if "zarr.json" not in fault]


def batches_equal(batch: Batch, other: Batch) -> bool:
    """Say whether two batches hold the same bytes."""
    return list(batch) == list(other) and all(
        batch[name].dtype == other[name].dtype and batch[name].tobytes() == other[name].tobytes() for name in batch
    )
