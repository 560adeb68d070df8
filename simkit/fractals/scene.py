"""What becomes of the points of a view, at any depth."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels
from simkit.errors import ParameterError, UnknownNameError
from simkit.fractals.maps import check
from simkit.fractals.reference import ReferenceOrbit
from simkit.fractals.view import CONTEXT, View, check_shape
from simkit.kernels.escape import FINE, MAX_ITERATIONS, PRECISIONS, RESOLVED, SHORT, Outcome, Regions

F64 = npt.NDArray[np.float64]

#: what may be asked for: a precision, or the faster one that is enough
CHOICES = ("auto", *PRECISIONS)


@dataclass(frozen=True)
class Scene:
    """A map, a view and how far its points are followed.

    Attributes
    ----------
    quadratic : float64 (2, 6)
    regions : Regions
        Of this map alone, as `simkit.fractals.certificate.regions` finds them.
    view : View
    shape : (height, width)
        Of the picture, in pixels.
    max_iterations : int
    precision : str
        "float64", "float32" or "auto", which is float32 where that tells pixels apart. Where their sides are less than
        2**-32 (2.3e-10) of the largest coordinate, float64 is used for differences from a reference orbit of as many
        digits as the view needs.

    Raises
    ------
    ParameterError
        If one is out of range, or float32 was asked for and does not tell pixels apart.
    """

    quadratic: F64
    regions: Regions
    view: View
    shape: tuple[int, int]
    max_iterations: int = 1000
    precision: str = "float64"
    _orbits: dict[tuple[float, float], ReferenceOrbit] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        check(self.quadratic)
        check_shape(self.shape)
        ParameterError.check_integer("a number of iterations", self.max_iterations, 1, MAX_ITERATIONS)
        UnknownNameError.check("precision", self.precision, CHOICES)
        if self.precision == "float32" and not self._is_resolved("float32"):
            raise ParameterError(
                f"float32 does not tell pixels of {float(self._pixel):.3g} apart; ask for float64, or for a wider view"
            )

    @property
    def _pixel(self) -> Decimal:
        return self.view.pixel(self.shape)

    def _is_resolved(self, precision: str) -> bool:
        reach = self._pixel * max(self.shape) / 2
        largest = max(Decimal(1), abs(self.view.x) + reach, abs(self.view.y) + reach)
        return self._pixel >= Decimal(RESOLVED[precision]) * largest

    @cached_property
    def method(self) -> str:
        """How it is computed: "float32", "float64" or "perturbation"."""
        if self.precision != "float64" and self._is_resolved("float32"):
            return "float32"
        return "float64" if self._is_resolved("float64") else "perturbation"

    def compute(self, on: Kernels, rows: range | None = None) -> Outcome:
        """Return what becomes of the pixels of some rows, by default of all: arrays of shape (y, x).

        A reference orbit becomes longer if pixels need that. Those that it is a glitch to are computed from an orbit
        that begins at one of them, until none is left: the pixel itself always gets its answer.
        """
        rows = range(self.shape[0]) if rows is None else rows
        shape = len(rows), self.shape[1]
        if self.method != "perturbation":
            window = self.view.window(self.shape)
            window[1] += rows.start * window[3]
            options = self.max_iterations, self.method
            found = on.escape.escape(self.quadratic[None], window[None], shape, self.regions, *options)
            return Outcome(*(on.to_host(part)[0] for part in found))
        y, x = np.divmod(np.arange(rows.start * shape[1], rows.stop * shape[1]), shape[1])
        classes, counts = np.empty(len(x), np.uint8), np.empty(len(x), np.int32)
        left, centre = np.arange(len(x)), ((self.shape[1] - 1) / 2, (self.shape[0] - 1) / 2)
        while len(left):
            orbit = self._orbit(*centre)
            offsets = np.stack((x[left] - centre[0], centre[1] - y[left]), axis=1) * float(self._pixel)
            of = self.regions, self.max_iterations
            found = on.escape.perturb(self.quadratic, orbit.states, offsets, float(self._pixel), *of)
            faults = on.to_host(found.faults)
            known = left[faults == FINE]
            classes[known] = on.to_host(found.classes)[faults == FINE]
            counts[known] = on.to_host(found.counts)[faults == FINE]
            is_short = (faults == SHORT) & (not orbit.is_ended)
            if is_short.any():
                orbit.extend(min(2 * len(orbit.states), self.max_iterations + 1))
            elif len(left) > len(known):
                glitched = left[faults != FINE]
                from_mean = (x[glitched] - x[glitched].mean()) ** 2 + (y[glitched] - y[glitched].mean()) ** 2
                nearest = glitched[np.argmin(from_mean)]
                centre = float(x[nearest]), float(y[nearest])
            left = left[faults != FINE]
        return Outcome(classes.reshape(shape), counts.reshape(shape))

    def _orbit(self, column: float, row: float) -> ReferenceOrbit:
        """Return the orbit of a point of the picture."""
        if (column, row) not in self._orbits:
            pixel, (height, width) = self._pixel, self.shape
            x = CONTEXT.add(self.view.x, CONTEXT.multiply(pixel, Decimal(column - (width - 1) / 2)))
            y = CONTEXT.add(self.view.y, CONTEXT.multiply(pixel, Decimal((height - 1) / 2 - row)))
            self._orbits[column, row] = ReferenceOrbit(self.quadratic, x, y, pixel)
        return self._orbits[column, row]
