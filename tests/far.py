"""A place that is far away, in memory: it counts requests and bytes, and can hold requests back.

place = Far(files)                       # key -> bytes
use(place, monkeypatch)                  # simkit.open("far://x.zarr"), batches("far://x.zarr")
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simkit.errors import DamageError
from simkit.store.objects import Free
from simkit.store.place import Lock, Place


class Far(Place):
    """Objects as an object store has them; every read is a request.

    Attributes
    ----------
    reads : list of (key, start, stop)
        Of each request for bytes, as it was asked.
    n_bytes : int
        Bytes that were sent.
    n_most : int
        The most requests that were under way at once.
    """

    n_at_once = 8

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = dict(objects)
        self.answer: Callable[[str, bytes], bytes] = lambda key, data: data
        self._alone = threading.Lock()
        self.clear()

    def __reduce__(self) -> tuple[type[Far], tuple[dict[str, bytes]]]:
        return Far, (self.objects,)

    def clear(self) -> None:
        self.calls: Counter[str] = Counter()
        self.reads: list[tuple[str, int | None, int | None]] = []
        self.n_bytes = self.n_now = self.n_most = 0

    def where(self, key: str = "") -> str:
        return f"far://x.zarr/{key}".rstrip("/")

    def exists(self) -> bool:
        return bool(self.objects)

    def create(self) -> None:
        pass

    def put(self, key: str, data: bytes) -> None:
        self.objects[key] = bytes(data)

    def open(self, key: str) -> FarObject:
        return FarObject(self, key)

    def get(self, key: str) -> bytes:
        return self.read(key, slice(None))

    def read(self, key: str, part: slice) -> bytes:
        with self._alone:
            self.calls["read"] += 1
            self.reads.append((key, part.start, part.stop))
            self.n_now += 1
            self.n_most = max(self.n_most, self.n_now)
        try:
            if key not in self.objects:
                raise DamageError(f"{self.where(key)} is missing")
            data = self.answer(key, self.objects[key][part])
        finally:
            with self._alone:
                self.n_now -= 1
        with self._alone:
            self.n_bytes += len(data)
        return data

    def count(self, call: str) -> None:
        """Count a call: several threads may be here at once."""
        with self._alone:
            self.calls[call] += 1

    def has(self, key: str) -> bool:
        self.count("has")
        return key in self.objects

    def delete(self, *keys: str) -> None:
        for key in keys:
            self.objects.pop(key, None)

    def names(self, folder: str) -> list[str]:
        return sorted({key.partition("/")[0] for key in self._below(folder)})

    def sizes(self, folder: str) -> dict[str, int]:
        return {key: size for key, size in self._below(folder).items() if "/" not in key}

    def _below(self, folder: str) -> dict[str, int]:
        self.count("list")
        prefix = f"{folder}/" if folder else ""
        return {key.removeprefix(prefix): len(data) for key, data in self.objects.items() if key.startswith(prefix)}

    @contextmanager
    def lock(self, folder: str) -> Iterator[Lock]:
        yield Free()


class FarObject:
    """One of its objects."""

    def __init__(self, place: Far, key: str) -> None:
        self._place, self._key = place, key

    def __len__(self) -> int:
        self._place.count("length")
        return len(self._place.objects[self._key])

    def __getitem__(self, part: slice, /) -> bytes:
        return self._place.read(self._key, part)


def files(root: Path) -> dict[str, bytes]:
    """Return the files of a folder by key."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def use(place: Far, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let an address mean a place, and return it."""
    address = "far://x.zarr"
    for module in ("dataset", "writer", "foreign"):
        real = sys.modules[f"simkit.store.{module}"].place_of
        monkeypatch.setattr(
            f"simkit.store.{module}.place_of", lambda path, real=real: place if path == address else real(path)
        )
    return address
