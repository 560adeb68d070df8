"""mixture: images of lines and digits, in one set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from simkit.backends import Kernels
from simkit.contract import param
from simkit.errors import UnknownNameError
from simkit.images.draws import below
from simkit.images.lines import MAX_LINES, Lines
from simkit.images.pool import N_CLASSES, SIDE, Pooled
from simkit.images.thesis import CITATION
from simkit.kernels import philox, raster
from simkit.schema import Batch, Field, Schema

KINDS, ORIGINS = ("overlapping", "separate"), ("lines", "digits")

#: classes below this are of lines in a separate mixture, and the others of digits
MIDDLE = 5

#: streams of Philox of the parts: others than those of the digits, which have the same seed
_LINES, _ORDER = {"train": 66, "test": 67}, {"train": 68, "test": 69}


@final
@dataclass(frozen=True)
class Mixture(Pooled):
    """Images of lines, with one class for each number of lines from 1 on, and digits, to be told by the same network.

    kind=overlapping has all ten classes of both, so that a class is either; with kind=separate the classes 0 to 4 are 1
    to 5 lines, and 5 to 9 are digits. Of rows 2j and 2j + 1 one is of lines and the other a digit, in random order.
    Digits come in the order of the pool, over and over: each is as often there as the others.

    As in the published code, the class of k lines is k - 1.
    """

    name: ClassVar[str] = "mixture"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "lines and digits in one set, in the same classes or in classes of their own"
    tiny: ClassVar[dict[str, object]] = {"kind": "separate", "pool": 400}
    sample: ClassVar[dict[str, object]] = {"pool": 100}
    kernels: ClassVar = (philox.KERNEL, raster.KERNEL)
    block_rows: ClassVar[int] = 2048
    citation: ClassVar[str] = f"{CITATION}, section 3.3.3"
    facts: ClassVar[tuple[str, ...]] = (
        "Of rows 2j and 2j + 1 exactly one is of lines; it is the first of them with probability 1/2.",
        "kind=overlapping: 2 n rows hold each of n digits of the pool exactly once.",
        "The number of lines is uniform: over 1..10 with kind=overlapping, over 1..5 with kind=separate.",
        "kind=separate: the label tells the origin, lines below 5 and digits from 5 on.",
    )

    kind: str = param("overlapping", "overlapping: all classes from both; separate: 0..4 are lines, 5..9 digits")
    distinct: str = param("no", "as that of the source lines; parts: no image of lines is in both train and test")

    def validate(self) -> None:
        super().validate()
        UnknownNameError.check("kind", self.kind, KINDS, self.name)
        self.lines()  # refuses what is wrong

    def needs(self) -> range:
        return range(MIDDLE, N_CLASSES) if self.kind == "separate" else range(0)

    def lines(self) -> Lines:
        """Return the source of the lines."""
        return Lines(profile="code", part=self.part, distinct=self.distinct)

    def schema(self) -> Schema:
        return Schema(
            image=Field("uint8", "white lines on black, or a digit", ("y", "x"), (SIDE, SIDE), full=255),
            label=Field("uint8", "number of lines less one, or the class of the digit", labels=tuple("0123456789")),
            origin=Field("uint8", "what the image shows", labels=ORIGINS),
            n_lines=Field("uint8", "number of lines, 0 for a digit"),
            rank=Field("int32", "number of the image among those with as many lines, -1 for a digit"),
            index=Field("int32", "place of the digit in the pool, -1 for lines"),
        )

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        is_separate = self.kind == "separate"
        pool = self.drawn_from(seed, on)
        numbers = on.row_numbers(rows)
        order = on.philox.words(seed, numbers >> np.uint64(1), _ORDER[self.part], 1)[:, 0] & np.uint32(1)
        origin = (order.astype(np.uint64) ^ numbers) & np.uint64(1)
        of_lines = np.flatnonzero(origin == 0)
        words = on.philox.words(seed, numbers[of_lines], _LINES[self.part], 4)
        counts = below(words[:, 0], words[:, 1], MIDDLE if is_separate else MAX_LINES) + np.uint64(1)
        lines = {
            name: on.to_host(values)
            for name, values in self.lines().paint(counts, words[:, 2], words[:, 3], on).items()
        }
        origin, of_lines = on.to_host(origin), on.to_host(of_lines)

        of_digits = np.flatnonzero(origin == 1)
        members = np.flatnonzero(pool.labels >= MIDDLE) if is_separate else np.arange(len(pool.labels))
        index = members[((of_digits + rows.start) // 2) % len(members)]
        batch = self.schema().empty(len(rows))
        batch["origin"][:] = origin
        for name, none in (("n_lines", 0), ("rank", -1)):
            batch[name][of_lines], batch[name][of_digits] = lines[name], none
        batch["index"][of_lines], batch["index"][of_digits] = -1, index
        for name, of_pool in (("image", pool.images), ("label", pool.labels)):
            batch[name][of_lines], batch[name][of_digits] = lines[name], of_pool[index]
        return batch

    def notes(self) -> list[str]:
        return [*super().notes(), *self.lines().repeated(MIDDLE if self.kind == "separate" else MAX_LINES)]
