"""Paths of maps: straight lines between two maps, from a ring through locking to a strange attractor.

At the start of each named path is a Neimark-Sacker bifurcation, just passed: a fixed point has become unstable with
complex eigenvalues, and a ring is around it. Along the path its rotation number changes, and where it is close to a
fraction p/q the ring is locked: only q of its points attract. Then it folds, breaks, and is strange.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simkit.errors import ParameterError, UnknownNameError
from simkit.fractals import maps
from simkit.fractals.maps import F64


@dataclass(frozen=True)
class MapPath:
    """A line of maps.

    Attributes
    ----------
    title : str
    start, end : str
        Maps, as `simkit.fractals.maps.parse` reads them.
    origin : (float, float)
        Near where orbits start.
    """

    title: str
    start: str
    end: str
    origin: tuple[float, float]


def _folded(radius: float, angle: float) -> str:
    """Return lambda z + conj(z)^2, lambda of this absolute value and angle; it commutes with turns by a third."""
    a, b = (round(radius * part, 6) for part in (math.cos(angle), math.sin(angle)))
    return f"{a},{-b},1,0,-1,{b},{a},0,-2,0"


PATHS = {
    "trefoil": MapPath(
        "z' = lambda z + conj(z)^2, which has a symmetry of order three",
        _folded(1.1, 1.03),
        _folded(1.665, 0.985),
        (0.0, 0.0),
    ),
    "prey": MapPath(
        "prey that grows logistically, and predators: x' = 3.6 x (1 - x - y), y' = d x y, d from 2.95 to 3.65",
        "3.6,0,-3.6,-3.6,0,0,0,0,2.95,0",
        "3.6,0,-3.6,-3.6,0,0,0,0,3.65,0",
        (0.34, 0.38),
    ),
    "delayed-logistic": MapPath(
        "the delayed logistic map x' = a x (1 - y), y' = x, a from 2.01 to 2.27",
        "2.01,0,0,-2.01,0,1,0,0,0,0",
        "2.27,0,0,-2.27,0,1,0,0,0,0",
        (0.5, 0.5),
    ),
    "burgers": MapPath(
        "Burgers' map x' = 0.75 x - y^2, y' = b y + x y, b from 1.51 to 1.8",
        "0.75,0,0,0,-1,0,1.51,0,1,0",
        "0.75,0,0,0,-1,0,1.8,0,1,0",
        (-0.5, 0.35),
    ),
}


def path(name: str) -> MapPath:
    """Return a path by its name; UnknownNameError if there is none."""
    UnknownNameError.check("path", name, PATHS)
    return PATHS[name]


def along(start: F64, end: F64, t: F64) -> F64:
    """Return the maps (t, 2, 6) of a line at places t, 0 at the start and 1 at the end, both of which are exact."""
    shares = t[:, None, None]
    found: F64 = start * (1 - shares) + end * shares
    return found


def coordinates(n: int) -> F64:
    """Return n equidistant places of a line from 0 to 1; 0 alone if n is 1."""
    return np.arange(n) / max(1, n - 1)


def read(start: str, end: str, origin: tuple[float, ...]) -> tuple[str, str, tuple[float, float]]:
    """Return start, end and origin, which may be those of a named path, in full.

    Raises
    ------
    UnknownNameError, ParameterError
        If a path is misspelt, a map is none, or the origin is not two finite numbers.
    """
    if "," not in start:
        known = path(start)
        start, end, origin = known.start, end or known.end, origin or known.origin
    if not end:
        raise ParameterError("a path has an end: name a path, or give a start and an end, of 10 or 12 numbers each")
    place = origin or (0.0, 0.0)
    if len(place) != 2 or not all(map(math.isfinite, place)):
        raise ParameterError(
            f"the origin of a path is two finite numbers, x and y; these are {', '.join(map(str, place))}"
        )
    return maps.text(maps.parse(start)), maps.text(maps.parse(end)), (float(place[0]), float(place[1]))
