"""A folder of objects that are written whole or not at all.

An object is written to a temporary file beside its place, flushed to disk and renamed. The temporary file is locked
while it is written, so that `sweep` can tell one that a killed process left behind from one that is being written.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from simkit.errors import DamageError, StoreError

_PART = ".part"

#: characters of a temporary file's name after that of the object
_N_ADDED = len(".") + 16 + len(_PART)


class Lock:
    """A lock on an open folder."""

    def __init__(self, file: int) -> None:
        self._file = file

    def wait(self) -> None:
        """Take it for this process alone, once no other process has it."""
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def take(self, *, shared: bool) -> bool:
        """Take it, alone or with others that share it; False if that cannot be had now."""
        try:
            fcntl.flock(self._file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def is_free(self) -> bool:
        """Say whether no process has it; not taken afterwards. Only where no other can take it at that moment."""
        if not self.take(shared=False):
            return False
        fcntl.flock(self._file, fcntl.LOCK_UN)
        return True


class File:
    """An object read a slice at a time: ``file[a:b]`` are the bytes from `a` to `b`.

    It is read, not mapped into memory: a disk that fails is then an error and not the end of the process.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, -1
        self._file = os.open(path, os.O_RDONLY)
        self._size = os.fstat(self._file).st_size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(self._size)
        with _told(f"read {self._path}"):
            return os.pread(self._file, stop - start, start)

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        if self._file >= 0:  # when Python ends, modules such as `os` may be gone before this object
            close(self._file)


class Place:
    """The folder `root`; keys are paths below it with ``/``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def exists(self) -> bool:
        """Say whether there is such a folder; StoreError if there is something else."""
        with _told(f"look at {self.root}"):
            if not self.root.exists():
                return False
            if not self.root.is_dir():
                raise StoreError(f"{self.root} is a file; a data set is a folder: choose another place")
            return True

    def create(self) -> None:
        """Make the folder if there is none."""
        with _told(f"create {self.root}"):
            try:
                self.root.mkdir(parents=True, exist_ok=True)
                sync_folder(self.root.parent)
            except FileNotFoundError as error:  # a file system without folders of one's own, such as /proc
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from error

    def put(self, key: str, data: bytes) -> None:
        """Write an object atomically and durably."""
        with self.writing(key) as write:
            write(data)

    @contextmanager
    def writing(self, key: str) -> Iterator[Callable[[bytes], None]]:
        """Give a function that writes parts of an object, which takes its place if the block ends without an error."""
        target = self.root / key
        what = f"write {target}"

        def write(data: bytes) -> None:
            with _told(what):
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(file, rest) :]

        with _told(what):
            if not target.parent.exists():
                target.parent.mkdir(exist_ok=True)
                sync_folder(self.root)
            part, file = _temporary(target)
        try:
            yield write
            with _told(what):
                os.fsync(file)
                part.rename(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        finally:
            os.close(file)
        with _told(what):
            sync_folder(target.parent)

    def get(self, key: str) -> bytes:
        """Read an object; DamageError if there is none."""
        path = self.root / key
        with self._found(path):
            return path.read_bytes()

    def open(self, key: str) -> File:
        """Open an object to read parts of it; DamageError if there is none."""
        path = self.root / key
        with self._found(path):
            return File(path)

    def has(self, key: str) -> bool:
        """Say whether there is an object `key`."""
        path = self.root / key
        with _told(f"look at {path}"):
            return path.is_file()

    def has_folder(self, folder: str) -> bool:
        """Say whether there is such a folder below the root."""
        path = self.root / folder
        with _told(f"look at {path}"):
            return path.is_dir()

    def delete(self, key: str) -> None:
        """Remove an object, durably; nothing happens if there is none."""
        path = self.root / key
        with _told(f"remove {path}"):
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                sync_folder(path.parent)

    def names(self, folder: str) -> list[str]:
        """Return the names of the objects in `folder`, those being written left out."""
        path = self.root / folder
        with _told(f"list {path}"):
            return [entry.name for entry in path.iterdir() if entry.suffix != _PART] if path.is_dir() else []

    def size(self) -> int:
        """Bytes of all objects."""
        total = 0
        for path in self.root.rglob("*"):
            with suppress(FileNotFoundError):  # a temporary file that was renamed meanwhile
                total += path.stat().st_size if path.is_file() else 0
        return total

    def sweep(self, names: Collection[str] | None = None) -> None:
        """Remove temporary files that no living process is writing: all, or those of the objects `names` alone."""
        with _told(f"tidy {self.root}"):
            for part in [*self.root.glob(f".*{_PART}"), *self.root.glob(f"*/.*{_PART}")]:
                if names is not None and part.name[1:-_N_ADDED] not in names:
                    continue
                with suppress(FileNotFoundError):  # renamed by its writer meanwhile
                    file = os.open(part, os.O_WRONLY)
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        part.unlink()
                    except BlockingIOError:
                        continue
                    finally:
                        os.close(file)

    @contextmanager
    def _found(self, path: Path) -> Iterator[None]:
        """Turn the lack of a file into a DamageError."""
        try:
            with _told(f"read {path}"):
                yield
        except FileNotFoundError:
            raise DamageError(f"{path} is missing; `simkit verify {self.root}` lists all that is") from None

    @contextmanager
    def lock(self, folder: str) -> Iterator[Lock]:
        """Give the lock of `folder`, not taken yet; freed in the end, or by the system if this process is killed.

        The folder is made if there is none.
        """
        path = self.root / folder
        with _told(f"lock {path}"):
            if not path.is_dir():
                path.mkdir(exist_ok=True)
            file = os.open(path, os.O_RDONLY)
        try:
            yield Lock(file)
        finally:
            os.close(file)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn the system's errors into a StoreError that says what was tried and what to do."""
    try:
        yield
    except (FileNotFoundError, BlockingIOError):
        raise
    except OSError as error:
        advice = {
            errno.ENOSPC: "free some space",
            errno.EDQUOT: "free some of your quota",
            errno.EROFS: "choose a place that can be written with --out",
            errno.EACCES: "choose a place that you may write with --out, or change its permissions",
            errno.EPERM: "choose a place that you may write with --out, or change its permissions",
        }.get(error.errno or 0, "see to that")
        raise StoreError(
            f"cannot {what}: {os.strerror(error.errno or 0).lower()}; {advice}, then run the same line again: "
            "what is finished is kept"
        ) from error


def _temporary(target: Path) -> tuple[Path, int]:
    """Open a new temporary file beside `target`, locked."""
    while True:
        part = target.with_name(f".{target.name}.{secrets.token_hex(8)}{_PART}")
        file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            is_there = os.fstat(file).st_nlink > 0
        except BaseException:
            part.unlink(missing_ok=True)
            os.close(file)
            raise
        if is_there:
            return part, file
        os.close(file)  # a sweep took it in the instant before it was locked


def sync_folder(path: Path) -> None:
    """Flush a folder's list of names to disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
