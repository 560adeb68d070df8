"""The boards that networks are analysed on: some rows of a data set, in a fixed order, as often as one likes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import torch

from simkit.learn.streaming.batches import batches
from simkit.schema import Array, Schema
from simkit.split import SPLITS
from simkit.store import Store

#: boards and classes of a batch: uint8 (sample, y, x_byte), int64 (sample,)
Pair = tuple[torch.Tensor, torch.Tensor]

#: what analyses go through, several times
Pairs = Iterable[Pair]

#: boards of a batch
_SIZE = 128


class Rows:
    """The first `n` rows of a split of a data set.

    Iterated, they are pairs of bit-packed boards, uint8 (sample, y, x_byte), and classes, int64 (sample,).

    Parameters
    ----------
    store : Store
    split : str
    n : int
        Rows at most.
    inputs, classes : str
        Names of the fields.
    splits : mapping
        Name -> share, as of `simkit.split.Split`. They have to be those that the networks were trained by: else rows
        that these learnt from are among those that they are tested on.
    """

    def __init__(
        self,
        store: Store,
        split: str,
        n: int,
        inputs: str = "ash",
        classes: str = "rule",
        splits: Mapping[str, float] = SPLITS,
    ) -> None:
        self._store, self._split, self._n, self._inputs, self._classes = store, split, n, inputs, classes
        self._splits = splits

    def _read(self, *names: str) -> Iterator[dict[str, torch.Tensor]]:
        n_left = self._n
        stream = batches(self._store, n_threads=0, split=self._split, splits=self._splits, fields=names,
                         channels="packed", batch_size=min(_SIZE, self._n), ranks=(0, 1))  # fmt: skip
        for batch in stream:
            if n_left <= 0:
                return
            yield {name: values[:n_left] for name, values in batch.items()}
            n_left -= len(batch[names[0]])

    def __iter__(self) -> Iterator[Pair]:
        for batch in self._read(self._inputs, self._classes):
            yield batch[self._inputs], batch[self._classes]

    @property
    def schema(self) -> Schema:
        """The fields of the data set."""
        return self._store.schema

    @property
    def width(self) -> int:
        """Of the boards, in cells."""
        found = self._store.schema[self._inputs]
        return found.bits or 8 * int(found.shape[-1])

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(self._store.schema[self._classes].labels)

    def field(self, name: str) -> Array:
        """Return another field of the same rows, in the same order; UnknownNameError if there is none."""
        whole: Array = torch.cat([batch[name] for batch in self._read(name)]).numpy()
        return whole
