"""Threads that compute for the server: of a fixed number, on what is still wanted."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from simkit.viewer.tiles import Tiles

T = TypeVar("T")

#: operations of a piece of work, about a tenth of a second: what nobody waits for any more ends after that
_PIECE = 2**26


#: pieces of a picture at least, as far as it has so many rows
_PIECES = 16


def pieces(shape: tuple[int, int], cost: int) -> list[range]:
    """Return the rows of each piece of a picture whose pixels cost so many operations.

    They do not depend on the number of threads: where a piece begins may decide on the last bits of where pixels are.
    """
    height, width = shape
    n_rows = max(1, min(height // _PIECES, _PIECE // (max(1, cost) * width)))
    return [range(top, min(top + n_rows, height)) for top in range(0, height, n_rows)]


class Workers:
    """Threads that take pieces of work in turn. They are daemons: none of them keeps the process from ending."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads
        self._work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        for number in range(n_threads):
            threading.Thread(target=self._run, name=f"viewer {number}", daemon=True).start()

    def _run(self) -> None:
        while True:
            future, do = self._work.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(do())
            except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
                future.set_exception(error)

    async def do(self, do: Callable[[], T]) -> T:
        """Return what a function returns that a thread calls; it is not called if this is cancelled before."""
        future: Future[T] = Future()
        self._work.put((future, do))
        return await asyncio.wrap_future(future)

    async def picture(self, tiles: Tiles, asked: Any, shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
        """Return a picture, uint8 (y, x, 3), computed in pieces by all threads.

        A picture has as many pieces in the queue as there are threads, so that others come in between, and none is
        begun once this is cancelled.
        """
        picture = np.empty((*shape, 3), np.uint8)
        bands = iter(pieces(shape, tiles.cost(asked)))

        async def compute() -> None:
            for band in bands:
                picture[band.start : band.stop] = await self.do(partial(tiles.rows, asked, shape, band))

        tasks = [asyncio.ensure_future(compute()) for _ in range(self.n_threads)]
        try:
            await asyncio.gather(*tasks)
        finally:  # where one fails, or nobody waits any more
            for task in tasks:
                task.cancel()
        return picture
