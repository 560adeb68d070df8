"""fuzzy-xor: truth values between 0 and 1, and what fuzzy logic makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.errors import UnknownNameError
from simkit.images.bits import PARTS
from simkit.kernels import philox
from simkit.schema import Batch, Field, Schema


def xor(a: Any, b: Any) -> Any:
    """Return AND(OR(a, b), NOT(AND(a, b))), with OR = max, AND = min, NOT(a) = 1 - a."""
    return np.minimum(np.maximum(a, b), 1 - np.minimum(a, b))


def implies(a: Any, b: Any) -> Any:
    """Return OR(NOT(a), b)."""
    return np.maximum(1 - a, b)


CORNERS = ("first", "none")
FUNCTIONS: Mapping[str, Callable[[Any, Any], Any]] = {"xor": xor, "implies": implies}


@final
@dataclass(frozen=True)
class FuzzyXor(Source):
    """Uniform truth values, and all Boolean ones, with a fuzzy function of them: a + (b + c), or a -> (b -> c).

    The first 2**bits rows are the corners, in the order of their binary numbers, and the others are uniform; with
    corners=none all are. Values are multiples of 2^-24, of which maxima, minima and complements are exact: so are the
    labels.
    """

    name: ClassVar[str] = "fuzzy-xor"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "truth values between 0 and 1 with their fuzzy exclusive or, or implication"
    tiny: ClassVar[dict[str, object]] = {"bits": 3, "corners": "none"}
    kernels: ClassVar = (philox.KERNEL,)
    facts: ClassVar[tuple[str, ...]] = (
        "At the corners, labels are those of Boolean logic.",
        "Of uniform values, xor has the mean 1/2, and of two the variance 1/24.",
        "Of k uniform values, implies is the largest of k uniform numbers: mean k / (k + 1), 2/3 of two, 3/4 of three.",
    )
    citation: ClassVar[str] = (
        "G. Baker and others, Information theoretic model analysis may not lend much insight, LessWrong, 2022"
    )
    block_rows: ClassVar[int] = 4096

    bits: int = param(2, "truth values of an input, 2..8")
    function: str = param("xor", "xor = a + (b + ...), implies = a -> (b -> ...)")
    corners: str = param("first", "first = the first 2**bits rows are the Boolean values, none = all rows are uniform")
    train: int = param(32, "the first so many rows are the part train, the others the part test")

    def validate(self) -> None:
        if not 2 <= self.bits <= 8:
            self.refuse("bits", "2 to 8", self.bits)
        UnknownNameError.check("function", self.function, FUNCTIONS, self.name)
        UnknownNameError.check("place of the corners", self.corners, CORNERS, self.name)
        if self.train < 0:
            self.refuse("train", "a number of rows, 0 or more", self.train)

    def schema(self) -> Schema:
        return Schema(
            inputs=Field("float32", "truth values, 0 to 1", ("bit",), (self.bits,)),
            label=Field("float32", "truth value of the function, 0 to 1"),
            part=Field("uint8", "what the row is for", labels=PARTS),
        )

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        index = on.row_numbers(rows)
        places = np.uint64(self.bits - 1) - on.row_numbers(range(self.bits))
        corners = (index[:, None] >> places & np.uint64(1)).astype(np.float32)
        uniform = (on.philox.words(seed, index, 0, self.bits) >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)
        n_corners = 2**self.bits if self.corners == "first" else 0
        inputs = np.where((index < np.uint64(n_corners))[:, None], corners, uniform)
        label = inputs[:, -1]
        for place in range(self.bits - 2, -1, -1):
            label = FUNCTIONS[self.function](inputs[:, place], label)
        return {"inputs": inputs, "label": label, "part": (index >= np.uint64(self.train)).astype(np.uint8)}
