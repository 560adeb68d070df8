"""A place that is in an object store, such as S3, at an address of fsspec's: ``s3://bucket/x.zarr``.

Keys, endpoint and region come from where programs for that store look for them: for S3 the variables AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_PROFILE, AWS_ENDPOINT_URL, ... and ``~/.aws``. What fsspec knows can be set in its own
configuration (FSSPEC_S3_...) too. An address holds no password: it stands in messages and in logs.

fsspec is used rather than obstore, because a process that uses it may be forked, as DataLoader does, and because zarr,
xarray and Dask reach the same data by the same address. None of its caches of listings is used: it would hide what
others wrote.

What an object store does by itself: an object is put as a whole or not at all, and is in listings at once. So nothing
is renamed or flushed. A request that gets no answer, or one that says that the server cannot just now, is sent again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakValueDictionary

from simkit.errors import DamageError, StoreError, needed_for, show
from simkit.store import place
from simkit.store.requests import Requests, code_of
from simkit.store.turn import Turn

#: objects that are put, or removed, at once: the time that each takes is mostly the way to the server and back
N_AT_ONCE = 8

#: S3 alone: nothing is sent again but by `Requests`; servers that give the checksum of the whole object with a part of
#: it are understood, and each chunk has a checksum of its own; seconds until a server counts as silent
_S3_CONFIG = {
    "retries": {"total_max_attempts": 1},
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
    "connect_timeout": 10,
    "read_timeout": 30,
    "max_pool_connections": 4 * N_AT_ONCE,
}

#: process, address and environment, which has the keys -> the file system of places of that address that are in use
_in_use: WeakValueDictionary[tuple[int, str, frozenset[tuple[str, str]]], Any] = WeakValueDictionary()

#: file systems of the process that this one was forked from. Their connections are watched by an epoll that both have:
#: to close one here would end the watch there, and the parent would wait for an answer until its time is over.
_OF_PARENTS: list[Any] = []


class Free(place.Lock):
    """A lock that nobody takes: of those who write shards, none is in another's way."""

    def wait(self) -> None:
        """Do nothing."""

    def take(self, *, shared: bool) -> bool:
        """Return True."""
        del shared
        return True

    def is_free(self) -> bool:
        """Return True."""
        return True


class Blob:
    """An object read a slice at a time, each by a request of its own; DamageError if there is none when it is read.

    Neither to make one nor to read its last bytes, ``blob[-n:]``, takes a look at its length.
    """

    def __init__(self, objects: Objects, key: str) -> None:
        self._objects, self._key, self._size = objects, key, -1

    def __len__(self) -> int:
        if self._size < 0:
            self._size = self._objects.size(self._key)
        return self._size

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop = part.start or 0, part.stop
        if stop is not None and (start < 0 or stop < 0):
            start, stop, _ = part.indices(len(self))
        return self._objects.read(self._key, start, stop) if stop is None or start < stop else b""


class Objects(place.Place):
    """The objects below an address.

    Raises
    ------
    LibraryError
        If the library for such addresses is not installed.
    StoreError
        If fsspec knows no such addresses.
    """

    n_at_once = N_AT_ONCE

    def __init__(self, address: str) -> None:
        self.address = self.check(address)
        self._requests = Requests(self.address)
        self._turns: list[Turn] = []
        self._connect()

    @staticmethod
    def check(address: str) -> str:
        """Return an address without slashes at its end; StoreError if it is none, or has a password in it."""
        protocol, _, rest = address.partition("://")
        if "@" in rest.partition("/")[0] or "?" in rest:
            raise StoreError(
                f"an address {protocol}://... has a password or a query in it; addresses stand in messages: put keys "
                "into the environment or a file, such as AWS_SECRET_ACCESS_KEY or ~/.aws/credentials"
            )
        if not all(rest.rstrip("/").split("/")) or not address.isprintable():  # servers take // for /, or do not
            raise StoreError(f"{show(address)} is not an address of a data set, such as s3://bucket/x.zarr")
        return f"{protocol}://{rest.rstrip('/')}"

    def __reduce__(self) -> tuple[type[Objects], tuple[str]]:
        return Objects, (self.address,)

    def _connect(self) -> None:
        """Have the file system of this process: one that was forked must not use that of its parent."""
        self._process = os.getpid()
        key = self._process, self.address, frozenset(os.environ.items())
        if (files := _in_use.get(key)) is None:
            files = _in_use[key] = self._new()
        self._files, self._root = files, str(files._strip_protocol(self.address))

    def _new(self) -> Any:
        """Make a file system, which takes longer than many requests: libraries read what they know of S3."""
        protocol = self.address.partition("://")[0]
        options: dict[str, Any] = {"use_listings_cache": False, "skip_instance_cache": True}
        if protocol in ("s3", "s3a"):
            options["config_kwargs"] = _S3_CONFIG
        with needed_for(self.address):
            import fsspec

            try:
                files, _ = fsspec.url_to_fs(self.address, **options)
            except ImportError as error:
                raise (error.__cause__ or error) from None  # fsspec's own does not name the library
            except ValueError as error:
                raise StoreError(
                    f"cannot use {self.address}: {error}; fsspec knows s3://, gs://, az:// and others"
                ) from None
        if hasattr(files, "retries"):
            files.retries = 1  # of s3fs itself
        return files

    def _ask(self, what: str, key: str, method: str, *arguments: Any, **named: Any) -> Any:
        """Call a method of the file system for an object, as often as it takes; every request goes through here.

        Raises
        ------
        FileNotFoundError
            If there is no such object.
        """
        if self._process != os.getpid():
            _OF_PARENTS.append(self._files)
            self._connect()
        path = f"{self._root}/{key}".rstrip("/")

        def call() -> Any:
            try:
                return getattr(self._files, method)(path, *arguments, **named)
            except OSError as error:
                if code_of(error)[0] == "InvalidRange":  # of an object with no bytes at all
                    return b""
                raise

        return self._requests.send(f"{what} {self.where(key)}", call)

    def where(self, key: str = "") -> str:
        """Return the address of an object, or of the place."""
        return f"{self.address}/{key}".rstrip("/")

    def exists(self) -> bool:
        """Say whether there are objects below the address."""
        return bool(self.names(""))

    def create(self) -> None:
        """Do nothing: there are no folders."""

    def put(self, key: str, data: bytes) -> None:
        """Write an object."""
        for turn in self._turns:
            turn.check()
        try:
            self._ask("write", key, "pipe_file", data)
        except FileNotFoundError:
            raise StoreError(
                f"cannot write {self.where(key)}: there is no such bucket; create it, or choose another"
            ) from None

    def open(self, key: str) -> Blob:
        """Open an object to read parts of it; DamageError if there is none, when it is read."""
        return Blob(self, key)

    def get(self, key: str, most: int = place.MAX_GET) -> bytes:
        """Read an object as a whole by one request; DamageError if there is none, or it has more than `most` bytes."""
        data = self.read(key, 0, most + 1)
        if len(data) > most:
            raise DamageError(f"{self.where(key)} holds more than {most:,} bytes, far more than simkit writes there")
        return data

    def read(self, key: str, start: int, stop: int | None) -> bytes:
        """Return the bytes of an object from `start` to `stop`, as far as it has them; DamageError if there is none.

        None is its end, and a negative `start` with that counts from there.
        """
        try:
            data: bytes = self._ask("read", key, "cat_file", start=start, end=stop)
        except FileNotFoundError:
            raise self._missing(key) from None
        return data

    def size(self, key: str) -> int:
        """Return how many bytes an object has; DamageError if there is none."""
        try:
            about: dict[str, Any] = self._ask("look at", key, "info")
        except FileNotFoundError:
            raise self._missing(key) from None
        if about["type"] != "file":
            raise self._missing(key)
        return int(about["size"])

    def has(self, key: str) -> bool:
        """Say whether there is an object `key`, by one request: fsspec looks at one that is not there twice."""
        try:
            self._ask("look at", key, "cat_file", start=0, end=1)
        except FileNotFoundError:
            return False
        return True

    def delete(self, *keys: str) -> None:
        """Remove objects; nothing happens for those that are not there."""
        for turn in self._turns:
            turn.check()

        def remove(key: str) -> None:
            try:
                self._ask("remove", key, "rm_file")
            except FileNotFoundError:
                return  # some stores say so

        # each by a request: where one removes many, s3fs does not say which of them the server did not remove
        if len(keys) == 1 or self.n_at_once == 1:
            for key in keys:
                remove(key)
        elif keys:
            with ThreadPoolExecutor(self.n_at_once, "remove") as pool:
                list(pool.map(remove, keys))

    def names(self, folder: str) -> list[str]:
        """Return the names of the objects and folders in `folder`, or in the place itself for ""."""
        return list(self._list(folder))

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the names of the objects in `folder`, and how many bytes they have."""
        return {name: int(entry["size"]) for name, entry in self._list(folder).items() if entry["type"] == "file"}

    def _list(self, folder: str) -> dict[str, dict[str, Any]]:
        try:
            entries: list[dict[str, Any]] = self._ask("list", folder, "ls", detail=True)
        except FileNotFoundError:
            return {}
        parent = f"{self._root}/{folder}".strip("/")
        named = ((entry["name"].strip("/"), entry) for entry in entries)
        return {name.rpartition("/")[2]: entry for name, entry in named if name != parent}  # else a mark of a folder

    @contextmanager
    def lock(self, folder: str) -> Iterator[place.Lock]:
        """Give the lock of `folder`: that of the ledger is a Turn, that of the place is always free."""
        if not folder:
            yield Free()
            return
        turn = Turn(self, folder)
        self._turns.append(turn)
        try:
            yield turn
        except BaseException:
            self._turns.remove(turn)
            with suppress(StoreError):  # what went wrong first is told; a claim that stays counts as dead soon
                turn.give_back()
            raise
        self._turns.remove(turn)
        turn.give_back()

    def _missing(self, key: str) -> DamageError:
        return DamageError(f"{self.where(key)} is missing; `simkit verify {self.address}` lists all that is")
