"""A data set with every kind of field, and readers of the formats that share no code with the writers.

Also imported by the programs that the tests start (dying.py, measured.py).
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

import simkit
import simkit.interchange.selection
import simkit.run
import simkit.store.layout
from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.kernels import philox
from simkit.recipe import Recipe
from simkit.schema import Batch, Field, Schema

Arrays = dict[str, npt.NDArray[Any]]

N_ROWS, WIDTH = 150, 13
FORMATS = ("npz", "idx", "webdataset", "parquet", "hf")


@final
@dataclass(frozen=True)
class Zoo(Source):
    """Arithmetic on the row number, in many shapes and types."""

    name: ClassVar[str] = "zoo"
    version: ClassVar[int] = 3
    title: ClassVar[str] = "numbers of many kinds"
    tiny: ClassVar[dict[str, object]] = {}
    kernels: ClassVar = (philox.KERNEL,)

    scale: float = param(1e-5, "factor")
    tags: tuple[str, ...] = param(("up", 'd"own', "strange ü"), "names of the kinds")
    size: tuple[int, int] = param((3, WIDTH), "height and width of the board")
    is_wide: str = param("no", "whether there are types that IDX lacks")

    def schema(self) -> Schema:
        height, width = self.size
        fields = {
            "board": Field("uint8", "packed | cells", ("y", "x_byte"), (height, -(-width // 8)), bits=width),
            "energy": Field("float64", "over time, with NaN and infinity", ("t",), (4,), unit="J"),
            "volume": Field("int16", "a box", ("z", "y", "x"), (2, 3, 4)),
            "charge": Field("int16", "of both signs", unit="e"),
            "heat": Field("float32", "a number, or NaN", unit="K"),
            "is_odd": Field("bool", "whether the row's number is odd"),
            "kind": Field("uint8", "kind of the row", labels=self.tags),
            "counts": Field("int32", "of things", ("thing",), (2,), columns=("stone", "leaf")),
        }
        if self.is_wide == "yes":
            fields["code"] = Field("uint64", "a large number")
            fields["flags"] = Field("bool", "several", ("flag",), (3,))
        return Schema(**fields)

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        del on
        height, width = self.size
        row = np.arange(rows.start, rows.stop, dtype=np.uint64)
        mixed = (row + np.uint64(seed + 1)) * np.uint64(0x9E3779B97F4A7C15)
        cells = (mixed[:, None] * np.arange(1, height * width + 1, dtype=np.uint64)) >> np.uint64(63)
        energy = self.scale * (mixed[:, None] >> np.arange(0, 64, 16, dtype=np.uint64)).astype(np.float64)
        energy[row % 7 == 3, 1] = np.nan
        energy[row % 5 == 2, 2] = -np.inf
        heat = (mixed >> np.uint64(40)).astype(np.float32) / 3
        heat[row % 11 == 4] = np.nan
        batch = {
            "board": np.packbits(cells.astype(np.uint8).reshape(-1, height, width), axis=-1, bitorder="little"),
            "energy": energy,
            "volume": (mixed[:, None] >> np.arange(24, dtype=np.uint64)).astype(np.int16).reshape(-1, 2, 3, 4),
            "charge": mixed.astype(np.int16),
            "heat": heat,
            "is_odd": row % 2 == 1,
            "kind": (mixed % np.uint64(3)).astype(np.uint8),
            "counts": (mixed[:, None] >> np.array([3, 40], np.uint64)).astype(np.int32),
        }
        if self.is_wide == "yes":
            batch |= {"code": mixed, "flags": (mixed[:, None] >> np.arange(3, dtype=np.uint64)) % 2 == 1}
        return batch


def shrink(set_attribute: Callable[[object, str, object], None] = setattr) -> None:
    """Make shards, blocks and files small, so that a few rows fill several."""
    from simkit.interchange import hf, parquet, webdataset

    set_attribute(simkit.store.layout, "_SHARD_ROWS", 64)
    set_attribute(simkit.store.layout, "_CHUNK_ROWS", 16)
    set_attribute(simkit.store.layout, "_GROUP_SHARDS", 2)
    set_attribute(simkit.store.layout, "_MERGED_BYTES", 256)
    set_attribute(simkit.interchange.selection, "_BLOCK", 13)
    set_attribute(webdataset, "_TAR_ROWS", 70)
    set_attribute(parquet, "_GROUP_BYTES", 10_000)
    set_attribute(hf, "_FILE_BYTES", 10_000)


def make(path: Path, n_rows: int = N_ROWS, **parameters: object) -> Path:
    simkit.generate(Recipe(Zoo(**parameters), 5, n_rows), path)  # type: ignore[arg-type]
    return path


def place(folder: Path, to: str) -> Path:
    """Return where the tests put an export."""
    return folder / f"x{simkit.interchange.formats()[to].suffix or '-' + to}"


def files(path: Path) -> dict[str, bytes]:
    """Return every file of an export with its bytes."""
    if path.is_file():
        return {path.name: path.read_bytes()}
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def read_npz(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def read_idx(path: Path) -> Arrays:
    """Read a folder of IDX files, as the description of MNIST says."""
    dtypes = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
    found = {}
    for file in path.glob("*-idx*"):
        data = file.read_bytes()
        assert data[:2] == b"\0\0"
        n_axes = data[3]
        name, _, kind = file.name.partition("-")
        assert kind.startswith(f"idx{n_axes}-")
        shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(n_axes)]
        found[name] = np.frombuffer(data[4 + 4 * n_axes :], dtypes[data[2]]).reshape(shape)
    return found


def read_tars(path: Path) -> list[dict[str, bytes]]:
    """Return the samples of a folder of tar files, each a mapping of extension to content, with ``__key__``."""
    samples: dict[str, dict[str, bytes]] = {}
    for file in sorted(path.glob("*.tar")):
        with tarfile.open(file) as tar:
            for member in tar:
                assert (member.mtime, member.uid, member.gid, member.uname, member.gname) == (0, 0, 0, "", "")
                key, _, extension = member.name.partition(".")
                content = tar.extractfile(member)
                assert content is not None
                samples.setdefault(key, {"__key__": key.encode()})[extension] = content.read()
    return list(samples.values())


def read_webdataset(path: Path) -> Arrays:
    found: dict[str, list[Any]] = {}
    for sample in read_tars(path):
        for extension, data in sample.items():
            name, _, kind = extension.rpartition(".")
            if kind == "npy":
                found.setdefault(name, []).append(np.load(io.BytesIO(data), allow_pickle=False))
            elif kind == "cls":
                found.setdefault(name, []).append(int(data))
            elif kind == "json":
                for plain, value in json.loads(data).items():
                    found.setdefault(plain, []).append(value)
    return {name: array_of(values) for name, values in found.items()}


def array_of(values: list[Any]) -> npt.NDArray[Any]:
    """Return values as an array; integers as Python's own, since NumPy makes floats of large ones."""
    return np.array(values, object if type(values[0]) is int else None)


def columns_of(table: Any) -> Arrays:
    """Return the columns of an Arrow table, through Python's own lists."""
    return {name: array_of(table[name].to_pylist()) for name in table.column_names}


def read_parquet(path: Path) -> Arrays:
    from pyarrow import parquet

    return columns_of(parquet.read_table(path))


def read_hf(path: Path) -> Arrays:
    import pyarrow as pa

    state = json.loads((path / "state.json").read_text())
    tables = [pa.ipc.open_stream(path / entry["filename"]).read_all() for entry in state["_data_files"]]
    return columns_of(pa.concat_tables(tables))


READERS: dict[str, Callable[[Path], Arrays]] = {
    "npz": read_npz,
    "idx": read_idx,
    "webdataset": read_webdataset,
    "parquet": read_parquet,
    "hf": read_hf,
}
