"""Check a data set against its ledger."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from simkit.errors import LOOK_AGAIN, DamageError, StoreError
from simkit.store.column import Column
from simkit.store.dataset import Store, digest
from simkit.store.layout import DIGEST_BYTES, LEDGER, ROOT, read_metadata
from simkit.store.ledger import State
from simkit.store.loose import Entries, n_chunk_bytes
from simkit.store.metadata import parse
from simkit.store.shard import index_bytes

#: group -> bytes of the chunks of each of its shards, by field; -1 if the shard is not done, or its entry damaged
Sizes = dict[int, npt.NDArray[np.int64]]

#: a field and the first shard of those whose rows of it lie in the same file
Place = tuple[str, int]


@dataclass(frozen=True)
class Fault:
    """Something that is not what was written: a line about it, and the shards to make again, none for metadata."""

    text: str
    shards: Sequence[int] = ()
    is_missing: bool = False

    def __str__(self) -> str:
        return self.text


def verify(store: Store, *, full: bool = False, progress: Callable[[int], None] = lambda n_rows: None) -> list[str]:
    """Return one line for each fault of the finished shards; an empty list if there is none.

    Parameters
    ----------
    full : bool
        False: the arrays' metadata are the group's, the ledger is whole and has the recorded digest, and every file
        that it stands for is there with the size that was written. Folders are listed; no shard is opened.
        True: in addition every chunk is decoded and the values have the ledger's digests.
    progress : callable
        Called with numbers of rows that are checked.

    Raises
    ------
    StoreError
        If another process is creating or extending the data set at this moment.
    """
    return [fault.text for fault in faults(store, full=full, progress=progress)]


def faults(
    store: Store, *, full: bool = False, progress: Callable[[int], None] = lambda n_rows: None
) -> Iterator[Fault]:
    """Yield the faults that `verify` tells of."""
    metadata = list(_metadata_faults(store))
    if metadata and LEDGER in store.place.names(""):
        with store.place.lock(LEDGER) as turn:
            if not turn.take(shared=True):
                raise StoreError(f"{store.path} {LOOK_AGAIN}")
            metadata = list(_metadata_faults(store))  # again, in case that it was until now
    yield from metadata
    sizes: Sizes = {}
    missing: set[Place] = set()
    odd: list[Fault] = []
    state = store.ledger.state()
    yield from _ledger_faults(store, state, sizes, (lambda n_rows: None) if full else progress)
    for i, name in enumerate(store):
        for fault in _size_faults(store, name, {group: held[:, i] for group, held in sizes.items()}, state):
            if full and not fault.is_missing:
                odd.append(fault)
            else:
                yield fault
                missing.add((name, fault.shards[0]))
    if full:
        found = list(_value_faults(store, state, sizes, missing, progress))
        faulty = {shard for fault in found for shard in fault.shards}
        yield from found
        # a file that holds the right values, but has another size, has to be written again as a whole
        yield from (fault for fault in odd if faulty.isdisjoint(fault.shards))


def _metadata_faults(store: Store) -> Iterator[Fault]:
    """Yield a fault for each array whose own ``zarr.json`` is not what the group's consolidated metadata say."""
    arrays = parse(store.place.get(ROOT))["consolidated_metadata"]["metadata"]
    for name in (*store, LEDGER):
        key = f"{name}/{ROOT}"
        try:
            found = parse(store.place.get(key))
        except (DamageError, ValueError):
            found = None
        if found != arrays[name]:
            yield Fault(f"{store.place.where(key)} is not what was written; the `simkit generate` line puts it again")


def _entries(store: Store, state: State, group: int) -> tuple[Entries, list[Fault]]:
    """Return the entries of the shards of a group that are whole, and a fault for each that is not."""
    layout, ledger, faults = store.layout, store.ledger, []
    shards, entries = layout.group(group), ledger.blank()
    try:
        if group in state.groups:
            entries = ledger.entries(group)
        elif group in state.partial:
            entries = ledger.read(layout.partial_key(group))
    except StoreError as error:
        faults.append(Fault(str(error), shards))
    if group not in state.groups:
        for shard in sorted(state.loose.intersection(shards)):
            try:
                entries[shard - shards.start] = ledger.loose(shard).entry
            except StoreError as error:
                faults.append(Fault(str(error), (shard,)))
        if faults and store.place.has(layout.entries_key(group)):  # what was loose is not lost: it was folded meanwhile
            entries, faults = ledger.entries(group), []
    return entries[: len(shards)], faults


def _ledger_faults(store: Store, state: State, sizes: Sizes, progress: Callable[[int], None]) -> Iterator[Fault]:
    """Read the ledger and yield what is not whole; fill in `sizes`."""
    layout, whole, is_whole = store.layout, hashlib.sha256(), True
    groups = sorted({*store.ledger.begun(state), *state.groups})
    found = store.place.ahead(partial(_entries, store, state), groups)
    for group, (entries, faults) in zip(groups, found, strict=True):
        yield from faults
        is_whole &= not faults
        has_entry = np.asarray(entries.any(axis=(1, 2)))
        sizes[group] = np.where(has_entry[:, None], n_chunk_bytes(entries), -1)
        whole.update(np.ascontiguousarray(entries[..., :DIGEST_BYTES]).data)
        shards = layout.group(group)
        progress(sum(len(layout.rows(shards[at])) for at in np.flatnonzero(has_entry).tolist()))
    recorded = read_metadata(store.place.get(ROOT), store.place.where())[1]["simkit"].get("digest")
    if is_whole and len(state.groups) == layout.n_groups and recorded not in (None, whole.hexdigest()):
        yield Fault(f"{store.place.where(ROOT)} records digest {recorded}, its ledger has {whole.hexdigest()}")


def _size_faults(store: Store, name: str, sizes: Sizes, state: State) -> Iterator[Fault]:
    """Yield the Zarr shards of a field that are missing or have another size than was written, by one listing."""
    layout, found, span = store.layout, store.place.sizes(name), store.layout.spans[name]
    n_index = index_bytes(span * layout.shard_rows // layout.chunk_rows)
    for group, held in sizes.items():
        starts, is_folded = layout.group(group)[::span], group in state.groups
        if not is_folded and span > 1:  # loose rows lie elsewhere
            held = np.where([shard in state.loose for shard in layout.group(group)], -1, held)
        at = np.arange(0, len(held), span)
        n_held = np.add.reduceat(np.maximum(held, 0), at)
        is_known = np.logical_and.reduceat(held >= 0, at) if is_folded else np.logical_or.reduceat(held >= 0, at)
        n_found = [found.get(layout.key(name, start).removeprefix(f"{name}/"), -1) for start in starts]
        # a file of a group that is to be continued may hold more than the shards that count as done
        is_wrong = np.array(n_found) != n_held + n_index if is_folded or span == 1 else n_found < n_held + n_index
        for place in np.flatnonzero(is_known & is_wrong).tolist():
            start, n_bytes, wanted = starts[place], n_found[place], int(n_held[place]) + n_index
            where, shards = store.ledger.where(name, start), layout.span(name, start)
            if n_bytes < 0:
                yield Fault(f"{where} is missing", shards, is_missing=True)
            else:
                yield Fault(f"{where} is damaged: it has {n_bytes:,} bytes, and {wanted:,} were written", shards)


def _value_faults(
    store: Store, state: State, sizes: Sizes, missing: set[Place], progress: Callable[[int], None]
) -> Iterator[Fault]:
    """Decode the rows of all shards, but of files that are missing, and yield what has another digest."""
    layout, fetcher = store.layout, store.fetcher(with_copies=False)
    columns = {name: Column(fetcher, name) for name in store}

    def check(shard: int, entry: Entries) -> list[str]:
        rows, found = layout.rows(shard), []
        for i, (name, column) in enumerate(columns.items()):
            if (name, layout.span(name, shard).start) in missing:
                continue
            try:
                if digest(column[rows.start : rows.stop]) != entry[i, :DIGEST_BYTES].tobytes():
                    where = store.ledger.where(name, shard)
                    found.append(f"{where} does not hold what was written in shard {shard}")
            except DamageError as error:
                found.append(str(error))
        return found

    with ThreadPoolExecutor(max(os.cpu_count() or 1, store.place.n_at_once)) as pool:
        for group, held in sizes.items():
            here = (group * layout.group_shards + np.flatnonzero(held[:, 0] >= 0)).tolist()
            entries, _ = _entries(store, state, group)
            of_group = [entries[shard % layout.group_shards] for shard in here]
            faulty: dict[str, list[int]] = {}  # what is wrong with an index is wrong with all shards of the file
            for shard, found in zip(here, pool.map(check, here, of_group), strict=True):
                for text in found:
                    faulty.setdefault(text, []).append(shard)
                progress(len(layout.rows(shard)))
            yield from (Fault(text, tuple(shards)) for text, shards in faulty.items())
