"""How the loose shards of a group become Zarr shards and one object of the ledger, and how that is undone.

Chunks are taken over as they are: nothing is decoded, and what is written depends on nothing but the shards. Each step
puts or removes whole objects. First come the Zarr shards, then the group's entries, with which it is finished, and then
what was loose is removed. A process that is killed leaves steps that the next one does again. Two that fold the same
group write the same bytes, and one that misses what the other has removed finds the group finished.

That two write the same bytes holds as long as they agree on the number of rows. A full shard and a full group are the
same whatever that is. What is not, is a last shard that is not full, a last group that is not full, and ``zarr.json``.
All of that is written in turn, by whoever holds the lock of the ledger, and for the number of rows that ``zarr.json``
has then. A data set is extended in turn too. So one process may go on with fewer rows while another extends the data
set: what it makes of full shards counts, and what it would make of a shard that has grown is refused (`in_turn`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from simkit.errors import DamageError, StoreError
from simkit.store.layout import LEDGER, ROOT, read_metadata
from simkit.store.ledger import Ledger, State
from simkit.store.loose import Entries, Loose
from simkit.store.place import Place
from simkit.store.shard import Reader, join


@contextmanager
def in_turn(place: Place) -> Iterator[tuple[Ledger, dict[str, Any]]]:
    """Hold the lock of the ledger, and give the ledger and the group's attributes as they are then."""
    with place.lock(LEDGER) as turn:
        turn.wait()
        layout, attributes = read_metadata(place.get(ROOT), place.where())
        yield Ledger(place, layout), attributes


def check_same(ledger: Ledger, now: Ledger) -> None:
    """Raise StoreError if the data set has another number of rows now than in `ledger`."""
    if ledger.layout.n_rows != now.layout.n_rows:
        raise StoreError(
            f"{ledger.place.where()} was extended from {ledger.layout.n_rows:,} to {now.layout.n_rows:,} rows by "
            "another process meanwhile; what is finished is kept: give all processes the same --n"
        )


def settle(ledger: Ledger, groups: Collection[int] | None = None) -> None:
    """Fold those of `groups`, or of all, whose shards are done; when no group is left, record the digest."""
    layout, state = ledger.layout, ledger.state()
    unsettled = _unsettled(ledger, state, groups)
    for group in unsettled:
        if layout.is_full(group):
            _settle(ledger, group, state)
        else:
            with in_turn(ledger.place) as (now, _):
                state_now = now.state()
                if _unsettled(now, state_now, [group]):
                    _settle(now, group, state_now)
    if len((ledger.state() if unsettled else state).groups) == layout.n_groups:
        complete(ledger.place)


def _unsettled(ledger: Ledger, state: State, groups: Collection[int] | None) -> list[int]:
    """Return the groups of which all shards are done, and those that are finished and of which something is loose."""
    layout, begun, found = ledger.layout, ledger.begun(state), []
    for group in sorted({*(shard // layout.group_shards for shard in state.loose), *state.partial}):
        is_whole = len(begun.get(group, ())) == len(layout.group(group))
        if (groups is None or group in groups) and (is_whole or ledger.place.has(layout.entries_key(group))):
            found.append(group)
    return found


def _settle(ledger: Ledger, group: int, state: State) -> None:
    if group not in state.groups:
        _fold(ledger, group, state)
    if ledger.place.has(ledger.layout.entries_key(group)):
        _clear(ledger, group, state)


def _fold(ledger: Ledger, group: int, state: State) -> None:
    place, layout = ledger.place, ledger.layout
    try:
        is_begun = group in state.partial
        entries = ledger.read(layout.partial_key(group)) if is_begun else ledger.blank()
        for key, data in _merged(ledger, group, state, entries):
            place.put(key, data)
    except DamageError:
        if place.has(layout.entries_key(group)):
            return  # another process has folded it, and removed what was loose
        raise
    ledger.write(layout.entries_key(group), entries)


def _merged(ledger: Ledger, group: int, state: State, entries: Entries) -> Iterator[tuple[str, bytes]]:
    """Yield the keys and the bytes of the Zarr shards of a group, and fill in the entries of what is loose.

    Each loose shard is read once, and kept until the Zarr shards that it belongs to are put together.
    """
    layout, shards = ledger.layout, ledger.layout.group(group)
    per_shard = layout.shard_rows // layout.chunk_rows
    chunks: dict[str, list[bytes]] = {name: [] for name in layout.merged}
    merged: dict[str, Reader] = {}  # where rows lie that are not loose

    def read(shard: int) -> Loose | None:
        return ledger.loose(shard, is_whole=True) if shard in state.loose else None

    for shard, loose in zip(shards, ledger.place.ahead(read, shards), strict=True):
        if loose is not None:
            entries[shard - shards.start] = loose.entry
        for name in layout.merged:
            span, start = layout.span(name, shard), 0
            if loose is not None:
                reader = ledger.open_loose(name, shard, loose)
            else:
                if name not in merged:
                    merged[name] = ledger.open_final(name, shard, is_whole=True)
                reader, start = merged[name], (shard - span.start) * per_shard
            chunks[name] += (reader.encoded(start + i) for i in range(per_shard))
            if shard == span[-1]:
                yield layout.key(name, shard), join(chunks[name], layout.spans[name] * per_shard)
                chunks[name] = []
                merged.pop(name, None)


def _clear(ledger: Ledger, group: int, state: State) -> None:
    """Remove what is loose of a group that is finished."""
    layout = ledger.layout
    loose = state.loose.intersection(layout.group(group))
    ledger.place.delete(*map(layout.loose_key, sorted(loose)), layout.partial_key(group))


def unfold(ledger: Ledger, group: int, without: Collection[int] = ()) -> None:
    """Let a group be not finished any more, and its shards `without` not done.

    The data set must be held for writing by this process alone.
    """
    place, layout = ledger.place, ledger.layout
    state = ledger.state()
    start, was_folded = group * layout.group_shards, group in state.groups
    if was_folded:
        _clear(ledger, group, state)
        is_emptied = len(set(without)) == len(layout.group(group))  # nothing is read that may be damaged
        entries = ledger.blank() if is_emptied else ledger.entries(group)
    else:
        place.delete(*map(layout.loose_key, without))
        if group not in state.partial:
            return
        entries = ledger.read(layout.partial_key(group))
    for shard in without:
        entries[shard - start] = 0
    if entries.any():
        ledger.write(layout.partial_key(group), entries)
    else:
        place.delete(layout.partial_key(group))
    if was_folded:
        place.delete(layout.entries_key(group))


def complete(place: Place) -> None:
    """Record the digest and the size of a data set if all its groups are finished."""
    if "digest" in read_metadata(place.get(ROOT), place.where())[1]["simkit"]:
        return
    with in_turn(place) as (ledger, attributes):
        if "digest" not in attributes["simkit"] and len(ledger.state().groups) == ledger.layout.n_groups:
            digest, n_bytes = ledger.summary()
            attributes["simkit"] |= {"digest": digest, "n_bytes": n_bytes}
            place.put(ROOT, ledger.layout.metadata(attributes)[ROOT])


def incomplete(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return a group's attributes without what `complete` recorded."""
    made = {name: value for name, value in attributes["simkit"].items() if name not in ("digest", "n_bytes")}
    return {**attributes, "simkit": made}
