"""Data sets on disk: the only place that knows Zarr."""

from __future__ import annotations

from simkit.store.column import Column as Column
from simkit.store.dataset import Store as Store
from simkit.store.dataset import open_store as open_store
from simkit.store.verify import faults as faults
from simkit.store.verify import verify as verify
from simkit.store.writing import forget as forget
from simkit.store.writing import writing as writing
