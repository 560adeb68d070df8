"""Films of attractors along a path: densities in light, with what is known of each frame below them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from simkit.backends import AUTO, Kernels
from simkit.errors import StoreError
from simkit.figures.picture import MAX_SIDE, MIN_SIDE, Axis, Curves, Film, Frame, room, title
from simkit.fractals import palettes
from simkit.fractals.attractor_path import AttractorPath
from simkit.fractals.attractors import KINDS
from simkit.fractals.exponents import exponents as exponents_of
from simkit.fractals.maps import F64, MONOMIALS
from simkit.schema import Batch
from simkit.store import Store, open_store

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

#: tones of a film; the palette of a film has some more colours, for words
_N_TONES = 192

#: milliseconds that a frame is shown, and the last one
_SHOWN, _LAST = 33, 2000

#: iterations of a frame for each of its pixels, and frames that are computed at a time
_DEEP, _BLOCK = 3, 8

#: iterations that the exponents of the curve are from
_ROUGH = 20_000

#: what is left of a frame's light in the next one, so that a ring which locks leaves a trace for half a second
_TRAIL = 0.8

#: pixels that the longer side of a data set's images is enlarged to
_LEAST = 512

#: share of the pixels with light that are the brightest
_BRIGHTEST = 0.995

#: share of the pixels below which those with light are made larger
_FEW = 1e-3

#: exponents below this are not shown by the curve
_LOWEST = -0.25


def film(
    source: AttractorPath, size: tuple[int, int], *, seed: int = 0, palette: str = palettes.DEFAULT, backend: str = AUTO
) -> Film:
    """Return the film of the first run of a path, whose images are computed for it.

    Parameters
    ----------
    source : AttractorPath
        Its size and its iterations are replaced by what the film needs.
    size : (int, int)
        Width and height of the film, in pixels.
    seed : int
        That the start is drawn from.
    palette : str
        One of `simkit.fractals.palettes.PALETTES`.
    backend : str

    Raises
    ------
    ParameterError
        If a film cannot have that size.
    UnknownNameError
        If there is no such palette.
    """
    height, width = room(size)
    shown = replace(source, size=(width, height), iterations=_DEEP * width * height)
    on = shown.load(backend)
    window, there = shown.found_window(on), shown.carried(seed, range(1), shown.frames, on)

    def blocks() -> Iterator[Batch]:
        for first in range(0, shown.frames, _BLOCK):
            frames = np.arange(first, min(first + _BLOCK, shown.frames))
            yield shown.seen(there, np.zeros_like(frames), frames, window, on)

    curve = exponents(there.maps, there.states[0], on)
    return _film("From a ring to a strange attractor", blocks, there.t, curve, there.maps, size, palette)


def exponents(maps: F64, states: F64, on: Kernels) -> F64:
    """Return the largest exponents along a path, from short orbits, all at once: float64 (frame,); NaN if lost."""
    tangents, limits = np.tile([1.0, 0.5], (len(maps), 1)), np.full(len(maps), 1e12)
    followed = on.orbit.follow(maps, states, tangents, limits, _ROUGH)
    return np.where(followed.steps == _ROUGH, exponents_of(tangents, followed)[:, 0], np.nan)


def view(store: Store, rows: list[int], backend: str) -> Film:
    """Return the film of the run that the first row is of, as far as there are rows, from the densities of the store.

    Raises
    ------
    StoreError
        If the rows are no frames of paths.
    """
    del backend
    parameters = store.recipe["parameters"]
    if store.recipe["source"] != AttractorPath.name:
        raise StoreError(f"{store.path} is of {store.recipe['source']}, whose rows are no frames of a path")
    first = rows[0] // parameters["frames"] * parameters["frames"]
    there = range(first, min(first + parameters["frames"], store.layout.n_rows))

    def blocks() -> Iterator[Batch]:
        for start in range(there.start, there.stop, _BLOCK):
            some = list(range(start, min(start + _BLOCK, there.stop)))
            yield {name: store[name][some] for name in store.schema}

    whole = list(there)
    curve, t, maps = store["exponents"][whole][:, 0], store["t"][whole], store["parameters"][whole]
    return _film(title(store), blocks, t, curve, maps, _size_for(*parameters["size"]), palettes.DEFAULT)


def of_store(path: str | Path) -> Film:
    """Return the film of the first run of a data set; as `view`."""
    return view(open_store(path), [0], AUTO)


def _size_for(width: int, height: int) -> tuple[int, int]:
    """Return the even size of a film whose boards have so many pixels, or a multiple of them if they are few."""
    grow = max(1, -(-_LEAST // max(width, height)))
    wide, high = (min(MAX_SIDE, max(MIN_SIDE, side * grow + side * grow % 2)) for side in (width, height))
    while high < MAX_SIDE and room((wide, high))[0] < min(height * grow, MAX_SIDE):
        high += 2
    return wide, high


def _film(
    name: str, blocks: Callable[[], Iterator[Batch]], t: F64, curve: F64, maps: F64, size: tuple[int, int], palette: str
) -> Film:
    """Return a film of blocks of frames, whose exponents and maps are known before."""
    moving = [tuple(place) for place in np.argwhere(maps[0] != maps[-1]).tolist()]
    known = curve[np.isfinite(curve)]
    low, high = (max(_LOWEST, known.min(initial=0.0)), max(0.02, known.max(initial=0.0))) if len(known) else (-1.0, 1.0)

    def frames() -> Iterator[Frame]:
        light = Light()
        for batch in blocks():
            for i in range(len(batch["t"])):
                frame = {name: values[i] for name, values in batch.items()}
                at = light.n_frames
                tones = light.tones(frame["density"])
                pause = _LAST if at == len(t) - 1 else _SHOWN
                yield Frame(
                    [tones],
                    facts(frame),
                    pause,
                    terms(frame["parameters"], moving),
                    float(frame["t"]),
                    [float(frame["exponents"][0])],
                )

    return Film(
        name,
        ("density",),
        palettes.densities(palette, _N_TONES),
        len(t),
        frames,
        size=size,
        curves=Curves(
            Axis("path", 0.0, 1.0), Axis("largest exponent", low, high), ("exponent",),
            tuple(zip(t.tolist(), np.where(np.isfinite(curve), np.maximum(curve, low), np.nan).tolist(), strict=True)),
        ),
    )  # fmt: skip


class Light:
    """Densities one after another as tones: the logarithm, a little glow, and a trail of the frames before."""

    def __init__(self) -> None:
        self.n_frames = 0
        self._before: F32 | None = None

    def tones(self, density: npt.NDArray[np.uint32]) -> U8:
        """Return the tones of a frame, 0 to _N_TONES - 1: uint8 (y, x)."""
        light = np.log1p(density, dtype=np.float32)
        lit = light[light > 0]
        if len(lit):
            rank = min(len(lit) - 1, int(_BRIGHTEST * len(lit)))
            light *= np.float32(1 / np.partition(lit, rank)[rank])
            np.minimum(light, 1, out=light)
            light = np.maximum(light, _blurred(light))
            if len(lit) < _FEW * light.size:  # points become beads, that can be seen
                light = np.maximum(light, _beads(light))
        if self._before is not None:
            np.maximum(light, np.float32(_TRAIL) * self._before, out=light)
        self._before, self.n_frames = light, self.n_frames + 1
        found: U8 = np.rint(light * np.float32(_N_TONES - 1)).astype(np.uint8)
        return found


def _beads(light: F32) -> F32:
    """Return what is left of light that has spread, as bright as before."""
    for _ in range(6):
        light = _blurred(light)
        light *= np.float32(1) / max(light.max(), np.float32(1e-6))
    return light


def _blurred(light: F32) -> F32:
    """Return the mean of each pixel and its neighbours, by the weights 1, 2, 1 along both axes."""
    half = np.float32(0.5)
    across, found = half * light, np.empty_like(light)
    across[:, 1:] += half * half * light[:, :-1]
    across[:, :-1] += half * half * light[:, 1:]
    np.multiply(across, half, out=found)
    found[1:] += half * half * across[:-1]
    found[:-1] += half * half * across[1:]
    return found


def facts(frame: Batch) -> str:
    """Say what a frame is: ``ring · rotation number 0.18762 · exponent +0.0000``."""
    if frame["is_lost"]:
        return "the attractor is lost"
    kind, period, turns = KINDS[int(frame["kind"])], int(frame["period"]), float(frame["rotation"])
    words = [f"{kind} of {period}" if period > 1 else kind]
    if kind == "cycle" and math.isfinite(turns):
        words = [f"locked at {round(turns * period)}/{period}"]
    elif kind == "ring":
        words.append(f"rotation {turns:.5f}")
    words.append(f"exponent {float(frame['exponents'][0]):+.4f}")
    if kind == "chaos":
        words.append(f"dimension {float(frame['dimension']):.2f}")
    return " · ".join(words)


def terms(parameters: F64, moving: list[tuple[int, ...]]) -> str:
    """Return the coefficients that change along a path: ``x' 0.5412 x - 0.8411 y, ...``."""
    lines = []
    for row, name in enumerate(("x'", "y'")):
        found = [f"{parameters[row, column]:+.4f} {MONOMIALS[column]}" for at, column in moving if at == row]
        lines += [f"{name} {' '.join(found)}"] if found else []
    return ", ".join(lines)
