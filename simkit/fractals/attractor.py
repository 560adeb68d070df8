"""attractor: planar quadratic maps, what an orbit of each comes to, and an image of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.errors import UnknownNameError, show
from simkit.fractals import neimark_sacker
from simkit.fractals.attractors import ITERATIONS, KINDS, MAX_ITERATIONS, MIN_ITERATIONS, Attractor, classify
from simkit.fractals.maps import F64, MONOMIALS
from simkit.fractals.quartic import length
from simkit.kernels import basin, orbit, philox
from simkit.schema import Batch, Field, Schema

#: how maps are drawn
FAMILIES = ("12", "10", "neimark-sacker")

#: part of an image's width that its attractor takes, and the least width, in units of `length`
_FILLED, _LEAST = 0.9, 2.0**-20


@final
@dataclass(frozen=True)
class AttractorImage(Source):
    """Attractors of planar quadratic maps.

    Coefficients are uniform in a box, 12 of them, or 10 without constants. In the family neimark-sacker, 0 is a fixed
    point that turns by a random angle and is just unstable, so that most orbits go to a ring around it. A map is drawn
    again until what its orbit comes to is wanted. The last draw stays as it is.
    """

    name: ClassVar[str] = "attractor"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "attractors of planar quadratic maps: class, exponents, dimension, rotation"
    tiny: ClassVar[dict[str, object]] = {
        "wanted": ("fixed", "cycle", "chaos"),
        "tries": 2,
        "half_run": 1024,
        "size": 12,
        "iterations": 500,
    }
    sample: ClassVar[dict[str, object]] = {
        "family": "neimark-sacker",
        "tries": 1,
        "half_run": 1024,
        "size": 48,
        "iterations": 4000,
    }
    facts: ClassVar[tuple[str, ...]] = (
        "All iterations are in the image: its pixels add up to `iterations`, or to 0 if the orbit escapes.",
        "In the family neimark-sacker the eigenvalues at 0 have a modulus between 1 and 1 + mu.",
    )
    citation: ClassVar[str] = (
        "J. C. Sprott, Automatic generation of strange attractors, Comput. & Graphics 17 (1993) 325; for "
        "the family neimark-sacker Yu. A. Kuznetsov, Elements of Applied Bifurcation Theory (2004), section"
        " 4.7"
    )
    kernels: ClassVar = (philox.KERNEL, basin.KERNEL, orbit.KERNEL)
    block_rows: ClassVar[int] = 32

    family: str = param("12", "how maps are drawn: 12 or 10 coefficients from a box, or neimark-sacker")
    box: float = param(1.2, "coefficients of a box are between this and its negative, above 0")
    mu: float = param(0.1, "of neimark-sacker: the modulus at 0 is above 1 by up to this, above 0 and at most 1")
    wanted: tuple[str, ...] = param(("ring", "chaos"), "classes that are not drawn again; none: all of them")
    tries: int = param(100, "draws of a map at most, 1..10**6")
    half_run: int = param(ITERATIONS, "iterations before an orbit is measured, and twice while it is, 2**10..2**24")
    size: int = param(128, "pixels of a side of the image, 1..4096")
    iterations: int = param(100_000, "iterations that are counted in the image, 1..2**32 - 1")

    def validate(self) -> None:
        if self.family not in FAMILIES:
            self.refuse("family", ", ".join(FAMILIES[:-1]) + f" or {FAMILIES[-1]}", show(self.family))
        if not 0 < self.box <= 1e6:
            self.refuse("box", "a number above 0, at most 1e6", self.box)
        if not 0 < self.mu <= 1:
            self.refuse("mu", "a number above 0, at most 1", self.mu)
        object.__setattr__(self, "wanted", tuple(kind for kind in self.wanted if kind))  # `wanted=` is one empty text
        for kind in self.wanted:
            UnknownNameError.check("class", kind, KINDS)
        limits = {"tries": (1, 10**6), "half_run": (MIN_ITERATIONS, MAX_ITERATIONS), "size": (1, 4096)}
        for name, (least, most) in {**limits, "iterations": (1, 2**32 - 1)}.items():
            if not least <= getattr(self, name) <= most:
                self.refuse(name, f"{least:,} to {most:,}", getattr(self, name))

    def schema(self) -> Schema:
        return Schema(
            parameters=Field(
                "float64", "coefficients of x' and y'", ("component", "monomial"), (2, 6), columns=MONOMIALS
            ),
            kind=Field("uint8", "what the orbit comes to", labels=KINDS),
            certified=Field("uint8", "1 = that is proved"),
            period=Field("int32", "of a cycle; the number of pieces of a ring; 0 of others"),
            exponents=Field(
                "float64", "Lyapunov exponents, the larger first; NaN if the orbit escapes", ("exponent",), (2,),
                unit="nats per iteration",
            ),
            dimension=Field("float64", "by Kaplan and Yorke, 1 of a ring; NaN if the orbit escapes"),
            rotation=Field("float64", "rotation number of a ring, 0..1; NaN of others", unit="turns"),
            rotation_error=Field("float64", "what those of two half runs differ by; NaN of others", unit="turns"),
            window=Field(
                "float64", "x and y of the middle of the image's first pixel, and the steps to the next; NaN if none",
                ("number",), (4,), columns=("x", "y", "dx", "dy"),
            ),
            density=Field(
                "uint32", "how often a pixel is met; 0 if the orbit escapes", ("y", "x"), (self.size, self.size)
            ),
        )  # fmt: skip

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        index = np.arange(rows.start, rows.stop, dtype=np.uint64)
        maps, found = self._draw(seed, index, on)
        windows = np.array([self._window(map_, each) for map_, each in zip(maps, found, strict=True)])
        density = np.zeros((len(maps), self.size, self.size), np.uint32)
        is_drawn = np.flatnonzero(np.isfinite(windows).all(axis=1))
        states = np.array([each.state for each in found])[is_drawn]
        density[is_drawn] = on.orbit.density(
            maps[is_drawn], states, windows[is_drawn], (self.size, self.size), self.iterations
        ).counts
        return {
            "parameters": maps,
            "kind": np.array([KINDS.index(each.kind) for each in found], np.uint8),
            "certified": np.array([each.is_certified for each in found], np.uint8),
            "period": np.array([each.period for each in found], np.int32),
            "exponents": np.array([each.exponents for each in found]),
            "dimension": np.array([each.dimension for each in found]),
            "rotation": np.array([each.rotation for each in found]),
            "rotation_error": np.array([each.error for each in found]),
            "window": windows,
            "density": density,
        }

    def _draw(self, seed: int, index: npt.NDArray[np.uint64], on: Kernels) -> tuple[F64, list[Attractor]]:
        """Return maps and what they come to, each drawn until that is wanted."""
        maps = np.empty((len(index), 2, 6))
        found: list[Attractor | None] = [None] * len(index)
        left = np.arange(len(index))
        for stream in range(self.tries):
            words = np.asarray(on.philox.words(seed, index[left], stream, 12))
            maps[left] = self._maps((words.astype(np.float64) + 0.5) / 2.0**32)
            for i, attractor in zip(left, classify(maps[left], on, n=self.half_run), strict=True):
                found[i] = attractor
            left = np.array([i for i in left if self.wanted and _kind(found[i]) not in self.wanted], np.int64)
            if not left.size:
                break
        return maps, [each for each in found if each is not None]

    def _maps(self, numbers: F64) -> F64:
        """Return the maps of numbers between 0 and 1: float64 (map, 12) in, (map, 2, 6) out."""
        if self.family != "neimark-sacker":
            maps = ((2 * numbers - 1) * self.box).reshape(-1, 2, 6)
            if self.family == "10":
                maps[:, :, 0] = 0
            return maps
        e = neimark_sacker.turn(4 * numbers[:, 0])  # to 0.42 of a turn
        parts = (2 * numbers[:, 2:8] - 1).T
        g20, g11, g02 = (parts[0], parts[1]), (parts[2], parts[3]), (parts[4], parts[5])
        sign = np.where(neimark_sacker.turning(e, g20, g11) < 0, -1.0, 1.0)  # so that d is negative
        return neimark_sacker.quadratic(e, self.mu * numbers[:, 1], (g20[0] * sign, g20[1] * sign), g11, g02)

    def _window(self, map_: F64, of: Attractor) -> F64:
        """Return the window of an attractor: square pixels, y upwards; NaN if the orbit escapes."""
        if of.kind == "escape":
            return np.full(4, np.nan)
        width = max(float((of.box[1] - of.box[0]).max()) / _FILLED, _LEAST * float(length(map_[None])[0]))
        pixel, centre = width / self.size, (of.box[0] + of.box[1]) / 2
        first = (self.size - 1) / 2 * pixel
        return np.array([centre[0] - first, centre[1] + first, pixel, -pixel])

    def summary(self, read: Callable[..., Iterator[Batch]]) -> str:
        """Return how many rows are of each class."""
        counts = np.zeros(len(KINDS), np.int64)
        for batch in read("kind"):
            counts += np.bincount(batch["kind"], minlength=len(KINDS))
        return ", ".join(f"{count:,} {kind}" for kind, count in zip(KINDS, counts.tolist(), strict=True) if count)


def _kind(attractor: Attractor | None) -> str:
    return "" if attractor is None else attractor.kind
