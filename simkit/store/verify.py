"""Check a data set against its ledger."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from simkit.errors import DamageError, StoreError, show
from simkit.store.dataset import Store, digest
from simkit.store.layout import LEDGER, ROOT


def verify(store: Store, *, full: bool = False, progress: Callable[[int], None] = lambda n_rows: None) -> list[str]:
    """Return one line for each fault of the finished shards; an empty list if there is none.

    Parameters
    ----------
    full : bool
        False: the arrays' metadata are the group's, every ledger entry is whole, every shard file is there, its index
        is whole and fits the file's size.
        True: in addition every chunk is decoded and the values have the ledger's digests.
    progress : callable
        Called with the number of rows of each shard when it is checked.

    Raises
    ------
    StoreError
        If another process is creating or extending the data set at this moment.
    """

    def check(index: int) -> list[str]:
        faults = []
        try:
            entry = store.entry(index)
        except DamageError as error:
            return [str(error)]
        n_rows = len(store.layout.rows(index))
        for name in store:
            try:
                reader = store.shard(name, index)
                if full and digest(reader.rows(n_rows)) != entry[name]:
                    key = store.layout.key(name, index)
                    faults.append(
                        f"{store.path / key} (field {show(name)}, shard {index}) does not hold what was written"
                    )
            except DamageError as error:
                faults.append(str(error))
        return faults

    faults = _metadata_faults(store)
    if faults and store.place.has_folder(LEDGER):
        with store.place.lock(LEDGER) as turn:
            if not turn.take(shared=True):
                raise StoreError(
                    f"{store.path} is being created or extended by another process; look again in a moment"
                )
            faults = _metadata_faults(store)  # again, in case that it was until now
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = store.done()
        for index, found in zip(done, pool.map(check, done), strict=True):
            faults += found
            progress(len(store.layout.rows(index)))
    return faults


def _metadata_faults(store: Store) -> list[str]:
    """Return a line for each array whose own ``zarr.json`` is not what the group's consolidated metadata say."""
    arrays = json.loads(store.place.get(ROOT))["consolidated_metadata"]["metadata"]
    faults = []
    for name in (*store, LEDGER):
        key = f"{name}/{ROOT}"
        try:
            found = json.loads(store.place.get(key))
        except (DamageError, ValueError):
            found = None
        if found != arrays[name]:
            faults.append(f"{store.path / key} is not what was written; the `simkit generate` line puts it again")
    return faults
