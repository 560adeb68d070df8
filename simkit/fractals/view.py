"""Views of the plane: where a picture lies, at any depth, and what becomes of its points."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError, show

#: widths of views, in the plane
MIN_WIDTH, MAX_WIDTH = Decimal("1e-100"), Decimal("1e6")

#: how far from 0 the centre may be
MAX_CENTRE = Decimal("1e6")

#: pixels of a picture, and of its longer side, at most
MAX_PIXELS, MAX_SIDE = 2**28, 2**15

#: significant digits of a coordinate: those of MAX_CENTRE by pixels of MIN_WIDTH, and some to spare
_DIGITS = 130

#: characters that a coordinate may be written in
_MAX_CHARACTERS = 200

#: all arithmetic of coordinates; the traps make what is no number an error
CONTEXT = Context(prec=_DIGITS, Emin=MIN_EMIN, Emax=MAX_EMAX)


def number(name: str, text: object) -> Decimal:
    """Return a coordinate or a size, given as a number or as text; ParameterError unless it is finite and readable."""
    if isinstance(text, str) and len(text) > _MAX_CHARACTERS:
        raise ParameterError(f"{name} has at most {_MAX_CHARACTERS} characters; this has {len(text):,}")
    try:
        value = CONTEXT.create_decimal(text if isinstance(text, (str, Decimal, int)) else repr(float(text)))  # type: ignore[arg-type]
    except (ArithmeticError, TypeError, ValueError):
        raise ParameterError(f"{name} is a number; this is {show(text)}") from None
    if not value.is_finite():
        raise ParameterError(f"{name} is a finite number; this is {show(text)}")
    return value


def check_shape(shape: tuple[int, int]) -> None:
    """Raise ParameterError if a picture of (height, width) pixels is empty or too large."""
    height, width = shape
    if min(shape) < 1:
        raise ParameterError(f"a picture has at least one pixel; this one has {width:,} x {height:,}")
    if max(shape) > MAX_SIDE or height * width > MAX_PIXELS:
        raise ParameterError(
            f"a picture has at most {MAX_SIDE:,} pixels a side and {MAX_PIXELS:,} in all; this one has "
            f"{width:,} x {height:,}"
        )


@dataclass(frozen=True)
class View:
    """A rectangle of the plane, y upwards; its height follows from the shape of the picture, whose pixels are square.

    Attributes
    ----------
    x, y : Decimal
        The centre.
    width : Decimal
        From the left edge to the right.

    Raises
    ------
    ParameterError
        If a number is not finite, the width is 0 or less, or the view is deeper or wider than is computed.
    """

    x: Decimal
    y: Decimal
    width: Decimal

    def __post_init__(self) -> None:
        for name, what in (("x", "x of the centre"), ("y", "y of the centre"), ("width", "the width of a view")):
            object.__setattr__(self, name, number(what, getattr(self, name)))
        if max(self.x.copy_abs(), self.y.copy_abs()) > MAX_CENTRE:
            raise ParameterError(f"the centre of a view is within {MAX_CENTRE:,f} of 0; this is {self.x}, {self.y}")
        if self.width <= 0:
            raise ParameterError(f"the width of a view is above 0; this is {self.width}")
        if self.width < MIN_WIDTH:
            _refuse(f"is at least {MIN_WIDTH}: no deeper zoom is computed", self.width)
        if self.width > MAX_WIDTH:
            _refuse(f"is at most {MAX_WIDTH:,f}", self.width)

    def zoomed(self, factor: object) -> View:
        """Return the view of the same centre that is narrower by a factor."""
        by = number("a zoom", factor)
        if by <= 0:
            raise ParameterError(f"a zoom is above 0; this is {by}")
        return View(self.x, self.y, CONTEXT.divide(self.width, by))

    def pixel(self, shape: tuple[int, int]) -> Decimal:
        """Return the side of a pixel of a picture of (height, width) pixels."""
        return CONTEXT.divide(self.width, Decimal(shape[1]))

    def window(self, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
        """Return the centre of the first pixel, and the steps to the next in x and in y: float64 (4,)."""
        pixel, (height, width) = self.pixel(shape), shape
        x = CONTEXT.subtract(self.x, pixel * (width - 1) / 2)
        y = CONTEXT.add(self.y, pixel * (height - 1) / 2)
        return np.array([float(x), float(y), float(pixel), -float(pixel)])


def _refuse(limit: str, width: Decimal) -> NoReturn:
    raise ParameterError(f"the width of a view {limit}; this is {width}")
