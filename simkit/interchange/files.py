"""Files that are written whole or not at all, and never over something else by accident."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from simkit.errors import StoreError, show
from simkit.interchange import Written
from simkit.store.local import Folder

#: bytes that are gathered before they are passed on
_BUFFER = 2**20


class Files:
    """The files of an export, in one folder.

    The folder is made if need be, and rid of what a killed export left of these files.

    Parameters
    ----------
    names : collection of str
        All files that the export writes.
    replace : bool
        Whether files that hold something else are replaced.
    alone : bool
        Whether the folder may hold nothing else (hidden files aside), since all that is in it would be taken for a part
        of the export.

    Raises
    ------
    StoreError
        If the folder cannot be made, or holds something else and should not.
    """

    def __init__(self, folder: Path, names: Collection[str], *, replace: bool, alone: bool = False) -> None:
        self._place, self._replace = Folder(folder), replace
        self._n_files = self._n_same = 0
        if alone and self._place.exists():
            odd = sorted(name for name in self._place.names("") if not name.startswith(".") and name not in names)
            if odd:
                raise StoreError(
                    f"{folder} holds {', '.join(odd[:3])}{' and others' if len(odd) > 3 else ''}, no part of this "
                    "export; choose another --out, or remove what is there"
                )
        self._place.create()
        self._place.sweep(names)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Give a file to be written from its start to its end, which takes its place at the end of the block.

        A file that is there with the same bytes is left alone. With other bytes it is replaced if that is allowed,
        else a StoreError is raised at the first byte that differs.
        """
        path = self._place.root / name
        if name != path.name:
            raise StoreError(f"{show(name)} is not a name of a file in {self._place.root}")
        if path.is_symlink():
            raise StoreError(f"{path} is a link, which is not written through; remove it, or choose another --out")
        if path.is_dir():
            raise StoreError(f"{path} is a folder; choose another place with --out")
        if path.exists() and not path.is_file():  # /dev/null would become a file for all
            raise StoreError(f"{path} is a device or a pipe; choose another place with --out")
        with ExitStack() as stack:
            output = _Output(self._place, name, stack, replace=self._replace)
            yield cast(BinaryIO, output)
            output.finish()
        self._n_files += 1
        self._n_same += output.is_same

    def put(self, name: str, data: bytes) -> None:
        """Write a whole file, as `open` does."""
        with self.open(name) as file:
            file.write(data)

    def written(self, *notes: str) -> Written:
        """Return what was written."""
        return Written(self._n_files, self._n_same, notes)


class _Output(io.RawIOBase):
    """Compares what is written to it with the file that is there, and writes a new file from where they differ."""

    def __init__(self, place: Folder, name: str, stack: ExitStack, *, replace: bool) -> None:
        self._place, self._name, self._stack, self._replace = place, name, stack, replace
        self._path = place.root / name
        self._pending = bytearray()
        self._n_written = self._n_compared = 0
        self.is_same = place.has(name)
        if self.is_same:
            self._old = place.open(name)
        else:
            self._write = stack.enter_context(place.writing(name))

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._n_written

    def write(self, data: Any) -> int:
        part = memoryview(data)
        self._pending += part
        self._n_written += part.nbytes
        if len(self._pending) >= _BUFFER:
            self._pass_on()
        return part.nbytes

    def finish(self) -> None:
        """Compare or write what is left."""
        self._pass_on()
        if self.is_same and self._n_compared < len(self._old):
            self._differ()

    def _pass_on(self) -> None:
        data, self._pending = bytes(self._pending), bytearray()
        if self.is_same:
            if self._old[self._n_compared : self._n_compared + len(data)] == data:
                self._n_compared += len(data)
                return
            self._differ()
        self._write(data)

    def _differ(self) -> None:
        """Begin a new file with what was compared so far."""
        if not self._replace:
            raise StoreError(
                f"{self._path} is there already and holds something else; choose another --out, or say --force"
            )
        self.is_same = False
        self._write = self._stack.enter_context(self._place.writing(self._name))
        for start in range(0, self._n_compared, _BUFFER):
            self._write(self._old[start : min(start + _BUFFER, self._n_compared)])
