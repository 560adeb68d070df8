"""Which epoch a pass over a stream is, also where the pass is shared out among worker processes.

A DataLoader copies its data set into each worker, at every pass anew, and tells the copies nothing but a seed that is
the same in all workers of a pass. So passes are told apart by that seed and counted in shared memory: the first worker
of a pass to come takes the next epoch for it, the others find the epoch that it took. The seeds of two passes are the
same where torch was seeded alike before both; a worker that comes a second time under a seed has begun another pass.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.utils.data

from simkit.errors import StoreError

#: passes under way that are told apart, and workers of a pass, far more than anybody has
_N_PASSES, _N_WORKERS = 64, 1024

# places in the shared memory; then come the passes: mark, epoch, rows consumed before the pass
_NEXT_EPOCH, _NEXT_CONSUMED, _N_TAKEN, _FIRST = range(4)


class Passes:
    """Hands out epochs to passes; copies in worker processes share what they know."""

    def __init__(self) -> None:
        self._shared = torch.zeros(_FIRST + 3 * _N_PASSES, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]
        self._joined = torch.zeros((_N_PASSES, _N_WORKERS), dtype=torch.bool).share_memory_()  # type: ignore[no-untyped-call]
        self._n_here = 0

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ = state
        for tensor in (self._shared, self._joined):  # memory comes shared to a worker, but not to a copy or from a file
            if not tensor.is_shared():
                tensor.share_memory_()

    def seek(self, epoch: int, consumed: int | None = None) -> None:
        """Let the next pass be `epoch`, from the row on before which `consumed` were.

        Without that number a pass that was to be of this epoch stays as it is, and another begins at the start.
        """
        with _alone():
            if consumed is None:
                consumed = int(self._shared[_NEXT_CONSUMED]) if self._shared[_NEXT_EPOCH] == epoch else 0
            self._shared[_NEXT_EPOCH], self._shared[_NEXT_CONSUMED] = epoch, consumed

    def begin(self) -> tuple[int, int]:
        """Return (epoch, rows consumed before) of the pass that begins here."""
        worker = torch.utils.data.get_worker_info()
        self._n_here += 1
        # workers that live on see the same seed in every pass, and begin each
        own = (worker.seed - worker.id if worker else os.getpid()) + 0x9E3779B97F4A7C15 * self._n_here
        mark = own % (2**63 - 1) + 1 - 2**62
        place_of_worker = worker.id % _N_WORKERS if worker else 0
        with _alone():
            passes = self._shared[_FIRST:].view(_N_PASSES, 3)
            n_taken = int(self._shared[_N_TAKEN])
            marks = passes[:, 0].tolist()
            latest_first = [taken % _N_PASSES for taken in reversed(range(max(0, n_taken - _N_PASSES), n_taken))]
            place = next((place for place in latest_first if marks[place] == mark), -1)
            if place < 0 or self._joined[place, place_of_worker]:
                place = n_taken % _N_PASSES
                entry = passes[place]
                entry[0], entry[1], entry[2] = mark, self._shared[_NEXT_EPOCH], self._shared[_NEXT_CONSUMED]
                self._joined[place] = False
                self._shared[_N_TAKEN] += 1
                self._shared[_NEXT_EPOCH] += 1
                self._shared[_NEXT_CONSUMED] = 0
            self._joined[place, place_of_worker] = True
            return int(passes[place, 1]), int(passes[place, 2])

    def latest(self) -> tuple[int, int]:
        """Return (epoch, rows consumed before) of the pass that was begun last, or of the one to come before any."""
        with _alone():
            n_taken = int(self._shared[_N_TAKEN])
            passes = self._shared[_FIRST:].view(_N_PASSES, 3)
            found = passes[(n_taken - 1) % _N_PASSES, 1:] if n_taken else self._shared[:_N_TAKEN]
            return int(found[0]), int(found[1])


@contextmanager
def _alone() -> Iterator[None]:
    """Keep other processes of this user out: a lock that has a name, so that copies need not be given it."""
    path = Path(tempfile.gettempdir(), f"simkit-passes-{os.getuid()}.lock")
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except OSError as error:
        raise StoreError(f"cannot open {path}, the lock that workers share: {error.strerror}; set TMPDIR") from error
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():  # whoever made it could hold it for ever
        os.close(file)
        raise StoreError(f"{path}, the lock that workers share, is no file of this user's; remove it, or set TMPDIR")
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)  # closing alone does not, where a thread forked meanwhile
        os.close(file)
