"""Which shards a run makes, and in which blocks of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simkit.backends import Kernels
from simkit.contract import MAX_ROWS, Source
from simkit.errors import ParameterError
from simkit.store import Store
from simkit.store.done import Done

#: rows of a block, the work that a thread takes at a time: at most so many rows and bytes
_BLOCK_ROWS, _BLOCK_BYTES = 256, 2**19

#: blocks of a shard at most, as the source has them: a shard of long runs must not take hours, which a kill would lose
_SHARD_BLOCKS = 16


@dataclass(frozen=True)
class Share:
    """Worker `index` of `n_workers` makes the shards ``index, index + n_workers, ...``."""

    n_workers: int = 1
    index: int = 0

    def __post_init__(self) -> None:
        ParameterError.check_integer("the number of workers", self.n_workers, 1, MAX_ROWS - 1)
        ParameterError.check_integer("the number of a worker", self.index, 0, MAX_ROWS - 1)
        if self.index >= self.n_workers:
            raise ParameterError(
                f"worker {self.index} of {self.n_workers}: workers are numbered 0 to --workers minus 1"
            )

    def of(self, n_shards: int) -> range:
        """Return the numbers of those of `n_shards` shards that are this worker's."""
        return range(self.index, n_shards, self.n_workers)


@dataclass(frozen=True)
class Progress:
    """What a run has done so far; rows of its own share, or what else it counts."""

    n_rows: int
    n_rows_before: int
    n_rows_now: int
    #: seconds that the run has waited for rows to be computed, and for shards to be encoded and written
    waited_computing: float = 0.0
    waited_writing: float = 0.0
    #: what is being compiled, e.g. ``rule B36/S23 (2 of 2)``; empty while nothing is
    compiling: str = ""
    #: seconds of the run in which something was being compiled
    compiled: float = 0.0
    #: workers of the Dask cluster that computes, None if this process does
    n_workers: int | None = None
    #: what is counted, and what is done
    unit: str = "row"
    doing: str = "generating"

    @property
    def n_rows_done(self) -> int:
        """Rows that are there."""
        return self.n_rows_before + self.n_rows_now


@dataclass(frozen=True)
class Plan:
    """The shards of a share, those that were finished before, and the rows that all of them and these have."""

    share: range
    done: Done
    n_rows: int
    n_rows_before: int

    def shards(self) -> Iterator[int]:
        """Yield the shards that are left to make, in order; there may be more of them than could be listed."""
        return self.done.missing(self.share)

    @classmethod
    def of(cls, store: Store, share: Share) -> Plan:
        """Return what is left to do of a data set."""
        layout, done = store.layout, store.done()
        mine = share.of(layout.n_shards)
        n_rows = len(mine) * layout.shard_rows
        if layout.n_shards - 1 in mine:
            n_rows -= layout.shard_rows - len(layout.rows(layout.n_shards - 1))
        return cls(mine, done, n_rows, done.n_rows(mine))


def most_rows(source: Source) -> int:
    """Return the rows that a shard may have at most."""
    return _SHARD_BLOCKS * source.block_rows


def blocks(source: Source, rows: range, on: Kernels) -> Iterator[range]:
    """Cut the rows of a shard into those that are computed at a time: few on a processor, all on a device."""
    n = len(rows)
    if not on.is_device:
        n = max(1, min(_BLOCK_ROWS, source.block_rows, _BLOCK_BYTES // source.schema().row_nbytes))
    for start in range(rows.start, rows.stop, n):
        yield range(start, min(start + n, rows.stop))
