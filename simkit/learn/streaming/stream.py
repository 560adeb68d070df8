"""A data set or a live source as a torch data set of whole batches."""

from __future__ import annotations

import copy
import hashlib
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np
import torch
import torch.utils.data

from simkit.backends import AUTO
from simkit.contract import Source, check_seed
from simkit.errors import DamageError, ParameterError, UnknownNameError, show
from simkit.learn.streaming.order import N_EPOCHS, ORDER, Order
from simkit.learn.streaming.passes import Passes
from simkit.learn.streaming.ranks import ranks as ranks_here
from simkit.learn.streaming.selection import SPLITS, Selection, Split, meets
from simkit.learn.streaming.tables import Live, Stored, Table
from simkit.learn.streaming.tensors import Tensors
from simkit.store import Store
from simkit.store.chunks import Chunks, StoreChunks
from simkit.store.foreign import open_chunks

TensorBatch = dict[str, torch.Tensor]
State = dict[str, Any]

#: rows of an epoch of a live source
MAX_LIVE_ROWS = 2**40

#: rows that a filter looks at at a time
_FILTERED = 2**18


class Options(TypedDict, total=False):
    """The keyword arguments of `stream` and `batches`; see Stream."""

    n: int | None
    fields: Sequence[str] | None
    batch_size: int
    seed: int
    shuffle: bool
    window: int | None
    drop_last: bool
    split: str | None
    splits: Mapping[str, float]
    where: Mapping[str, Any] | None
    channels: str
    dtype: torch.dtype
    memory_format: torch.memory_format
    augment: Sequence[str]
    pin_memory: bool
    ranks: tuple[int, int] | None
    skip_damaged: bool
    backend: str


class Stream(torch.utils.data.IterableDataset[TensorBatch]):
    """Whole batches of tensors, in an order that depends on nothing but seed, epoch and position.

    Use it with ``torch.utils.data.DataLoader(stream, batch_size=None, num_workers=4)``. As with torch's
    DistributedSampler, `set_epoch` says before each pass which epoch it is; the first needs no saying. Without workers
    each pass is the next epoch by itself; with them a second pass that was not announced is a ParameterError.
    For loops of your own `simkit.learn.batches` is simpler: it counts what it gave and resumes exactly.

    Parameters
    ----------
    data : path, address, Store or Source
        A data set of simkit, any Zarr group of arrays of one length (read by zarr-python, also from an address such as
        ``https://...`` or ``s3://...``), or a source, whose rows are then made when they are asked for.
    n : int
        Rows of a live source; not for data sets.
    fields : sequence of str, optional
        Fields wanted, all if not given; ``"row"`` is the row's number.
    batch_size : int
        Rows of a batch over all ranks; each rank gets its share of it.
    seed : int
        Seed of order and augmentation, and of the rows of a live source.
    shuffle : bool
        Visit rows in a random order: `window` chunks from all over the data at a time, and their rows permuted.
    window : int, optional
        Chunks (of 512 rows, in most data sets) that are read and shuffled together, so that the rows of a batch come
        from so many places. If not given, 16 where neighbouring rows are independent, as in data sets of simkit and
        live sources; for other data as many as have 128 MiB, from 16 to 1024, since they may be sorted.
    drop_last : bool
        Leave out the last batch of an epoch if it is not full.
    split : str, optional
        ``"train"``, ``"validation"`` or ``"test"``, or a name in `splits`. A row stays in its part when the data set
        grows, and whatever the seed.
    splits : mapping
        Name -> share, in hundredths; each hundred rows is shared out exactly.
    where : mapping, optional
        Field -> value, values, or a function of the whole field's array that returns a mask; the values of a field
        with labels may be given by label. Rows have to meet all. Not for live sources.
    channels : str
        What becomes of bit-packed boards: ``"onehot"`` (dead, alive), ``"cells"`` (alive), ``"packed"`` (as stored), or
        one of those that the worlds have; ``simkit sources NAME`` lists them.
    dtype : torch.dtype
        Of the cells. Other fields keep theirs, but fields with labels are int64.
    memory_format : torch.memory_format
        Of the cells.
    augment : sequence of str
        ``"translate"``, ``"rotate"``, ``"reflect"``: put each board under a random symmetry of the torus. It moves
        boards, not coordinates that other fields may hold.
    pin_memory : bool
        Put tensors into page-locked memory, for copies to a GPU.
    ranks : (int, int), optional
        This rank and their number; by torch.distributed or RANK and WORLD_SIZE if not given.
    skip_damaged : bool
        Leave out damaged chunks, with a warning each, instead of raising DamageError. A batch then has fewer rows.
    backend : str
        Of a live source.

    Raises
    ------
    ParameterError, UnknownNameError, StoreError
        If these make no sense, or there is no such data set.
    """

    def __init__(
        self,
        data: str | Path | Store | Source,
        *,
        n: int | None = None,
        fields: Sequence[str] | None = None,
        batch_size: int = 256,
        seed: int = 0,
        shuffle: bool = False,
        window: int | None = None,
        drop_last: bool = False,
        split: str | None = None,
        splits: Mapping[str, float] = SPLITS,
        where: Mapping[str, Any] | None = None,
        channels: str = "onehot",
        dtype: torch.dtype = torch.float32,
        memory_format: torch.memory_format = torch.contiguous_format,
        augment: Sequence[str] = (),
        pin_memory: bool = False,
        ranks: tuple[int, int] | None = None,
        skip_damaged: bool = False,
        backend: str = AUTO,
    ) -> None:
        super().__init__()
        for name, flag in {"shuffle": shuffle, "drop_last": drop_last, "skip_damaged": skip_damaged}.items():
            if not isinstance(flag, bool):
                raise ParameterError(f"{name} is True or False; this is {show(flag)}")
        if where is not None and not isinstance(where, Mapping):
            raise ParameterError(f"where is field -> what it has to be; this is {show(where)}")
        self.seed, self.batch_size = check_seed(seed), _positive("batch_size", batch_size)
        self._rank, self._n_ranks = ranks_here(ranks)
        self.is_skipping, self.n_skipped = skip_damaged, 0
        self._opener = _opener(data, n, self.seed, backend)
        self._opened: tuple[int, Table] | None = None
        table = self._table()
        self.is_live = isinstance(table, Live)
        self.schema = table.schema
        window = table.window if window is None else _positive("window", window)
        selection = _select(table, Split(split, splits), where)
        self._is_compact = selection.is_compact
        self._order = Order(selection, self.seed, shuffle=shuffle, window=window)
        self._tensors = Tensors(table.schema, fields, channels, dtype, memory_format, augment, pin_memory)
        self._drop_last = drop_last
        self.passes = Passes()
        self._n_all = table.n_rows
        content = [table.identity, selection.identity, selection.chunk_rows]
        self._data = hashlib.sha256(repr(content).encode()).hexdigest()
        self._shuffled = {"order": ORDER, "shuffle": shuffle, "window": window if shuffle else 0}
        self._check_sizes()

    def _check_sizes(self) -> None:
        n_rows, size = self._order.n_rows, self.batch_size
        if not n_rows:
            raise ParameterError("no row is left to stream: see split= and where=")
        if self._drop_last and n_rows < size:
            raise ParameterError(f"drop_last leaves no batch: {n_rows:,} rows are fewer than batch_size={size:,}")
        if size < self._n_ranks:
            raise ParameterError(f"batch_size={size} has no row for some of {self._n_ranks} ranks")
        if self.is_skipping and self._n_ranks > 1:
            raise ParameterError(
                "skip_damaged would give ranks batches of different sizes; run `simkit verify` instead"
            )
        self._check_last_batch(0)

    def _check_last_batch(self, consumed: int) -> None:
        """Refuse a last batch that has rows for some ranks only: they would make different numbers of batches."""
        n_last = (self.n_rows - consumed) % self.batch_size
        if not self._drop_last and 0 < n_last < self._n_ranks:
            gone = f" after the first {consumed:,} rows of the epoch," if consumed else ""
            raise ParameterError(
                f"with batch_size={self.batch_size},{gone} the last batch has {n_last} rows for {self._n_ranks} ranks; "
                "say drop_last=True, or choose another batch_size"
            )

    @property
    def n_rows(self) -> int:
        """Rows of an epoch, over all ranks."""
        return self._order.n_rows

    def n_batches(self, consumed: int = 0) -> int:
        """Batches of an epoch of which `consumed` rows are gone."""
        left = self.n_rows - consumed
        return left // self.batch_size if self._drop_last else -(-left // self.batch_size)

    def __len__(self) -> int:
        """Batches of an epoch, also where a state lets the next pass begin in the middle of one."""
        return self.n_batches()

    def batch(self, epoch: int, index: int, consumed: int = 0) -> TensorBatch:
        """Return this rank's share of batch `index` of those that follow the first `consumed` rows of an epoch."""
        start = consumed + index * self.batch_size
        stop = min(start + self.batch_size, self.n_rows)
        size, rank = stop - start, self._rank
        mine = range(start + size * rank // self._n_ranks, start + size * (rank + 1) // self._n_ranks)
        pieces = list(self._order.pieces(epoch, mine))
        table, needed = self._table(), self._tensors.needed
        rows, is_whole = table.read(needed, pieces, is_compact=self._is_compact)
        if self._order.shuffle:  # of the next window as much as is gone of this one
            window, part = pieces[-1]
            if (following := self._order.after(window)) is not None:
                table.prepare(needed, following, part.stop / len(window.rows), is_compact=self._is_compact)
        positions = np.arange(mine.start, mine.stop, dtype=np.uint64)
        return self._tensors(rows, self.seed, epoch, positions if is_whole is None else positions[is_whole])

    def __iter__(self) -> Iterator[TensorBatch]:
        worker = torch.utils.data.get_worker_info()
        # begun here, and not when the first batch is asked for: meanwhile another pass may be announced
        begun = self.passes.join(worker.id) if worker else self.passes.count()
        return self._pass(begun, *((worker.id, worker.num_workers) if worker else (0, 1)))

    def _pass(self, begun: tuple[int, int] | None, first: int, step: int) -> Iterator[TensorBatch]:
        if begun is None:  # told when the first batch is asked for: a worker that is kept would die of it before
            before, _ = self.passes.position()
            raise ParameterError(
                f"the workers of a DataLoader began epoch {before} of this stream before, and cannot tell which epoch "
                "this pass is: call set_epoch(epoch) of the stream before each pass"
            )
        epoch, consumed = begun
        for index in range(first, self.n_batches(consumed), step):
            batch = self.batch(epoch, index, consumed)
            if not (self.is_skipping and is_empty(batch)):
                yield batch

    def set_epoch(self, epoch: int) -> None:
        """Let the next pass be that of `epoch`: from its start, or from where a state of that epoch was loaded.

        Where a DataLoader has workers, call it before each pass but the first, when no other is under way. Persistent
        workers learn it too.
        """
        self.passes.seek(check_epoch(epoch))

    def state_after(self, n_batches: int) -> State:
        """Return the state after `n_batches` batches of the latest pass, or of one that was announced since.

        The number is asked for because workers read ahead: only the loop that takes the batches knows how many it took.

        Raises
        ------
        ParameterError
            If `n_batches` is no number of batches.
        """
        n_batches = ParameterError.check_integer("n_batches", n_batches, 0, MAX_LIVE_ROWS)
        epoch, consumed = self.passes.position()
        return self.state(epoch, min(consumed + n_batches * self.batch_size, self.n_rows))

    def state(self, epoch: int, consumed: int) -> State:
        """Return the state in an epoch of which `consumed` rows, over all ranks, are gone: plain values."""
        if consumed + (self.batch_size if self._drop_last else 1) > self.n_rows:
            epoch, consumed = epoch + 1, 0
        order = {"seed": self.seed, **self._shuffled}
        return {"epoch": epoch, "consumed": consumed, **order, "n": self._n_all, "data": self._data}

    def load_state_dict(self, state: State) -> None:
        """Let the next pass go on from `state`, whatever the number of ranks, workers and threads that it came from.

        Raises
        ------
        ParameterError
            If the state is of other data, another selection of rows or another order, or if this batch_size leaves a
            last batch with fewer rows than ranks.
        """
        self.passes.seek(*self.check_state(state))

    def check_state(self, state: State) -> tuple[int, int]:
        """Return (epoch, rows consumed) of a state; ParameterError if it is not one of this stream."""
        own = self.state(0, 0)
        if not isinstance(state, dict) or set(state) != set(own):
            raise ParameterError(f"a state is what state_dict() returned, with {', '.join(own)}; this is {show(state)}")
        for name in ("seed", *self._shuffled):
            if type(state[name]) is not type(own[name]) or state[name] != own[name]:
                raise ParameterError(
                    f"the state is of a stream with {name}={show(state[name])}; this one has {own[name]}"
                )
        if type(state["n"]) is not int or state["n"] != own["n"]:
            raise ParameterError(
                f"the state was saved when there were {_count(state['n'])} rows, and now there are {own['n']:,}: the "
                "data were extended since, or are others; a state only fits the rows that it was saved with: begin the "
                "next epoch with set_epoch()"
            )
        if type(state["data"]) is not str or state["data"] != own["data"]:
            raise ParameterError("the state is of other rows: another data set, or another split or where")
        epoch, consumed = check_epoch(state["epoch"]), state["consumed"]
        if type(consumed) is not int or not 0 <= consumed < self.n_rows:
            raise ParameterError(f"the state has consumed={show(consumed)}; an epoch here has {self.n_rows:,} rows")
        if not self.n_batches(consumed):
            return epoch + 1, 0  # what is left is no batch of this size, and drop_last leaves it out
        self._check_last_batch(consumed)
        return epoch, consumed

    def __getstate__(self) -> State:
        return {**self.__dict__, "_opened": None, "passes": copy.copy(self.passes)}

    def _table(self) -> Table:
        """Return the data, opened in this process: neither files nor threads are taken over from another."""
        if self._opened is None or self._opened[0] != os.getpid():
            if self._opened is not None:
                self._order = self._order.copy()
            opened = self._opener()
            table = opened if isinstance(opened, Table) else Stored(opened, self._skip if self.is_skipping else None)
            self._opened = os.getpid(), table
        return self._opened[1]

    def _skip(self, error: DamageError, n_rows: int) -> None:
        self.n_skipped += n_rows
        warnings.warn(f"{n_rows:,} rows are left out: {error}", RuntimeWarning, stacklevel=2)


def stream(data: str | Path | Store | Source, **options: Unpack[Options]) -> Stream:
    """Return a data set or a live source as a torch IterableDataset of whole batches; see Stream."""
    return Stream(data, **options)


def is_empty(batch: TensorBatch) -> bool:
    """Say whether all rows of a batch were damaged."""
    return any(not len(tensor) for tensor in batch.values())


def check_epoch(epoch: int) -> int:
    """Return `epoch`; ParameterError if it is not the number of one."""
    if type(epoch) is not int or not 0 <= epoch < N_EPOCHS:
        raise ParameterError(f"epochs are numbered from 0 to {N_EPOCHS - 1:,}; this is {show(epoch)}")
    return epoch


def _count(number: Any) -> str:
    return f"{number:,}" if type(number) is int and abs(number) < 2**63 else show(number)


def _positive(name: str, number: int) -> int:
    return ParameterError.check_integer(name, number, 1, MAX_LIVE_ROWS)


def _opener(
    data: str | Path | Store | Source, n: int | None, seed: int, backend: str
) -> Callable[[], Table] | Callable[[], Chunks]:
    """Return what opens the data, in whichever process."""
    if isinstance(data, Source):
        if n is None:
            raise ParameterError("a live source needs n=, the number of its rows (an epoch)")
        return partial(Live, data, seed, _positive("n", n), backend)
    if n is not None:
        raise ParameterError("n= is for live sources; a data set has the rows it has")
    if isinstance(data, Store):
        return partial(StoreChunks, data)
    if not isinstance(data, (str, Path)):
        raise ParameterError(f"a stream is of a path, an address, an opened data set or a source; this is {show(data)}")
    return partial(open_chunks, data)


def _select(table: Table, split: Split, where: Mapping[str, Any] | None) -> Selection:
    """Return the rows of a split that meet `where`."""
    chosen = None
    if where:
        if not isinstance(table, Stored):
            raise ParameterError(
                "where= needs rows that are there to be looked at; generate a data set, or use the source's own "
                "parameters"
            )
        for name, wanted in where.items():
            if name not in table.schema:
                raise UnknownNameError.of("field", name, table.schema)
            # a function sees the whole field, values are looked for piece by piece
            step = table.n_rows if callable(wanted) else _FILTERED
            found = [
                np.packbits(meets(name, values, table.schema[name].labels, wanted))
                for values in table.chunks.column(name, step)
            ]
            chosen = np.concatenate(found) if chosen is None else chosen & np.concatenate(found)
    return Selection(table.n_rows, table.chunk_rows, split, chosen, is_compact=table.is_compact)
