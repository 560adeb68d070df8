"""Which two digits of a pool make an image of `halves` and `stack`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simkit.backends import Kernels
from simkit.contract import param
from simkit.errors import UnknownNameError
from simkit.images.draws import below
from simkit.images.pool import I64, N_CLASSES, Form, Pool, Pooled
from simkit.images.thesis import PROFILES
from simkit.kernels import philox, raster
from simkit.schema import Array, Batch, Field

KINDS = ("same", "diff")

#: streams of Philox of the parts: others than those of the digits, which have the same seed
_STREAMS = {"train": 64, "test": 65}

FACTS = (
    "kind=same: both digits have the class that is the label.",
    "kind=diff: the label is the sum of the classes modulo 10.",
    "kind=diff, profile=text: the 90 pairs of two classes are uniform, so that each even label has probability "
    "8/90 and each odd one 10/90.",
    "kind=diff, profile=code: two independent draws from the pool; if that has as many of each class, classes coincide "
    "with probability 1/10, and labels are uniform.",
)


@dataclass(frozen=True)
class Pairs(Pooled):
    """Two digits, drawn from a pool with replacement."""

    kernels: ClassVar = (philox.KERNEL, raster.KERNEL)
    block_rows: ClassVar[int] = 2048

    kind: str = param("diff", "same: both of one class, the label; diff: the label is the sum of the classes mod 10")
    profile: str = param("text", "text: classes are drawn, in diff never the same two; code: as was published")

    def validate(self) -> None:
        super().validate()
        UnknownNameError.check("kind", self.kind, KINDS, self.name)
        UnknownNameError.check("profile", self.profile, PROFILES, self.name)

    def needs(self) -> range:
        return range(0 if self.profile == "code" and self.kind == "diff" else N_CLASSES)

    def factors(self, axis: str, columns: tuple[str, str]) -> dict[str, Field]:
        """Return the fields of the label and of where it comes from."""
        names = self.digits().schema()["label"].labels
        meaning = "class of both" if self.kind == "same" else "sum of the classes modulo 10"
        of_both = (axis,), (2,)
        return {
            "label": Field("uint8", meaning, labels=names if self.kind == "same" else tuple("0123456789")),
            "classes": Field("uint8", "classes of the two digits", *of_both, labels=names, columns=columns),
            "indices": Field("int32", "their places in the pool", *of_both, columns=columns),
        }

    def draw(self, seed: int, rows: range, on: Kernels, form: Form | None = None) -> tuple[Pool, I64, Batch]:
        """Return the pool, the places of two digits of each row, int64 (row, 2), and the fields of `factors`."""
        pool = self.drawn_from(seed, on, form)
        index = np.arange(rows.start, rows.stop, dtype=np.uint64)
        words = on.philox.words(seed, index, _STREAMS[self.part], 8).T
        if self.profile == "text":
            places = _by_class(pool, self.kind, words)
        elif self.kind == "diff":
            places = np.stack([below(words[i], words[i + 1], self.pool) for i in (0, 2)], 1).astype(np.int64)
        else:
            first = (index % np.uint64(self.pool)).astype(np.int64)
            other = below(words[0], words[1], int(pool.sizes.min())).astype(np.int64)
            places = np.stack([first, pool.by_class[pool.starts[pool.labels[first]] + other]], 1)
        classes = pool.labels[places]
        label = classes[:, 0] if self.kind == "same" else (classes[:, 0] + classes[:, 1]) % np.uint8(N_CLASSES)
        return pool, places, {"label": label, "classes": classes, "indices": places.astype(np.int32)}


def _by_class(pool: Pool, kind: str, words: Array) -> I64:
    """Draw two classes, and then a digit of each."""
    if kind == "same":
        first = second = below(words[0], words[1], N_CLASSES).astype(np.int64)
    else:
        pairs = below(words[0], words[1], N_CLASSES * (N_CLASSES - 1)).astype(np.int64)
        first, step = np.divmod(pairs, N_CLASSES - 1)
        second = (first + 1 + step) % N_CLASSES
    sizes = pool.sizes.astype(np.uint64)
    return np.stack(
        [
            pool.by_class[pool.starts[each] + below(words[i], words[i + 1], sizes[each]).astype(np.int64)]
            for each, i in ((first, 2), (second, 4))
        ],
        1,
    )
