"""Fractals with names: maps, the views that show them well, and how they are drawn."""

from __future__ import annotations

from cmath import exp, pi
from dataclasses import dataclass

from simkit.errors import UnknownNameError
from simkit.fractals.maps import F64, julia, parse


@dataclass(frozen=True)
class Preset:
    """A map, a view and a look.

    Attributes
    ----------
    title : str
        One line about it.
    quadratic : float64 (2, 6)
    view : x, y and width, as texts
    max_iterations : int
    palette : str
    is_median : bool
    """

    title: str
    quadratic: F64
    view: tuple[str, str, str]
    max_iterations: int = 1000
    palette: str = "post"
    is_median: bool = False


def _julia(title: str, modulus: float, turns: float, width: str, palette: str = "post") -> Preset:
    """Return z^2 + lambda z around its centre of symmetry, -lambda / 2, for a lambda in polar coordinates."""
    multiplier = modulus * exp(2j * pi * turns)
    x, y = (f"{part:.3f}" for part in (-multiplier.real / 2, -multiplier.imag / 2))
    return Preset(title, julia(multiplier), (x, y, width), palette=palette)


_GOLDEN = (5**0.5 - 1) / 2

#: name -> preset; those of the gallery are `found.FOUND`
PRESETS: dict[str, Preset] = {
    "julia-smooth": _julia("z^2 + 0.6 z: well inside the cardioid, a rounded coast", 0.6, 0.0, "4.2"),
    "julia-rabbit": _julia("z^2 + lambda z, lambda close to a third of a turn: thin necks", 0.99, 1 / 3, "4.4"),
    "julia-golden": _julia("z^2 + lambda z, lambda close to the golden mean of a turn: a Siegel disc to be", 0.99,
                           _GOLDEN, "4.2", "dusk"),
    "julia-dendrite": _julia("z^2 + lambda z, lambda close to a thirteenth of a turn: spirals in every bay", 0.99,
                             1 / 13, "4.2", "frost"),
    "henon": Preset("the Henon map (1.4, 0.3): red is drawn to its strange attractor, the rest escapes",
                    parse("1,0,1,-1.4,0,0, 0,0.3,0,0,0,0"), ("0", "0.6", "7.2")),
}  # fmt: skip


def preset(name: str) -> Preset:
    """Return the preset of a name; UnknownNameError if there is none."""
    UnknownNameError.check("preset", name, PRESETS)
    return PRESETS[name]
