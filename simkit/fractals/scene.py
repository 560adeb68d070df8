"""What becomes of the points of a view, at any depth."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Context, Decimal
from functools import cached_property

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels
from simkit.errors import ParameterError, UnknownNameError
from simkit.fractals.maps import check
from simkit.fractals.view import View, check_shape
from simkit.kernels.escape import MAX_ITERATIONS, PRECISIONS, Outcome, Regions

F64 = npt.NDArray[np.float64]

#: sides of pixels below which a precision does not tell neighbours apart, as a part of the largest coordinate (at least
#: 1): each is then 256 units in the last place, of which an orbit loses some
RESOLVED = {"float32": 2.0**-16, "float64": 2.0**-44}

#: digits of an orbit beyond those that tell pixels apart: those of float64, and as many for what rounding grows to
_SPARE_DIGITS = 40

#: states of an orbit after that which decides it, and how large they may be: points beside it may be undecided yet
_N_AFTER, _MAX_STATE = 1000, 1e12

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
        "float64", "float32" or "auto", which is float32 where that tells pixels apart. Below 2**-44 of the largest
        coordinate float64 is used for differences from an orbit of as many digits as the view needs.

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
    _orbits: dict[tuple[float, float], F64] = field(default_factory=dict, repr=False, compare=False)

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

        Pixels that an orbit is of no use for are computed from one that begins at one of them, until none is left.
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
            offsets = np.stack((x[left] - centre[0], centre[1] - y[left]), axis=1) * float(self._pixel)
            orbit = self._orbit(*centre)
            found = on.escape.perturb(self.quadratic, orbit, offsets, self.regions, self.max_iterations)
            is_glitched = on.to_host(found.is_glitched)
            known = left[~is_glitched]
            classes[known] = on.to_host(found.classes)[~is_glitched]
            counts[known] = on.to_host(found.counts)[~is_glitched]
            left = left[is_glitched]
            if len(left):
                from_mean = (x[left] - x[left].mean()) ** 2 + (y[left] - y[left].mean()) ** 2
                nearest = left[np.argmin(from_mean)]
                centre = float(x[nearest]), float(y[nearest])
        return Outcome(classes.reshape(shape), counts.reshape(shape))

    def _orbit(self, column: float, row: float) -> F64:
        """Return the orbit of a point of the picture, as the kernel takes it: float64 (t, 6)."""
        if (column, row) not in self._orbits:
            pixel, (height, width) = self._pixel, self.shape
            digits = max(0, -pixel.adjusted()) + _SPARE_DIGITS
            context = Context(prec=digits)
            x = context.add(self.view.x, context.multiply(pixel, Decimal(column - (width - 1) / 2)))
            y = context.add(self.view.y, context.multiply(pixel, Decimal((height - 1) / 2 - row)))
            self._orbits[column, row] = orbit(self.quadratic, x, y, self.regions, self.max_iterations, context)
        return self._orbits[column, row]


def orbit(quadratic: F64, x: Decimal, y: Decimal, regions: Regions, max_iterations: int, context: Context) -> F64:
    """Iterate a map with many digits.

    Returns
    -------
    float64 (t, 6)
        States and derivatives, as the kernel `escape` takes them: until `max_iterations`, or so long that points beside
        it are decided too, or are far from it.
    """
    a, b = ([Decimal(float(number)) for number in row] for row in quadratic)
    add, multiply, states, n_left = context.add, context.multiply, [], _N_AFTER

    def image(q: list[Decimal]) -> Decimal:
        inner = add(q[1], add(multiply(q[3], x), multiply(q[4], y)))
        return add(add(q[0], multiply(x, inner)), multiply(y, add(q[2], multiply(q[5], y))))

    for _ in range(max_iterations + 1):
        u, v = float(x), float(y)
        states.append((u, v))
        n_left -= _is_decided(u, v, regions)
        if n_left == 0 or not max(abs(u), abs(v)) < _MAX_STATE:
            break
        x, y = image(a), image(b)
    at = np.array(states)
    by_x = [q[1] + 2 * q[3] * at[:, 0] + q[4] * at[:, 1] for q in quadratic]
    by_y = [q[2] + q[4] * at[:, 0] + 2 * q[5] * at[:, 1] for q in quadratic]
    return np.stack((*at.T, by_x[0], by_y[0], by_x[1], by_y[1]), axis=1)


def _is_decided(x: float, y: float, regions: Regions) -> bool:
    """Return whether a point is in a region, for how long an orbit is followed."""
    for cx, cy, l11, l12, l22 in regions.ellipses[0]:
        u, v = l11 * (x - cx) + l12 * (y - cy), l22 * (y - cy)
        if u * u + v * v < 1:
            return True
    return not x * x + y * y <= min(regions.radius2[0], regions.bailout2[0])
