"""Rows of a data set that are to be exported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simkit.errors import ParameterError
from simkit.schema import Array, Batch
from simkit.store import Store

#: rows that are read at once
_BLOCK = 64


@dataclass(frozen=True)
class Selection:
    """Rows of a store, and a function that makes their soups if these are wanted in place of what they became.

    Raises
    ------
    ParameterError
        If the store has no such rows.
    """

    store: Store
    rows: range
    soup: Callable[[range], Array] | None = None

    def __post_init__(self) -> None:
        n_rows = self.store.layout.n_rows
        if not 0 <= self.rows.start < self.rows.stop <= n_rows:
            raise ParameterError(
                f"asked for row {self.rows.stop - 1:,} of {self.store.path}, which has {n_rows:,} rows"
            )

    def batches(self) -> Iterator[tuple[range, Batch]]:
        """Yield blocks of rows and their fields; with soups, these are the field ``soup``, packed as ``ash``."""
        columns = dict(self.store)
        for start in range(self.rows.start, self.rows.stop, _BLOCK):
            rows = range(start, min(start + _BLOCK, self.rows.stop))
            batch = {name: column[rows.start : rows.stop] for name, column in columns.items()}
            if self.soup:
                batch["soup"] = self.soup(rows)
            yield rows, batch
