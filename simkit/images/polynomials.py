"""polynomials: two normal numbers, and all polynomials in them whose coefficients are 0 or 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.images.thesis import CITATION
from simkit.kernels import philox
from simkit.schema import Batch, Field, Schema

#: rows whose sums are in the cache together
_ROWS = 64


@final
@dataclass(frozen=True)
class Polynomials(Source):
    """Regression on all sums of the monomials x^i y^j with i and j up to the degree: 512 of them for degree 2.

    x and y are independent standard normal numbers. Labels come in the order of the published code: label n has the
    monomials whose binary digits in n are 1, the highest digit first, and monomials are 1, y, y^2, x, xy, xy^2, x^2,
    x^2 y, x^2 y^2 (see `coefficients`). They are computed with 53 bits from the inputs as they are stored, and rounded
    once: float32 is what nets are trained with, and takes half the space.
    """

    name: ClassVar[str] = "polynomials"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "two normal numbers x, y and the 512 sums of monomials up to x^2 y^2"
    tiny: ClassVar[dict[str, object]] = {"degree": 1}
    kernels: ClassVar = (philox.KERNEL,)
    facts: ClassVar[tuple[str, ...]] = (
        "x and y are normal with mean 0 and variance 1, and independent.",
        "The 512 labels span a space of 9 dimensions, and each of the 9 monomials is in 256 of them.",
        "Variances of 1, x, y, xy, x^2, y^2, x^2 y, x y^2, x^2 y^2 are 0, 1, 1, 1, 2, 2, 3, 3, 8.",
        "Labels 0 and 256 are constant, 0 and 1; guessing the mean of each label has a mean square error of 13.5.",
    )
    citation: ClassVar[str] = f"{CITATION}, section 3.3.2"
    block_rows: ClassVar[int] = 4096

    degree: int = param(2, "highest power of x and of y, 0..2; there are 2 ** ((degree + 1) ** 2) labels")

    def validate(self) -> None:
        if not 0 <= self.degree <= 2:
            self.refuse("degree", "0 to 2", self.degree)

    @property
    def n_labels(self) -> int:
        return int(2 ** (self.degree + 1) ** 2)

    def schema(self) -> Schema:
        doc = "values of the polynomials, in the order of their coefficients"
        return Schema(
            inputs=Field("float32", "two numbers", ("input",), (2,), columns=("x", "y")),
            label=Field("float32", doc, ("polynomial",), (self.n_labels,)),
        )

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        inputs = on.philox.normals(seed, on.row_numbers(rows), 0, 2).astype(np.float32)
        labels = np.empty_like(inputs, shape=(len(rows), self.n_labels))
        step = len(rows) if on.is_device else _ROWS
        for start in range(0, len(rows), step):
            wide = inputs[start : start + step].astype(np.float64)
            sums = np.full_like(wide[:, :1], 0.0)
            for monomial in self._monomials(wide):
                sums = np.concatenate([sums, sums + monomial[:, None]], axis=1)
            labels[start : start + step] = sums
        return {"inputs": inputs, "label": labels}

    def _monomials(self, inputs: Any) -> Iterator[Any]:
        """Yield the monomials of rows, that of the lowest digit first."""
        x, y = inputs[:, 0], inputs[:, 1]
        powers = [[np.ones_like(of), of, of * of] for of in (x, y)]
        for i, j in reversed(exponents(self.degree)):
            yield powers[0][i] * powers[1][j]


def exponents(degree: int = 2) -> list[tuple[int, int]]:
    """Return the powers of x and y in each monomial, in the order of the published code."""
    return [(i, j) for i in range(degree + 1) for j in range(degree + 1)]


def coefficients(degree: int = 2) -> npt.NDArray[np.uint8]:
    """Return the coefficients of all labels: uint8 (label, monomial), monomials in the order of `exponents`."""
    return np.array(list(product((0, 1), repeat=(degree + 1) ** 2)), np.uint8)
