"""A place that is a folder of this machine.

An object is written to a temporary file, flushed to disk and renamed. The temporary file is locked while it is written,
so that `sweep` can tell one that a killed process left behind from one that is being written.

The folder itself may be a link. Below it links are neither followed nor written through, and nothing but plain files is
opened: a data set that came from somebody else could lead to any file, or to a device or a pipe that never ends.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from simkit.errors import DamageError, StoreError
from simkit.store import place
from simkit.store.disk import PLAIN, File, identity, mode_of, not_plain, told

_PART = ".part"

#: characters of a temporary file's name after that of the object
_N_ADDED = len(".") + 16 + len(_PART)


class FolderLock(place.Lock):
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


class Folder(place.Place):
    """The folder `root`; keys are paths below it with ``/``.

    Parameters
    ----------
    root : Path
    drafts : str, optional
        The folder below it in which temporary files are written; beside the objects if not given. With it, `sweep`
        looks nowhere else, however many objects there are.
    """

    def __init__(self, root: Path, drafts: str | None = None) -> None:
        self.root, self._drafts = root, drafts
        self._identity: tuple[int, int] | None = None

    def where(self, key: str = "") -> str:
        """Return the path of an object, or of the folder."""
        return str(self.root / key)

    def exists(self) -> bool:
        """Say whether there is such a folder; StoreError if there is something else."""
        with told(f"look at {self.root}"):
            if not self.root.exists():
                return False
            if not self.root.is_dir():
                raise StoreError(f"{self.root} is a file; a data set is a folder: choose another place")
            return True

    def create(self) -> None:
        """Make the folder if there is none."""
        with told(f"create {self.root}"):
            try:
                self.root.mkdir(parents=True, exist_ok=True)
                sync_folder(self.root.parent)
            except FileNotFoundError as error:  # a file system without folders of one's own, such as /proc
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from error

    def stay(self) -> None:
        """Refuse from now on to write if the folder was removed or renamed, also if there is another in its place."""
        with told(f"look at {self.root}"), self._still_there():
            self._identity = identity(self.root)

    def put(self, key: str, data: bytes) -> None:
        """Write an object atomically and durably."""
        with self.writing(key) as write:
            write(data)

    @contextmanager
    def writing(self, key: str) -> Iterator[Callable[[bytes], None]]:
        """Give a function that writes parts of an object, which takes its place if the block ends without an error."""
        target = self._below(key)
        what = f"write {target}"

        def write(data: bytes) -> None:
            with told(what):
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(file, rest) :]

        draft = target if self._drafts is None else self._below(f"{self._drafts}/{target.name}")
        with told(what), self._still_there():
            if self._identity not in (None, identity(self.root)):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.root))
            for folder in {target.parent, draft.parent}:
                if not folder.exists():
                    folder.mkdir(exist_ok=True)
                    sync_folder(self.root)
            part, file = _temporary(draft)
        try:
            yield write
            with told(what), self._still_there():
                os.fsync(file)
                part.rename(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        finally:
            os.close(file)
        with told(what), self._still_there():
            sync_folder(target.parent)

    def open(self, key: str) -> File:
        """Open an object to read parts of it; DamageError if there is none, or something else than a file."""
        path = self._below(key)
        with self._found(path):
            return File(path)

    def has(self, key: str) -> bool:
        """Say whether there is an object `key`; DamageError if there is something else than a file."""
        path = self._below(key)
        with told(f"look at {path}"):
            mode = mode_of(path)
        if mode and not stat.S_ISREG(mode):
            raise not_plain(path, mode)
        return mode != 0

    def delete(self, *keys: str) -> None:
        """Remove objects, durably once all are gone; nothing happens for those that are not there."""
        paths = [self._below(key) for key in keys]
        for path in paths:
            with told(f"remove {path}"), self._still_there():
                path.unlink(missing_ok=True)
        for folder in {path.parent for path in paths}:
            with told(f"remove objects of {folder}"), self._still_there():
                if folder.is_dir():
                    sync_folder(folder)

    def names(self, folder: str) -> list[str]:
        """Return the names of the objects in `folder`, those being written left out."""
        path = self._below(f"{folder}/") if folder else self.root
        with told(f"list {path}"):
            if not path.is_dir():
                return []
            with os.scandir(path) as entries:
                return [entry.name for entry in entries if not entry.name.endswith(_PART)]

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the names of the objects in `folder`, links and others left out, and how many bytes they have."""
        path, sizes = self._below(f"{folder}/"), {}
        with told(f"list {path}"):
            if not path.is_dir():
                return {}
            with os.scandir(path) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):  # removed meanwhile
                        if entry.is_file(follow_symlinks=False) and not entry.name.endswith(_PART):
                            sizes[entry.name] = entry.stat(follow_symlinks=False).st_size
        return sizes

    def sweep(self, names: Collection[str] | None = None) -> None:
        """Remove temporary files that no living process is writing: all, or those of the objects `names` alone."""
        with told(f"tidy {self.root}"), self._still_there():
            if self._drafts is None:
                folders = [self.root, *(path for path in self.root.iterdir() if stat.S_ISDIR(mode_of(path)))]
            else:
                folders = [self._below(f"{self._drafts}/")]
            for part in [part for folder in folders for part in folder.glob(f".*{_PART}")]:
                if not stat.S_ISREG(mode_of(part)):
                    continue
                if names is not None and part.name[1:-_N_ADDED] not in names:
                    continue
                with suppress(FileNotFoundError):  # renamed by its writer meanwhile
                    file = os.open(part, os.O_WRONLY | PLAIN)
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        part.unlink()
                    except BlockingIOError:
                        continue
                    finally:
                        os.close(file)

    def _below(self, key: str) -> Path:
        """Return the path of an object; StoreError if a folder on the way to it is a link or no folder."""
        path, folder = self.root / key, key.rpartition("/")[0]
        if folder:
            with told(f"look at {path}"):
                mode = mode_of(self.root / folder)
            if mode and not stat.S_ISDIR(mode):
                raise not_plain(self.root / folder, mode)
        return path

    @contextmanager
    def _still_there(self) -> Iterator[None]:
        """Turn the lack of the folder itself, which was there before, into a StoreError."""
        try:
            yield
        except FileNotFoundError as error:
            raise StoreError(
                f"{self.root} was removed or renamed while it was written, with what was finished; move it back, "
                "or run the same line again to begin anew"
            ) from error

    @contextmanager
    def _found(self, path: Path) -> Iterator[None]:
        """Turn the lack of a file into a DamageError."""
        try:
            with told(f"read {path}"):
                yield
        except FileNotFoundError:
            raise DamageError(f"{path} is missing; `simkit verify {self.root}` lists all that is") from None

    @contextmanager
    def lock(self, folder: str) -> Iterator[FolderLock]:
        """Give the lock of `folder`, not taken yet; freed in the end, or by the system if this process is killed.

        The folder is made if there is none.
        """
        path = self._below(f"{folder}/") if folder else self.root
        with told(f"lock {path}"), self._still_there():
            if not path.is_dir():
                path.mkdir(exist_ok=True)
            file = os.open(path, os.O_RDONLY | os.O_DIRECTORY | (os.O_NOFOLLOW if folder else 0))
        try:
            yield FolderLock(file)
        finally:
            os.close(file)


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
