"""Which shards of a data set are finished, in memory that grows with the gaps between them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from simkit.store.layout import Layout


class Done(Collection[int]):
    """The numbers of finished shards, in order.

    Attributes
    ----------
    runs : list of range
        Consecutive shards; between two runs at least one is missing.
    """

    def __init__(self, layout: Layout, parts: Iterable[range]) -> None:
        """`parts` are in order, and none is empty or overlaps another."""
        self._layout = layout
        self.runs: list[range] = []
        for part in parts:
            if self.runs and self.runs[-1].stop == part.start:
                self.runs[-1] = range(self.runs[-1].start, part.stop)
            else:
                self.runs.append(part)
        self._starts = [run.start for run in self.runs]

    def __contains__(self, shard: object) -> bool:
        if not isinstance(shard, int):
            return False
        at = bisect_right(self._starts, shard) - 1
        return at >= 0 and shard in self.runs[at]

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self.runs)

    def __len__(self) -> int:
        return sum(map(len, self.runs))

    def missing(self, share: range) -> Iterator[int]:
        """Yield the shards of `share` that are not finished, in order; there may be more than could be listed."""
        start = 0
        for run in [*self.runs, range(self._layout.n_shards, self._layout.n_shards)]:
            yield from _common(range(start, run.start), share)
            start = run.stop

    def n_rows(self, share: range | None = None) -> int:
        """Return how many rows they have, or those of them that are in `share`, such as every other shard."""
        layout = self._layout
        share = range(layout.n_shards) if share is None else share
        n_shards = sum(len(_common(run, share)) for run in self.runs)
        lacks = layout.n_shards * layout.shard_rows - layout.n_rows  # rows that the last shard is short of a full one
        last = layout.n_shards - 1
        return n_shards * layout.shard_rows - (lacks if last in share and last in self else 0)


def _common(run: range, share: range) -> range:
    """Return the numbers of `run`, which are consecutive, that are in `share` too."""
    first = max(run.start, share.start)
    first += (share.start - first) % share.step
    return range(first, min(run.stop, share.stop), share.step)
