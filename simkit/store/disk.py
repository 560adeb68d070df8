"""Plain files, and the system's errors in words."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from simkit.errors import DamageError, StoreError

#: how a file is opened: not through a link, and without waiting for the other end of a pipe
PLAIN = os.O_NOFOLLOW | os.O_NONBLOCK


class File:
    """An object read a slice at a time: ``file[a:b]`` are the bytes from `a` to `b`.

    It is read, not mapped into memory: a disk that fails is then an error and not the end of the process.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, -1
        self._file = open_file(path)
        self._size = os.fstat(self._file).st_size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(self._size)
        with told(f"read {self._path}"):
            return os.pread(self._file, stop - start, start)

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        if self._file >= 0:  # when Python ends, modules such as `os` may be gone before this object
            close(self._file)


@contextmanager
def told(what: str, *, is_kept: bool = True) -> Iterator[None]:
    """Turn the system's errors into a StoreError that says what was tried, what to do and what is kept."""
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
            f"cannot {what}: {os.strerror(error.errno or 0).lower()}; {advice}, then run the same line again"
            + (": what is finished is kept" if is_kept else "")
        ) from error


def open_file(path: Path) -> int:
    """Open a plain file for reading; DamageError if it is anything else, which is neither followed nor waited for."""
    try:
        file = os.open(path, os.O_RDONLY | PLAIN)
    except OSError as error:
        mode = mode_of(path)
        if error.errno == errno.ENOTDIR:  # something above it is no folder, so that there is no such file
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from None
        if error.errno == errno.ENOENT or not mode or stat.S_ISREG(mode):
            raise
        raise not_plain(path, mode) from None
    mode = os.fstat(file).st_mode
    if not stat.S_ISREG(mode):
        os.close(file)
        raise not_plain(path, mode)
    return file


def mode_of(path: Path) -> int:
    """Return the kind and the rights of what is at `path` itself, 0 if there is nothing."""
    try:
        return path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0


def not_plain(path: Path, mode: int) -> DamageError:
    """Return the error that says what is where a plain file or folder should be."""
    tests = {"a link": stat.S_ISLNK, "a folder": stat.S_ISDIR, "a file": stat.S_ISREG}
    kind = next((kind for kind, test in tests.items() if test(mode)), "a device or a pipe")
    return DamageError(f"{path} is {kind}; below its own folder a data set has plain folders and files only")


def identity(folder: Path) -> tuple[int, int]:
    """Return what tells a folder from any other that is there at the same time."""
    found = folder.stat()
    return found.st_dev, found.st_ino
