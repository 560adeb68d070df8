"""bits: short binary inputs, and a function of them that is simple, or a table of random bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from simkit.backends import Kernels
from simkit.contract import MAX_ROWS, Source, param
from simkit.errors import UnknownNameError
from simkit.kernels import philox
from simkit.schema import Batch, Field, Schema

FUNCTIONS, ORDERS, PARTS = ("first", "random"), ("counted", "drawn"), ("train", "test")

#: streams of Philox; the rows of the first are those of the data set, those of the others are inputs, by their numbers
_DRAWN, _TABLE, _HELD_OUT = 0, 1, 2


@final
@dataclass(frozen=True)
class Bits(Source):
    """Inputs of n bits, each with one bit as its label.

    `first` is the first bit of the input. `random` is a bit for each input that is drawn once for a seed, so that the
    same input always has the same label, which nothing but a table can tell.

    In the order `counted`, row i is the input whose binary number is i, and there are 2**bits rows: every input once.
    In the order `drawn`, inputs are independent and uniform, and there is no last row. In both, a random permutation
    of the inputs, which depends on the seed alone, chooses those that are held out for the test.
    """

    name: ClassVar[str] = "bits"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "binary inputs with their first bit, or with a random but fixed bit each"
    tiny: ClassVar[dict[str, object]] = {"bits": 16, "function": "random", "order": "drawn", "held_out": 20_000}
    kernels: ClassVar = (philox.KERNEL,)
    facts: ClassVar[tuple[str, ...]] = (
        "Counted, each of the 2^n inputs occurs once, and exactly `held_out` of them are in the part test.",
        "The label `first` is the first bit, so that half of all inputs have label 1.",
        "The label `random` of an input is the same in every row; over seeds it is 1 with probability 1/2.",
    )
    citation: ClassVar[str] = (
        "G. Baker and others, Information theoretic model analysis may not lend much insight, LessWrong, 2022"
    )
    block_rows: ClassVar[int] = 4096

    bits: int = param(5, "bits of an input, 1..16")
    function: str = param("first", "the label: first = the first bit, random = a fixed random bit for each input")
    order: str = param("counted", "counted = every input once, by its number; drawn = independent and uniform")
    held_out: int = param(0, "inputs in the part test, of a fixed random permutation of all, 0..2**bits")

    def validate(self) -> None:
        if not 1 <= self.bits <= 16:
            self.refuse("bits", "1 to 16", self.bits)
        UnknownNameError.check("function", self.function, FUNCTIONS, self.name)
        UnknownNameError.check("order", self.order, ORDERS, self.name)
        if not 0 <= self.held_out <= 2**self.bits:
            self.refuse("held_out", f"0 to {2**self.bits:,} with {self.bits} bits", self.held_out)

    def schema(self) -> Schema:
        return Schema(
            inputs=Field("float32", "the bits, 0 or 1, the first one first", ("bit",), (self.bits,)),
            label=Field("uint8", "the bit to be told", labels=("0", "1")),
            number=Field("int32", "the number that the bits are in binary, the first one highest"),
            part=Field("uint8", "what the input is for", labels=PARTS),
        )

    def n_rows(self) -> int:
        return 2**self.bits if self.order == "counted" else MAX_ROWS

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        numbers = on.row_numbers(rows)
        if self.order == "drawn":
            numbers = on.philox.words(seed, numbers, _DRAWN, 1)[:, 0].astype(np.uint64) >> np.uint64(32 - self.bits)
        places = np.uint64(self.bits - 1) - on.row_numbers(range(self.bits))
        bits = (numbers[:, None] >> places & np.uint64(1)).astype(np.uint8)
        random = on.philox.words(seed, numbers, _TABLE, 1)
        return {
            "inputs": bits.astype(np.float32),
            "label": bits[:, 0] if self.function == "first" else (random[:, 0] & np.uint32(1)).astype(np.uint8),
            "number": numbers.astype(np.int32),
            "part": self._is_held_out(seed, numbers, on).astype(np.uint8),
        }

    def _is_held_out(self, seed: int, numbers: Any, on: Kernels) -> Any:
        """Say of inputs whether they are among the first `held_out` of the permutation that random words sort."""
        if not self.held_out:
            return np.full_like(numbers, 0)
        inputs = on.row_numbers(range(2**self.bits))
        keys = on.philox.words(seed, inputs, _HELD_OUT, 1)[:, 0].astype(np.uint64) << np.uint64(16) | inputs
        return keys[numbers.astype(np.int64)] <= np.sort(keys)[self.held_out - 1]
