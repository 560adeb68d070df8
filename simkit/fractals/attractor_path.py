"""attractor-path: an attractor that is followed along a path of maps, a row for each frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.errors import show
from simkit.fractals import maps, paths
from simkit.fractals.attractors import ITERATIONS, KINDS, Attractor, classify
from simkit.fractals.attractors import MAX_ITERATIONS as MOST
from simkit.fractals.attractors import MIN_ITERATIONS as LEAST
from simkit.fractals.maps import F64, MONOMIALS
from simkit.kernels import basin, orbit, philox
from simkit.schema import Batch, Field, Schema

#: frames of a path, iterations between two frames, iterations in an image, and pixels a side at most
MAX_FRAMES, MAX_TRANSIENT, MAX_ITERATIONS, MAX_SIDE = 100_000, 10**6, 2**32 - 1, 4096

#: square of the distance from 0 beyond which an orbit is lost
_LIMIT = 1e12

#: angles that say how often a cycle goes round its middle
_ANGLES = 1024

#: share of the window on each side that is left free, if it is found
_MARGIN = 0.06


I64 = npt.NDArray[np.int64]


class Carried(NamedTuple):
    """Runs of a path: states NaN where the attractor is lost."""

    #: float64 (frame,): place on the path, 0..1
    t: F64
    #: float64 (frame, 2, 6)
    maps: F64
    #: float64 (run, 2)
    starts: F64
    #: float64 (run, frame, 2)
    states: F64
    #: float64 (run, frame, 4): least and largest x, least and largest y
    boxes: F64


@final
@dataclass(frozen=True)
class AttractorPath(Source):
    """The attractor of a planar quadratic map, while its coefficients go along a line.

    Row ``i`` is frame ``i mod frames`` of run ``i // frames``. A run starts at a state drawn from the seed and its
    number, and is carried from frame to frame, by `transient` iterations under the map of each: so a row starts from
    where the rows before it have been, and an attractor that appears elsewhere is not gone to.
    """

    name: ClassVar[str] = "attractor-path"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "an attractor along a path of maps, from a ring through locking to a strange one"
    tiny: ClassVar[dict[str, object]] = {
        "start": "3.6,0,-3.6,-3.6,0,0,0,0,2.3,0",
        "end": "3.6,0,-3.6,-3.6,0,0,0,0,2.8,0",
        "origin": (0.35, 0.35),
        "frames": 7,
        "transient": 40,
        "half_run": 1024,
        "iterations": 300,
        "size": (12, 10),
    }
    sample: ClassVar[dict[str, object]] = {
        "start": "prey",
        "frames": 6,
        "transient": 100,
        "half_run": 1024,
        "iterations": 4000,
        "size": (48, 48),
    }
    facts: ClassVar[tuple[str, ...]] = (
        "A row begins where the rows before it of its run have been.",
        "Where a ring locks, the rotation number is the fraction itself, with the period as its denominator.",
        "The first frame is of the map `start` and the last of the map `end`, to the last bit.",
        "The map of the path trefoil commutes with a turn by a third.",
    )
    citation: ClassVar[str] = (
        "D. G. Aronson, M. A. Chory, G. R. Hall, R. P. McGehee, Bifurcations from an invariant circle for "
        "two-parameter families of maps of the plane: a computer-assisted study, Comm. Math. Phys. 83 "
        "(1982) 303"
    )
    kernels: ClassVar = (philox.KERNEL, basin.KERNEL, orbit.KERNEL)
    block_rows: ClassVar[int] = 32

    start: str = param("trefoil", f"a path ({', '.join(paths.PATHS)}), or the map at its start: 10 or 12 numbers")
    end: str = param("", "the map at its end; that of the named path if empty")
    origin: tuple[float, ...] = param((), "x and y near which runs start; of a named path its own, or else 0,0")
    spread: float = param(0.01, "runs start up to this far from the origin, in x and in y")
    frames: int = param(600, f"frames of a run, 1..{MAX_FRAMES:,}")
    transient: int = param(500, "iterations between two frames, which no field shows")
    half_run: int = param(ITERATIONS, "iterations before a frame is measured, and twice while it is, 2**10..2**24")
    iterations: int = param(200_000, "iterations that are counted in an image")
    size: tuple[int, int] = param((256, 256), "width and height of the image, in pixels")
    window: tuple[float, ...] = param((), "least and largest x, least and largest y of the images; found if empty")

    def validate(self) -> None:
        start, end, origin = paths.read(self.start, self.end, self.origin)
        for name, value in (("start", start), ("end", end), ("origin", origin)):
            object.__setattr__(self, name, value)
        limits = {
            "frames": (1, MAX_FRAMES), "transient": (1, MAX_TRANSIENT), "half_run": (LEAST, MOST),
            "iterations": (1, MAX_ITERATIONS),
        }  # fmt: skip
        for name, (least, most) in limits.items():
            if not least <= (found := getattr(self, name)) <= most:
                self.refuse(name, f"{least:,} to {most:,}", found)
        if not 0 < self.spread <= 1e3:
            self.refuse("spread", "numbers above 0, up to 1000", self.spread)
        if not all(1 <= side <= MAX_SIDE for side in self.size):
            self.refuse("size", f"1 to {MAX_SIDE:,} pixels a side", self.size)
        if self.window:
            box = self.window
            if len(box) != 4 or not all(map(math.isfinite, box)) or not (box[0] < box[1] and box[2] < box[3]):
                self.refuse("window", "four finite numbers x0,x1,y0,y1 with x0 < x1 and y0 < y1", show(box))

    def notes(self) -> list[str]:
        return [f"a run is {self.frames:,} rows; rows from {self.frames:,} on are of runs that start elsewhere"]

    def schema(self) -> Schema:
        width, height = self.size
        return Schema(
            t=Field("float64", "place on the path, 0 at its start and 1 at its end"),
            parameters=Field(
                "float64", "the map: coefficients of x' and of y'", ("component", "monomial"), (2, 6), columns=MONOMIALS
            ),
            start=Field("float64", "state at which the run starts", ("component",), (2,)),
            kind=Field("uint8", "what the orbit comes to; escape if it is lost", labels=KINDS),
            is_lost=Field("uint8", "1 = the attractor was lost, here or before: the orbit left"),
            period=Field("int32", "of a cycle; the number of pieces of a ring; 0 of others"),
            exponents=Field(
                "float64", "Lyapunov exponents, the larger first; NaN if the orbit escapes", ("exponent",), (2,),
                unit="nats per iteration",
            ),
            dimension=Field("float64", "by Kaplan and Yorke, 1 of a ring; NaN if the orbit escapes"),
            rotation=Field(
                "float64", "rotation number of a ring, 0..1; of a cycle p/q, q its period; NaN of others", unit="turns"
            ),
            window=Field(
                "float64", "x and y of the middle of the first pixel, and the steps to the next", ("edge",), (4,),
                columns=("x", "y", "dx", "dy"),
            ),
            density=Field(
                "uint32", "how many of the iterations are in each pixel, y upwards", ("y", "x"), (height, width)
            ),
        )  # fmt: skip

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        first, last = rows.start // self.frames, (rows.stop - 1) // self.frames
        n_frames = rows.stop - first * self.frames if first == last else self.frames
        there = self.carried(seed, range(first, last + 1), n_frames, on)
        numbers = np.arange(rows.start - first * self.frames, rows.stop - first * self.frames)
        return self.seen(there, *np.divmod(numbers, self.frames), self.found_window(on), on)

    def carried(self, seed: int, runs: range, n_frames: int, on: Kernels) -> Carried:
        """Return the first frames of runs; linear in their number."""
        t = paths.coordinates(self.frames)[:n_frames]
        drawn = on.philox.words(seed, np.arange(runs.start, runs.stop, dtype=np.uint64), 0, 2) / 2**32
        return self._along(t, np.array(self.origin) + self.spread * (2 * drawn - 1), on)

    def seen(self, there: Carried, runs: I64, frames: I64, window: F64, on: Kernels) -> Batch:
        """Return the fields of frames, each of its run; their places in `there` are int64 (row,) each."""
        found, states = there.maps[frames], there.states[runs, frames]
        known = self.measured(found, states, there.boxes[runs, frames], on)
        density = np.zeros((len(frames), *self.size[::-1]), np.uint32)
        kept = np.flatnonzero(known["is_lost"] == 0)
        windows = np.tile(window, (len(frames), 1))
        drawn = on.orbit.density(found[kept], known.pop("state")[kept], windows[kept], self.size[::-1], self.iterations)
        density[kept] = drawn.counts
        path = {"t": there.t[frames], "parameters": found, "start": there.starts[runs]}
        return {**path, **known, "window": windows, "density": density}

    def measured(self, found: F64, states: F64, boxes: F64, on: Kernels) -> Batch:
        """Return what is known of frames but their images, and their last states: float64 (row, 2), NaN if lost."""
        kept = np.flatnonzero(np.isfinite(states).all(axis=1))
        each: list[Attractor | None] = [None] * len(found)
        for i, attractor in zip(kept, classify(found[kept], on, states[kept], self.half_run), strict=True):
            each[i] = attractor if attractor.kind != "escape" else None
        turns = _turns(found, states, (boxes[:, ::2] + boxes[:, 1::2]) / 2, on)
        nan = math.nan
        return {
            "kind": np.array([KINDS.index(one.kind if one else "escape") for one in each], np.uint8),
            "is_lost": np.array([one is None for one in each], np.uint8),
            "period": np.array([one.period if one else 0 for one in each], np.int32),
            "exponents": np.array([one.exponents if one else (nan, nan) for one in each]),
            "dimension": np.array([one.dimension if one else nan for one in each]),
            "rotation": np.array([_rotation(one, turn) for one, turn in zip(each, turns.tolist(), strict=True)]),
            "state": np.array([one.state if one else (nan, nan) for one in each]),
        }

    def found_window(self, on: Kernels) -> F64:
        """Return the window of all images, float64 (4,): x and y of the middle of the first pixel, and the steps.

        If it is not given, it holds what the run is in that starts at the corner of where runs do, with square pixels.
        """
        width, height = self.size
        if self.window:
            x0, x1, y0, y1 = self.window
        else:
            run = self._along(paths.coordinates(self.frames), np.array([self.origin]) + self.spread, on)
            kept = run.boxes[0, ~np.isnan(run.boxes[0]).any(axis=1)]
            if not len(kept):  # lost at once: there is nothing to see
                kept = np.repeat(np.array([self.origin]), 2, axis=1)
            x0, x1, y0, y1 = kept[:, 0].min(), kept[:, 1].max(), kept[:, 2].min(), kept[:, 3].max()
            side = max((x1 - x0) / width, (y1 - y0) / height) * (1 + 2 * _MARGIN) or 1.0 / max(self.size)
            across, up = side * width / 2, side * height / 2
            x0, x1, y0, y1 = ((x0 + x1) / 2 - across, (x0 + x1) / 2 + across, (y0 + y1) / 2 - up, (y0 + y1) / 2 + up)
        dx, dy = (x1 - x0) / width, (y1 - y0) / height
        return np.array([x0 + dx / 2, y1 - dy / 2, dx, -dy])

    def _along(self, t: F64, starts: F64, on: Kernels) -> Carried:
        of = paths.along(maps.parse(self.start), maps.parse(self.end), t)
        return Carried(t, of, starts, *on.orbit.carry(of, starts, _LIMIT, self.transient))


def _turns(found: F64, states: F64, centres: F64, on: Kernels) -> F64:
    """Return by how much orbits turn about points in an iteration, in the mean: float64 (row,), -1/2..1/2."""
    strides, branches, weights = np.ones(len(found), np.int32), np.zeros(len(found)), np.full(_ANGLES, 1 / _ANGLES)
    turns: F64 = on.orbit.rotations(found, states, centres, strides, branches, weights).turns
    return turns


def _rotation(attractor: Attractor | None, turn: float) -> float:
    """Return the rotation number of a ring, and that of a cycle: the multiple of 1/period that is next to `turn`."""
    if attractor is None or attractor.kind != "cycle":
        return attractor.rotation if attractor else math.nan
    return round(turn * attractor.period) % attractor.period / attractor.period if math.isfinite(turn) else math.nan
