"""Which epoch the next pass over a stream is.

In the process of the loop passes are counted. The workers of a DataLoader cannot count them: they are copies, made anew
for every pass or kept for all of them, and the loader tells them nothing. So `Stream.set_epoch` says which epoch they
begin, as that of torch's DistributedSampler does. Workers that are kept would not hear of it, if the epoch were not in
memory that they share with the loop. They write one thing there: that worker 0, which every pass has, began the epoch.
If it did, the next pass is one that nobody announced, and is refused instead of giving the same epoch again.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from multiprocessing.context import get_spawning_popen
from multiprocessing.sharedctypes import RawArray
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Numbers = ctypes.Array[ctypes.c_int64]

# places in the shared memory; it is written between passes, so that it needs no lock
_EPOCH, _CONSUMED, _IS_BEGUN = range(3)


class Passes:
    """The epoch that the next pass is, and how many of its rows are gone before it.

    A copy counts by itself, in whichever process; only the workers of a DataLoader share memory with the original.
    """

    def __init__(self) -> None:
        self._shared, self._process = _memory((0, 0, False)), os.getpid()

    def __getstate__(self) -> tuple[Any, int]:
        return (self._shared if get_spawning_popen() else tuple(self._shared)), self._process

    def __setstate__(self, state: tuple[Any, int]) -> None:
        shared, self._process = state
        self._shared = _memory(shared) if isinstance(shared, tuple) else shared

    def seek(self, epoch: int, consumed: int | None = None) -> None:
        """Let the next pass be `epoch`, from the row on before which `consumed` were.

        Without that number a pass that was to be of this epoch stays as it is, and another begins at the start.
        """
        own = self._own()
        if consumed is None:
            consumed = own[_CONSUMED] if own[_EPOCH] == epoch and not own[_IS_BEGUN] else 0
        own[:] = [epoch, consumed, False]

    def count(self) -> tuple[int, int]:
        """Begin a pass in this process: that which was announced, else the next epoch; return it, and rows consumed."""
        own = self._own()
        if own[_IS_BEGUN]:
            own[_EPOCH], own[_CONSUMED] = own[_EPOCH] + 1, 0
        own[_IS_BEGUN] = True
        return own[_EPOCH], own[_CONSUMED]

    def join(self, worker: int) -> tuple[int, int] | None:
        """Begin the pass that was announced, as a worker of a DataLoader; return epoch and rows consumed before it.

        Worker 0 gets None if it was begun before.
        """
        if worker == 0:
            if self._shared[_IS_BEGUN]:
                return None
            self._shared[_IS_BEGUN] = True
        return self.position()

    def position(self) -> tuple[int, int]:
        """Return epoch and rows consumed before it, of the latest pass or of one that was announced since."""
        return self._shared[_EPOCH], self._shared[_CONSUMED]

    def _own(self) -> Numbers:
        """Return memory that no other process counts in."""
        if self._process != os.getpid():
            self._shared, self._process = _memory(self._shared), os.getpid()
        return self._shared


def _memory(numbers: Sequence[int] | Numbers) -> Numbers:
    return RawArray(ctypes.c_int64, list(numbers))
