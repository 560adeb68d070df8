"""quadratic-map: planar quadratic maps, drawn at random or found by annealing, and what becomes of every point."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.errors import show
from simkit.fractals.annealing import NO_SCORE, OBJECTIVES, Search
from simkit.fractals.certificate import regions
from simkit.fractals.maps import MONOMIALS, text
from simkit.kernels import basin, escape, philox
from simkit.schema import Batch, Field, Schema

#: how the map of a row comes about
ORIGINS = ("drawn", "annealed")

#: labels of what is known of convergence and of escape, as `Certificate` says it
_CONVERGING, _ESCAPING = ("none", "heuristic", "certified"), ("heuristic", "cone", "certified")


@final
@dataclass(frozen=True)
class QuadraticMap(Source):
    """Maps (x, y) -> A (x, y) + Q(x, y) + c, of which some points converge and far points escape.

    Maps that are drawn are uniform in a box, given that 0 attracts (with constants: that some cycle of a period up to 4
    does), and that both convergence and escape are certified. A row that is annealed is a chain of its own, which
    begins with the map that would have been drawn.
    """

    name: ClassVar[str] = "quadratic-map"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "fractals of planar quadratic maps, drawn or annealed, with what is certified"
    tiny: ClassVar[dict[str, object]] = {
        "origin": "annealed",
        "objective": "clean",
        "steps": 3,
        "search_size": 12,
        "search_iterations": 20,
        "size": 16,
        "iterations": 40,
    }
    sample: ClassVar[dict[str, object]] = {"size": 64, "iterations": 200}
    facts: ClassVar[tuple[str, ...]] = (
        "A map that has a score is proved to converge near an attracting cycle and to escape far from it.",
        "No orbit leaves a region of which convergence or escape is certified.",
        "What the certified objective counts stays with more iterations: no pair is lost.",
    )
    citation: ClassVar[str] = (
        "S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, Optimization by simulated annealing, Science 220 "
        "(1983) 671; for the proofs M. Riesz, Jahresber. DMV 23 (1914) 354"
    )
    kernels: ClassVar = (philox.KERNEL, basin.KERNEL, escape.KERNEL)
    block_rows: ClassVar[int] = 16

    coefficients: int = param(10, "10, or 12 with the two constants")
    origin: str = param("drawn", "how maps come about: drawn or annealed")
    objective: str = param("clean", "what annealing maximises: raw, certified or clean boundaries")
    steps: int = param(2000, "proposals of a chain, 1..10**7")
    search_size: int = param(64, "pixels of the square pictures whose boundaries annealing counts, 2..1024")
    search_iterations: int = param(64, "iterations of these pictures, 1..65535")
    temperature: float = param(30.0, "temperature at which annealing begins, in pairs of pixels, from 0 on")
    width: float = param(4.0, "width of all pictures in the plane, above 0; their centre is 0")
    size: int = param(128, "pixels of the square pictures that are kept, 1..4096")
    iterations: int = param(1000, "iterations of the pictures that are kept, 1..65535")

    def validate(self) -> None:
        if self.coefficients not in (10, 12):
            self.refuse("coefficients", "10 or 12", self.coefficients)
        for name, among in (("origin", ORIGINS), ("objective", OBJECTIVES)):
            if getattr(self, name) not in among:
                self.refuse(name, " or ".join(among), show(getattr(self, name)))
        limits = {"steps": (1, 10**7), "search_size": (2, 1024), "search_iterations": (1, 65535), "size": (1, 4096)}
        for name, (least, most) in {**limits, "iterations": (1, 65535)}.items():
            if not least <= getattr(self, name) <= most:
                self.refuse(name, f"{least:,} to {most:,}", getattr(self, name))
        if not 0 <= self.temperature <= 1e9:
            self.refuse("temperature", "a temperature from 0 to 1e9", self.temperature)
        if not 1e-9 <= self.width <= 1e6:
            self.refuse("width", "a width from 1e-9 to 1e6", self.width)

    def schema(self) -> Schema:
        dims, shape = ("y", "x"), (self.size, self.size)
        return Schema(
            parameters=Field(
                "float64", "coefficients of x' and y'", ("component", "monomial"), (2, 6), columns=MONOMIALS
            ),
            classes=Field("uint8", "what becomes of the point of each pixel", dims, shape, labels=escape.CLASSES),
            counts=Field("uint16", "iterations until that is decided", dims, shape, unit="iterations"),
            converging=Field("uint8", "what is known of convergence", labels=_CONVERGING),
            escaping=Field("uint8", "what is known of escape", labels=_ESCAPING),
            period=Field("int32", "of the attracting cycle with the most points; 0 if none is known"),
            radius=Field("float64", "beyond which all points escape; infinite if none is known"),
            boundaries=Field(
                "int32", "pairs of pixels, and undecided pixels, of the picture", ("quantity",), (4,),
                columns=escape.QUANTITIES,
            ),
            score=Field("int32", f"what annealing maximised, at its size; {NO_SCORE} if no candidate was found"),
            n_accepted=Field("int32", "proposals that the chain took; 0 if drawn"),
        )  # fmt: skip

    @property
    def search(self) -> Search:
        """What maps are searched for."""
        return Search(
            self.coefficients,
            self.objective,
            self.steps,
            self.search_size,
            self.search_iterations,
            self.width,
            self.temperature,
        )

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        index = on.row_numbers(rows)
        if self.origin == "annealed":
            maps, scores, n_accepted = self.search.run(on, seed, index)
        else:
            maps = self.search.draw(on, seed, index)
            scores, n_accepted = self.search.score(on, maps), np.zeros(len(maps), np.int64)
        found, certificates = regions(maps, on)
        pixel = self.width / self.size
        first = (self.size - 1) / 2 * pixel
        windows = np.tile([-first, first, pixel, -pixel], (len(maps), 1))
        classes, counts = on.escape.escape(maps, windows, (self.size, self.size), found, self.iterations)
        return {
            "parameters": maps,
            "classes": on.to_host(classes),
            "counts": on.to_host(counts).astype(np.uint16),
            "converging": np.array([_CONVERGING.index(each.converging) for each in certificates], np.uint8),
            "escaping": np.array([_ESCAPING.index(each.escaping) for each in certificates], np.uint8),
            "period": np.array([max([0, *(c.period for c in each.cycles)]) for each in certificates], np.int32),
            "radius": np.sqrt(found.radius2),
            "boundaries": on.to_host(on.escape.boundaries(classes)),
            "score": scores.astype(np.int32),
            "n_accepted": n_accepted.astype(np.int32),
        }

    def summary(self, read: Callable[..., Iterator[Batch]]) -> str:
        """Return the best score and the map that has it."""
        best, of, row, n = NO_SCORE - 1, "", 0, 0
        for batch in read("score", "parameters"):
            place = int(np.argmax(batch["score"]))
            if batch["score"][place] > best:
                best, of, row = int(batch["score"][place]), text(batch["parameters"][place]), n + place
            n += len(batch["score"])
        return f"best {self.objective} score {best:,}, of row {row}: {of}"
