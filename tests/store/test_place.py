"""The contract of places: a data set in a bucket of objects, with no folders, links, locks or renames."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from store_samples import N_ROWS, SHARD_ROWS, toy_recipe, tree

import simkit
from simkit.errors import DamageError, StoreError
from simkit.run import generate
from simkit.store import Store, verify
from simkit.store.layout import LEDGER, ROOT
from simkit.store.local import Folder
from simkit.store.place import Lock, Place


class Free(Lock):
    """The lock of a place that has none."""

    def wait(self) -> None:
        pass

    def take(self, *, shared: bool) -> bool:
        return True

    def is_free(self) -> bool:
        return True


class Bucket(Place):
    """Objects in memory: all that an object store does, and nothing that it does not."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.objects: dict[str, bytes] = {}
        self.calls: Counter[str] = Counter()
        self._alone = threading.Lock()

    def where(self, key: str = "") -> str:
        return f"{self.address}/{key}".rstrip("/")

    def exists(self) -> bool:
        return bool(self.objects)

    def create(self) -> None:
        pass

    def put(self, key: str, data: bytes) -> None:
        with self._alone:
            self.calls["put"] += 1
            self.objects[key] = bytes(data)

    def open(self, key: str) -> bytes:
        self.calls["open"] += 1
        if key not in self.objects:
            raise DamageError(f"{self.where(key)} is missing")
        return self.objects[key]

    def has(self, key: str) -> bool:
        self.calls["has"] += 1
        return key in self.objects

    def delete(self, *keys: str) -> None:
        with self._alone:
            for key in keys:
                self.objects.pop(key, None)

    def names(self, folder: str) -> list[str]:
        return sorted({key.partition("/")[0] for key in self._below(folder)})

    def sizes(self, folder: str) -> dict[str, int]:
        return {key: size for key, size in self._below(folder).items() if "/" not in key}

    def _below(self, folder: str) -> dict[str, int]:
        with self._alone:
            self.calls["list"] += 1
            prefix = f"{folder}/" if folder else ""
            return {k.removeprefix(prefix): len(data) for k, data in self.objects.items() if k.startswith(prefix)}

    @contextmanager
    def lock(self, folder: str) -> Iterator[Lock]:
        yield Free()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    found = Bucket("memory://toys.zarr")
    for module in ("dataset", "writer"):
        monkeypatch.setattr(sys.modules[f"simkit.store.{module}"], "place_of", lambda path: found)
    return found


def files(root: Path) -> dict[str, bytes]:
    return {name: data for name, data in tree(root).items() if data is not None}


@pytest.fixture
def in_a_folder(out: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    return files(generate(toy_recipe(), out).path)


def test_a_data_set_in_a_bucket_has_the_objects_of_one_in_a_folder(in_a_folder, bucket) -> None:
    generate(toy_recipe(), "in-a-bucket.zarr", n_threads=2)
    assert bucket.objects == in_a_folder


def test_it_is_continued_and_extended_there(in_a_folder, bucket) -> None:
    calls = 0

    def stop(_: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(toy_recipe(SHARD_ROWS + 10), "in-a-bucket.zarr", progress=stop)
    assert bucket.objects != in_a_folder
    generate(toy_recipe(SHARD_ROWS + 10), "in-a-bucket.zarr")
    generate(toy_recipe(), "in-a-bucket.zarr")
    assert bucket.objects == in_a_folder


def test_faults_are_found_there_by_their_address(bucket) -> None:
    store = generate(toy_recipe(), "in-a-bucket.zarr")
    assert verify(store, full=True) == []
    key = store.layout.key("energy", 1)
    bucket.objects[key] = bucket.objects[key][:-1]
    assert [fault.split(" ")[0] for fault in verify(store)] == [f"memory://toys.zarr/{key}"]
    del bucket.objects[ROOT]
    with pytest.raises(StoreError, match="^nothing of memory://toys.zarr is generated yet"):
        simkit.open("in-a-bucket.zarr")


def test_to_open_and_to_read_lists_nothing(bucket) -> None:
    generate(toy_recipe(), "in-a-bucket.zarr")
    bucket.calls.clear()
    store = Store(Path("in-a-bucket.zarr"))
    rows = [int(store["charge"][row]) for row in (0, SHARD_ROWS, N_ROWS - 1)]
    assert np.array_equal(rows, np.array(store["charge"])[[0, SHARD_ROWS, N_ROWS - 1]])
    assert bucket.calls["open"]
    assert bucket.calls["list"] == 0


def test_what_is_done_takes_one_listing(bucket) -> None:
    store = generate(toy_recipe(), "in-a-bucket.zarr")
    bucket.calls.clear()
    assert list(store.done()) == list(range(store.layout.n_shards))
    assert bucket.calls == {"list": 1}


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_the_contract(kind: str, tmp_path: Path) -> None:
    place: Place = Folder(tmp_path / "x", LEDGER) if kind == "folder" else Bucket("memory://x")
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
        place.open("a/c.1")
    with place.lock("") as lock:
        assert lock.is_free()
        lock.wait()
        assert lock.take(shared=False)
    place.sweep()
    place.stay()
    place.delete("a/c.0", "a/c.7")
    assert not place.has("a/c.0")
    assert place.names("a") == []
    assert place.where("a/c.0").endswith("x/a/c.0")
