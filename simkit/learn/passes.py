"""Which epoch a pass over a stream is, also where the pass is shared out among worker processes.

A DataLoader copies its data set into each worker, at every pass anew, and tells the copies nothing but a seed that is
the same in all workers of a pass. So passes are told apart by that seed and counted in shared memory: the first worker
of a pass to come takes the next epoch for it, the others find the epoch that it took.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.utils.data

#: passes under way that are told apart, far more than anybody has
_N_PASSES = 64

# places in the shared memory; then come the passes: mark, epoch, rows consumed before the pass
_NEXT_EPOCH, _NEXT_CONSUMED, _N_TAKEN, _FIRST = range(4)


class Passes:
    """Hands out epochs to passes; copies in worker processes share what they know."""

    def __init__(self) -> None:
        self._shared = torch.zeros(_FIRST + 3 * _N_PASSES, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]
        self._n_here = 0

    def seek(self, epoch: int, consumed: int) -> None:
        """Let the next pass be `epoch`, from the row on before which `consumed` were."""
        with _alone():
            self._shared[_NEXT_EPOCH], self._shared[_NEXT_CONSUMED] = epoch, consumed

    def begin(self) -> tuple[int, int]:
        """Return (epoch, rows consumed before) of the pass that begins here."""
        worker = torch.utils.data.get_worker_info()
        self._n_here += 1
        # workers that live on see the same seed in every pass, and begin each
        own = (worker.seed - worker.id if worker else os.getpid()) + 0x9E3779B97F4A7C15 * self._n_here
        mark = own % (2**63 - 1) + 1 - 2**62
        with _alone():
            passes = self._shared[_FIRST:].view(_N_PASSES, 3)
            known = (passes[:, 0] == mark).nonzero()
            if len(known):
                entry = passes[int(known[0])]
            else:
                entry = passes[int(self._shared[_N_TAKEN]) % _N_PASSES]
                entry[0], entry[1], entry[2] = mark, self._shared[_NEXT_EPOCH], self._shared[_NEXT_CONSUMED]
                self._shared[_N_TAKEN] += 1
                self._shared[_NEXT_EPOCH] += 1
                self._shared[_NEXT_CONSUMED] = 0
            return int(entry[1]), int(entry[2])

    def latest(self) -> tuple[int, int]:
        """Return (epoch, rows consumed before) of the pass that was begun last, or of the one to come before any."""
        with _alone():
            n_taken = int(self._shared[_N_TAKEN])
            passes = self._shared[_FIRST:].view(_N_PASSES, 3)
            found = passes[(n_taken - 1) % _N_PASSES, 1:] if n_taken else self._shared[:_N_TAKEN]
            return int(found[0]), int(found[1])


@contextmanager
def _alone() -> Iterator[None]:
    """Keep other processes out: a lock that needs no object of its own, so that copies need not be given it."""
    folder = os.open(tempfile.gettempdir(), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
