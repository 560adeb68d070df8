"""Which shards of a data set are finished, and what they hold.

An entry is, for each field, the SHA-256 of the shard's decoded rows and the bytes of its encoded chunks: so the digests
do not depend on zstd, and a listing with sizes tells which files are cut. The entries of a group are an array
``(shard, field, byte)`` of uint8, zeros where a shard is not finished. A group that has all its entries in one object
is seen to be finished by the name of that object: to know what is done, nothing is read of what is finished.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import google_crc32c
import numpy as np
from numcodecs import zstd

from simkit.errors import CONTINUE, DamageError, StoreError, show
from simkit.schema import Array
from simkit.store.disk import File
from simkit.store.done import Done
from simkit.store.layout import DIGEST_BYTES, ENTRY_BYTES, LEDGER, Layout
from simkit.store.loose import Entries, Loose, n_chunk_bytes
from simkit.store.place import Place
from simkit.store.shard import ZSTD_LEVEL, Reader, Sliceable, index_bytes, n_decoded

_NAME = re.compile(r"(c|loose|partial)\.(0|[1-9][0-9]{0,18})(\.0\.0)?")


@dataclass(frozen=True)
class State:
    """What the ledger's names say: groups that are finished, loose shards, groups that were finished once."""

    groups: frozenset[int]
    loose: frozenset[int]
    partial: frozenset[int]


@dataclass(frozen=True)
class Opened:
    """Rows of a field that are finished: the inner chunks `chunks`, counted from the start of the data set."""

    reader: Reader
    chunks: range
    #: the reader's first chunk
    first: int

    def chunk(self, chunk: int, out: Array | None = None) -> Array:
        """Return the rows of a chunk; see Reader."""
        return self.reader.chunk(chunk - self.first, out)


class Ledger:
    """The ledger of a data set."""

    def __init__(self, place: Place, layout: Layout) -> None:
        self.place, self.layout = place, layout

    def state(self) -> State:
        """List the ledger."""
        found: dict[str, set[int]] = {"c": set(), "loose": set(), "partial": set()}
        n = {"c": self.layout.n_groups, "loose": self.layout.n_shards, "partial": self.layout.n_groups}
        for name in self.place.names(LEDGER):
            match = _NAME.fullmatch(name)
            if match and (match[1] == "c") == bool(match[3]) and int(match[2]) < n[match[1]]:
                found[match[1]].add(int(match[2]))
        return State(*(frozenset(found[kind]) for kind in ("c", "loose", "partial")))

    def begun(self, state: State) -> dict[int, set[int]]:
        """Return the finished shards of each group that has some and is not finished."""
        done: dict[int, set[int]] = {}
        for shard in state.loose:
            done.setdefault(shard // self.layout.group_shards, set()).add(shard)
        for group in state.partial - state.groups:
            shards = self.layout.group(group)
            try:
                has_entry = self.read(self.layout.partial_key(group))[: len(shards)].any(axis=(1, 2))
            except DamageError:
                if not self.place.has(self.layout.entries_key(group)):
                    raise
                has_entry = np.ones(len(shards), bool)  # it was finished meanwhile
            done.setdefault(group, set()).update((shards.start + np.flatnonzero(has_entry)).tolist())
        return {group: shards for group, shards in done.items() if group not in state.groups}

    def is_done(self, shard: int) -> bool:
        """Say whether a shard is finished, without a listing."""
        layout, has = self.layout, self.place.has
        # in the order in which a group is finished: its entries come before what was loose or partial is removed
        return (
            has(layout.loose_key(shard))
            or self._is_partial(shard)
            or has(layout.entries_key(shard // layout.group_shards))
        )

    def done(self) -> Done:
        """Return the shards that are finished, by one listing."""
        layout, state = self.layout, self.state()
        begun = self.begun(state)

        def parts() -> Iterator[range]:
            for group in sorted(state.groups | begun.keys()):
                if group in state.groups:
                    yield layout.group(group)
                else:
                    yield from (range(shard, shard + 1) for shard in sorted(begun[group]))

        return Done(layout, parts())

    def entries(self, group: int) -> Entries:
        """Return the entries of a group; DamageError if they, or those of a loose shard, are not whole."""
        key, error = self.layout.entries_key(group), None
        try:
            entries = self.read(key)
        except DamageError:
            if not self.place.has(key):
                try:
                    entries = self._of_begun(group)
                except DamageError as found:
                    error = found
                if not self.place.has(key):
                    if error:
                        raise error from None
                    return entries
            entries = self.read(key)  # it was finished meanwhile, and what was read before may lack something
        if not entries[: len(self.layout.group(group))].any(axis=(1, 2)).all():
            raise self._damaged(key, "lacks an entry")
        return entries

    def _of_begun(self, group: int) -> Entries:
        layout, key = self.layout, self.layout.partial_key(group)
        loose = self.state().loose
        entries = self.read(key) if self.place.has(key) else self.blank()
        for at, shard in enumerate(layout.group(group)):
            if shard in loose:
                entries[at] = self.loose(shard).entry
        return entries

    def entry(self, shard: int) -> dict[str, bytes]:
        """Return the digests of a shard by field; StoreError if it is not finished, DamageError if it is damaged."""
        group, at = divmod(shard, self.layout.group_shards)
        entry = self.entries(group)[at]
        if not entry.any():
            raise self.not_done(shard)
        return {name: entry[i, :DIGEST_BYTES].tobytes() for i, name in enumerate(self.layout.schema)}

    def loose(self, shard: int, *, is_whole: bool = False) -> Loose:
        """Open a loose shard, or read it as a whole; DamageError if there is none or it is damaged."""
        key, layout = self.layout.loose_key(shard), self.layout
        if is_whole:
            most = 2**20 + 2 * layout.shard_rows * sum(layout.schema[name].nbytes for name in layout.merged)
            data: Sliceable = self.place.get(key, most)
        else:
            data = self.place.open(key)
        return Loose(data, layout, self._where(key, f"ledger, shard {shard}"))

    def open(self, name: str, shard: int) -> Opened:
        """Open the rows of a field in a finished shard, and those beside them that are sure to be finished too.

        Raises
        ------
        StoreError
            If the shard is not finished.
        DamageError
            If what holds it is missing or not whole.
        """
        layout, alone = self.layout, range(shard, shard + 1)
        group = shard // layout.group_shards
        if not self.place.has(layout.entries_key(group)):
            try:
                if not self.place.has(layout.loose_key(shard)):
                    if self._is_partial(shard):
                        return self._opened(self.open_final(name, shard), alone, layout.span(name, shard).start)
                    raise self.not_done(shard)
                reader = self.open_final(name, shard) if layout.spans[name] == 1 else self.open_loose(name, shard)
                return self._opened(reader, alone, shard)
            except StoreError:
                if not self.place.has(layout.entries_key(group)):
                    raise  # else the group was finished meanwhile
        return self.opened(self.place.open(layout.key(name, shard)), name, shard)

    def opened(self, data: Sliceable, name: str, shard: int) -> Opened:
        """Open the Zarr shard `data`, in which the rows of a field in a shard lie, of a group that is finished."""
        span = self.layout.span(name, shard)
        return self._opened(self._final(data, name, shard), span, span.start)

    def _is_partial(self, shard: int) -> bool:
        group, at = divmod(shard, self.layout.group_shards)
        key = self.layout.partial_key(group)
        return self.place.has(key) and bool(self.read(key)[at].any())

    def _opened(self, reader: Reader, shards: range, first: int) -> Opened:
        per_shard = self.layout.shard_rows // self.layout.chunk_rows
        return Opened(reader, range(shards.start * per_shard, shards.stop * per_shard), first * per_shard)

    def open_loose(self, name: str, shard: int, loose: Loose | None = None) -> Reader:
        """Open the rows of a field that is merged, while their shard is loose; `loose` is that, if it is open."""
        where = self._where(self.layout.loose_key(shard), f"field {show(name)}, shard {shard}")
        return self._reader((loose or self.loose(shard)).rows(name), name, 1, where)

    def open_final(self, name: str, shard: int, *, is_whole: bool = False) -> Reader:
        """Open the Zarr shard in which the rows of a shard lie in the end, or read it as a whole."""
        key = self.layout.key(name, shard)
        return self._final(self.place.get(key) if is_whole else self.place.open(key), name, shard)

    def _final(self, data: Sliceable, name: str, shard: int) -> Reader:
        return self._reader(data, name, self.layout.spans[name], self.where(name, shard))

    def where(self, name: str, shard: int) -> str:
        """Say where the rows of a field of a shard lie in the end, for messages."""
        span = self.layout.span(name, shard)
        shards = f"shard {shard}" if len(span) == 1 else f"shards {span.start} to {span.stop - 1}"
        return self._where(self.layout.key(name, shard), f"field {show(name)}, {shards}")

    def _reader(self, data: Sliceable, name: str, n_shards: int, where: str) -> Reader:
        layout = self.layout
        is_length_free = self.place.n_at_once == 1 or isinstance(data, (bytes, File))
        return Reader(
            data,
            layout.schema[name],
            n_shards * layout.shard_rows,
            layout.chunk_rows,
            where,
            is_length_free=is_length_free,
        )

    def _where(self, key: str, what: str) -> str:
        return f"{self.place.where(key)} ({what})"

    def read(self, key: str) -> Entries:
        """Return the entries of a group that an object holds; they may be changed."""
        data, entries = self.place.get(key), self.blank()
        if len(data) < 5 or int(google_crc32c.value(data[:-4])).to_bytes(4, "little") != data[-4:]:
            raise self._damaged(key, "fails its checksum")
        try:
            if n_decoded(data) != entries.nbytes:
                raise ValueError
            zstd.decompress(memoryview(data)[:-4], entries)
        except (RuntimeError, ValueError):
            raise self._damaged(key, "holds something else") from None
        return entries

    def write(self, key: str, entries: Entries) -> None:
        """Write the entries of a group, as zarr-python would."""
        frame = zstd.compress(entries, ZSTD_LEVEL, False)
        self.place.put(key, frame + int(google_crc32c.value(frame)).to_bytes(4, "little"))

    def blank(self) -> Entries:
        """Return the entries of a group of which nothing is finished."""
        return np.zeros((self.layout.group_shards, len(self.layout.schema), ENTRY_BYTES), np.uint8)

    def digest(self) -> str:
        """Return the SHA-256 over the digests of all shards and fields, in order, in hexadecimal.

        Raises
        ------
        StoreError
            If the data set is not finished.
        """
        return self._summarise(range(self.layout.n_groups), is_whole=True)[0]

    def n_bytes(self) -> int:
        """Return the bytes that finished shards take in Zarr shards, when their groups are finished."""
        state = self.state()
        return self._summarise(sorted({*state.groups, *self.begun(state)}), is_whole=False)[1]

    def summary(self) -> tuple[str, int]:
        """Return `digest` and `n_bytes` of a finished data set, for which the ledger is read once."""
        return self._summarise(range(self.layout.n_groups), is_whole=True)

    def _summarise(self, groups: Iterable[int], *, is_whole: bool) -> tuple[str, int]:
        whole, layout, n_bytes, n_shards = hashlib.sha256(), self.layout, 0, 0
        groups = list(groups)
        for group, of_group in zip(groups, self.place.ahead(self.entries, groups), strict=True):
            entries = of_group[: len(layout.group(group))]
            is_there = entries.any(axis=(1, 2))
            if is_whole and not is_there.all():
                raise self.not_done(layout.group(group).start + int(np.flatnonzero(~is_there)[0]))
            whole.update(np.ascontiguousarray(entries[..., :DIGEST_BYTES]).data)
            n_bytes += int(n_chunk_bytes(entries).sum())
            n_shards += int(is_there.sum())
        per_shard = layout.shard_rows // layout.chunk_rows
        n_bytes += sum(-(-n_shards // span) * index_bytes(span * per_shard) for span in layout.spans.values())
        return whole.hexdigest(), n_bytes

    def not_done(self, shard: int) -> StoreError:
        """Return the error that says that a shard is not finished."""
        rows = self.layout.rows(shard)
        return StoreError(
            f"rows {rows.start:,} to {rows.stop - 1:,} of {self.place.where()} are not generated yet; {CONTINUE}"
        )

    def _damaged(self, key: str, how: str) -> DamageError:
        return DamageError.of_ledger(self._where(key, "ledger, a group of shards"), how)
