"""The bytes of a finished shard that is not merged yet.

    entry (40 bytes a field) | CRC-32C of the entry | encoded rows of each field that is merged, in the schema's order

The encoded rows are Zarr shards of their own, whose inner chunks `folding` takes over as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

import google_crc32c
import numpy as np
import numpy.typing as npt

from simkit.errors import DamageError, show
from simkit.store.layout import DIGEST_BYTES, ENTRY_BYTES, Layout
from simkit.store.shard import Sliceable, index_bytes, most_encoded

#: (field, byte) of a shard, or (shard, field, byte) of a group
Entries = npt.NDArray[np.uint8]


def encode(layout: Layout, entry: Entries, shards: Mapping[str, bytes]) -> bytes:
    """Return the object of a shard with this entry; `shards` are its encoded rows by field."""
    head = entry.tobytes()
    return head + _checksum(head) + b"".join(shards[name] for name in layout.merged)


class Loose:
    """Reads such an object, no more of it than it is asked for.

    Raises
    ------
    DamageError
        If the entry is not whole, or the object is not as long as that says.
    """

    def __init__(self, data: Sliceable, layout: Layout, where: str) -> None:
        self._data, self._layout = data, layout
        n_fields = len(layout.schema)
        n_head = ENTRY_BYTES * n_fields
        head = data[: n_head + 4]
        if len(head) < n_head + 4 or head[n_head:] != _checksum(head[:n_head]):
            raise DamageError.of_ledger(where, "fails its checksum")
        self.entry: Entries = np.frombuffer(head[:n_head], np.uint8).reshape(n_fields, ENTRY_BYTES)
        n_index = index_bytes(layout.shard_rows // layout.chunk_rows)
        sizes = dict(zip(layout.schema, n_chunk_bytes(self.entry).tolist(), strict=True))
        self._parts, stop = {}, n_head + 4
        for name in layout.merged:
            most = layout.shard_rows // layout.chunk_rows * most_encoded(layout.chunk_rows * layout.schema[name].nbytes)
            if not 0 <= sizes[name] <= most:  # the rows of a field are read at once
                raise DamageError(f"{where} is damaged: its rows of {show(name)} cannot take {sizes[name]:,} bytes")
            self._parts[name] = stop, stop + sizes[name] + n_index
            stop = self._parts[name][1]
        if stop != len(data):
            raise DamageError(f"{where} is damaged: it has {len(data):,} bytes instead of {stop:,}")

    def rows(self, name: str) -> bytes:
        """Return the encoded rows of a field that is merged."""
        start, stop = self._parts[name]
        return self._data[start:stop]


def n_chunk_bytes(entries: Entries) -> npt.NDArray[np.int64]:
    """Return the bytes of encoded chunks that entries state, with their last axis gone."""
    sizes = np.ascontiguousarray(entries[..., DIGEST_BYTES:]).view("<u8")[..., 0]
    return sizes.astype(np.int64)


def _checksum(data: bytes) -> bytes:
    return int(google_crc32c.value(data)).to_bytes(4, "little")
