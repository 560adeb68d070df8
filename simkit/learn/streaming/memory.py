"""Memory for large arrays, used again and again."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simkit.schema import Array

#: bytes from which on arrays are lent; smaller ones malloc itself keeps for the next
_LARGE = 2**20


class Memory:
    """Lends arrays, and lends the memory of each again once neither the array nor a view or tensor of it is left.

    Memory that is new to a process is cleared by the system page by page as it is touched. For a batch of cells that
    takes longer than working the cells out, for a window of chunks a fifth of the decoding.
    """

    def __init__(self) -> None:
        self._spare: dict[int, list[npt.NDArray[np.uint8]]] = {}

    def __reduce__(self) -> tuple[object, ...]:
        return Memory, ()

    def empty(self, shape: Sequence[int], dtype: npt.DTypeLike) -> Array:
        """Return an uninitialised array; threads may ask at once."""
        n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
        if n_bytes < _LARGE:
            return np.empty(shape, dtype)
        size = 1 << (n_bytes - 1).bit_length()  # so that arrays of about one size share; pages not touched cost nothing
        spare = self._spare.setdefault(size, [])
        try:
            memory = spare.pop()
        except IndexError:
            memory = _Memory(size, np.uint8)
        lent = memory.view(_Lent)
        lent.memory, lent.spare = memory, spare
        return np.ndarray(shape, dtype, lent)


class _Memory(npt.NDArray[np.uint8]):
    """What is lent. Were it a plain array, NumPy would let a view of what it is lent as hold on to it directly."""


class _Lent(npt.NDArray[np.uint8]):
    """What an array and all its views hold on to; it goes when the last of them goes, and gives the memory back."""

    memory: npt.NDArray[np.uint8]
    spare: list[npt.NDArray[np.uint8]]

    def __del__(self) -> None:
        self.spare.append(self.memory)
