"""Files that are written whole or not at all, and never over something else by accident."""

from __future__ import annotations

from pathlib import Path

from simkit.errors import StoreError
from simkit.store.place import Place


def put(path: Path, data: bytes, *, replace: bool) -> bool:
    """Write a file atomically; return False if it is there already with the same bytes.

    Raises
    ------
    StoreError
        If something else is there and `replace` is not set, or it cannot be written.
    """
    place = Place(path.parent)
    place.create()
    if path.is_dir():
        raise StoreError(f"{path} is a folder; choose another place with --out")
    if place.has(path.name):
        if place.get(path.name) == data:
            return False
        if not replace:
            raise StoreError(f"{path} is there already and holds something else; choose another --out, or say --force")
    place.put(path.name, data)
    return True
