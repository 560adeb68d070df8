"""Ways of going through all records of a data set: simkit's, plain ones, and the bound."""

from __future__ import annotations

import itertools
import mmap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from simkit.store import Store

Boards = npt.NDArray[np.uint8]

BATCH = 256

#: what a record becomes
FORMS = {"packed": "bit-packed boards as stored", "onehot": "float32 cells, dead and alive, as a network reads them"}


@dataclass(frozen=True)
class Records:
    """The field `name` of a data set, and a folder for copies of it."""

    store: Store
    name: str
    folder: Path

    @property
    def n_rows(self) -> int:
        """Number of records."""
        return self.store.layout.n_rows

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of a record: (y, x_byte)."""
        height, n_bytes = self.store.schema[self.name].shape
        return height, n_bytes

    @property
    def record_bytes(self) -> int:
        """Bytes of a record."""
        return self.store.schema[self.name].nbytes

    def chunks(self) -> Iterator[Boards]:
        """Yield all records in order, a shard at a time."""
        column, step = self.store[self.name], self.store.layout.shard_rows
        return (column[start : start + step] for start in range(0, self.n_rows, step))

    def copied(self, name: str, write: Callable[[Path], None]) -> Path:
        """Return the folder `name`, in which `write` put the records when it was asked for first."""
        folder = self.folder / name
        if not folder.exists():
            folder.mkdir()
            write(folder)
        return folder


@dataclass(frozen=True)
class Way:
    """A way of reading: `run` goes through all records in `folder` once and returns how many they were."""

    name: str
    folder: Path
    run: Callable[[], int]


def bound(records: Records, form: str) -> Way:
    """Decode every chunk in order, from mapped files into one buffer; write as many bytes as the form has."""
    from numcodecs import zstd

    layout, span = records.store.layout, records.store.layout.spans[records.name]
    n_index = 16 * span * layout.shard_rows // layout.chunk_rows + 4
    out = np.empty((layout.chunk_rows, *records.shape), np.uint8)
    cells = np.empty((BATCH, 16 * records.record_bytes if form == "onehot" else 0), np.float32)

    def run() -> int:
        for shard in range(0, layout.n_shards, span):
            with (Path(records.store.path) / layout.key(records.name, shard)).open("rb") as file:
                data = memoryview(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
            index = np.frombuffer(data[-n_index:-4], "<u8").reshape(-1, 2)
            for offset, length in index[index[:, 1] < 2**63].tolist():
                zstd.decompress(data[offset : offset + length - 4], out)
                for _ in range(0, layout.chunk_rows if cells.size else 0, BATCH):
                    cells.fill(1)
        return layout.n_rows

    return Way("bound: decode the chunks, nothing else", Path(records.store.path), run)


def ours(records: Records, form: str) -> Iterator[Way]:
    """Stream shuffled batches with simkit: in threads, and in the worker processes of a DataLoader."""
    from torch.utils.data import DataLoader

    from simkit.learn import batches, stream

    options: dict[str, Any] = {"fields": (records.name,), "channels": form, "shuffle": True, "batch_size": BATCH}
    for n in range(3):
        made = batches(records.store, n_threads=n, **options)
        yield Way(f"simkit, batches(n_threads={n})", Path(records.store.path), partial(_count, made, records.name))
    for n in range(3):
        loader: Any = DataLoader(stream(records.store, **options), batch_size=None, num_workers=n)
        run = partial(_announced, loader, itertools.count(), records.name)
        yield Way(f"simkit, DataLoader(num_workers={n})", Path(records.store.path), run)


def _announced(loader: Any, epochs: Iterator[int], name: str) -> int:
    loader.dataset.set_epoch(next(epochs))
    return _count(loader, name)


def _count(loader: Any, name: str) -> int:
    return sum(len(batch[name]) for batch in loader)


def plain(records: Records, form: str) -> Iterator[Way]:
    """Read without a loader: uncompressed records at random places, and shards by zarr-python in order."""
    import zarr

    def write(folder: Path) -> None:
        with (folder / "records").open("wb") as file:
            for chunk in records.chunks():
                chunk.tofile(file)

    folder, expand = records.copied("raw", write), FORM[form]
    order = np.random.default_rng(0).permutation(records.n_rows)

    def run_memmap() -> int:
        raw = np.memmap(folder / "records", np.uint8, "r", shape=(records.n_rows, *records.shape))
        return sum(len(expand(raw[order[i : i + BATCH]])) for i in range(0, records.n_rows, BATCH))

    yield Way("np.memmap of uncompressed records, shuffled", folder, run_memmap)

    def run_zarr() -> int:
        array: Any = zarr.open_group(Path(records.store.path), mode="r")[records.name]
        step, n = records.store.layout.shard_rows, 0
        for start in range(0, records.n_rows, step):
            shard = np.asarray(array[start : start + step])
            n += sum(len(expand(shard[i : i + BATCH])) for i in range(0, len(shard), BATCH))
        return n

    yield Way("zarr-python, shards in order", Path(records.store.path), run_zarr)


def expand_cells(boards: Boards) -> Any:
    """Return boards as float32 cells, dead and alive, by NumPy: what one would write for a loader of bytes."""
    import torch

    alive = np.unpackbits(boards, axis=-1, bitorder="little")
    cells = np.empty((len(boards), 2, *alive.shape[1:]), np.float32)
    cells[:, 0] = alive == 0
    cells[:, 1] = alive
    return torch.from_numpy(cells)


def as_tensor(boards: Boards) -> Any:
    """Return boards as a tensor."""
    import torch

    return torch.from_numpy(boards)


#: form -> what makes it of packed boards
FORM: dict[str, Callable[[Boards], Any]] = {"packed": as_tensor, "onehot": expand_cells}
