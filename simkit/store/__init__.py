"""Data sets on disk and in object stores: the only part that knows Zarr.

Names are imported when they are first used: what writes a file by `simkit.store.local` alone does not load Zarr.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simkit.store.column import Column as Column
    from simkit.store.dataset import Store as Store
    from simkit.store.dataset import check_address as check_address
    from simkit.store.dataset import open_store as open_store
    from simkit.store.place import Address as Address
    from simkit.store.verification import faults as faults
    from simkit.store.verification import verify as verify
    from simkit.store.writer import finish as finish
    from simkit.store.writer import forget as forget
    from simkit.store.writer import sharing as sharing
    from simkit.store.writer import writing as writing

#: public name -> module that it is in
_PUBLIC = {
    "Column": "column",
    "Store": "dataset",
    "check_address": "dataset",
    "open_store": "dataset",
    "Address": "place",
    "faults": "verification",
    "verify": "verification",
    "finish": "writer",
    "forget": "writer",
    "sharing": "writer",
    "writing": "writer",
}

__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    value = getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value
