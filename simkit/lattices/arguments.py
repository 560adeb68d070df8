"""Arguments of exact results and of sampling, checked: numbers as people give them, or one clear ParameterError."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError, show

F64 = npt.NDArray[np.float64]

#: sides, in spins, of a cylinder or a torus at most
_MAX_SIDE = 2**20


def beta(value: Any) -> float:
    """Return an inverse temperature as a float, infinite beyond 1e300; ParameterError if it is no number."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or value != value:
        raise ParameterError(f"beta is a number, of 1/packet; this is {show(value)}")
    return float(value) if abs(value) < 1e300 else math.inf if value > 0 else -math.inf


def beta_above_0(value: object) -> float:
    """Return an inverse temperature as `beta` does; ParameterError unless it is above 0."""
    found = beta(value)
    if not found > 0:
        raise ParameterError(f"beta is above 0 here; this is {show(value)}")
    return found


def cylinder(n: Any, n_rows: Any) -> tuple[int, int]:
    """Return the spins of a closed row and the rows; ParameterError unless a cylinder has them."""
    if not (_are_sides(n, n_rows) and n % 2 == 0):
        raise ParameterError(
            f"a cylinder has rows of an even number of spins, and up to {_MAX_SIDE:,} of both; asked for "
            f"{show(n_rows)} rows of {show(n)}"
        )
    return int(n), int(n_rows)


def torus(height: Any, width: Any, at: float) -> tuple[int, int]:
    """Return the sides of a torus at a beta or coupling; ParameterError unless a torus has them."""
    if not _are_sides(height, width) or min(height, width) < 2 or (at < 0 and (height % 2 or width % 2)):
        raise ParameterError(
            f"tori have sides from 2 to {_MAX_SIDE:,}, even below beta 0; asked for {show(height)} x {show(width)} at "
            f"{show(at)}"
        )
    return int(height), int(width)


def _are_sides(*values: Any) -> bool:
    are_whole = all(isinstance(value, numbers.Integral) and not isinstance(value, bool) for value in values)
    return are_whole and all(1 <= value <= _MAX_SIDE for value in values)


def finite(what: str, values: Any) -> F64:
    """Return numbers as an array; ParameterError unless all of them are real and finite."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of several lengths
        array = np.asarray(None)
    if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise ParameterError(f"{what} are finite numbers; found {show(values)}")
    return array.astype(np.float64)


def fractions(values: Any) -> F64:
    """Return fractions of bonds as an array; ParameterError unless all are from 0 to 1."""
    found = finite("fractions of unsatisfied bonds", values)
    if ((found < 0) | (found > 1)).any():
        raise ParameterError(f"fractions of bonds are from 0 to 1; found {found.min():g} to {found.max():g}")
    return found


def apart(x: Any, y: Any, n: object) -> tuple[F64, F64, int]:
    """Return distances on a square torus and its side; ParameterError for those that are too long, or 0."""
    side = ParameterError.check_integer("the side of a torus", n, 1, _MAX_SIDE)
    x, y = finite("distances along x", x), finite("distances along y", y)
    if max(np.abs(x).max(initial=0), np.abs(y).max(initial=0)) > side or ((x % side == 0) & (y % side == 0)).any():
        raise ParameterError(
            f"two spins of a torus of side {n} are up to {n} apart along x and y, and not the same one"
        )
    return x, y, side
