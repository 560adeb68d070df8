"""What the tests of streaming read, and how they take it apart. Also imported by the programs that they start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
import torch
import torch.utils.data

import simkit
import simkit.run
import simkit.store.layout
from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.learn import Stream, stream
from simkit.schema import Array, Batch, Field, Schema
from simkit.store.chunks import Chunks

#: rows of a shard and of an inner chunk, once `shrink` was called
SHARD_ROWS, CHUNK_ROWS = 64, 16

N_ROWS = 230
RULES = ("B3/S23", "B2/S", "B36/S23")

#: of a shuffled stream of the rows
OPTIONS: dict[str, Any] = {"fields": ("row",), "batch_size": 24, "seed": 9, "shuffle": True, "window": 3}


def source(**parameters: Any) -> Source:
    return simkit.source("ca-ash", **{"rules": RULES, "size": 24, "max_steps": 300, "census": "none", **parameters})


def shrink(set_attribute: Any) -> None:
    """Make shards and chunks small, so that a few rows fill several."""
    set_attribute(simkit.store.layout, "_SHARD_ROWS", SHARD_ROWS)
    set_attribute(simkit.store.layout, "_CHUNK_ROWS", CHUNK_ROWS)
    set_attribute(simkit.store.layout, "_GROUP_SHARDS", 2)
    set_attribute(simkit.store.layout, "_MERGED_BYTES", 2 * SHARD_ROWS)  # two shards of one byte a row are merged


def make(path: Path, n: int = N_ROWS, **parameters: Any) -> Path:
    """Generate a data set of many small chunks; call `shrink` before."""
    simkit.run.generate(simkit.Recipe(source(**parameters), 3, n), path, n_threads=1)
    return path


def rows_of(batches: Any, n: int | None = None) -> list[int]:
    """Return the row numbers that batches hold, of the first `n` of them."""
    found: list[int] = []
    for index, batch in enumerate(batches):
        if index == n:
            break
        found += batch["row"].tolist()
    return found


def loader(streamed: Stream, n_workers: int, **options: Any) -> torch.utils.data.DataLoader[Any]:
    return torch.utils.data.DataLoader(streamed, batch_size=None, num_workers=n_workers, **options)


def side_by_side(
    path: Path, n_ranks: int, n_workers: int, state: Any = None, n_batches: int = 10**9, **options: Any
) -> tuple[list[list[int]], Any]:
    """Train on several ranks, each with workers, for some batches; return the rows of each batch over all ranks.

    And the state that rank 0 keeps.
    """
    parts, states = [], []
    for rank in range(n_ranks):
        streamed = stream(path, ranks=(rank, n_ranks), **options)
        if state is not None:
            streamed.load_state_dict(state)
        taken = []
        for batch in loader(streamed, n_workers):
            taken.append(batch["row"].tolist())
            if len(taken) == n_batches:
                break
        parts.append(taken)
        states.append(streamed.state_after(len(taken)))
    assert all(other == states[0] for other in states)
    return [sum(pieces, []) for pieces in zip(*parts, strict=True)], states[0]


def cells_of(path: Path, rows: list[int]) -> np.ndarray:
    store = simkit.open(path)
    return simkit.unpack(store["ash"][rows], 24)


@final
@dataclass(frozen=True)
class Same(Source):
    """The same board in every row."""

    name: ClassVar[str] = "same"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "one board, again and again"
    tiny: ClassVar[dict[str, object]] = {}
    kernels: ClassVar = ()

    board: tuple[str, ...] = param(("01", "10"), "rows of cells, 0 and 1")

    def schema(self) -> Schema:
        width = len(self.board[0])
        shape = (len(self.board), -(-width // 8))
        return Schema(board=Field("uint8", "the board", ("y", "x_byte"), shape, bits=width))

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        del seed, on
        cells = np.array([[int(cell) for cell in row] for row in self.board], np.uint8)
        packed = np.packbits(cells, axis=-1, bitorder="little")
        return {"board": np.repeat(packed[None], len(rows), axis=0)}


@final
@dataclass(frozen=True)
class TwoBoards(Source):
    """Boards without a rule, and a field that is a text."""

    name: ClassVar[str] = "two-boards"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "boards and a name"
    tiny: ClassVar[dict[str, object]] = {}
    kernels: ClassVar = ()

    def schema(self) -> Schema:
        return Schema(board=Field("uint8", "a board", ("y", "x_byte"), (2, 1), bits=2), name=Field("<U3", "a name"))

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        raise NotImplementedError


@final
@dataclass(frozen=True)
class Pictures(Source):
    """Pixels of a random kind, with a class and a target; the values of a picture depend on its row alone."""

    name: ClassVar[str] = "pictures"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "pixels, a class and a target"
    tiny: ClassVar[dict[str, object]] = {}
    kernels: ClassVar = ()

    channels: int = param(3, "channels of a picture; 0 has no such axis")
    full: int = param(255, "value of full brightness")

    def schema(self) -> Schema:
        dims, shape = ("channel", "y", "x"), (self.channels, 5, 7)
        pixels = (dims, shape) if self.channels else (dims[1:], shape[1:])
        return Schema(
            image=Field("uint8", "the picture", *pixels, full=self.full),
            label=Field("uint8", "the class", labels=("even", "odd")),
            target=Field("float32", "what is to be told"),
            places=Field("float64", "two points", ("point", "axis"), (2, 2)),
        )

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        del on
        shape = self.schema()["image"].shape
        drawn = (np.random.default_rng([seed, row]) for row in rows)
        numbers = np.arange(rows.start, rows.stop)
        return {
            "image": np.stack([random.integers(0, self.full + 1, shape, np.uint8) for random in drawn]),
            "label": (numbers % 2).astype(np.uint8),
            "target": (numbers / 7).astype(np.float32),
            "places": np.repeat(numbers.astype(np.float64), 4).reshape(-1, 2, 2),
        }


class Many(Chunks):
    """As many rows as its name says, which nobody has to write."""

    chunk_rows, is_independent = 512, True
    schema = Schema(number=Field("int64", "the row"), digit=Field("uint8", "its last digit"))

    def __init__(self, name: str, *_: object) -> None:
        self.where, self.n_rows, self.identity = name, int(name), name

    def read(self, name: str, chunk: int, out: Array) -> None:
        out[:] = self._rows(name, chunk * self.chunk_rows, (chunk + 1) * self.chunk_rows)

    def column(self, name: str, n_rows: int) -> Iterator[Array]:
        for start in range(0, self.n_rows, n_rows):
            yield self._rows(name, start, min(start + n_rows, self.n_rows))

    def _rows(self, name: str, start: int, stop: int) -> Array:
        numbers = np.arange(start, stop)
        return numbers if name == "number" else (numbers % 10).astype(np.uint8)
