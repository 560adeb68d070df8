"""The rows of a window, made chunk by chunk by the threads that want them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from threading import Condition

import numpy as np
import numpy.typing as npt

from simkit.errors import DamageError
from simkit.learn.streaming.bijection import I64
from simkit.learn.streaming.windows import Window
from simkit.schema import Batch

_TODO, _BUSY, _DONE = range(3)


class Decoded:
    """The rows of a window's chunks laid end to end, of which each piece is made when it is wanted.

    Parameters
    ----------
    window : Window
    arrays : Batch
        Memory for the rows.
    fill : callable (chunk, rows, field -> array)
        Writes the rows inside a chunk that are named, or with None all, into arrays.
    piece_rows : int
        Rows that are made at once, of a chunk at most.
    is_compact : bool
        Whether the arrays have room for selected rows only; see Window.
    skip : callable or None
        Called with the error and the number of rows for each damaged piece that is left out; without it damage is
        raised.
    """

    def __init__(
        self,
        window: Window,
        arrays: Batch,
        fill: Callable[[int, I64 | None, Batch], None],
        piece_rows: int,
        *,
        is_compact: bool,
        skip: Callable[[DamageError, int], None] | None = None,
    ) -> None:
        self.window, self.arrays, self._fill, self._is_compact, self._skip = window, arrays, fill, is_compact, skip
        sizes = np.diff(window.starts)
        n_pieces = -(-sizes // piece_rows)
        self._place = np.repeat(np.arange(len(sizes)), n_pieces)  # of the chunk in the window
        number = np.arange(len(self._place)) - np.repeat(np.cumsum(n_pieces) - n_pieces, n_pieces)
        self._first = window.starts[self._place] + number * piece_rows
        self._last = np.minimum(self._first + piece_rows, window.starts[self._place + 1])
        self._state = [_TODO] * len(self._place)
        self._n_left, self._n_ahead = len(self._state), 0
        self._errors: dict[int, BaseException] = {}
        self._changed = Condition()
        self._is_lost = np.zeros(len(self._state), bool)

    def is_whole(self, places: I64) -> npt.NDArray[np.bool_]:
        """Say which rows were not lost by damage that is left out."""
        return ~self._is_lost[self._of(places)]

    def want(self, places: I64) -> None:
        """Make the pieces in which rows are, or wait for those who do; raise what went wrong with them anywhere."""
        if not self._n_left and not self._errors:
            return
        pieces = np.unique(self._of(places)).tolist()
        while any(self._state[piece] != _DONE for piece in pieces):
            self.make(pieces)
            with self._changed:
                self._changed.wait_for(lambda: all(self._state[piece] != _BUSY for piece in pieces))
        for piece in pieces:
            if piece in self._errors:
                raise self._errors[piece]

    def ahead(self, share: float) -> None:
        """Make a share of all pieces, unless somebody does."""
        until = math.ceil(share * len(self._state))
        if until > self._n_ahead:
            first, self._n_ahead = self._n_ahead, until
            self.make(range(first, until))

    def make(self, pieces: Sequence[int]) -> None:
        """Make those of some pieces that nobody makes yet. What goes wrong is raised where their rows are wanted."""
        for piece in pieces:
            with self._changed:
                if self._state[piece] != _TODO:
                    continue
                self._state[piece] = _BUSY
            state = _TODO  # again, after an interrupt
            try:
                self._make(piece)
                state = _DONE
            except Exception as error:  # noqa: BLE001 - kept, and raised where it belongs
                self._errors[piece], state = error, _DONE
            finally:
                with self._changed:
                    self._state[piece] = state
                    self._n_left -= state == _DONE
                    self._changed.notify_all()

    def _of(self, places: I64) -> I64:
        return np.searchsorted(self._first, places, "right") - 1

    def _make(self, piece: int) -> None:
        place, first, last = int(self._place[piece]), int(self._first[piece]), int(self._last[piece])
        inside, start = self.window.inside[place], int(self.window.starts[place])
        out = {name: array[first:last] for name, array in self.arrays.items()}
        try:
            wanted = inside[first - start : last - start] if self._is_compact else None
            self._fill(int(self.window.chunks[place]), wanted, out)
        except DamageError as error:
            if self._skip is None:
                raise
            self._is_lost[piece] = True
            self._skip(error, len(inside))
