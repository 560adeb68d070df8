"""The contract of places: a data set in a bucket of objects, with no folders, links, locks or renames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from store_samples import N_ROWS, SHARD_ROWS, toy_recipe, tree

import simkit
from simkit.errors import DamageError, StoreError
from simkit.run import generate
from simkit.store import verify
from simkit.store.layout import LEDGER, ROOT
from simkit.store.local import Folder
from simkit.store.objects import Objects
from simkit.store.place import Place

#: a place in the memory of this process
WHERE = "memory://places/toys.zarr"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """What was asked of the places of the test, of which there is nothing before and after."""
    real, asked = Objects._ask, Counter[str]()

    def ask(place: Objects, what: str, *arguments: Any, **named: Any) -> Any:
        asked[what] += 1
        return real(place, what, *arguments, **named)

    monkeypatch.setattr(Objects, "_ask", ask)
    yield asked
    memory = fsspec.filesystem("memory")
    if memory.exists("/places"):
        memory.rm("/places", recursive=True)


def objects() -> dict[str, bytes]:
    memory, root = fsspec.filesystem("memory"), "/places/toys.zarr/"
    return {path.removeprefix(root): memory.cat_file(path) for path in memory.find(root)}


def files(root: Path) -> dict[str, bytes]:
    return {name: data for name, data in tree(root).items() if data is not None}


@pytest.fixture
def in_a_folder(out: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    return files(generate(toy_recipe(), out).path)


def test_a_data_set_in_a_bucket_has_the_objects_of_one_in_a_folder(in_a_folder, bucket) -> None:
    generate(toy_recipe(), WHERE, n_threads=2)
    assert objects() == in_a_folder


def test_it_is_continued_and_extended_there(in_a_folder, bucket) -> None:
    calls = 0

    def stop(_: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(toy_recipe(SHARD_ROWS + 10), WHERE, progress=stop)
    assert objects() != in_a_folder
    generate(toy_recipe(SHARD_ROWS + 10), WHERE)
    generate(toy_recipe(), WHERE)
    assert objects() == in_a_folder


def test_faults_are_found_there_by_their_address(bucket) -> None:
    store = generate(toy_recipe(), WHERE)
    assert verify(store, full=True) == []
    key = store.layout.key("energy", 1)
    store.place.put(key, store.place.get(key)[:-1])
    assert [fault.split(" ")[0] for fault in verify(store)] == [f"{WHERE}/{key}"]
    store.place.delete(ROOT)
    with pytest.raises(StoreError, match=f"^nothing of {WHERE} is generated yet"):
        simkit.open(WHERE)


def test_to_open_and_to_read_lists_nothing(bucket) -> None:
    generate(toy_recipe(), WHERE)
    bucket.clear()
    store = simkit.open(WHERE)
    assert bucket == {"read": 1}
    rows = [int(store["charge"][row]) for row in (0, SHARD_ROWS, N_ROWS - 1)]
    assert np.array_equal(rows, np.array(store["charge"])[[0, SHARD_ROWS, N_ROWS - 1]])
    assert bucket["list"] == 0


def test_what_is_done_takes_one_listing(bucket) -> None:
    store = generate(toy_recipe(), WHERE)
    bucket.clear()
    assert list(store.done()) == list(range(store.layout.n_shards))
    assert bucket == {"list": 1}


@pytest.mark.parametrize("kind", ["folder", "memory", "rclone", "moto"])
def test_the_contract(kind: str, tmp_path: Path, bucket, request: pytest.FixtureRequest) -> None:
    if kind == "folder":
        place: Place = Folder(tmp_path / "x", LEDGER)
    else:
        place = Objects("memory://places/x" if kind == "memory" else f"{request.getfixturevalue(kind).address}/x")
    assert not place.exists()
    place.create()
    place.put("a/c.0", b"one")
    place.put("a/c.0", b"three")
    place.put("b", b"two")
    assert place.exists()
    assert (place.has("a/c.0"), place.has("a/c.1"), place.has("b")) == (True, False, True)
    assert place.get("a/c.0") == b"three"
    opened = place.open("a/c.0")
    assert (len(opened), opened[1:3]) == (5, b"hr")
    assert set(place.names("")) - {LEDGER} == {"a", "b"}
    assert (place.names("a"), place.names("none")) == (["c.0"], [])
    assert (place.sizes("a"), place.sizes("none")) == ({"c.0": 5}, {})
    with pytest.raises(DamageError, match=r"x/a/c.1 is missing"):
        place.open("a/c.1")[:]
    assert (place.find("a/c.0"), place.find("a/c.1")) == (b"three", None)
    with pytest.raises(DamageError, match=r"x/a/c.0 holds .* far more than simkit writes there"):
        place.get("a/c.0", most=4)
    assert list(place.ahead(place.get, ["a/c.0", "b"] * 9)) == [b"three", b"two"] * 9
    with place.lock("") as lock:
        assert lock.is_free()
        lock.wait()
        assert lock.take(shared=False)
    with place.lock(LEDGER) as lock, place.lock(LEDGER) as other:
        assert lock.is_free()
        assert other.take(shared=True)
    with place.lock(LEDGER) as lock, place.lock(LEDGER) as other:
        lock.wait()
        assert not other.take(shared=True)
        assert not other.take(shared=False)
    assert place.names(LEDGER) == []
    place.sweep()
    place.stay()
    place.delete("a/c.0", "a/c.7")
    assert not place.has("a/c.0")
    assert place.names("a") == []
    assert place.where("a/c.0").endswith("x/a/c.0")
