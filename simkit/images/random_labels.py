"""random-labels: images of independent random pixels, with labels that have nothing to do with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.images.thesis import CITATION
from simkit.kernels import philox
from simkit.schema import Batch, Field, Schema

#: streams of Philox
_PIXELS, _LABELS = 0, 1


@final
@dataclass(frozen=True)
class RandomLabels(Source):
    """Images whose pixels are independent and uniform bytes; labels are uniform, and independent of them.

    There is nothing to learn. What a net gets right beyond 1 in `classes` on the rows it is trained on, it knows by
    heart. The first rows are the same whatever the number of rows: the memorisation experiment has the first 3,000 of
    the 60,000 that cannot be learned.
    """

    name: ClassVar[str] = "random-labels"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "images of random pixels with random labels, which can only be learned by heart"
    tiny: ClassVar[dict[str, object]] = {"size": 5, "classes": 3}
    kernels: ClassVar = (philox.KERNEL,)
    facts: ClassVar[tuple[str, ...]] = (
        "Pixels are uniform on 0..255: mean 127.5, variance 5461.25.",
        "Each of k classes has the probability 1/k, to within 2^-32.",
        "Pixels and labels are independent: no function of the image is right more often than 1 in k on new rows.",
    )
    citation: ClassVar[str] = f"{CITATION}, section 3.3.4"
    block_rows: ClassVar[int] = 1024

    size: int = param(28, "pixels of a side, 1..1024")
    classes: int = param(10, "classes, 2..256")

    def validate(self) -> None:
        if not 1 <= self.size <= 1024:
            self.refuse("size", "1 to 1,024 pixels", self.size)
        if not 2 <= self.classes <= 256:
            self.refuse("classes", "2 to 256", self.classes)

    def schema(self) -> Schema:
        return Schema(
            image=Field("uint8", "random brightness", ("y", "x"), (self.size, self.size), full=255),
            label=Field("uint8", "random class", labels=tuple(map(str, range(self.classes)))),
        )

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        index, n_pixels = on.row_numbers(rows), self.size * self.size
        words = on.philox.words(seed, index, _PIXELS, 4 * -(-n_pixels // 16))  # whole blocks, so that bytes follow on
        labels = on.philox.words(seed, index, _LABELS, 1)[:, 0].astype(np.uint64) * np.uint64(self.classes)
        return {
            "image": words.view(np.uint8)[:, :n_pixels].reshape(-1, self.size, self.size),
            "label": (labels >> np.uint64(32)).astype(np.uint8),
        }
