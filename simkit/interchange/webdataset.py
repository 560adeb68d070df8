"""A data set as tar files of keyed samples, for the library ``webdataset`` and whatever reads tar.

The key of a sample is its row, ``000000042``. Its files are ``KEY.FIELD.npy`` for a field with axes, ``KEY.FIELD.cls``,
a number in digits, for a field of classes, and ``KEY.json`` for all other fields together.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

from simkit.interchange import Written
from simkit.interchange.card import README, Card
from simkit.interchange.files import Files
from simkit.interchange.npz import header
from simkit.interchange.selection import Selection
from simkit.schema import Batch, Schema

#: bytes and samples of a tar file at most, about: small enough to shuffle them, large enough to read on end
_TAR_BYTES, _TAR_ROWS = 2**28, 10_000

#: digits of a key at least
_DIGITS = 9


def write(selection: Selection, out: Path, *, replace: bool, progress: Callable[[float], None]) -> Written:
    """Write a folder of tar files, ``000000.tar`` and so on, and a data card; see the package's docstring."""
    schema, rows = selection.schema, selection.rows
    step = max(1, min(_TAR_ROWS, _TAR_BYTES // _sample_nbytes(schema)))
    parts = [range(start, min(start + step, rows.stop)) for start in range(rows.start, rows.stop, step)]
    names = [f"{i:06d}.tar" for i in range(len(parts))]
    files = Files(out, {README, *names}, replace=replace, alone=True)
    headers = {name: header(field) for name, field in schema.items()}
    for name, part in zip(names, parts, strict=True):
        with files.open(name) as file, tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for block, batch in selection.of(part).batches():
                for i, row in enumerate(block):
                    for extension, data in _sample(schema, headers, batch, i):
                        member = tarfile.TarInfo(f"{row:0{_DIGITS}d}.{extension}")  # mtime and owner 0
                        member.size = len(data)
                        tar.addfile(member, io.BytesIO(data))
                progress(len(block))
    files.put(README, Card.of(selection).markdown())
    return files.written()


def _sample(schema: Schema, headers: dict[str, bytes], batch: Batch, i: int) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a sample: extension and content."""
    plain = {}
    for name, field in schema.items():
        if field.shape:
            yield f"{name}.npy", headers[name] + batch[name][i].tobytes()
        elif field.labels:
            yield f"{name}.cls", b"%d" % batch[name][i]
        else:
            plain[name] = batch[name][i].item()
    if plain:
        yield "json", json.dumps(plain).encode()


def _sample_nbytes(schema: Schema) -> int:
    """Bytes of a sample in a tar file, about."""
    return sum(1024 + field.nbytes for field in schema.values())
