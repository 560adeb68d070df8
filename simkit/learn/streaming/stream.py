"""A data set or a live source as a torch data set of whole batches."""

from __future__ import annotations

import copy
import hashlib
import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import torch
import torch.utils.data

from simkit.contract import Source
from simkit.errors import DamageError, ParameterError, counted, one_line, show
from simkit.learn.streaming.options import MAX_ROWS, Options, Order, Rows, View, grouped
from simkit.learn.streaming.passes import Passes
from simkit.learn.streaming.ranks import ranks as ranks_here
from simkit.learn.streaming.selection import Selection
from simkit.learn.streaming.tables import Live, Stored, Table, opener
from simkit.learn.streaming.tensors import Tensors
from simkit.learn.streaming.where import chosen
from simkit.learn.streaming.windows import N_EPOCHS, ORDER, Windows
from simkit.split import Split
from simkit.store import Store
from simkit.tables import as_html


class Stream(torch.utils.data.IterableDataset[dict[str, torch.Tensor]]):
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
    rows : Rows
        Which rows.
    order : Order
        In which order, and how many at a time.
    view : View
        In which form.

    Raises
    ------
    ParameterError, UnknownNameError, StoreError
        If these make no sense for the data, or there is no such data set.
    """

    def __init__(self, data: str | Path | Store | Source, rows: Rows, order: Order, view: View) -> None:
        super().__init__()
        self._rank, self._n_ranks = ranks_here(rows.ranks)
        self.is_skipping, self.n_skipped = rows.skip_damaged, 0
        part = f", split {rows.split}" if rows.split else ""
        chosen_by = f" where {', '.join(map(str, rows.where))}" if rows.where else ""
        self._about = f"{data.name if isinstance(data, Source) else getattr(data, 'path', data)}{part}{chosen_by}"
        self._opener = opener(data, rows, order.seed)
        self._opened: tuple[int, Table] | None = None
        table = self._table()
        self.schema, self.is_live = table.schema, isinstance(table, Live)
        self.order = replace(order, window=order.window or table.window)
        bits = None
        if rows.where:
            if not isinstance(table, Stored):
                raise ParameterError(
                    "where= needs rows that are there to be looked at; generate a data set, or use the source's own "
                    "parameters"
                )
            bits = chosen(table.chunks, rows.where)
        split = Split(rows.split, rows.splits)
        selection = Selection(table.n_rows, table.chunk_rows, split, bits, is_compact=table.is_compact)
        self._windows, self._tensors = Windows(selection, self.order), Tensors(table.schema, view)
        self.passes = Passes()
        self._n_all = table.n_rows
        content = [table.identity, selection.identity, selection.chunk_rows]
        self._data = hashlib.sha256(repr(content).encode()).hexdigest()
        self._check_sizes()

    def __repr__(self) -> str:
        return f"<{self._title()}: {', '.join(self._tensors.names)}>"

    def _repr_html_(self) -> str:
        found = self._tensors.described()
        rows = [(name, dtype, ", ".join(filter(None, ("batch", axes))), text) for name, dtype, axes, text in found]
        return as_html(self._title(), ("tensor", "dtype", "axes", "meaning"), rows)

    def _title(self) -> str:
        """Return what the stream is of, in a line."""
        order = f"shuffled, seed {self.order.seed}" if self.order.shuffle else "in their order"
        n = self.n_batches()
        batches = f"{n:,} batch{'es' if n > 1 else ''} of {self.order.batch_size:,}"
        return one_line(f"{self._about}: {counted(self.n_rows, 'row')}, {order}, in {batches}")

    def _check_sizes(self) -> None:
        n_rows, size = self._windows.n_rows, self.order.batch_size
        if not n_rows:
            raise ParameterError("no row is left to stream: see split= and where=")
        if self.order.drop_last and n_rows < size:
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
        n_last = (self.n_rows - consumed) % self.order.batch_size
        if not self.order.drop_last and 0 < n_last < self._n_ranks:
            gone = f" after the first {consumed:,} rows of the epoch," if consumed else ""
            raise ParameterError(
                f"with batch_size={self.order.batch_size},{gone} the last batch has {counted(n_last, 'row')} "
                f"for {self._n_ranks} "
                "ranks; say drop_last=True, or choose another batch_size"
            )

    @property
    def n_rows(self) -> int:
        """Rows of an epoch, over all ranks."""
        return self._windows.n_rows

    def n_batches(self, consumed: int = 0) -> int:
        """Batches of an epoch of which `consumed` rows are gone."""
        left = self.n_rows - consumed
        return left // self.order.batch_size if self.order.drop_last else -(-left // self.order.batch_size)

    def __len__(self) -> int:
        """Batches of an epoch, also where a state lets the next pass begin in the middle of one."""
        return self.n_batches()

    def batch(self, epoch: int, index: int, consumed: int = 0) -> dict[str, torch.Tensor]:
        """Return this rank's share of batch `index` of those that follow the first `consumed` rows of an epoch."""
        check_epoch(epoch)
        start = consumed + index * self.order.batch_size
        stop = min(start + self.order.batch_size, self.n_rows)
        size, rank = stop - start, self._rank
        mine = range(start + size * rank // self._n_ranks, start + size * (rank + 1) // self._n_ranks)
        pieces = list(self._windows.pieces(epoch, mine))
        table, needed = self._table(), self._tensors.needed
        rows, is_whole = table.read(needed, pieces, is_compact=self._windows.selection.is_compact)
        if self.order.shuffle or table.is_far:  # of the next window as much as is gone of this one
            window, part = pieces[-1]
            if (following := self._windows.after(window)) is not None:
                share = part.stop / len(window.rows) if self.order.shuffle else 0.0
                table.prepare(needed, following, share, is_compact=self._windows.selection.is_compact)
        positions = np.arange(mine.start, mine.stop, dtype=np.uint64)
        return self._tensors(rows, self.order.seed, epoch, positions if is_whole is None else positions[is_whole])

    def keep(self, epoch: int, index: int | None, consumed: int = 0) -> None:
        """Keep what batches from `index` on are made of, as `batch` counts them, while threads make them; None: end."""
        position = None if index is None else consumed + index * self.order.batch_size
        self._table().oldest = None if position is None else (epoch, self._windows.number(epoch, position))

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        worker = torch.utils.data.get_worker_info()
        # begun here, and not when the first batch is asked for: meanwhile another pass may be announced
        begun = self.passes.join(worker.id) if worker else self.passes.count()
        return self._pass(begun, *((worker.id, worker.num_workers) if worker else (0, 1)))

    def _pass(self, begun: tuple[int, int] | None, first: int, step: int) -> Iterator[dict[str, torch.Tensor]]:
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

    def state_after(self, n_batches: int) -> dict[str, Any]:
        """Return the state after `n_batches` batches of the latest pass, or of one that was announced since.

        The number is asked for because workers read ahead: only the loop that takes the batches knows how many it took.

        Raises
        ------
        ParameterError
            If `n_batches` is no number of batches.
        """
        n_batches = ParameterError.check_integer("n_batches", n_batches, 0, MAX_ROWS)
        epoch, consumed = self.passes.position()
        return self.state(epoch, min(consumed + n_batches * self.order.batch_size, self.n_rows))

    def state(self, epoch: int, consumed: int) -> dict[str, Any]:
        """Return the state in an epoch of which `consumed` rows, over all ranks, are gone: plain values."""
        if consumed + (self.order.batch_size if self.order.drop_last else 1) > self.n_rows:
            epoch, consumed = epoch + 1, 0
        order = self.order
        shuffled = {"order": ORDER, "shuffle": order.shuffle, "window": order.window if order.shuffle else 0}
        of_data = {"seed": order.seed, **shuffled, "n": self._n_all, "data": self._data}
        return {"epoch": epoch, "consumed": consumed, **of_data}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Let the next pass go on from `state`, whatever the number of ranks, workers and threads that it came from.

        Raises
        ------
        ParameterError
            If the state is of other data, another selection of rows or another order, or if this batch_size leaves a
            last batch with fewer rows than ranks.
        """
        self.passes.seek(*self.check_state(state))

    def check_state(self, state: dict[str, Any]) -> tuple[int, int]:
        """Return (epoch, rows consumed) of a state; ParameterError if it is not one of this stream."""
        own = self.state(0, 0)
        if not isinstance(state, dict) or set(state) != set(own):
            raise ParameterError(f"a state is what state_dict() returned, with {', '.join(own)}; this is {show(state)}")
        for name in ("seed", "order", "shuffle", "window"):
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

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None, "passes": copy.copy(self.passes)}

    def _table(self) -> Table:
        """Return the data, opened in this process: neither files nor threads are taken over from another."""
        if self._opened is None or self._opened[0] != os.getpid():
            if self._opened is not None:
                self._windows = self._windows.copy()
            opened = self._opener()
            table = opened if isinstance(opened, Table) else Stored(opened, self._skip if self.is_skipping else None)
            self._opened = os.getpid(), table
        return self._opened[1]

    def _skip(self, error: DamageError, n_rows: int) -> None:
        self.n_skipped += n_rows
        warnings.warn(f"{n_rows:,} rows are left out: {error}", RuntimeWarning, stacklevel=2)


def stream(data: str | Path | Store | Source, **options: Unpack[Options]) -> Stream:
    """Return a data set or a live source as a torch IterableDataset of whole batches.

    Parameters
    ----------
    data : path, address, Store or Source
        As for `Stream`.
    **options
        The fields of `Rows` (n, split, splits, where, ranks, skip_damaged, backend), `Order` (seed, shuffle, window,
        batch_size, drop_last) and `View` (fields, channels, dtype, memory_format, augment, pin_memory).

    Raises
    ------
    ParameterError, UnknownNameError, StoreError
        If there is no such option or data set, or what options say makes no sense.
    """
    return Stream(data, *grouped(options))


def is_empty(batch: dict[str, torch.Tensor]) -> bool:
    """Say whether all rows of a batch were damaged."""
    return any(not len(tensor) for tensor in batch.values())


def check_epoch(epoch: int) -> int:
    """Return `epoch`; ParameterError if it is not the number of one."""
    if type(epoch) is not int or not 0 <= epoch < N_EPOCHS:
        raise ParameterError(f"epochs are numbered from 0 to {N_EPOCHS - 1:,}; this is {show(epoch)}")
    return epoch


def _count(number: Any) -> str:
    return f"{number:,}" if type(number) is int and abs(number) < 2**63 else show(number)
