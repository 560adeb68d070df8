"""Copies of what was read of a data set far away, on a disk of this machine.

    FOLDER/IDENTITY/FIELD/c.J[.0...]   a copy of that object as far as it was read, the rest a hole

A data set is named by what it holds: its recipe and digest. So what lies at an address may change, and copies are never
those of something else. Index and chunks end with their CRC-32C, and a hole has none: whether something is there is
seen by that, and so is what a process that was killed has left half written, or what another writes at this moment.
Nothing has to be renamed, flushed or locked, and what several processes write is the same.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
import warnings
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

from simkit.errors import DamageError, ParameterError, StoreError
from simkit.store.disk import PLAIN, File
from simkit.store.shard import Reader

#: bytes that copies take at most, unless one says how many
MOST_BYTES = 10**10

#: bytes of a block of a disk, of which a file has whole ones
_BLOCK = 4096

#: copies that are kept open
_OPEN = 128

#: the part of all bytes that a process may write before it looks how many there are
_STEP = 8

#: seconds until it looks again whether there is room
_PATIENCE = 60

_IDENTITY = re.compile("[0-9a-f]{64}")

_MAX_BYTES = 2**63 - 1


class Copies:
    """Copies of objects of the data set `identity`; several processes share them, and those of other data sets.

    If there are too many bytes, copies that nobody used since this process opened them go, what was used longest ago
    first. If that leaves no room, nothing more is kept: where a data set is read again and again and is larger, a part
    of it that stays is of more use than one that is always replaced.

    Parameters
    ----------
    folder : Path
    n_bytes : int
        Of the disk, that all copies in `folder` take at most; each process but the first may add an eighth.
    identity : str
        SHA-256 in hexadecimal.

    Raises
    ------
    StoreError
        If the folder cannot be made.
    """

    def __init__(self, folder: str | Path, n_bytes: int, identity: str) -> None:
        self.folder = StoreError.check_path(folder).absolute()
        self.n_bytes = ParameterError.check_integer("cache_bytes", n_bytes, 0, _MAX_BYTES)
        self.identity = identity
        try:
            (self.folder / identity).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot keep copies in {self.folder}: {error.strerror}; choose another cache=") from error
        self._begun, self._room, self._looked = time.time(), 0, 0.0
        self._files: OrderedDict[str, File] = OrderedDict()
        self._lock = Lock()
        self._is_off = False

    def __reduce__(self) -> tuple[type[Copies], tuple[Path, int, str]]:
        return Copies, (self.folder, self.n_bytes, self.identity)

    def open(self, key: str) -> File | None:
        """Open the copy of an object, or hand out the one that is open; None if there is none."""
        with self._lock:
            copy = self._files.get(key)
        if copy is not None:
            return copy
        path = self._path(key)
        try:
            copy = File(path)
            os.utime(path)  # what was used since this process began is kept
        except FileNotFoundError:
            return None
        except (OSError, StoreError) as error:
            self._give_up(error)
            return None
        with self._lock:
            self._files[key] = copy
            if len(self._files) > _OPEN:
                self._files.popitem(last=False)
        return copy

    def close(self, key: str) -> None:
        """Close the copy of an object, which may have another size or be another file from now on."""
        with self._lock:
            self._files.pop(key, None)

    def parts(self, key: str, reader: Reader, chunks: Sequence[int]) -> dict[int, bytes]:
        """Return those of some chunks of an object that are in its copy."""
        copy, found = self.open(key), {}
        if copy is not None and len(copy) == reader.size:
            for i in chunks:
                with suppress(DamageError):
                    found[i] = reader.encoded(i, copy)
        if len(found) < len(chunks):
            self.close(key)
        return found

    def put(self, key: str, size: int, parts: Sequence[tuple[int, bytes]]) -> None:
        """Keep parts of an object of `size` bytes, each with where it lies; nothing happens where there is no room."""
        with self._lock:
            if self._is_off or not self._has_room():
                return
            self._room -= sum(-(-len(part) // _BLOCK) * _BLOCK for _, part in parts)
        path = self._path(key)
        try:
            path.parent.mkdir(exist_ok=True)
            file = os.open(path, os.O_WRONLY | os.O_CREAT | PLAIN, 0o644)
            try:
                if os.fstat(file).st_size != size:
                    os.ftruncate(file, 0)  # of the object as it was before it was written anew
                    os.ftruncate(file, size)
                for start, part in parts:
                    if os.pwrite(file, part, start) < len(part):
                        break  # what is torn is fetched again
            finally:
                os.close(file)
        except OSError as error:
            self._give_up(error)
        self.close(key)

    def _path(self, key: str) -> Path:
        return self.folder / self.identity / key

    def _give_up(self, error: Exception) -> None:
        """Go on without copies, and say so once."""
        with self._lock:
            if self._is_off:
                return
            self._is_off = True
        reason = error.strerror if isinstance(error, OSError) else error
        warnings.warn(
            f"no more copies are kept in {self.folder}: {reason}; what is read again is fetched again",
            RuntimeWarning,
            stacklevel=2,
        )

    def _has_room(self) -> bool:
        if self._room <= 0 and time.monotonic() > self._looked:
            self._room = self._make_room()
            self._looked = time.monotonic() + (_PATIENCE if self._room <= 0 else 0)
        return self._room > 0

    def _make_room(self) -> int:
        """Remove copies, if there are too many bytes, and return how many bytes may be written until the next look."""
        step = self.n_bytes // _STEP
        with self.folder.joinpath("lock").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            found = sorted(_found(self.folder))
            n_bytes = sum(size for _, size, _ in found)
            for used, size, path in found:
                if n_bytes <= self.n_bytes - step or used >= self._begun:
                    break
                with suppress(FileNotFoundError):
                    path.unlink()
                n_bytes -= size
        return min(step, self.n_bytes - n_bytes)


def _found(folder: Path) -> list[tuple[float, int, Path]]:
    """Return all copies: when each was used last, and how many bytes of the disk it takes."""
    found = []
    for whole in folder.iterdir():
        if not _IDENTITY.fullmatch(whole.name):
            continue
        for path in whole.glob("*/c.*"):
            with suppress(FileNotFoundError):
                about = path.lstat()
                found.append((about.st_mtime, 512 * about.st_blocks, path))
    return found
