"""Where the objects of a data set are: the contract that every kind of place keeps.

The store builds on this, and on nothing else:

- An object is put whole or not at all. Whoever reads it meanwhile gets the old one or the new one, and if two put it,
  one of theirs stays: the bytes of a shard are the same, whoever writes them.
- Once `put` or `delete` has returned, every process sees what it did, in listings too.
- Nothing is renamed, appended to or written in part, and no folder has to be made first.

To open a data set or to read rows, nothing is listed: where there are no folders that is slow. To know what is finished
takes one listing of the ledger, and `verify` lists every field.

There are two locks. No shard needs one. That of the ledger is held by whoever writes what depends on the number of
rows, and every kind of place has it (`folding` says why it is needed). That of the place itself keeps people from
mistakes, such as to write with several processes that do not know of each other; where there is none, it is always
free.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import TypeVar

from simkit.errors import DamageError
from simkit.store.shard import Sliceable

#: what a user gives to say where a data set is: a folder of this machine, or an address with ``://``
Address = Path | str

#: bytes of an object that is read as a whole: metadata and entries of the ledger are far smaller
MAX_GET = 2**26

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Lock(ABC):
    """A lock that is not taken yet."""

    @abstractmethod
    def wait(self) -> None:
        """Take it for this process alone, once no other process has it."""

    @abstractmethod
    def take(self, *, shared: bool) -> bool:
        """Take it, alone or with others that share it; False if that cannot be had now."""

    @abstractmethod
    def is_free(self) -> bool:
        """Say whether no process has it; not taken afterwards. Only where no other can take it at that moment."""


class Place(ABC):
    """Objects by key. Keys have at most one ``/``, between the name of a folder and that of the object.

    Any failure is a StoreError of one line.

    Attributes
    ----------
    n_at_once : int
        Requests to make at once, since each mostly waits; 1 where they hardly do.
    """

    n_at_once = 1

    @abstractmethod
    def where(self, key: str = "") -> str:
        """Return the address of an object, or of the place itself, for messages."""

    @abstractmethod
    def exists(self) -> bool:
        """Say whether there is such a place; StoreError if there is something else."""

    @abstractmethod
    def create(self) -> None:
        """Make the place if there is none."""

    @abstractmethod
    def put(self, key: str, data: bytes) -> None:
        """Write an object atomically and durably."""

    @abstractmethod
    def open(self, key: str) -> Sliceable:
        """Open an object to read parts of it; DamageError if there is none, at the latest when it is read."""

    def get(self, key: str, most: int = MAX_GET) -> bytes:
        """Read an object of at most so many bytes as a whole; DamageError if there is none, or it has more."""
        data = self.open(key)
        if len(data) > most:
            raise DamageError(f"{self.where(key)} holds {len(data):,} bytes, far more than simkit writes there")
        return data[:]

    def find(self, key: str) -> bytes | None:
        """Read a small object; None if there is none."""
        try:
            return self.get(key)
        except DamageError:
            if not self.has(key):
                return None
        return self.get(key)  # it came meanwhile, or is damaged

    def ahead(self, read: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """Yield what `read` returns for each item, in order; several at once where reading is mostly waiting."""
        if self.n_at_once == 1:
            yield from map(read, items)
            return
        todo, under_way = iter(items), deque[Future[_Result]]()
        with ThreadPoolExecutor(self.n_at_once, "read") as pool:
            try:
                while True:
                    under_way += (pool.submit(read, item) for item in islice(todo, self.n_at_once - len(under_way)))
                    if not under_way:
                        return
                    yield under_way.popleft().result()
            finally:
                for future in under_way:
                    future.cancel()

    @abstractmethod
    def has(self, key: str) -> bool:
        """Say whether there is an object `key`; DamageError if there is something else."""

    @abstractmethod
    def delete(self, *keys: str) -> None:
        """Remove objects, durably once all are gone; nothing happens for those that are not there."""

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """Return the names of the objects and folders in `folder`, or in the place itself for ""."""

    @abstractmethod
    def sizes(self, folder: str) -> dict[str, int]:
        """Return the names of the objects in `folder`, and how many bytes they have."""

    @abstractmethod
    def lock(self, folder: str) -> AbstractContextManager[Lock]:
        """Give the lock of `folder`, not taken yet; freed in the end, also if this process is killed."""

    def sweep(self) -> None:  # noqa: B027 - an atomic put of a whole object leaves nothing behind
        """Remove what processes that were killed left of objects that they were writing."""

    def stay(self) -> None:  # noqa: B027 - only what can be renamed or removed as a whole needs it
        """Refuse from now on to write if the place was removed or renamed, also if there is another at its address."""
