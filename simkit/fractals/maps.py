"""Planar quadratic maps: float64 of shape (2, 6), or (map, 2, 6) for many.

Row 0 has the coefficients of x', row 1 those of y'; columns are MONOMIALS. A map is written as 12 numbers with commas
between them, x' first, or as 10 where the two constants are 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError, counted, show

F64 = npt.NDArray[np.float64]

#: what the columns of a map are the coefficients of
MONOMIALS = ("1", "x", "y", "x^2", "xy", "y^2")


def check(maps: object) -> F64:
    """Return maps as float64 (2, 6) or (map, 2, 6).

    Raises
    ------
    ParameterError
        If they have another shape, are no numbers, or are not all finite.
    """
    try:
        found = np.asarray(maps, np.float64)
    except (TypeError, ValueError):
        raise ParameterError(f"a map is an array of 2 x 6 numbers; this is {show(maps)}") from None
    if found.ndim not in (2, 3) or found.shape[-2:] != (2, 6):
        raise ParameterError(f"a map has the shape (2, 6), and many have (map, 2, 6); this has {found.shape}")
    if not np.isfinite(found).all():
        *which, row, column = np.argwhere(~np.isfinite(found))[0]
        of = f" of map {which[0]}" if which else ""
        raise ParameterError(
            f"coefficients of maps are finite; that of {MONOMIALS[column]} in {'xy'[row]}'{of} is "
            f"{found[(*which, row, column)]}"
        )
    return found


def parse(text: str) -> F64:
    """Read a map of 12 numbers, or of the 10 that are no constants; see the module's docstring.

    Raises
    ------
    ParameterError
        If there are more or fewer numbers, or one is no finite number.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (10, 12):
        found = counted(len(parts), "number") if text.strip() else "nothing"
        raise ParameterError(
            f"a map is written as 12 numbers with commas between them, or 10 without the constants; this is {found}"
        )
    numbers = []
    for place, part in enumerate(parts, 1):
        try:
            number = float(part)
        except ValueError:
            raise ParameterError(f"number {place} of the map is no number: {show(part)}") from None
        if not np.isfinite(number):
            raise ParameterError(f"number {place} of the map is {show(part)}; coefficients are finite")
        numbers.append(number)
    coefficients = np.array(numbers, np.float64).reshape(2, -1)
    if len(parts) == 12:
        return coefficients
    return np.hstack((np.zeros((2, 1)), coefficients))


def text(map_: Any) -> str:
    """Return a map as `parse` reads it, without a loss: 10 numbers where both constants are 0."""
    found = check(map_)
    if found.ndim != 2:
        raise ParameterError(f"one map has the shape (2, 6); this has {found.shape}")
    first = 0 if found[:, 0].any() else 1
    return ",".join(repr(float(number)) for number in found[:, first:].ravel())


def julia(multiplier: complex) -> F64:
    """Return z^2 + multiplier * z for z = x + iy; the eigenvalues at 0 are the multiplier and its conjugate."""
    a, b = multiplier.real, multiplier.imag
    return check([[0, a, -b, 1, 0, -1], [0, b, a, 0, 2, 0]])


def apply(maps: F64, points: F64) -> F64:
    """Return what maps (..., 2, 6) make of points (..., 2), in the order of operations of the kernel `escape`."""
    a = np.moveaxis(maps, -1, 0)
    x, y = points[..., :1], points[..., 1:]
    found: F64 = (a[0] + x * (a[1] + (a[3] * x + a[4] * y))) + y * (a[2] + a[5] * y)
    return found
