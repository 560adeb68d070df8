"""The bytes of one shard: a Zarr v3 ``sharding_indexed`` chunk whose inner chunks are zstd with a CRC-32C.

    inner chunk 0 | inner chunk 1 | ... | index: (offset, length) uint64 each | CRC-32C of the index

An inner chunk is the zstd frame of its rows in C order, little-endian, followed by the frame's CRC-32C. One that holds
no row is left out (offset and length 2**64 - 1). Written and read here because zarr-python is slower, reads a shard
before it overwrites it and then fails on a torn one; the tests hold the bytes to be zarr-python's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import google_crc32c
import numpy as np
import numpy.typing as npt
from numcodecs import zstd

from simkit.errors import DamageError
from simkit.schema import Array, Field

#: zstd-1 beats zstd-3, blosc and lz4 on bit-packed boards
ZSTD_LEVEL = 1

_ABSENT = 2**64 - 1

#: bytes between two chunks that are read with them, rather than to ask twice
_GAP = 2**16

#: first bytes of a zstd frame
_MAGIC = (0xFD2FB528).to_bytes(4, "little")

#: CRC-32C of any data that are followed by their own CRC-32C
_CHECKED = 0x48674BC7


def encode(rows: Array, shard_rows: int, chunk_rows: int) -> bytes:
    """Encode up to `shard_rows` rows as a shard of ``shard_rows / chunk_rows`` inner chunks."""
    rows = np.ascontiguousarray(rows, rows.dtype.newbyteorder("<"))
    chunks: list[bytes] = []
    for start in range(0, len(rows), chunk_rows):
        inner = rows[start : start + chunk_rows]
        if len(inner) < chunk_rows:
            inner = np.concatenate((inner, np.zeros((chunk_rows - len(inner), *rows.shape[1:]), rows.dtype)))
        chunks.append(_with_checksum(zstd.compress(inner, ZSTD_LEVEL, False)))
    return join(chunks, shard_rows // chunk_rows)


def join(chunks: Sequence[bytes], n_chunks: int) -> bytes:
    """Return a shard of `n_chunks` inner chunks. The first are given, encoded, b"" for one that has no row."""
    index = np.full((n_chunks, 2), _ABSENT, "<u8")
    lengths = np.array([len(chunk) for chunk in chunks], "<u8")
    is_there = np.flatnonzero(lengths)
    index[is_there, 0], index[is_there, 1] = (np.cumsum(lengths) - lengths)[is_there], lengths[is_there]
    return b"".join([*chunks, _with_checksum(index.tobytes())])


def index_bytes(n_chunks: int) -> int:
    """Return the bytes of the index of a shard."""
    return 16 * n_chunks + 4


class Sliceable(Protocol):
    """Bytes, or a file that gives them a slice at a time."""

    def __len__(self) -> int: ...
    def __getitem__(self, part: slice, /) -> bytes: ...


class Reader:
    """Decodes inner chunks of an encoded shard, reading no more than it is asked for.

    Parameters
    ----------
    data : bytes or a file
        The whole shard.
    field : Field
        What its rows are.
    where : str
        Names the shard in error messages.
    is_length_free : bool
        Whether to know how many bytes `data` has takes no request. If it does, nobody asks: the checksums of index and
        chunks show what is missing.

    Attributes
    ----------
    data : bytes or a file
        From which chunks are read; another that holds the same may take its place.
    size : int
        Bytes of the whole shard.

    Raises
    ------
    DamageError
        If the index is not whole or does not fit the data.
    """

    def __init__(
        self,
        data: Sliceable,
        field: Field,
        shard_rows: int,
        chunk_rows: int,
        where: str,
        *,
        is_length_free: bool = True,
    ) -> None:
        self.data, self._field, self._chunk_rows, self._where = data, field, chunk_rows, where
        n_index = index_bytes(shard_rows // chunk_rows)
        index = data[-n_index:]
        if len(index) < n_index or not _is_whole(index):
            raise DamageError(f"{where} is damaged: its index is torn (the file holds {len(data):,} bytes)")
        self._encoded_index = index
        self._index: npt.NDArray[np.uint64] = np.frombuffer(index[:-4], "<u8").reshape(-1, 2)
        n_body = int(self._index[self._index[:, 1] != _ABSENT, 1].sum())
        self.size = n_body + n_index
        if is_length_free and len(data) != self.size:
            raise DamageError(f"{where} is damaged: {len(data) - n_index:,} bytes of chunks, its index says {n_body:,}")

    def chunk(self, i: int, out: Array | None = None) -> Array:
        """Return the rows of inner chunk `i`, shape ``(chunk_rows, *field.shape)``; in `out` if that is given."""
        return self.decode(i, self.encoded(i), out)

    def decode(self, i: int, part: bytes, out: Array | None = None) -> Array:
        """Return the rows of inner chunk `i`, of which `part` is what `encoded` returns."""
        if out is None:
            out = self._field.empty(self._chunk_rows)
        if not part:
            raise DamageError(f"{self._where} is damaged: chunk {i} is not there")
        try:
            if n_decoded(part) != out.nbytes:  # looked at first: a small frame may unpack to more than there is memory
                raise ValueError(f"{n_decoded(part):,} bytes instead of {out.nbytes:,}")
            decoded = zstd.decompress(memoryview(part)[:-4], out)
            rows = np.frombuffer(decoded, np.dtype(self._field.dtype).newbyteorder("<"))
            return rows.reshape(self._chunk_rows, *self._field.shape)
        except (RuntimeError, ValueError) as error:
            raise DamageError(f"{self._where} is damaged: chunk {i} holds something else ({error})") from None

    def encoded(self, i: int, data: Sliceable | None = None) -> bytes:
        """Return inner chunk `i` as it is stored, b"" if it has no row; DamageError if it is not whole.

        With `data` it is read from there.
        """
        start, stop = self._part(i)
        return self._whole(i, (self.data if data is None else data)[start:stop] if stop > start else b"")

    def parts(self, chunks: Sequence[int]) -> dict[int, bytes]:
        """Return inner chunks as `encoded` does; those that lie close together are read at once."""
        if len(chunks) == 1:  # as always on a disk: nothing is sorted, and no bytes are copied
            return {chunks[0]: self.encoded(chunks[0])}
        found: dict[int, bytes] = {}
        runs: list[list[int]] = []
        for i in sorted(chunks, key=self._part):
            if runs and 0 <= self._part(i)[0] - self._part(runs[-1][-1])[1] <= _GAP:
                runs[-1].append(i)
            else:
                runs.append([i])
        for run in runs:
            start, stop = self._part(run[0])[0], self._part(run[-1])[1]
            data = memoryview(self.data[start:stop] if stop > start else b"")
            for i in run:
                first, last = self._part(i)
                found[i] = self._whole(i, bytes(data[first - start : last - start]))
        return found

    def stored(self, parts: Mapping[int, bytes]) -> list[tuple[int, bytes]]:
        """Return where in the shard some inner chunks lie, and the index, with their bytes."""
        index = self._encoded_index
        return [*((self._part(i)[0], part) for i, part in parts.items() if part), (self.size - len(index), index)]

    def _part(self, i: int) -> tuple[int, int]:
        """Return where inner chunk `i` begins and ends; nowhere if it has no row, or more bytes than it could have."""
        offset, length = self._index[i].tolist()
        is_read = length != _ABSENT and length <= most_encoded(self._chunk_rows * self._field.nbytes)
        return (offset, offset + length) if is_read else (0, 0)

    def _whole(self, i: int, part: bytes) -> bytes:
        if self._index[i, 1] != _ABSENT and (len(part) < 5 or not _is_whole(part)):
            raise DamageError(f"{self._where} is damaged: chunk {i} fails its checksum")
        return part

    def rows(self, n_rows: int) -> Array:
        """Return the first `n_rows` rows of the shard."""
        chunks = [self.chunk(i) for i in range(-(-n_rows // self._chunk_rows))]
        return np.concatenate([self._field.empty(0), *chunks])[:n_rows]


def n_decoded(frame: bytes) -> int:
    """Return how many bytes a zstd frame says that it holds (RFC 8878, section 3.1.1.1); 0 if it does not say.

    It is the size of the first frame, and numcodecs fails where more frames follow that hold anything.

    Raises
    ------
    ValueError
        If it is no such frame.
    """
    if frame[:4] != _MAGIC or len(frame) < 5:
        raise ValueError("no frame of zstd")
    flags = frame[4]
    is_single, size_flag = flags >> 5 & 1, flags >> 6
    start = 5 + (not is_single) + (0, 1, 2, 4)[flags & 3]
    length = (is_single, 2, 4, 8)[size_flag]
    return int.from_bytes(frame[start : start + length], "little") + (256 if size_flag == 1 else 0)


def most_encoded(n_bytes: int) -> int:
    """Return the bytes that a chunk can take at most, as ZSTD_COMPRESSBOUND of zstd.h, and its checksum."""
    return n_bytes + (n_bytes >> 8) + max(0, 2**17 - n_bytes >> 11) + 4


def _with_checksum(data: bytes) -> bytes:
    return data + int(google_crc32c.value(data)).to_bytes(4, "little")


def _is_whole(data: bytes) -> bool:
    return int(google_crc32c.value(data)) == _CHECKED
