"""What of a data set is to be exported."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from simkit.errors import CONTINUE, ParameterError, StoreError, show
from simkit.schema import Batch, Field, Schema, unpack
from simkit.store import Store

#: rows that are read at once, at most
_BLOCK = 64


@dataclass(frozen=True)
class Selection:
    """Rows and fields of a store, bit-packed boards unpacked unless they are to stay packed.

    Raises
    ------
    ParameterError
        If the store has no such rows, or no field is chosen.
    UnknownNameError
        If it has no such field.
    StoreError
        If some of the rows are not generated yet.
    """

    store: Store
    rows: range
    fields: tuple[str, ...] | None = None
    packed: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.rows, range) or max(abs(self.rows.start), abs(self.rows.stop)) > 2**63:
            raise ParameterError(f"rows are a range(start, stop); this is {show(self.rows)}")
        if not self.rows or self.rows.step != 1:
            raise ParameterError(f"rows are a range(start, stop) with start below stop; this is {show(self.rows)}")
        self.store.check_row(self.rows.start)
        self.store.check_row(self.rows.stop - 1)
        for name in self.fields or ():
            self.store[name]
        if self.fields == ():
            raise ParameterError(f"no field is chosen; {self.store.path} has {', '.join(self.store)}")
        self._refuse_unfinished()

    def _refuse_unfinished(self) -> None:
        layout, rows = self.store.layout, self.rows
        shards = range(rows.start // layout.shard_rows, (rows.stop - 1) // layout.shard_rows + 1)
        done = [index for index in self.store.done() if index in shards]
        if len(done) == len(shards):
            return
        # Counted from what is there: a data set may be declared with far more rows than there is memory to list.
        held = [(max(here.start, rows.start), min(here.stop, rows.stop)) for here in map(layout.rows, done)]
        n_missing = len(rows) - sum(stop - start for start, stop in held)
        lacking = next(index for index, found in zip(shards, [*done, None], strict=False) if index != found)
        first = max(layout.rows(lacking).start, rows.start)
        other = f", or take --rows {rows.start}:{first}, which are there" if first > rows.start else ""
        raise StoreError(
            f"{n_missing:,} of the {len(rows):,} rows asked for are not in "
            f"{self.store.path} yet, row {first:,} the first; {CONTINUE}{other}"
        )

    @property
    def schema(self) -> Schema:
        """What the fields are, as they are exported."""
        chosen = {
            name: field for name, field in self.store.schema.items() if self.fields is None or name in self.fields
        }
        return Schema(**(chosen if self.packed else {name: _unpacked(field) for name, field in chosen.items()}))

    def of(self, rows: range) -> Selection:
        """Return the same of some of the rows."""
        return dataclasses.replace(self, rows=rows)

    def batches(self, *names: str, n_rows: int | None = None) -> Iterator[tuple[range, Batch]]:
        """Yield blocks of rows and the fields `names` of them, all if none is named.

        A block has `n_rows` rows, or as many as are quickly read and need little memory.
        """
        stored = self.store.schema
        columns = {name: self.store[name] for name in names or self.schema}
        step = n_rows or min(_BLOCK, self.store.layout.chunk_rows)
        for start in range(self.rows.start, self.rows.stop, step):
            rows = range(start, min(start + step, self.rows.stop))
            batch = {name: column[rows.start : rows.stop] for name, column in columns.items()}
            if not self.packed:
                batch = {
                    name: values if stored[name].bits is None else unpack(values, stored[name].bits)
                    for name, values in batch.items()
                }
            yield rows, batch


def _unpacked(field: Field) -> Field:
    """Return what a field is once it is unpacked; itself if it is not packed."""
    if field.bits is None:
        return field
    dims = (*field.dims[:-1], field.dims[-1].removesuffix("_byte"))
    return dataclasses.replace(field, dims=dims, shape=(*field.shape[:-1], field.bits), bits=None)
