"""sparse-features: vectors of features that are rarely there, for toy models of superposition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.errors import UnknownNameError
from simkit.images.thesis import PROFILES
from simkit.kernels import philox
from simkit.schema import Batch, Field, Schema

NORMS = ("none", "unit")

#: streams of Philox
_PRESENT, _VALUES = 0, 1


@final
@dataclass(frozen=True)
class SparseFeatures(Source):
    """Features that are present with probability 1 - sparsity, independently, and then uniform between 0 and 1.

    So by the paper (profile=text). The code of a public replication keeps a uniform number where it is below
    1 - sparsity, so that features that are present are below that (profile=code), and then scales each row to length 1
    (norm=unit); rows without a feature stay 0. Row i has the sparsity ``sparsity[i mod k]``. Feature i weighs
    ``importance ** i`` in the loss.
    """

    name: ClassVar[str] = "sparse-features"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "vectors of sparse features with weights, for toy models of superposition"
    tiny: ClassVar[dict[str, object]] = {"features": 7, "sparsity": (0.0, 0.6), "norm": "unit"}
    kernels: ClassVar = (philox.KERNEL,)
    facts: ClassVar[tuple[str, ...]] = (
        "A feature is present with probability p = 1 - S, to within 2^-32; a row has none with probability S^n.",
        "By the paper, features have mean p / 2 and mean square p / 3; by the code p^2 / 2 and p^3 / 3.",
        "With norm=unit, rows have length 1 unless they have no feature, and mean squares are (1 - S^n) / n.",
    )
    citation: ClassVar[str] = "N. Elhage and others, Toy Models of Superposition, Transformer Circuits Thread, 2022"
    block_rows: ClassVar[int] = 4096

    features: int = param(20, "features of a row, 1..4096")
    sparsity: tuple[float, ...] = param((0.9,), "probabilities that a feature is not there, 0..1; of row i: i mod k")
    importance: float = param(0.7, "weight of a feature divided by that of the one before, above 0 and at most 1")
    profile: str = param("text", "text = values are uniform, code = uniform below 1 - sparsity")
    norm: str = param("none", "none = rows as they are, unit = of length 1")

    def validate(self) -> None:
        if not 1 <= self.features <= 4096:
            self.refuse("features", "1 to 4,096", self.features)
        if not self.sparsity or not all(0 <= value <= 1 for value in self.sparsity):
            self.refuse("sparsity", "probabilities from 0 to 1, such as 0.9,0.99", list(self.sparsity))
        if not 0 < self.importance <= 1:
            self.refuse("importance", "a number above 0, at most 1", self.importance)
        UnknownNameError.check("profile", self.profile, PROFILES, self.name)
        UnknownNameError.check("norm", self.norm, NORMS, self.name)

    def schema(self) -> Schema:
        axes = ("feature",), (self.features,)
        return Schema(
            features=Field("float32", "values, 0 where a feature is not there", *axes),
            present=Field("uint8", "1 = the feature is there", *axes),
            importance=Field("float32", "weights in the loss, the same in every row", *axes),
            sparsity=Field("float64", "probability that a feature is not there"),
        )

    def weights(self) -> npt.NDArray[np.float64]:
        """Return the weights of the features in the loss: float64 (feature,), the first is 1."""
        found = np.ones(self.features)
        for i in range(1, self.features):  # a product at a time: powers of libraries differ in the last place
            found[i] = found[i - 1] * self.importance
        return found

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        index = on.row_numbers(rows)
        which, border = index % np.uint64(len(self.sparsity)), np.full_like(index, 0)
        for i, value in enumerate(self.sparsity):
            border[which == np.uint64(i)] = round((1 - value) * 2**32)
        words = on.philox.words(seed, index, _PRESENT, self.features).astype(np.uint64)
        present = words < border[:, None]
        if self.profile == "text":
            words = on.philox.words(seed, index, _VALUES, self.features).astype(np.uint64)
        values = np.where(present, words.astype(np.float64) * 2.0**-32, 0.0).astype(np.float32)
        return {
            "features": _scaled(values) if self.norm == "unit" else values,
            "present": present.astype(np.uint8),
            "importance": np.tile(self.weights().astype(np.float32), (len(rows), 1)),
            "sparsity": np.array(self.sparsity)[np.arange(rows.start, rows.stop, dtype=np.uint64) % len(self.sparsity)],
        }


def _scaled(values: Any) -> Any:
    """Return rows divided by their lengths; the squares are added one after the other, as on any backend."""
    exact = values.astype(np.float64)
    total = np.full_like(exact[:, 0], 0.0)
    for i in range(exact.shape[1]):
        total += exact[:, i] * exact[:, i]
    return (exact / np.sqrt(np.where(total == 0, 1.0, total))[:, None]).astype(np.float32)
