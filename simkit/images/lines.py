"""lines: white vertical lines on black, to be counted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, NamedTuple, final

import numpy as np

from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.errors import UnknownNameError
from simkit.images.draws import below
from simkit.images.thesis import CITATION, PROFILES
from simkit.kernels import philox, raster
from simkit.schema import Array, Batch, Field, Schema

#: pixels along a side of an image, and lines in it at most
SIDE, MAX_LINES = 28, 10

PARTS = ("train", "test")

#: training images for each number of lines, as published
N_PUBLISHED = 6000

#: with distinct=parts, one image of so many is for tests: as many as of the published rows
_TEST_SHARE = 7

#: where the images of the parts are spread among all ranks: steps of about this share of them, as even as can be
_GOLDEN = (math.sqrt(5) - 1) / 2


class Images(NamedTuple):
    """The images with so many lines: of numbers 0..n-1, of which those below n_test are for tests."""

    n: int
    n_test: int
    #: image i of the parts is the one of rank ``i * step mod n``
    step: int


@final
@dataclass(frozen=True)
class Lines(Source):
    """White vertical lines, one pixel wide, on 28 x 28 black pixels: 1 to 10 of them, in columns of their own.

    The number of lines is uniform, and so is the set of columns, given their number. The label is the number of lines
    with profile=text, and one less with profile=code, as in the published code. Lines that touch look like a wider one:
    gap=1 keeps them apart, where the published set does not.

    There are few images with few lines, so that many of a test set occur in the training set. The field ``rank``
    numbers the images that have as many lines, `simkit.images.leaks.leaks` counts what two data sets share, and
    distinct=parts gives each part images of its own: a seventh of those with each number of lines for part=test,
    spread evenly and the same for every seed.
    """

    name: ClassVar[str] = "lines"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "vertical lines to be counted, white on black"
    tiny: ClassVar[dict[str, object]] = {"part": "test", "distinct": "parts", "gap": 1}
    kernels: ClassVar = (philox.KERNEL, raster.KERNEL)
    block_rows: ClassVar[int] = 4096
    citation: ClassVar[str] = f"{CITATION}, section 3.3.3 (LINES)"
    facts: ClassVar[tuple[str, ...]] = (
        "The number of lines k is uniform over 1..10, and the image over all of those with k lines that the part has "
        "(C(28, k) with gap=0, distinct=no): no probability is off by 2**-64.",
        "A column is white with probability 5.5 / 28, whichever it is (gap=0, distinct=no).",
        "The sum of all pixels is 28 * 255 * k: a linear model finds the label.",
        "Of 10,000 test images 31.8 % are expected among 60,000 training images: all with k = 1 and 2, 84.0 % with "
        "k = 3, 25.4 % with k = 4 (gap=0, distinct=no).",
        "With distinct=parts no image is in both parts, whatever the seeds.",
    )

    profile: str = param("text", "text: the label is the number of lines; code: one less, as published")
    part: str = param("train", "train or test: other draws of the same seed")
    distinct: str = param("no", "no: both parts draw from all images, as published; parts: each has images of its own")
    gap: int = param(0, "columns between two lines, at least, 0..2; 0: lines may touch, as published")

    def validate(self) -> None:
        for name, known in (("profile", PROFILES), ("part", PARTS), ("distinct", ("no", "parts"))):
            UnknownNameError.check(name, getattr(self, name), known, self.name)
        if not 0 <= self.gap <= 2:
            self.refuse("gap", f"0 to 2 columns, since {MAX_LINES} lines must fit into {SIDE}", self.gap)
        if self.distinct == "parts" and self.gap == 2:
            self.refuse(
                "distinct",
                "'parts' only where there are two images or more for each number of lines",
                f"gap=2, with which there is one image of {MAX_LINES} lines",
            )

    def schema(self) -> Schema:
        names = ("no lines", "1 line", *(f"{k} lines" for k in range(2, MAX_LINES + 1)))
        return Schema(
            image=Field("uint8", "white lines on black", ("y", "x"), (SIDE, SIDE), full=255),
            label=Field(
                "uint8",
                f"number of lines{', less one' if self.profile == 'code' else ''}",
                labels=names[self.profile == "code" :],
            ),
            n_lines=Field("uint8", f"number of lines, 1..{MAX_LINES}"),
            columns=Field("uint8", "1 where a column is a line", ("x",), (SIDE,)),
            rank=Field("int32", "number of the image among those with as many lines, from 0 on"),
        )

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        index = on.row_numbers(rows)
        words = on.philox.words(seed, index, PARTS.index(self.part), 4)
        return self.paint(below(words[:, 0], words[:, 1], MAX_LINES) + np.uint64(1), words[:, 2], words[:, 3], on)

    def paint(self, counts: Array, high: Array, low: Array, on: Kernels) -> Batch:
        """Return a batch with given numbers of lines, whose columns are drawn from two random words each."""
        kinds = [self.images(k) for k in range(1, MAX_LINES + 1)]
        n = _of([each.n for each in kinds], counts, on)
        if self.distinct == "no":
            ranks = below(high, low, n)
        else:
            n_test, step = (_of([each[i] for each in kinds], counts, on) for i in (1, 2))
            numbers = below(high, low, n_test) if self.part == "test" else below(high, low, n - n_test) + n_test
            ranks = numbers * step % n
        columns = on.raster.subsets(counts.astype(np.int64), ranks.astype(np.int64), SIDE)
        if self.gap:
            columns = _spread(columns, self.gap)
        images = on.raster.lines(on.raster.blank(columns, (0,), (SIDE, SIDE)), columns, (255,))
        n_lines = counts.astype(np.uint8)
        return {
            "image": images[:, 0],
            "label": n_lines - np.uint8(1) if self.profile == "code" else n_lines,
            "n_lines": n_lines,
            "columns": columns,
            "rank": ranks.astype(np.int32),
        }

    def images(self, k: int) -> Images:
        """Return how many images with `k` lines there are, and how they are divided."""
        return _images(k, self.gap)

    def n_images(self, k: int) -> int:
        """Return how many images with `k` lines can be in this part."""
        n, n_test, _ = self.images(k)
        return n if self.distinct == "no" else n_test if self.part == "test" else n - n_test

    def recurrence(self, k: int, n_rows: int) -> float:
        """Return the probability that a further image of this part with `k` lines is among so many rows."""
        return -math.expm1(n_rows * math.log1p(-1 / (MAX_LINES * self.n_images(k))))

    def notes(self) -> list[str]:
        return self.repeated(MAX_LINES)

    def repeated(self, most: int) -> list[str]:
        """Return a sentence about test images of 1 to `most` lines that occur in training, if there are any."""
        if self.distinct == "parts":
            return []
        shares = [self.recurrence(k, MAX_LINES * N_PUBLISHED) for k in range(1, most + 1)]
        return [
            f"with {N_PUBLISHED:,} training images of each number of lines, {sum(shares) / most:.1%} of the test "
            f"images of lines drawn like these are among them ({_by_lines(shares)}); with distinct=parts none is"
        ]

    def summary(self, read: Callable[..., Iterator[Batch]]) -> str:
        """Return how many of the images that there are the rows show: which is the share of further ones among them."""
        counts = range(1, MAX_LINES + 1)
        seen = [np.zeros(self.images(k).n, bool) for k in counts]
        for batch in read("n_lines", "rank"):
            for k in counts:
                seen[k - 1][batch["rank"][batch["n_lines"] == k]] = True
        shares = [int(seen[k - 1].sum()) / self.n_images(k) for k in counts]
        others = "" if self.distinct == "no" else f", and none of part={PARTS[self.part == 'train']}"
        return (
            f"{sum(shares) / MAX_LINES:.1%} of further images of this part are among these rows "
            f"({_by_lines(shares)}){others}"
        )


@cache
def _images(k: int, gap: int) -> Images:
    n = math.comb(SIDE - (k - 1) * gap, k)
    step = next(step for step in range(math.ceil(n * _GOLDEN), 2 * n + 1) if math.gcd(step, n) == 1)
    return Images(n, max(1, n // _TEST_SHARE), step)


def _of(values: list[int], counts: Array, on: Kernels) -> Array:
    """Return the value of each count, 1..len(values)."""
    table = on.row_numbers(range(len(values) + 1))
    for k, value in enumerate(values):
        table[k + 1] = value
    found: Array = table[counts.astype(np.int64)]
    return found


def _spread(columns: Array, gap: int) -> Array:
    """Move line i, counted from the left, to the right by ``i * gap`` columns."""
    out, places = np.full_like(columns, 0), np.flatnonzero(columns)
    before = (np.cumsum(columns, axis=1) - columns).reshape(-1)[places]
    out.reshape(-1)[places + gap * before.astype(np.int64)] = 1
    return out


def _by_lines(shares: list[float]) -> str:
    """Write the shares of 1, 2, ... lines, as far as they are worth to be told."""
    told = [f"{share:.0%} with {k + 1}" for k, share in enumerate(shares) if share >= 0.005]
    return ", ".join(told) + (" lines" if told[-1:] != ["100% with 1"] else " line")
