"""What a world gives the viewer: pictures of a plane, and the controls that they depend on.

All values go through addresses, so that they are texts: those of the controls, and ``x``, ``y`` and ``width`` of the
view, decimal numbers of any length.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from simkit import registry
from simkit.errors import UnknownNameError

#: names of the values that say where a picture lies: its centre, y upwards, and its width in the plane
OF_THE_VIEW = ("x", "y", "width")


@dataclass(frozen=True)
class Numbers:
    """Finite numbers with commas between them, a slider for each."""

    name: str
    label: str
    #: of each number; those that begin with the same word are one group
    labels: tuple[str, ...]
    #: ends of the sliders, which values may go beyond
    least: float
    most: float


@dataclass(frozen=True)
class Count:
    """A whole number, on a slider that doubles it."""

    name: str
    label: str
    least: int
    most: int


@dataclass(frozen=True)
class Choice:
    """One of some names, each with a title."""

    name: str
    label: str
    options: Mapping[str, str]


class Tiles(Protocol):
    """Pictures of a plane. Everything is a pure function of its arguments, and is called by several threads.

    Attributes
    ----------
    title : str
    controls : sequence of Numbers, Count or Choice
        In the order of the page; names other than those of the view.
    presets : mapping
        Title -> all values. The page begins with the first. Those of the view are of a square, of which the page shows
        the whole, whatever its own shape.
    narrowest, widest : str
        Widths of views: decimal numbers above 0.
    """

    title: str
    controls: Sequence[Numbers | Count | Choice]
    presets: Mapping[str, Mapping[str, str]]
    narrowest: str
    widest: str

    def __init__(self, backend: str) -> None: ...

    def read(self, values: Mapping[str, str]) -> Hashable:
        """Return what the values of all controls and of the view ask for; ParameterError if they cannot be."""

    def rows(self, asked: Any, shape: tuple[int, int], rows: range) -> npt.NDArray[np.uint8]:
        """Return rows of the picture of (height, width) pixels, the first on top: uint8 (row, width, 3), sRGB."""

    def cost(self, asked: Any) -> int:
        """Return the number of operations that a pixel takes at most, of about a nanosecond each."""

    def facts(self, asked: Any) -> Mapping[str, str]:
        """Return what is known about what is shown: name -> words."""


def load(name: str, backend: str) -> Tiles:
    """Return the tiles of a name, of whichever world has them; UnknownNameError if there are none."""
    known = registry.listed("tiles")
    UnknownNameError.check("tiles", name, known)
    found: Tiles = registry.load(known[name])(backend)
    return found
