"""Who may write a data set, and how it is created, continued and extended."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from typing import Any

from simkit.errors import StoreError, counted
from simkit.schema import Schema
from simkit.store.dataset import Store, place_of
from simkit.store.folding import incomplete, settle, unfold
from simkit.store.layout import LEDGER, ROOT, Layout, read_metadata
from simkit.store.ledger import Ledger
from simkit.store.place import Address, Lock, Place


@contextmanager
def writing(
    path: Address,
    schema: Schema,
    recipe: Mapping[str, Any],
    made: Mapping[str, Any],
    *,
    shared: bool = False,
    most_rows: int | None = None,
) -> Iterator[Store]:
    """Hold the data set of `recipe` at `path` for writing: created, to be continued, or extended to more rows.

    Parameters
    ----------
    recipe : mapping
        ``source``, ``version``, ``parameters``, ``seed`` and ``n``; it becomes the group's attribute ``recipe``.
    made : mapping
        What else to record when the data set is created, such as the backend and versions.
    shared : bool
        Whether other processes may write other shards at the same time.
    most_rows : int, optional
        Rows of a shard at most, if the data set is created: what a process that is killed can lose.

    Raises
    ------
    StoreError
        If `path` holds something else, another recipe or more rows than asked for, cannot be written, or is held by
        another process.
    """
    place = place_of(path)
    _refuse_foreign(place)
    place.create()
    busy = StoreError(
        f"{path} is being written by another process; wait for it or stop it, or share the work: give each process "
        "the same line with --workers N --worker I"
    )
    with place.lock("") as run:
        with place.lock(LEDGER) as turn:
            turn.wait()  # one process at a time prepares
            _prepare(place, schema, recipe, made, most_rows, run)
            place.sweep()
            # The last act: the locks of a process that is killed are freed one by one, in any order, so that one that
            # waited for its turn must not find that of the run taken by another that was only preparing.
            if not run.take(shared=shared):
                raise busy
        store = Store(path)
        store.place.stay()
        settle(store.ledger)
        yield store


@contextmanager
def sharing(path: Address, recipe: Mapping[str, Any]) -> Iterator[Store]:
    """Hold a data set for writing beside the process that prepared it, to commit some of its shards.

    Held for as short as that takes: nobody extends a data set meanwhile, and if somebody did before, it is refused.

    Raises
    ------
    StoreError
        If the data set is not that of `recipe` any more, or is held by a process that does not share it.
    """
    place = place_of(path)
    with place.lock("") as run:
        if not run.take(shared=True):
            raise StoreError(f"{path} is being written by another process, which does not share it")
        store = Store(path)
        if store.recipe != recipe:
            raise StoreError(f"{path} was changed while shards of it were made: it has another recipe, or more rows")
        store.place.stay()
        yield store


def finish(store: Store) -> None:
    """Do what processes that shared the work, and were killed after their last shard, have left to do."""
    store.place.sweep()
    settle(store.ledger)


def forget(path: Address, shards: Collection[int]) -> None:
    """Let shards of a data set count as not done, such as damaged ones: its `simkit generate` line makes them again.

    Raises
    ------
    StoreError
        If there is no data set of ours, or it is held by another process, or cannot be changed.
    """
    store = Store(path)
    place, layout = store.place, store.layout
    with place.lock("") as run, place.lock(LEDGER) as turn:
        turn.wait()
        if not run.take(shared=False):
            raise StoreError(f"{path} is being written by another process; wait for it or stop it")
        layout, attributes = read_metadata(place.get(ROOT), place.where())
        place.put(ROOT, layout.metadata(incomplete(attributes))[ROOT])
        for group, members in groupby(sorted(set(shards)), lambda shard: shard // layout.group_shards):
            unfold(store.ledger, group, list(members))


def _refuse_foreign(place: Place) -> None:
    """Raise StoreError if there is anything but a data set of ours, or nothing, at `place`."""
    if not place.exists():
        return
    root = place.find(ROOT)
    if root is not None:
        read_metadata(root, place.where())
    elif (names := sorted(set(place.names("")) - {LEDGER})) and ROOT not in names:  # else it came meanwhile
        held = ", ".join(names[:3])
        raise StoreError(f"{place.where()} exists and is not a simkit data set (it holds {held}); choose another --out")


def _prepare(
    place: Place,
    schema: Schema,
    recipe: Mapping[str, Any],
    made: Mapping[str, Any],
    most_rows: int | None,
    run: Lock,
) -> None:
    """Bring the metadata up to `recipe`. The group's own comes first and is what counts; the rest is put again.

    Nothing of this disturbs processes that write shards, except that there are more rows: `run` must be free then.
    """
    root = place.find(ROOT)
    if root is not None:
        layout, attributes = read_metadata(root, place.where())
        _refuse_other(place.where(), attributes["recipe"], recipe)
    else:
        layout = Layout.plan(schema, recipe["n"], *([] if most_rows is None else [most_rows]))
        attributes = {"recipe": dict(recipe), "simkit": {**made, **layout.describe()}}
        place.put(ROOT, layout.metadata(attributes)[ROOT])
    ledger, grows = Ledger(place, layout), layout.n_rows < recipe["n"]
    if grows and not run.is_free():  # another worker may be about to commit a last shard of the old length
        raise StoreError(
            f"{place.where()} is being written with {counted(layout.n_rows, 'row')}, and {recipe['n']:,} are asked "
            "for; give all workers the same --n, or wait for the others"
        )
    if "digest" in attributes["simkit"] and (grows or len(ledger.state().groups) < layout.n_groups):
        attributes = incomplete(attributes)
        place.put(ROOT, layout.metadata(attributes)[ROOT])
    if grows:
        # the last group grows, so that it is not finished any more, and the last shard if it is not full
        grown = [layout.n_shards - 1] if layout.n_rows % layout.shard_rows else []
        if grown or layout.n_shards % layout.group_shards:
            unfold(ledger, layout.n_groups - 1, grown)
        layout = replace(layout, n_rows=recipe["n"])
        attributes["recipe"] = {**attributes["recipe"], "n": recipe["n"]}
        place.put(ROOT, layout.metadata(attributes)[ROOT])
    contents = layout.metadata(attributes)
    for (key, content), found in zip(contents.items(), place.ahead(place.find, contents), strict=True):
        if found != content:
            place.put(key, content)


def _refuse_other(where: str, found: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Raise StoreError if the recipes differ in more than that more rows are asked for."""
    pairs = [(name, found[name], asked[name]) for name in ("source", "version", "seed")]
    names = sorted({*found["parameters"], *asked["parameters"]})
    pairs += [(name, found["parameters"].get(name), asked["parameters"].get(name)) for name in names]
    differences = [f"{name} is {_show(had)} there and {_show(now)} here" for name, had, now in pairs if had != now]
    if differences:
        raise StoreError(f"{where} holds another recipe: {'; '.join(differences)}; choose another --out")
    if asked["n"] < found["n"]:
        raise StoreError(
            f"{where} is a data set of {counted(found['n'], 'row')}, more than the {asked['n']:,} asked for; "
            "ask for as many or more (its first rows are the same), or choose another --out"
        )


def _show(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else repr(value)
