"""Which rows are for training, validation and testing: the same ones for whoever asks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError, UnknownNameError, show
from simkit.kernels import philox

I64 = npt.NDArray[np.int64]

#: parts of the default split
SPLITS: Mapping[str, float] = {"train": 0.8, "validation": 0.1, "test": 0.1}

#: each part has its exact share of every so many rows
HUNDRED = 100

#: borders of which the rows before are counted at a time
_COUNTED = 2**9

#: key and stream of the draws that split rows: the same whatever the seed of the order, so that nobody trains on a row
#: that another seed tests on
_SEED, _STREAM = 0x73706C69740A, 2**31 - 1


@dataclass(frozen=True)
class Split:
    """A part of the rows, chosen hundred by hundred, so that a row stays in its part when there are more rows.

    Parameters
    ----------
    part : str or None
        Name of the part; None for all rows.
    parts : mapping
        Name -> share of each hundred rows, in whole hundredths, together at most 1.

    Raises
    ------
    ParameterError, UnknownNameError
        If the shares are none, or there is no such part.
    """

    part: str | None = None
    parts: Mapping[str, float] = field(default_factory=lambda: SPLITS)

    def __post_init__(self) -> None:
        parts = self.parts
        if not isinstance(parts, Mapping) or not all(
            isinstance(name, str) and isinstance(share, (int, float)) for name, share in parts.items()
        ):
            raise ParameterError(f"splits are name -> share, such as {SPLITS}; this is {show(parts)}")
        if self.part is not None and not isinstance(self.part, str):
            raise ParameterError(f"split is the name of a part, such as 'train'; this is {show(self.part)}")
        parts = dict(parts)
        object.__setattr__(self, "parts", parts)
        if not all(
            0 <= share <= 1 and math.isclose(_rows(share), HUNDRED * share, abs_tol=1e-6) for share in parts.values()
        ):
            raise ParameterError(f"shares of a split are whole hundredths such as 0.25; these are {show(parts)}")
        if sum(map(_rows, parts.values())) > HUNDRED:
            raise ParameterError(f"shares of a split are 1 together, or less; these are {show(parts)}")
        if self.part is not None and self.part not in parts:
            raise UnknownNameError.of("part", self.part, parts, "the split")

    @property
    def ranks(self) -> slice:
        """Which of each hundred rows, in the order of their random words, belong to the part."""
        if self.part is None:
            return slice(0, HUNDRED)
        sizes = [_rows(share) for share in self.parts.values()]
        place = list(self.parts).index(self.part)
        return slice(sum(sizes[:place]), sum(sizes[: place + 1]))

    @property
    def n_of_hundred(self) -> int:
        """Rows of each hundred that belong to the part."""
        return len(range(HUNDRED)[self.ranks])

    def mask(self, start: int, stop: int) -> npt.NDArray[np.bool_]:
        """Say of the rows from `start` to `stop` whether they belong to the part."""
        return self.masks([start], [stop])[0]

    def masks(self, starts: Sequence[int], stops: Sequence[int]) -> list[npt.NDArray[np.bool_]]:
        """Say of the rows of several ranges whether they belong to the part."""
        if self.part is None:
            return [np.ones(stop - start, bool) for start, stop in zip(starts, stops, strict=True)]
        hundreds = [
            np.arange(start // HUNDRED, -(-stop // HUNDRED), dtype=np.int64)
            for start, stop in zip(starts, stops, strict=True)
        ]
        ends = np.cumsum([HUNDRED * len(each) for each in hundreds]).tolist()
        whole = self._members(np.concatenate(hundreds)).reshape(-1)
        return [
            whole[end - HUNDRED * len(each) + start % HUNDRED :][: stop - start]
            for end, each, start, stop in zip(ends, hundreds, starts, stops, strict=True)
        ]

    def n_before(self, rows: I64) -> I64:
        """Return how many rows of the part come before each of some rows."""
        if self.part is None:
            return rows
        hundreds, places = np.divmod(rows, HUNDRED)
        found = hundreds * self.n_of_hundred
        for first in range(0, len(rows), _COUNTED):
            part = slice(first, first + _COUNTED)
            is_before = np.arange(HUNDRED) < places[part, None]
            found[part] += np.count_nonzero(self._members(hundreds[part]) & is_before, axis=1)
        return found

    def _members(self, hundreds: I64) -> npt.NDArray[np.bool_]:
        """Say of each row of some hundreds whether its random word has one of the part's ranks among the hundred."""
        words = philox.KERNEL.load("cpu").words(_SEED, hundreds.astype(np.uint64), _STREAM, HUNDRED)
        keys = words.astype(np.uint64) << np.uint64(7) | np.arange(HUNDRED, dtype=np.uint64)  # of equal words the first
        keys.sort(axis=1)
        places = (keys[:, self.ranks] & np.uint64(127)).astype(np.intp)
        members = np.zeros(keys.shape, bool)
        np.put_along_axis(members, places, True, axis=1)
        return members


def _rows(share: float) -> int:
    """Return the rows of each hundred that a share is."""
    return round(HUNDRED * share)
