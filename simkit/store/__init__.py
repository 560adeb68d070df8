"""Data sets on disk and in object stores: the only part that knows Zarr."""

from __future__ import annotations

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
