"""Check a data set against its ledger."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simkit.errors import DamageError, StoreError
from simkit.store.dataset import Store, digest
from simkit.store.layout import DIGEST_BYTES, LEDGER, ROOT, read_metadata
from simkit.store.ledger import State
from simkit.store.loose import Entries, n_chunk_bytes
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
    if metadata and store.place.has_folder(LEDGER):
        with store.place.lock(LEDGER) as turn:
            if not turn.take(shared=True):
                raise StoreError(
                    f"{store.path} is being created or extended by another process; look again in a moment"
                )
            metadata = list(_metadata_faults(store))  # again, in case that it was until now
    yield from metadata
    state = store.ledger.state()
    begun = store.ledger.begun(state)
    sizes: Sizes = {}
    missing: set[Place] = set()
    odd: list[Fault] = []
    yield from _ledger_faults(store, state, begun, sizes, (lambda n_rows: None) if full else progress)
    for i, name in enumerate(store):
        for fault in _size_faults(store, name, {group: held[:, i] for group, held in sizes.items()}, state):
            if full and not fault.is_missing:
                odd.append(fault)
            else:
                yield fault
                missing.add((name, fault.shards[0]))
    if full:
        found = list(_value_faults(store, sizes, missing, progress))
        faulty = {shard for fault in found for shard in fault.shards}
        yield from found
        # a file that holds the right values, but has another size, has to be written again as a whole
        yield from (fault for fault in odd if faulty.isdisjoint(fault.shards))


def _metadata_faults(store: Store) -> Iterator[Fault]:
    """Yield a fault for each array whose own ``zarr.json`` is not what the group's consolidated metadata say."""
    arrays = json.loads(store.place.get(ROOT))["consolidated_metadata"]["metadata"]
    for name in (*store, LEDGER):
        key = f"{name}/{ROOT}"
        try:
            found = json.loads(store.place.get(key))
        except (DamageError, ValueError):
            found = None
        if found != arrays[name]:
            yield Fault(f"{store.path / key} is not what was written; the `simkit generate` line puts it again")


def _ledger_faults(
    store: Store,
    state: State,
    begun: Mapping[int, set[int]],
    sizes: Sizes,
    progress: Callable[[int], None],
) -> Iterator[Fault]:
    """Read the ledger and yield what is not whole; fill in `sizes`."""
    layout, ledger, whole, is_whole = store.layout, store.ledger, hashlib.sha256(), True
    for group in sorted({*begun, *state.groups}):
        shards = layout.group(group)
        entries = ledger.blank()
        try:
            if group in state.groups:
                entries = ledger.entries(group)
            elif group in state.partial:
                entries = ledger.read(layout.partial_key(group))
        except StoreError as error:
            is_whole = False
            yield Fault(str(error), shards)
        for shard in sorted(state.loose.intersection(begun.get(group, ()))):
            try:
                entries[shard - shards.start] = ledger.loose(shard).entry
            except StoreError as error:
                yield Fault(str(error), range(shard, shard + 1))
        entries = entries[: len(shards)]
        has_entry = np.asarray(entries.any(axis=(1, 2)))
        sizes[group] = np.where(has_entry[:, None], n_chunk_bytes(entries), -1)
        whole.update(np.ascontiguousarray(entries[..., :DIGEST_BYTES]).data)
        progress(sum(len(layout.rows(shard)) for shard in begun.get(group, shards)))
    recorded = read_metadata(store.place.get(ROOT), str(store.path))[1]["simkit"].get("digest")
    if is_whole and len(state.groups) == layout.n_groups and recorded not in (None, whole.hexdigest()):
        yield Fault(f"{store.path / ROOT} records digest {recorded}, its ledger has {whole.hexdigest()}")


def _size_faults(store: Store, name: str, sizes: Sizes, state: State) -> Iterator[Fault]:
    """Yield the Zarr shards of a field that are missing or have another size than was written, by one listing."""
    layout, found = store.layout, store.place.sizes(name)
    n_index = index_bytes(layout.spans[name] * layout.shard_rows // layout.chunk_rows)
    starts = [(group, start) for group in sizes for start in layout.group(group)[:: layout.spans[name]]]
    for group, start in starts:
        shards, first = layout.span(name, start), group * layout.group_shards
        is_folded = group in state.groups
        held = sizes[group][shards.start - first : shards.stop - first]
        if is_folded and (held < 0).any():
            continue  # the ledger is damaged
        if not is_folded and layout.spans[name] > 1:  # loose rows lie elsewhere
            held = np.where([shard in state.loose for shard in shards], -1, held)
        if (held < 0).all():
            continue
        wanted = int(held[held >= 0].sum()) + n_index
        where = store.ledger.where(name, start)
        n_bytes = found.get(layout.key(name, start).removeprefix(f"{name}/"))
        if n_bytes is None:
            yield Fault(f"{where} is missing", shards, is_missing=True)
        elif n_bytes < wanted or (n_bytes > wanted and (is_folded or len(held) == 1)):
            yield Fault(f"{where} is damaged: it has {n_bytes:,} bytes, and {wanted:,} were written", shards)


def _value_faults(store: Store, sizes: Sizes, missing: set[Place], progress: Callable[[int], None]) -> Iterator[Fault]:
    """Decode the rows of all shards, but of files that are missing, and yield what has another digest."""
    layout, columns = store.layout, {name: store[name] for name in store}

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

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for group, held in sizes.items():
            here = (group * layout.group_shards + np.flatnonzero(held[:, 0] >= 0)).tolist()
            entries = store.ledger.entries(group) if here else store.ledger.blank()
            of_group = [entries[shard % layout.group_shards] for shard in here]
            faulty: dict[str, list[int]] = {}  # what is wrong with an index is wrong with all shards of the file
            for shard, found in zip(here, pool.map(check, here, of_group), strict=True):
                for text in found:
                    faulty.setdefault(text, []).append(shard)
                progress(len(layout.rows(shard)))
            yield from (Fault(text, tuple(shards)) for text, shards in faulty.items())
