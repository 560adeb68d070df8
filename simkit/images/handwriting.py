"""Digits written by a pen whose hand is not steady: styles, control points, curves, widths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels
from simkit.images.glyphs import N_POINTS, glyphs
from simkit.schema import Array, Batch

#: streams of Philox: the factors, the control points, the noise; part of a set -> the first of its streams
_FACTORS, _POINTS, _NOISE = range(3)
FIRST_STREAMS = {"train": 0, "test": 3}

#: straight pieces of a curve between two control points, and the weights of four of these at thirds of the way
_PIECES = 3
_THIRDS = ((-2 / 27, 21 / 27, 9 / 27, -1 / 27), (-1 / 27, 9 / 27, 21 / 27, -2 / 27))

#: places along a digit between which its width changes evenly
N_PRESSURES = 4

#: coefficients of the smooth deformation: of x y, of the other coordinate squared, of the own one squared, for x and y
N_BENDS = 6

_GLYPHS = glyphs()
_FIRST = np.searchsorted(_GLYPHS.labels, np.arange(11))
_SUMS = np.full((10, np.diff(_FIRST).max()), np.iinfo(np.int64).max)
for _label in range(10):
    _weights = _GLYPHS.weights[_FIRST[_label] : _FIRST[_label + 1]]
    _SUMS[_label, : len(_weights)] = np.cumsum(_weights)
_TOTALS = np.array([_GLYPHS.weights[_GLYPHS.labels == label].sum() for label in range(10)], np.uint64)


@dataclass(frozen=True)
class Hand:
    """How much digits differ. Lengths are in sides of the picture."""

    size: int
    slant: float
    rotation: float
    stretch: float
    scale: tuple[float, ...]
    shift: float
    bend: float
    wobble: float
    width: tuple[float, ...]
    pressure: float
    noise: int


def write(hand: Hand, part: str, seed: int, index: npt.NDArray[np.uint64], on: Kernels) -> Batch:
    """Write a digit for each row."""
    n, first = len(index), FIRST_STREAMS[part]
    words = np.ascontiguousarray(on.philox.words(seed, index, first + _FACTORS, 20).T)
    label = (words[0].astype(np.uint64) * np.uint64(10) >> np.uint64(32)).astype(np.int64)
    pick = (words[1].astype(np.uint64) * _TOTALS[label] >> np.uint64(32)).astype(np.int64)
    style = _FIRST[label] + (_SUMS[label] <= pick[:, None]).sum(axis=1)
    even = (words[2:] >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)  # uniform, 0..1
    about = even * np.float32(2) - np.float32(1)  # uniform, -1..1
    slant, rotation, stretch = hand.slant * about[0], hand.rotation * about[1], 1 + hand.stretch * about[2]
    scale, width = (low + (high - low) * part for (low, high), part in ((hand.scale, even[3]), (hand.width, even[4])))
    shift, pressure, bends = hand.shift * about[5:7], 1 + hand.pressure * about[7:11], hand.bend * about[11:17]
    x, y = _places(style, hand.wobble, on.philox.words(seed, index, first + _POINTS, N_POINTS * 2))
    x, y = (
        x + (bends[0] * x * y + bends[1] * y * y + bends[2] * x * x),
        y + (bends[3] * x * y + bends[4] * x * x + bends[5] * y * y),
    )
    x = x * stretch
    sine, cosine = _turn(rotation)
    x, y = x * cosine - y * sine, x * sine + y * cosine
    x = x - slant * y
    is_drawn = np.repeat(_DRAWN[:, style], _PIECES, axis=0)
    x, y = _curve(x, is_drawn), _curve(y, is_drawn)
    middle_x, middle_y = _middle(x, y, is_drawn)
    factor = hand.size * scale / np.maximum(x.max(axis=0) - x.min(axis=0), y.max(axis=0) - y.min(axis=0))
    half = np.float32(hand.size / 2)
    x = (x - middle_x) * factor + (half + hand.size * shift[0])
    y = (y - middle_y) * factor + (half + hand.size * shift[1])
    segments = np.empty((n, len(is_drawn), 4), np.float32)
    segments[:, :, 0] = np.where(is_drawn, x[:-1], np.float32(np.nan)).T
    segments[:, :, 1], segments[:, :, 2], segments[:, :, 3] = y[:-1].T, x[1:].T, y[1:].T
    halves = _widths(pressure) * (width * np.float32(hand.size / 2))
    image = on.raster.blank(index, (0,), (hand.size, hand.size))
    image = on.raster.strokes(image, segments, np.ascontiguousarray(halves.T), np.full((n, 1), 255, np.uint8))[:, 0]
    points = np.stack((x[::_PIECES], y[::_PIECES]), axis=-1).transpose(1, 0, 2)
    noise = (words[19].astype(np.uint64) * np.uint64(hand.noise + 1) >> np.uint64(32)).astype(np.uint8)
    if hand.noise:
        random = on.philox.words(seed, index, first + _NOISE, -(-(hand.size**2) // 4))
        image = _noisy(image, noise, random)
    return {
        "image": image,
        "label": label.astype(np.uint8),
        "style": style.astype(np.uint8),
        "slant": slant,
        "rotation": rotation,
        "stretch": stretch,
        "scale": scale,
        "shift": shift.T,
        "width": width,
        "pressure": pressure.T,
        "bend": bends.T,
        "points": points,
        "noise": noise,
    }


_X, _Y = (_GLYPHS.points - np.array([0.3, 0.5])).astype(np.float32).transpose(2, 1, 0)
_SAME, _DRAWN = _GLYPHS.same.T, _GLYPHS.is_drawn.T


def _places(style: Array, wobble: float, words: Array) -> tuple[Array, Array]:
    """Return control points, (point, row), each a little off: by the sum of two uniform numbers."""
    numbers = np.ascontiguousarray(words.T)
    off = ((numbers & np.uint32(0xFFFF)) + (numbers >> np.uint32(16))).astype(np.float32)
    off = (off * np.float32(2.0**-16) - np.float32(1)) * wobble
    same = _SAME[:, style]
    dx, dy = (np.take_along_axis(part, same, axis=0) for part in (off[:N_POINTS], off[N_POINTS:]))
    return _X[:, style] + dx, _Y[:, style] + dy


def _turn(degrees: Array) -> tuple[Array, Array]:
    """Return sine and cosine of angles up to 45 degrees: by their series, since no two libraries agree on them."""
    angle = degrees * np.float32(np.pi / 180)
    square = angle * angle
    sine = angle * (1 - square / 6 * (1 - square / 20 * (1 - square / 42)))
    cosine = 1 - square / 2 * (1 - square / 12 * (1 - square / 30 * (1 - square / 56)))
    return sine, cosine


def _curve(at: Array, is_drawn: Array) -> Array:
    """Return one coordinate of the ends of all pieces, (end, row), of that of the control points."""
    before, start, end, after = at[:-3], at[1:-2], at[2:-1], at[3:]
    ends = np.empty((_PIECES * len(start) + 1, at.shape[1]), np.float32)
    ends[:-1:_PIECES], ends[-1] = start, at[-2]
    for i, (a, b, c, d) in enumerate(_THIRDS):
        inside = (a * before + b * start) + (c * end + d * after)
        ends[i + 1 :: _PIECES] = np.where(is_drawn[::_PIECES], inside, start)
    return ends


def _middle(x: Array, y: Array, is_drawn: Array) -> tuple[Array, Array]:
    """Return the centre of mass of what is drawn, (row,) each. Sums are in one order, whatever the number of rows."""
    dx, dy = x[1:] - x[:-1], y[1:] - y[:-1]
    lengths = np.where(is_drawn, np.sqrt(dx * dx + dy * dy), np.float32(0))
    mass_x, mass_y = lengths * (x[1:] + x[:-1]), lengths * (y[1:] + y[:-1])
    total, sum_x, sum_y = (np.zeros(x.shape[1], np.float32) for _ in range(3))
    for length, one, other in zip(lengths, mass_x, mass_y, strict=True):
        total += length
        sum_x += one
        sum_y += other
    return sum_x / (2 * total), sum_y / (2 * total)


def _widths(pressure: Array) -> Array:
    """Return the width of each piece, (piece, row), of that at some places."""
    n = (N_POINTS - 3) * _PIECES
    place = np.arange(n) * (N_PRESSURES - 1) / (n - 1)
    below = np.minimum(place.astype(np.int64), N_PRESSURES - 2)
    share = (place - below).astype(np.float32)[:, None]
    widths: Array = pressure[below] + (pressure[below + 1] - pressure[below]) * share
    return widths


def _noisy(image: Array, noise: Array, words: Array) -> Array:
    """Add to each pixel a whole number from -noise to noise."""
    random = np.ascontiguousarray(words).astype("<u4", copy=False).view(np.uint8)[:, : image[0].size]
    noisy = np.empty_like(image)
    for first in range(0, len(image), 64):  # so that the wide integers stay in a cache
        part = slice(first, first + 64)
        most = noise[part].astype(np.int32)[:, None]
        off = (random[part] * (2 * most + 1) >> 8) - most
        noisy[part] = np.clip(image[part] + off.reshape(image[part].shape), 0, 255)
    return noisy
