"""Two clients on one data set in an object store, their requests in any order: the same objects, or one clear line."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache
from typing import Any

import fsspec
import pytest
from interleaving import Interleaving, Killed
from store_samples import SHARD_ROWS, Toy, toy_recipe

import simkit
from simkit.errors import StoreError
from simkit.schema import Batch
from simkit.store import writing
from simkit.store.folding import complete
from simkit.store.layout import Layout

WHERE = "memory://toys/x.zarr"

#: one full shard of a group of two, and one that is not full; more of that; another group, too
FEW, MORE, MANY = SHARD_ROWS + 10, SHARD_ROWS + 30, 3 * SHARD_ROWS + 5


@pytest.fixture(autouse=True)
def _metadata_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """zarr-python takes most of the time of a run."""
    real, made = Layout.metadata, {}

    def metadata(layout: Layout, attributes: dict[str, Any]) -> dict[str, bytes]:
        key = layout.n_rows, repr(attributes)
        if key not in made:
            made[key] = real(layout, attributes)
        return made[key]

    monkeypatch.setattr(Layout, "metadata", metadata)


@cache
def rows(seed: int) -> Batch:
    return Toy().generate(seed, range(MANY))


def client(n: int, seed: int = 5) -> Callable[[], int]:
    """Return a client that brings the data set to `n` rows as `generate` does, but in one thread."""

    def work() -> int:
        recipe = toy_recipe(n, seed)
        with writing(WHERE, Toy().schema(), recipe.spec(), {"backend": "none", "versions": {}}) as store:
            done = store.done()
            for shard in range(store.layout.n_shards):
                if shard not in done:
                    part = store.layout.rows(shard)
                    store.commit(shard, {name: values[part.start : part.stop] for name, values in rows(seed).items()})
        return n

    return work


def objects() -> dict[str, bytes]:
    files = fsspec.filesystem("memory")
    return {path.removeprefix("/toys/x.zarr/"): files.cat_file(path) for path in files.find("/toys")}


def clear() -> None:
    files = fsspec.filesystem("memory")
    if files.exists("/toys"):
        files.rm("/toys", recursive=True)


@pytest.fixture
def whole() -> Callable[..., dict[str, bytes]]:
    """What one client alone makes, as a function of rows and seed."""

    @cache
    def make(n: int, seed: int = 5) -> dict[str, bytes]:
        clear()
        client(n, seed)()
        return objects()

    return make


def schedules(clients: list[Callable[[], int]], before: dict[str, bytes], n_switches: int, every: int = 1):
    """Run all schedules with up to so many switches, from the same objects; yield each with what came of it."""
    at, lengths = 0, [0]
    play(clients, before, (), lengths)
    while at <= lengths[-1]:
        for more in itertools.combinations(range(at + 1, lengths[-1] + 1, every), n_switches - 1):
            yield (switches := (at, *more)), play(clients, before, switches, lengths)
        at += every


def play(clients, before, switches, lengths=None, kill=None) -> list[Any]:
    clear()
    fsspec.filesystem("memory").pipe({f"/toys/x.zarr/{key}": data for key, data in before.items()})
    interleaving = Interleaving(switches, kill)
    outcomes = interleaving.run(clients)
    if lengths is not None:
        lengths.append(max(interleaving.n_requests, lengths[-1]))
    return outcomes


def test_two_recipes_at_once_one_goes_on_and_the_other_is_told(whole) -> None:
    n_schedules, won = 0, set()
    trees = {seed: whole(FEW, seed) for seed in (5, 6)}
    for switches, outcomes in schedules([client(FEW, 5), client(FEW, 6)], {}, 1):
        n_schedules += 1
        winner = 5 + outcomes.index(FEW)
        won.add(winner)
        (lost,) = (outcome for outcome in outcomes if outcome != FEW)
        assert isinstance(lost, StoreError), switches
        assert "holds another recipe: seed is" in str(lost)
        assert objects() == trees[winner], switches
    assert won == {5, 6}
    assert n_schedules > 60


def test_one_looks_while_another_creates(whole) -> None:
    """Who looks between two requests of the other: nothing was there, and then it is."""
    trees = {seed: whole(FEW, seed) for seed in (5, 6)}
    for switches in itertools.combinations(range(1, 14), 2):
        outcomes = play([client(FEW, 5), client(FEW, 6)], {}, switches)
        (lost,) = (outcome for outcome in outcomes if outcome != FEW)
        assert "holds another recipe: seed is" in str(lost), switches
        assert objects() == trees[5 + outcomes.index(FEW)], switches


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_the_same_recipe_twice_at_once(every: int, whole) -> None:
    tree = whole(FEW)
    for switches, outcomes in schedules([client(FEW), client(FEW)], {}, 1, every):
        assert outcomes == [FEW, FEW], switches
        assert objects() == tree, switches


@pytest.fixture
def unfolded(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The objects of FEW rows that are all there, in a group that is not folded yet."""
    clear()
    with monkeypatch.context() as patch:
        patch.setattr("simkit.store.dataset.settle", lambda *_: None)
        client(FEW)()
    assert {"ledger/loose.0", "ledger/loose.1"} < objects().keys()
    return objects()


def check_extended(
    before: dict[str, bytes], n: int, is_extender_first: bool, tree: dict[str, bytes], *how: int
) -> None:
    clients = [client(FEW), client(n)]
    n_told = 0
    for switches, outcomes in schedules(clients[::-1] if is_extender_first else clients, before, *how):
        few, many = outcomes[::-1] if is_extender_first else outcomes
        if few != FEW:
            n_told += 1
            assert isinstance(few, StoreError), (switches, few)
            assert "was extended from" in str(few) or "rows, more than the" in str(few)
        assert many == n, switches
        assert objects() == tree, switches
    assert n_told


SECOND = pytest.param(True, marks=pytest.mark.slow, id="extender first")
ORDERS = pytest.mark.parametrize("is_extender_first", [pytest.param(False, id="writer first"), SECOND])


@ORDERS
@pytest.mark.parametrize(("n_switches", "every"), [(1, 1), pytest.param(2, 5, marks=pytest.mark.slow)])
def test_one_extends_what_another_is_folding(
    n_switches: int, every: int, is_extender_first: bool, unfolded, whole
) -> None:
    check_extended(unfolded, MORE, is_extender_first, whole(MORE), n_switches, every)


@pytest.mark.slow
@ORDERS
@pytest.mark.parametrize("n", [MORE, MANY])
@pytest.mark.parametrize(("n_switches", "every"), [(1, 1), (2, 7)])
def test_one_extends_what_another_is_writing(
    n_switches: int, every: int, n: int, is_extender_first: bool, whole
) -> None:
    check_extended({}, n, is_extender_first, whole(n), n_switches, every)


@pytest.mark.parametrize("is_extended", [pytest.param(False, marks=pytest.mark.slow), True])
def test_one_is_killed_at_any_request_and_another_goes_on(is_extended: bool, unfolded, whole) -> None:
    """What a claim of the dead one costs is a wait."""
    n, n_kills = MORE if is_extended else FEW, 0
    tree = whole(n)
    for at in range(10**4):
        outcomes = play([client(FEW), client(n)], unfolded, (), kill=(0, at))
        assert outcomes[1] == n, at
        assert objects() == tree, at
        if not isinstance(outcomes[0], Killed):
            break
        n_kills += 1
    assert n_kills > 30


def test_who_was_done_before_another_extended_records_no_digest() -> None:
    clear()
    client(FEW)()
    with writing(WHERE, Toy().schema(), toy_recipe(MORE).spec(), {"backend": "none", "versions": {}}) as store:
        before = objects()
        complete(store.place)
        assert objects() == before
    assert "digest" not in simkit.open(WHERE).made
