"""Other people's loaders on the same records, each with the settings that were fastest for records of some KiB.

Records are written as bytes and put together by `Join`: the loaders' own ways with arrays take two to ten times longer.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from simkit.bench.ways import BATCH, FORM, Records, Way

#: bytes and records of a file, about those of a shard
_FILE_BYTES, _FILE_RECORDS = 2**23, 2**12

#: records among which they shuffle, as many as a window of simkit's
_WINDOW = 2**13

_WORKERS = (0, 2)


@dataclass(frozen=True)
class Join:
    """Makes a batch of records that are bytes, or dicts that hold them under `key`."""

    shape: tuple[int, int]
    form: str
    key: str | None = None

    def __call__(self, records: Sequence[Any]) -> Any:
        """Return the batch as a tensor."""
        joined = bytearray(b"".join([record[self.key] for record in records] if self.key else records))
        return FORM[self.form](np.frombuffer(joined, np.uint8).reshape(-1, *self.shape))


@dataclass(frozen=True)
class Peer:
    """A package, the module that it brings, and its ways of reading some records."""

    package: str
    module: str
    ways: Callable[[Records, str], list[Way]]

    def is_installed(self) -> bool:
        """Say whether it can be imported."""
        return importlib.util.find_spec(self.module) is not None


def _count(loader: Any) -> int:
    return sum(len(batch) for batch in loader)


def _litdata(records: Records, form: str) -> list[Way]:
    import litdata
    from litdata.streaming.writer import BinaryWriter

    def write(folder: Path, compression: str | None) -> None:
        writer = BinaryWriter(str(folder), chunk_bytes=_FILE_BYTES, compression=compression)
        for index, record in enumerate(_bytes(records)):
            writer.add_item(index, record)
        writer.done()
        writer.merge()

    ways = []
    for name, compression, workers in (("litdata", None, _WORKERS), ("litdata, zstd", "zstd", (0,))):
        folder = records.copied(name, partial(write, compression=compression))
        for n in workers:
            data = litdata.StreamingDataset(str(folder), shuffle=True)
            loader = litdata.StreamingDataLoader(
                data, batch_size=BATCH, num_workers=n, collate_fn=Join(records.shape, form)
            )
            ways.append(Way(f"{name}, num_workers={n}", folder, partial(_count, loader)))
    return ways


def _mosaicml(records: Records, form: str) -> list[Way]:
    import streaming
    from torch.utils.data import DataLoader

    def write(folder: Path) -> None:
        with streaming.MDSWriter(columns={"board": "bytes"}, out=str(folder), size_limit=_FILE_BYTES) as writer:
            for record in _bytes(records):
                writer.write({"board": record})

    folder = records.copied("mosaicml", write)
    ways = []
    for n in _WORKERS:
        data = streaming.StreamingDataset(
            local=str(folder), shuffle=True, batch_size=BATCH, shuffle_block_size=_WINDOW, num_canonical_nodes=1
        )
        loader = DataLoader(data, BATCH, num_workers=n, collate_fn=Join(records.shape, form, "board"))
        ways.append(Way(f"MosaicML streaming, num_workers={n}", folder, partial(_count, loader)))
    return ways


def _webdataset(records: Records, form: str) -> list[Way]:
    import webdataset
    from torch.utils.data import DataLoader

    def write(folder: Path) -> None:
        with webdataset.ShardWriter(str(folder / "%04d.tar"), maxcount=_FILE_RECORDS, verbose=0) as writer:
            for index, record in enumerate(_bytes(records)):
                writer.write({"__key__": f"{index:09}", "board": record})

    folder = records.copied("webdataset", write)
    ways = []
    for n in _WORKERS:
        data = webdataset.WebDataset(sorted(map(str, folder.iterdir())), shardshuffle=1000, empty_check=False)
        loader = DataLoader(
            data.shuffle(_WINDOW, initial=_WINDOW), BATCH, num_workers=n, collate_fn=Join(records.shape, form, "board")
        )
        ways.append(Way(f"WebDataset, num_workers={n}", folder, partial(_count, loader)))
    return ways


def _bytes(records: Records) -> Iterator[bytes]:
    return (record.tobytes() for chunk in records.chunks() for record in chunk)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what a package prints when it writes or is imported out of the table."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        yield


def _quietly(ways: Callable[[Records, str], list[Way]]) -> Callable[[Records, str], list[Way]]:
    def prepare(records: Records, form: str) -> list[Way]:
        with _quiet():
            return ways(records, form)

    return prepare


#: name -> peer
PEERS = {
    "litdata": Peer("litdata", "litdata", _quietly(_litdata)),
    "mosaicml": Peer("mosaicml-streaming", "streaming", _quietly(_mosaicml)),
    "webdataset": Peer("webdataset", "webdataset", _quietly(_webdataset)),
}
