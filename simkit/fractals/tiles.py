"""Fractals for the viewer: maps, views and palettes as values of an address, their pictures, what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels
from simkit.errors import ParameterError, UnknownNameError, show
from simkit.fractals import attractors, palettes
from simkit.fractals.certificate import Certificate, regions
from simkit.fractals.maps import F64, parse
from simkit.fractals.palettes import Exposure
from simkit.fractals.presets import PRESETS
from simkit.fractals.render import median
from simkit.fractals.scene import Scene
from simkit.fractals.subject import KERNELS, Subject, scene, subject
from simkit.fractals.view import MAX_WIDTH, MIN_WIDTH, View, number
from simkit.kernels.escape import Regions
from simkit.viewer.tiles import OF_THE_VIEW, Choice, Count, Numbers

#: iterations at most: with more, a row of a picture would keep a thread for seconds
MAX_ITERATIONS = 100_000

#: shapes of pictures: of that from which an exposure is taken, of a usual one, and of one that a view is looked for
_SMALL, _USUAL, _SQUARE = (60, 96), (900, 1440), (900, 900)

#: precisions that are offered
_PRECISIONS = {"float64": "float64", "auto": "float32 where it is enough"}

#: of what coefficients are: of x' and y', and which powers
_COEFFICIENTS = tuple(f"{row}' {of}" for row in "xy" for of in ("1", "x", "y", "x²", "xy", "y²"))

_MEDIANS = {"no": "none", "yes": "median of 3 x 3 pixels"}


class Asked(NamedTuple):
    """What an address asks for."""

    #: the twelve coefficients, x' first
    coefficients: tuple[float, ...]
    view: View
    max_iterations: int
    palette: str
    precision: str
    is_median: bool


def values(of: Subject, on: Kernels) -> dict[str, str]:
    """Return the values of a subject; its view is a square, its own or one that holds all that does not escape."""
    view = of.square or scene(of, on, _SQUARE)[0].view
    return {
        "map": ",".join(repr(float(one) + 0.0).removesuffix(".0") for one in of.quadratic.ravel()),
        "iterations": str(min(of.max_iterations, MAX_ITERATIONS)),
        "palette": of.look.palette,
        "median": "yes" if of.look.is_median else "no",
        "precision": "float64",
        "x": str(view.x),
        "y": str(view.y),
        "width": str(view.width),
    }


class Tiles:
    """See `simkit.viewer.tiles.Tiles`."""

    title = "Fractals of planar quadratic maps"
    controls: ClassVar = (
        Count("iterations", "Iterations", 1, MAX_ITERATIONS),
        Choice("palette", "Palette", {name: f"{name}: {of.title}" for name, of in palettes.PALETTES.items()}),
        Choice("median", "Dust filter", _MEDIANS),
        Choice("precision", "Precision", _PRECISIONS),
        Numbers("map", "Coefficients", _COEFFICIENTS, -2, 2),
    )  # fmt: skip
    narrowest, widest = str(MIN_WIDTH), str(MAX_WIDTH)

    def __init__(self, backend: str) -> None:
        self._on = Kernels.load(tuple(dict.fromkeys((*KERNELS, *attractors.KERNELS))), backend)
        self.presets = {name: values(subject(name), self._on) for name in PRESETS}
        # arrays that pieces and sizes of a picture share
        self._regions = lru_cache(256)(self._regions_of)
        self._exposure = lru_cache(256)(self._exposure_of)
        self._scene = lru_cache(64)(self._scene_of)
        self._attractor = lru_cache(256)(self._attractor_of)

    def read(self, values: Mapping[str, str]) -> Asked:
        """Return what values ask for; ParameterError or UnknownNameError if they cannot be."""
        quadratic = parse(values["map"])
        view = View(*(number(name, values[name]) for name in OF_THE_VIEW))
        iterations = values["iterations"]
        if not (iterations.isascii() and iterations.isdigit() and len(iterations) < 10):
            raise ParameterError(f"iterations are a whole number; this is {show(iterations)}")
        ParameterError.check_integer("iterations", int(iterations), 1, MAX_ITERATIONS)
        palettes.palette(values["palette"])
        UnknownNameError.check("dust filter", values["median"], _MEDIANS)
        UnknownNameError.check("precision", values["precision"], _PRECISIONS)
        return Asked(
            tuple(quadratic.ravel().tolist()),
            view,
            int(iterations),
            values["palette"],
            values["precision"],
            values["median"] == "yes",
        )

    def rows(self, asked: Asked, shape: tuple[int, int], rows: range) -> npt.NDArray[np.uint8]:
        """Return rows of a picture: uint8 (row, x, 3)."""
        # the median of a row needs those beside it
        around = range(max(0, rows.start - 1), min(shape[0], rows.stop + 1)) if asked.is_median else rows
        found = self._scene(asked, shape).compute(self._on, around)
        colours = palettes.coloured(found.classes, found.counts, asked.palette, self._exposure(asked))
        if not asked.is_median:
            return colours
        return median(colours)[rows.start - around.start :][: len(rows)]

    def cost(self, asked: Asked) -> int:
        """Return the most iterations of a pixel; an iteration takes about a nanosecond."""
        return asked.max_iterations

    def facts(self, asked: Asked) -> Mapping[str, str]:
        """Return what the map is, what is proved of it, and how the picture is computed."""
        _, certificate = self._regions(asked.coefficients, asked.precision == "float64")
        return {
            "Attractor": self._attractor(asked.coefficients),
            "Certificate": str(certificate),
            "Computed in": _METHODS[self._scene(asked, _USUAL).method],
        }

    def _regions_of(self, coefficients: tuple[float, ...], is_float64: bool) -> tuple[Regions, Certificate]:
        precision = "float64" if is_float64 else "float32"  # "auto" may take either
        found, (certificate,) = regions(_map(coefficients)[None], self._on, precision=precision)
        return found, certificate

    def _attractor_of(self, coefficients: tuple[float, ...]) -> str:
        """Return what the orbit that begins near 0 comes to: one of several, maybe."""
        (found,) = attractors.classify(_map(coefficients)[None], self._on)
        return str(found)

    def _scene_of(self, asked: Asked, shape: tuple[int, int]) -> Scene:
        found, _ = self._regions(asked.coefficients, asked.precision == "float64")
        return Scene(_map(asked.coefficients), found, asked.view, shape, asked.max_iterations, asked.precision)

    def _exposure_of(self, asked: Asked) -> Exposure:
        found = self._scene(asked, _SMALL).compute(self._on)
        return palettes.exposure(found.classes, found.counts)


#: how a scene is computed -> words
_METHODS = {
    "float32": "float32",
    "float64": "float64",
    "perturbation": "float64, as differences from an orbit of as many digits as the view needs",
}


def _map(coefficients: tuple[float, ...]) -> F64:
    return np.array(coefficients, np.float64).reshape(2, 6)
