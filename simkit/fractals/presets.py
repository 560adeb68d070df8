"""Fractals with names: maps, the views that show them well, and how they are drawn."""

from __future__ import annotations

from cmath import exp, pi
from dataclasses import dataclass
from math import sqrt

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
    square : (x, y, side), as texts
        A square that pictures of any shape show whole, by its centre.
    palette : str
    max_iterations : int
    """

    title: str
    quadratic: F64
    square: tuple[str, str, str]
    palette: str = "post"
    max_iterations: int = 1000


def _julia(title: str, modulus: float, turns: float, side: str, palette: str = "post") -> Preset:
    """Return z^2 + lambda z around its centre of symmetry, -lambda / 2, for a lambda in polar coordinates."""
    multiplier = modulus * exp(2j * pi * turns)
    x, y = (f"{part:.3f}" for part in (-multiplier.real / 2, -multiplier.imag / 2))
    return Preset(title, julia(multiplier), (x, y, side), palette)


def _found(title: str, numbers: str, square: tuple[str, str, str], palette: str) -> Preset:
    return Preset(title, parse(numbers), square, palette)


#: filled Julia sets, and attractors that are no fixed points
CLASSIC: dict[str, Preset] = {
    "julia-smooth": _julia("z^2 + 0.6 z, well inside the cardioid: a rounded coast", 0.6, 0.0, "2.6"),
    "julia-rabbit": _julia("z^2 + lambda z, lambda near a third of a turn: three ears meet", 0.99, 1 / 3, "2.6"),
    "julia-golden": _julia(
        "z^2 + lambda z, lambda near the golden mean of a turn: nearly a Siegel disc",
        0.99,
        (sqrt(5) - 1) / 2,
        "2.9",
        "dusk",
    ),
    "julia-dendrite": _julia(
        "z^2 + lambda z, lambda near a thirteenth of a turn: branching arms", 0.99, 1 / 13, "2.6", "frost"
    ),
    "henon": Preset(
        "the Henon map (1.4, 0.3): red stays near its strange attractor, the rest escapes",
        parse("1,0,1,-1.4,0,0, 0,0.3,0,0,0,0"),
        ("0", "0.4", "5.6"),
    ),
    "ring": Preset(
        "a Neimark-Sacker ring, to which red is drawn, beside an attracting cycle of period six",
        parse("-0.6803,-0.76,0.98,-0.04,0.24,0.76,-0.6803,0.07,-0.84,1.59"),
        ("0.364", "0.055", "3.8"),
    ),
}

#: what annealing with the objectives "clean" and "certified" found, chosen by eye; coefficients have four decimals
FOUND: dict[str, Preset] = {
    "heron": _found(
        "swirls in a wing",
        "1.381,-1.4526,0.3429,-2.0415,1.1167,0.3553,0.1621,0.7954,-2.0439,0.382",
        ("1.04", "1.08", "5.05"),
        "post",
    ),
    "maelstrom": _found(
        "a window of heron: the swirl in its wing",
        "1.381,-1.4526,0.3429,-2.0415,1.1167,0.3553,0.1621,0.7954,-2.0439,0.382",
        ("-0.3", "0.83", "1.2"),
        "post",
    ),
    "dragon": _found(
        "coasts folded over and over",
        "-1.3502,-2.9367,-0.5583,-1.0821,-1.5165,0.5974,1.1242,-0.4328,0.6097,0.7889",
        ("-0.0537", "-0.796", "4.86"),
        "post",
    ),
    "beetle": _found(
        "bands folded around an eye",
        "-0.1933,1.564,-0.4197,0.2876,-0.4652,0.0474,-0.2197,1.1716,-0.6296,0.098",
        ("0.489", "1.78", "5.6"),
        "post",
    ),
    "wing": _found(
        "feathers that hang from an arch",
        "0.3652,0.5348,0.5795,0.6005,0.0599,-0.9326,0.829,-0.1291,-0.5912,-0.0895",
        ("1.61", "-1.77", "9.2"),
        "post",
    ),
    "lantern": _found(
        "nearly symmetric, in storeys",
        "-0.0894,-1.7922,-0.4663,-0.1099,-0.3397,0.0635,-0.7823,0.5454,0.2217,-1.3316",
        ("0.164", "-0.869", "7.56"),
        "dusk",
    ),
    "geode": _found(
        "an eye and cells around it",
        "-0.7287,-1.3471,1.0077,-1.5578,2.0843,0.3662,-0.2849,-0.2294,-1.0697,1.715",
        ("0.777", "0.699", "3.73"),
        "dusk",
    ),
    "butterfly": _found(
        "holes of all sizes in two wings",
        "-1.1514,-0.3213,0.9444,0.9405,-0.2707,1.0464,-0.3982,-0.1898,0.5694,-0.8841",
        ("1.06", "0.275", "5.09"),
        "dusk",
    ),
    "marble": _found(
        "a window of dragon: bands that never cross",
        "-1.3502,-2.9367,-0.5583,-1.0821,-1.5165,0.5974,1.1242,-0.4328,0.6097,0.7889",
        ("-0.75", "-0.77", "1.3"),
        "dusk",
    ),
    "agate": _found(
        "rings around rings",
        "-0.16,2.3094,-0.4542,0.0368,-0.8355,-0.3544,-0.3694,0.5764,-0.5922,0.3846",
        ("0.404", "1.27", "5.03"),
        "frost",
    ),
    "hourglass": _found(
        "four arms, and an eye between each two",
        "0.3212,0.0927,0.8704,0.0992,-1.439,1.2407,0.2185,1.1506,0.0416,-0.9258",
        ("-0.892", "-0.107", "6.44"),
        "frost",
    ),
    "parasol": _found(
        "a window into an island: bands under a dome",
        "-0.5957,0.0188,-0.1702,-0.335,-0.6227,-1.3168,0.8036,-1.6671,1.8161,0.7664",
        ("-0.79", "-0.69", "1.4"),
        "frost",
    ),
}

PRESETS: dict[str, Preset] = {**CLASSIC, **FOUND}


def preset(name: str) -> Preset:
    """Return the preset of a name; UnknownNameError if there is none."""
    UnknownNameError.check("preset", name, PRESETS)
    return PRESETS[name]
