"""Palettes: what becomes of a point, and after how many iterations, as a colour; and the density of an attractor.

A class has a hue, or a range of lightness, of its own, and the number of iterations sets the place in its ramp. Ramps
are polylines in OKLab, along which tones are equidistant; where a colour is outside sRGB, its chroma is reduced and its
lightness kept. A colour depends on the pixel alone, so that tiles of a picture fit together.

* "post": converged green, escaped from black to blue, undecided red; brighter is slower
* "dusk" and "frost": perceptually uniform, and readable without colour vision: all that escapes is darker than all that
  converges in "dusk", and lighter in "frost", with undecided points between them

Heuristic classes have a hue of their own in all palettes: what is near black or white looks the same.

Source of OKLab: B. Ottosson, A perceptual color space for image processing (2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.errors import UnknownNameError
from simkit.kernels.escape import CLASSES, CONVERGED, CONVERGED_HEURISTIC, ESCAPED, ESCAPED_HEURISTIC, UNDECIDED

U8 = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]

#: lightness 0..1, chroma, and hue in degrees, of OKLab
Lch = tuple[float, float, float]

#: tones of a ramp
N_TONES = 1024

#: iterations from which on all have the last tone, whatever the exposure says
MOST_COUNTS = 2**16

#: how bent the ramp is: tones go by the logarithm of 1 to 1 + _BENT as counts go from the first to the last
_BENT = 12.0


class Exposure(NamedTuple):
    """Counts of iterations that have the first and the last tone, of points that converge and that escape."""

    converged: tuple[float, float] = (0, 256)
    escaped: tuple[float, float] = (0, 64)


@dataclass(frozen=True)
class Palette:
    """Stops of a ramp for each class, in the order of `CLASSES`, and of one for densities."""

    name: str
    title: str
    stops: tuple[tuple[Lch, ...], ...]
    density: tuple[Lch, ...]


_GLOW = ((0.0, 0.0, 290), (0.30, 0.14, 290), (0.55, 0.20, 350), (0.78, 0.16, 60), (0.99, 0.04, 95))

PALETTES: dict[str, Palette] = {
    palette.name: palette
    for palette in (
        Palette(
            "post",
            "green converged, black to blue escaped, red undecided",
            (
                ((0.56, 0.23, 27),),
                ((0.20, 0.07, 150), (0.60, 0.18, 146), (0.95, 0.17, 125)),
                ((0.0, 0.0, 264), (0.30, 0.16, 264), (0.72, 0.15, 248)),
                ((0.24, 0.05, 115), (0.62, 0.13, 112), (0.96, 0.17, 108)),
                ((0.0, 0.0, 300), (0.32, 0.17, 296), (0.70, 0.17, 305)),
            ),
            _GLOW,
        ),
        Palette(
            "dusk",
            "amber converged, night escaped: uniform, light on dark",
            (
                ((0.52, 0.085, 195),),
                ((0.66, 0.14, 45), (0.80, 0.125, 70), (0.975, 0.05, 100)),
                ((0.08, 0.03, 280), (0.26, 0.09, 275), (0.45, 0.12, 255)),
                ((0.66, 0.13, 345), (0.80, 0.10, 10), (0.975, 0.02, 60)),
                ((0.08, 0.03, 320), (0.26, 0.09, 315), (0.45, 0.13, 310)),
            ),
            _GLOW,
        ),
        Palette(
            "frost",
            "plum converged, paper escaped: uniform, dark on light",
            (
                ((0.555, 0.13, 350),),
                ((0.45, 0.14, 320), (0.28, 0.11, 290), (0.10, 0.04, 275)),
                ((0.985, 0.005, 220), (0.84, 0.06, 215), (0.66, 0.10, 230)),
                ((0.45, 0.09, 150), (0.28, 0.07, 165), (0.10, 0.03, 200)),
                ((0.985, 0.01, 90), (0.84, 0.08, 85), (0.66, 0.12, 70)),
            ),
            ((0.99, 0.0, 230), (0.84, 0.07, 220), (0.60, 0.12, 240), (0.38, 0.14, 285), (0.12, 0.05, 300)),
        ),
    )
}

#: what they are taken from where none is named
DEFAULT = "post"


def palette(name: str) -> Palette:
    """Return the palette of a name; UnknownNameError if there is none."""
    UnknownNameError.check("palette", name, PALETTES)
    return PALETTES[name]


def legend(name: str) -> list[tuple[str, U8]]:
    """Return the words and five colours, uint8 (5, 3), of each class of a palette."""
    ramps = _ramps(name)[:, np.linspace(0, N_TONES - 1, 5).astype(int)]
    return [(words, encoded(ramp)) for words, ramp in zip(CLASSES, ramps, strict=True)]


def exposure(classes: U8, counts: npt.NDArray[np.int32]) -> Exposure:
    """Return the exposure that spreads the counts of a picture, from the quickest hundredth to the slowest."""

    def ends(which: tuple[int, int], default: tuple[float, float]) -> tuple[float, float]:
        found = counts[np.isin(classes, which)]
        if not len(found):
            return default
        first, last = (float(end) for end in np.percentile(found, (1, 99), method="nearest"))
        return first, max(last, first + 8)

    return Exposure(
        ends((CONVERGED, CONVERGED_HEURISTIC), Exposure().converged),
        ends((ESCAPED, ESCAPED_HEURISTIC), Exposure().escaped),
    )


def table(name: str, of: Exposure, n_counts: int) -> npt.NDArray[np.float32]:
    """Return the colours of classes and counts, float32 (class, count, 3) in linear light, 0..1; counts to `n_counts`.

    Counts of MOST_COUNTS and more have the colour of the last.
    """
    ramps = _ramps(name)
    counts = np.arange(min(max(n_counts, 1), MOST_COUNTS), dtype=np.float64)
    found = np.empty((len(CLASSES), len(counts), 3), np.float32)
    found[UNDECIDED] = ramps[UNDECIDED, 0]
    for ends, which in ((of.converged, (CONVERGED, CONVERGED_HEURISTIC)), (of.escaped, (ESCAPED, ESCAPED_HEURISTIC))):
        first, last = ends
        share = np.clip((counts - first) / max(last - first, 1), 0, 1)
        tones = np.log1p(_BENT * share) / np.log1p(_BENT)
        places = np.rint(tones * (N_TONES - 1)).astype(np.intp)
        for class_ in which:
            found[class_] = ramps[class_, places]
    return found


def coloured(classes: U8, counts: npt.NDArray[np.int32], name: str = DEFAULT, of: Exposure | None = None) -> U8:
    """Return a picture in a palette.

    Parameters
    ----------
    classes : uint8 (..., y, x)
        Of `simkit.kernels.escape.CLASSES`.
    counts : int32 (..., y, x)
        Iterations until a point was decided.
    name : str
        Of the palette.
    of : Exposure, optional
        Each picture with the same one if not given.

    Returns
    -------
    uint8 (..., y, x, 3)
        In sRGB.

    Raises
    ------
    UnknownNameError
        If there is no such palette.
    """
    return looked_up(encoded(table(name, of or Exposure(), int(counts.max(initial=0)) + 1)), classes, counts)


def looked_up(colours: U8, classes: U8, counts: npt.NDArray[np.int32]) -> U8:
    """Return the colours of points, uint8 (..., y, x, 3), from those of classes and counts, uint8 (class, count, 3)."""
    packed = np.zeros((*colours.shape[:2], 4), np.uint8)
    packed[..., :3] = colours
    pixels = packed.view(np.uint32).reshape(-1).take(places(classes, counts, colours.shape[1]))
    return np.ascontiguousarray(pixels[..., None].view(np.uint8)[..., :3])


def places(classes: U8, counts: npt.NDArray[np.int32], n_counts: int) -> npt.NDArray[np.int32]:
    """Return where the colours of points are in a table whose first two axes are one."""
    found = np.minimum(counts, np.int32(n_counts - 1))
    found += classes * np.int32(n_counts)
    return found


def dense(density: npt.NDArray[np.unsignedinteger], name: str = DEFAULT, most: float | None = None) -> U8:
    """Return densities of an attractor (..., y, x) in the tones of a palette, by the logarithm: uint8 (..., y, x, 3).

    `most` has the last tone, if not the largest of all: frames of one film share it. Nothing has the first.
    """
    ramp = encoded(_linear(_polyline(palette(name).density)))
    values = density.astype(np.float32)
    scale = np.float32((N_TONES - 1) / np.log1p(max(1.0, float(density.max(initial=0)) if most is None else most)))
    tones = np.minimum(np.log1p(values, out=values) * scale, np.float32(N_TONES - 1))
    found: U8 = ramp[np.rint(tones, out=tones).astype(np.intp)]
    return found


def densities(name: str, n: int) -> U8:
    """Return n tones of a palette's ramp for densities, the first that of nothing: uint8 (n, 3) in sRGB."""
    ramp = encoded(_linear(_polyline(palette(name).density)))
    return ramp[np.linspace(0, N_TONES - 1, n).round().astype(np.intp)]


def encoded(linear: npt.NDArray[np.floating]) -> U8:
    """Return linear light, 0..1, in sRGB."""
    value = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)
    found: U8 = np.rint(value * 255).astype(np.uint8)
    return found


@cache
def _ramps(name: str) -> npt.NDArray[np.float32]:
    """Return the colours of the tones of each class: float32 (class, N_TONES, 3) in linear light."""
    found = np.stack([_linear(_polyline(stops)) for stops in palette(name).stops])
    found.flags.writeable = False
    return found


def _polyline(stops: tuple[Lch, ...]) -> F64:
    """Return equidistant points along a polyline: float64 (N_TONES, 3) in OKLab."""
    corners = np.array([(light, c * np.cos(np.radians(h)), c * np.sin(np.radians(h))) for light, c, h in stops])
    along = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))))
    at = np.linspace(0, along[-1], N_TONES)
    return np.stack([np.interp(at, along, corners[:, i]) for i in range(3)], axis=1)


#: from the cube roots of cones' responses to OKLab's inverse, and from the responses to linear sRGB
_CONES = np.array(
    [(1, 0.3963377774, 0.2158037573), (1, -0.1055613458, -0.0638541728), (1, -0.0894841775, -1.2914855480)]
)
_SRGB = np.array(
    [
        (4.0767416621, -3.3077115913, 0.2309699292),
        (-1.2684380046, 2.6097574011, -0.3413193965),
        (-0.0041960863, -0.7034186147, 1.7076147010),
    ]
)


def _linear(lab: F64) -> npt.NDArray[np.float32]:
    """Return colours of OKLab (n, 3) in linear light, with as much of their chroma as sRGB has."""

    def light(share: F64) -> F64:
        found: F64 = ((lab * np.stack((np.ones_like(share), share, share), axis=1)) @ _CONES.T) ** 3 @ _SRGB.T
        return found

    low, high = np.zeros(len(lab)), np.ones(len(lab))
    for _ in range(24):
        is_inside = ((light(high) > -1e-4) & (light(high) < 1.0001)).all(axis=1)
        middle = np.where(is_inside, high, (low + high) / 2)
        fits = ((light(middle) > -1e-4) & (light(middle) < 1.0001)).all(axis=1)
        low, high = np.where(fits, middle, low), np.where(is_inside, high, np.where(fits, high, middle))
    return np.clip(light(np.where(is_inside, high, low)), 0, 1).astype(np.float32)
