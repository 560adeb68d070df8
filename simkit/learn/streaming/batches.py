"""Batches for a training loop: made ahead by threads, counted, resumed exactly."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, Unpack

import torch

from simkit.backends import MAX_THREADS
from simkit.contract import Source
from simkit.errors import ParameterError
from simkit.learn.streaming.options import Options, grouped
from simkit.learn.streaming.stream import Stream, check_epoch, is_empty
from simkit.store import Store

#: times that each thread makes batches ahead
_AHEAD = 2

#: rows of several small batches that a thread makes at a time: to hand each over by itself would take longer than to
#: make it. Those of a live source come one by one, since a row may be a long run.
_TOGETHER = 64


class Batches:
    """Batches of a stream; every ``for`` goes through the next epoch.

    Parameters
    ----------
    stream : Stream
    n_threads : int
        Threads that make batches ahead of the loop; 0 makes each when it is asked for. They hold no lock of Python's
        while they decode, unpack or simulate, and nothing has to be copied between processes.

    Attributes
    ----------
    waited : float
        Seconds that loops have waited for batches.
    is_resumed : bool
        Whether the next ``for`` goes on from a state that was loaded.
    sampler : Sampler
        By which a trainer says which epoch begins.
    """

    def __init__(self, stream: Stream, n_threads: int = 1) -> None:
        n_threads = ParameterError.check_integer("n_threads", n_threads, 0, MAX_THREADS)
        self.stream, self._n_threads, self.waited = stream, n_threads, 0.0
        self._position = stream.passes.position()
        self.is_resumed = False
        self.sampler = Sampler(self)

    def __repr__(self) -> str:
        return repr(self.stream)

    def _repr_html_(self) -> str:
        return self.stream._repr_html_()

    def __len__(self) -> int:
        """Batches of an epoch, also where a state lets the next ``for`` begin in the middle of one."""
        return self.stream.n_batches()

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        epoch, start = self._position = self.stream.passes.count()
        self.is_resumed = False
        for index, batch in enumerate(self._timed(self._made(epoch, start))):
            # counted before it is handed out: a state that the loop's body asks for includes the batch in its hands
            self._position = epoch, min(start + (index + 1) * self.stream.order.batch_size, self.stream.n_rows)
            if not (self.stream.is_skipping and is_empty(batch)):
                yield batch

    def _timed(self, made: Iterator[dict[str, torch.Tensor]]) -> Iterator[dict[str, torch.Tensor]]:
        while True:
            began = perf_counter()
            batch = next(made, None)
            self.waited += perf_counter() - began
            if batch is None:
                return
            yield batch

    def _made(self, epoch: int, start: int) -> Iterator[dict[str, torch.Tensor]]:
        n_batches = self.stream.n_batches(start)
        if not self._n_threads:
            yield from (self.stream.batch(epoch, index, start) for index in range(n_batches))
            return
        together = 1 if self.stream.is_live else max(1, _TOGETHER // self.stream.order.batch_size)
        pool, process = ThreadPoolExecutor(self._n_threads, "simkit-batches"), os.getpid()
        ahead: deque[tuple[int, Future[list[dict[str, torch.Tensor]]]]] = deque()

        def make(first: int) -> list[dict[str, torch.Tensor]]:
            last = min(first + together, n_batches)
            return [self.stream.batch(epoch, index, start) for index in range(first, last)]

        todo = iter(range(0, n_batches, together))
        try:
            while True:
                for first in islice(todo, _AHEAD * self._n_threads + 1 - len(ahead)):
                    ahead.append((first, pool.submit(make, first)))
                if not ahead:
                    return
                first, made = ahead.popleft()
                self.stream.keep(epoch, first, start)
                for batch in made.result():
                    yield batch
                    if os.getpid() != process:
                        raise ParameterError(
                            "this loop was begun in another process, which has its threads; begin one here"
                        )
        finally:  # the loop was left, by whichever way; what is being made ends by itself
            for _, future in ahead:
                future.cancel()
            pool.shutdown(wait=False)
            self.stream.keep(epoch, None)

    def set_epoch(self, epoch: int) -> None:
        """Let the next ``for`` go through `epoch`: from its start, or from where a state of that epoch was loaded."""
        self.stream.set_epoch(epoch)
        self.is_resumed = self.is_resumed and epoch == self.epoch
        self._position = self.stream.passes.position()

    def state_dict(self) -> dict[str, Any]:
        """Return the state after the batch that was handed out last, as plain values."""
        return self.stream.state(*self._position)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Let the next ``for`` go on from `state`, with the errors of `Stream.load_state_dict`.

        The number of ranks, workers and threads may be another than that which the state came from.
        """
        self.stream.load_state_dict(state)
        self._position, self.is_resumed = self.stream.passes.position(), True

    @property
    def epoch(self) -> int:
        """The epoch under way, or the one that the next ``for`` goes through."""
        return self._position[0]


class Sampler:
    """What trainers such as Lightning's look for in a loader, to say before each epoch which one it is.

    After a checkpoint that ends an epoch Lightning loads no state: its number alone says where to go on. Where it does
    load one its number may be ahead, since it counts an epoch that it broke off and one that it finds over as a whole
    epoch each. So the state decides, and later numbers are counted from there.
    """

    def __init__(self, loader: Batches) -> None:
        self._loader, self._shift = loader, 0

    def set_epoch(self, epoch: int) -> None:
        """Let the next ``for`` go through the trainer's epoch of this number."""
        if self._loader.is_resumed:
            self._shift = self._loader.epoch - check_epoch(epoch)
        else:
            self._loader.set_epoch(max(0, epoch + self._shift))


def batches(data: str | Path | Store | Source, *, n_threads: int = 1, **options: Unpack[Options]) -> Batches:
    """Return the batches of a data set or of a live source, for a training loop.

    Parameters
    ----------
    data : path, address, Store or Source
    n_threads : int
        Threads that make batches ahead of the loop.
    **options
        The fields of `Rows` (n, split, splits, where, ranks, skip_damaged, backend), `Order` (seed, shuffle, window,
        batch_size, drop_last) and `View` (fields, channels, dtype, memory_format, augment, pin_memory).

    Returns
    -------
    Batches
        Iterable, one epoch a ``for``; each batch is a dict of field name to tensor.

    Raises
    ------
    ParameterError, UnknownNameError, StoreError
        If there is no such option or data set, or what options say makes no sense.
    """
    return Batches(Stream(data, *grouped(options, more=["n_threads"])), n_threads)
