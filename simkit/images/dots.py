"""dots: six discs of three colours, and how far those of the same colour are apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.errors import UnknownNameError
from simkit.images.thesis import CITATION, PROFILES
from simkit.kernels import philox, raster
from simkit.schema import Batch, Field, Schema

#: colours of pairs, in the order in which they are painted
COLOURS = ("red", "blue", "green")

EDGES = ("soft", "hard")

#: profile -> red, blue, green
_PAINTS = {
    "text": ((255, 0, 0), (0, 0, 255), (0, 255, 0)),
    "code": ((255, 0, 0), (0, 0, 255), (0, 128, 0)),
}

#: by what matplotlib's line around a disc makes its radius larger: half of 1 point, on a picture of 0.64 inches
_LINE = 0.5 / 72 / 0.64

#: the label that 0.93 % of pictures with discs of radius 0.05 are below. In a square of side 1 the distance d of two
#: points has the density 2 pi d - 8 d^2 + 2 d^3 up to 1. The sum of three has, up to 1, the product of their Laplace
#: transforms, which are sums of powers, and so a polynomial for its distribution, which is solved here.
CUTOFF = 0.18594469189322946


@final
@dataclass(frozen=True)
class Dots(Source):
    """Six filled discs on a white square, two red, two blue and two green, painted in this order.

    Centres are independent and uniform where a disc of the given radius lies within the square. The label is the mean
    of the three distances between discs of the same colour. Lengths are in widths of the picture; y grows downwards,
    and the middle of the pixel in row i and column j is at x = (j + 1/2) / size, y = (i + 1/2) / size.

    In the profile `code`, discs are as the published code has them drawn: a line around each, of its own colour, makes
    the radius that is seen larger by 0.01085 (0.0609 for 0.05), and green is (0, 128, 0). In the profile `text` the
    radius is as given, and green is (0, 255, 0). Centres and labels are the same in both.
    """

    name: ClassVar[str] = "dots"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "six discs of three colours, with the distances between discs of the same colour"
    tiny: ClassVar[dict[str, object]] = {"size": 16}
    kernels: ClassVar = (philox.KERNEL, raster.KERNEL)
    facts: ClassVar[tuple[str, ...]] = (
        "With radius 0.05, labels have the mean 3/50 (2 + sqrt 2 + 5 ln(1 + sqrt 2)) = 0.46926489, "
        "and the variance 0.01659682.",
        "A single distance has the same mean and the variance 0.04979046, which is what guessing the mean costs.",
        f"Labels of 0.93 % of the pictures are below {CUTOFF:.6f}; guessing that rate costs 0.0527596 nats.",
        "With radius 0.05, in the profile text, two given discs overlap with probability 0.0352033, and some two of "
        "one colour with 0.101936.",
    )
    citation: ClassVar[str] = f"{CITATION}, section 5.9"
    block_rows: ClassVar[int] = 512

    size: int = param(64, "pixels of a side of the picture, 8..1024")
    radius: float = param(0.05, "of the discs, in widths of the picture, above 0 and at most 0.25")
    edge: str = param("soft", "soft = anti-aliased; hard = a pixel is inside of a disc or outside")
    cutoff: float = param(CUTOFF, "label below which a picture is in the class near, 0..1.5")
    profile: str = param("text", "discs as the published text has them, or as its code draws them")

    def validate(self) -> None:
        if not 8 <= self.size <= 1024:
            self.refuse("size", "8 to 1,024 pixels", self.size)
        if not 0 < self.radius <= 0.25:
            self.refuse("radius", "a number above 0, at most 0.25", self.radius)
        if not 0 <= self.cutoff <= 1.5:
            self.refuse("cutoff", "0 to 1.5", self.cutoff)
        UnknownNameError.check("edge", self.edge, EDGES, self.name)
        UnknownNameError.check("profile", self.profile, PROFILES, self.name)

    def schema(self) -> Schema:
        return Schema(
            image=Field(
                "uint8", "the picture", ("channel", "y", "x"), (3, self.size, self.size), full=255,
            ),
            label=Field("float32", "mean of the three distances", unit="widths"),
            below_cutoff=Field("uint8", "1 = the label is below the cut-off", labels=("far", "near")),
            distances=Field(
                "float32", "between the centres of the discs of each colour", ("colour",), (3,), "widths",
                columns=COLOURS,
            ),
            centres=Field(
                "float32", "two red, two blue, two green; y downwards", ("disc", "axis"), (6, 2), "widths",
                columns=("x", "y"),
            ),
            overlaps=Field("uint8", "how many of the 15 pairs of discs overlap, as they are drawn"),
        )  # fmt: skip

    @property
    def drawn_radius(self) -> float:
        """The radius of the discs that are seen, in widths of the picture."""
        return self.radius + _LINE if self.profile == "code" else self.radius

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        words = on.philox.words(seed, on.row_numbers(rows), 0, 12)
        within = (words.astype(np.float64) + 0.5) * 2.0**-32
        centres = (within * (1 - 2 * self.radius) + self.radius).astype(np.float32).reshape(-1, 6, 2)
        places = centres.astype(np.float64)  # all else is made of the centres as they are told
        distances = np.sqrt(_squares(places[:, 0::2], places[:, 1::2]))
        label = ((distances[:, 0] + distances[:, 1] + distances[:, 2]) / 3).astype(np.float32)
        least = (2 * self.drawn_radius) ** 2
        overlaps = sum((_squares(places[:, k:], places[:, :-k]) < least).sum(axis=1) for k in range(1, 6))
        return {
            "image": self._paint(places, on),
            "label": label,
            "below_cutoff": (label < np.float32(self.cutoff)).astype(np.uint8),
            "distances": distances.astype(np.float32),
            "centres": centres,
            "overlaps": overlaps.astype(np.uint8),
        }

    def _paint(self, places: Any, on: Kernels) -> Any:
        images = on.raster.blank(places, (255, 255, 255), (self.size, self.size))
        radii = np.full(6, self.drawn_radius * self.size)
        colours = np.repeat(np.array(_PAINTS[self.profile], np.uint8), 2, axis=0)
        return on.raster.discs(images, places * self.size, radii, colours, 1 if self.edge == "soft" else 0)

    def summary(self, read: Callable[..., Iterator[Batch]]) -> str:
        """Return how many rows are below the cut-off."""
        return f"{sum(int(batch['below_cutoff'].sum()) for batch in read('below_cutoff')):,} below the cut-off"


def _squares(some: Any, others: Any) -> Any:
    """Return the squares of distances between points (..., 2)."""
    dx, dy = some[..., 0] - others[..., 0], some[..., 1] - others[..., 1]
    return dx * dx + dy * dy
