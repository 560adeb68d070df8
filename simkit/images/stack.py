"""stack: two digits in the two channels of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from simkit.backends import Kernels
from simkit.images.pairs import FACTS, Pairs
from simkit.images.pool import SIDE
from simkit.images.thesis import CITATION
from simkit.schema import Batch, Field, Schema


@final
@dataclass(frozen=True)
class Stack(Pairs):
    """Two digits of 28 x 28 pixels, one in each channel.

    Profiles differ in what is drawn. With profile=text, that is a class for each channel, in kind=diff never the same
    for both, and then a digit of the class. With profile=code and kind=diff, it is two digits of the whole pool; with
    kind=same, row i has digit i of the pool first, over and over, and then one of the first so many of its class as
    the smallest class has.
    """

    name: ClassVar[str] = "stack"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "two digits in the two channels of an image, of one class or to be added"
    tiny: ClassVar[dict[str, object]] = {"pool": 400}
    sample: ClassVar[dict[str, object]] = {"pool": 320}
    citation: ClassVar[str] = f"{CITATION}, section 3.4.2"
    facts: ClassVar[tuple[str, ...]] = FACTS

    def schema(self) -> Schema:
        return Schema(
            image=Field("uint8", "a digit in each channel", ("channel", "y", "x"), (2, SIDE, SIDE), full=255),
            **self.factors("channel", ("first", "second")),
        )

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        pool, places, factors = self.draw(seed, rows, on)
        return {"image": pool.images[places], **factors}
