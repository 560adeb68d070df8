"""What an orbit of a planar quadratic map comes to: nothing, a fixed point, a cycle, a ring, or a strange attractor.

An orbit is followed for `n` iterations and then measured, twice for as many. In this order:

escape
    It left. Certified if it is where the kernel `basin` or a `cone` proves that all orbits escape.
fixed, cycle
    It comes back near to itself after `period` iterations, at most MAX_PERIOD, and Newton's method finds an attracting
    cycle there. Certified if the orbit is in an ellipse of the kernel `basin`. Exponents are those of the eigenvalues.
ring
    An invariant curve that attracts, or `period` of them which are mapped into one another. The larger exponent is
    below NEUTRAL in magnitude and the other is below 0 by more than twice of that, the orbit goes round a point of a
    cycle of this period, and the averages of two half runs differ by less than REGULAR. The rotation number is that
    about this point, of `period` iterations at a time. Without the second exponent, orbits that spiral slowly into a
    fixed point would look the same: they turn evenly, too, and what they shrink by averages out.
chaos
    The larger exponent is above NEUTRAL and four times what the half runs differ by, and their averages differ by more
    than REGULAR: usually by more than 1e-5, where those of a ring agree to 1e-8 and better. The exponents do not add
    up to 0, as they do where areas are kept and nothing attracts.
undecided
    None of this: such as orbits near a bifurcation, cycles of longer periods, and maps that keep areas.

Rings and chaos are never certified: they are what the numbers look like. Averages are weighted by
exp(-1 / (t (1 - t))), with which those of smooth functions along a ring converge faster than any power of 1/n.

Source: S. Das, Y. Saiki, E. Sander, J. A. Yorke, Nonlinearity 30 (2017) 4111; E. Sander, J. D. Meiss, Physica D 411
(2020) 132569, for the difference of half runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels
from simkit.errors import ParameterError, show
from simkit.fractals.cone import cone
from simkit.fractals.cycles import Cycle, fixed_points, near
from simkit.fractals.exponents import exponents, kaplan_yorke
from simkit.fractals.maps import F64, check
from simkit.fractals.quartic import length
from simkit.kernels import basin, orbit
from simkit.kernels.logarithm import log
from simkit.kernels.orbit.reference import turn

#: what `classify` computes with
KERNELS = (basin.KERNEL, orbit.KERNEL)

#: what an orbit may come to; the places are the values of a source's field
KINDS = ("undecided", "escape", "fixed", "cycle", "ring", "chaos")

#: longest cycles, and most pieces of a ring
MAX_PERIOD, MAX_PIECES = 256, 32

#: see the module's docstring
NEUTRAL, REGULAR = 1e-3, 1e-8

#: iterations of a half run unless said otherwise, the least and most of one, and states that are looked at
ITERATIONS, MIN_ITERATIONS, MAX_ITERATIONS, _TRACE = 2**14, 2**10, 2**24, 2**12

#: orbits leave if they are further away than this, in units of `length`, where no radius is proved
_LARGE = 2.0**30

_LN_2 = 0.6931471805599453

#: an orbit comes back if it is as near as this to where it was, in units of its extent and of `length`
_NEAR, _SAME = 1e-3, 1e-9

#: an orbit goes round a point if no two neighbouring directions, from there, are further apart, in turns
_GAP = 0.25

#: half runs are so many times as long if those of a ring that is bent much do not agree
_MORE = 8


@dataclass(frozen=True)
class Attractor:
    """What an orbit comes to."""

    #: one of KINDS
    kind: str
    #: whether that is proved
    is_certified: bool
    #: of a cycle; the number of pieces of a ring; 0 of others
    period: int
    #: Lyapunov exponents, the larger first, in nats per iteration; NaN of an orbit that escapes
    exponents: tuple[float, float]
    #: by Kaplan and Yorke; 1 of a ring
    dimension: float
    #: of a ring, in turns, 0..1; NaN of others
    rotation: float
    #: what the rotation numbers of two half runs differ by; NaN if there is none
    error: float
    #: state at the end, float64 (2,)
    state: F64
    #: least x and y, and greatest, of the last states that were looked at: float64 (2, 2); NaN if it escapes
    box: F64

    def __str__(self) -> str:
        how = "certified" if self.is_certified else "heuristic"
        if self.kind == "escape":
            return f"The orbit escapes ({how})."
        first, second = self.exponents
        measured = f"Lyapunov exponents {first:.4f} and {second:.4f}"
        if self.kind == "fixed":
            return f"A fixed point ({how}): {measured}."
        if self.kind == "cycle":
            return f"A cycle of period {self.period} ({how}): {measured}."
        if self.kind == "ring":
            pieces = "A ring" if self.period == 1 else f"A ring of {self.period} pieces"
            return f"{pieces} ({how}): rotation number {self.rotation:.12g}, uncertain by {self.error:.1g}; {measured}."
        if self.kind == "chaos":
            return f"A strange attractor ({how}): {measured}, dimension {self.dimension:.3f}."
        return f"Undecided: {measured}."


@cache
def weights(n: int) -> F64:
    """Return exp(-1 / (t (1 - t))) at t = 1/(n+1), 2/(n+1), ..., with the sum 1: float64 (n,), and read-only."""
    t = np.arange(1, n + 1) / (n + 1)
    found: F64 = _exp(-1 / (t * (1 - t)))
    found /= math.fsum(found.tolist())
    found.flags.writeable = False
    return found


def _exp(x: F64) -> F64:
    """Return exp(x) for -2**20 < x <= 0, the same on every machine: 2**k times a series in what is left of x."""
    k = np.floor(x * 1.4426950408889634 + 0.5)
    rest: F64 = x - k * _LN_2
    found = np.ones_like(x)
    for i in range(16, 0, -1):
        found = 1 + rest * found / i
    scaled: F64 = np.ldexp(found, k.astype(np.int32))
    return scaled


def starts(maps: F64) -> F64:
    """Return where orbits begin unless said otherwise: near 0, and on no line of symmetry; float64 (map, 2)."""
    found: F64 = length(maps)[:, None] * np.array([0.03125, 0.046875])
    return found


def limits(maps: F64, on: Kernels) -> tuple[F64, npt.NDArray[np.bool_]]:
    """Return squares of radii beyond which orbits leave, float64 (map,), and whether that is proved."""
    radius = np.asarray(on.basin.radius(maps))
    is_proved = np.isfinite(radius)
    radius = np.where(is_proved, radius, _LARGE * length(maps))
    return radius * radius, is_proved


def classify(maps: F64, on: Kernels, start: F64 | None = None, n: int = ITERATIONS) -> list[Attractor]:
    """Return what the orbits of maps come to.

    Parameters
    ----------
    maps : float64 (map, 2, 6)
    on : Kernels
        With the kernels `basin` and `orbit`.
    start : float64 (map, 2), optional
        Where the orbits begin; near 0 if it is not given. A map may have several attractors.
    n : int
        Iterations of each half run, and of the orbit before, 2**10 to 2**24.

    Returns
    -------
    list of Attractor
        One for each map.
    """
    maps = check(maps)
    if maps.ndim != 3:
        raise ParameterError(f"many maps have the shape (map, 2, 6); these have {maps.shape}")
    n = ParameterError.check_integer("the number of iterations", n, MIN_ITERATIONS, MAX_ITERATIONS)
    state = starts(maps) if start is None else np.asarray(start, np.float64)
    if state.shape != (len(maps), 2) or not np.isfinite(state).all():
        raise ParameterError(f"orbits of {len(maps)} maps begin at as many finite points; these are {show(start)}")
    square, is_proved = limits(maps, on)
    tangents = np.broadcast_to([1.0, 0.5], state.shape)
    before = on.orbit.follow(maps, state, tangents, square, n)
    found: list[Attractor | None] = [None] * len(maps)
    left = np.flatnonzero(before.steps == n)
    halves, state, tangents = [], before.states[left], before.tangents[left]
    for _ in range(2):
        run = on.orbit.follow(maps[left], state, tangents, square[left], n)
        halves.append(exponents(tangents, run))
        state, tangents = run.states, run.tangents
    last = before.states.copy()
    last[left] = state
    is_gone = before.steps < n
    is_gone[left[run.steps < n]] = True
    states = on.orbit.trace(maps[left], state, _TRACE)
    is_gone[left[~np.isfinite(states).all(axis=(1, 2))]] = True
    for i in np.flatnonzero(is_gone):
        found[i] = _escape(maps[i], last[i], square[i], bool(is_proved[i]))
    for row, i in enumerate(left):
        if found[i] is None:
            found[i] = _bounded(maps[i], states[row], np.array([half[row] for half in halves]), on, n)
    return [attractor for attractor in found if attractor is not None]


def _escape(map_: F64, state: F64, square: float, is_proved: bool) -> Attractor:
    with np.errstate(all="ignore"):
        if is_proved:
            is_certified = bool(state[0] * state[0] + state[1] * state[1] > square)
        else:
            p, q, r, s = cone(map_)[0]
            u, v = p * state[0] + q * state[1], r * state[0] + s * state[1]
            is_certified = bool(u > 1 and abs(v) <= u)
    nan = math.nan
    return Attractor("escape", is_certified, 0, (nan, nan), nan, nan, nan, state, np.full((2, 2), nan))


def _bounded(map_: F64, states: F64, halves: F64, on: Kernels, n: int) -> Attractor:
    """Return what an orbit comes to by its last states (time, 2) and the exponents (half, 2) of both half runs."""
    box = np.array([states.min(axis=0), states.max(axis=0)])
    cycle = _cycle(map_, states, box)
    if cycle is not None:
        sizes = np.array([[value.real, value.imag] for value in cycle.eigenvalues])
        first, second = log(np.sqrt(sizes[:, 0] * sizes[:, 0] + sizes[:, 1] * sizes[:, 1])) / cycle.period
        rates = (float(max(first, second)), float(min(first, second)))
        kind = "fixed" if cycle.period == 1 else "cycle"
        is_proved = _is_inside(map_, cycle, states[-1], on)
        return Attractor(kind, is_proved, cycle.period, rates, 0.0, math.nan, math.nan, states[-1], box)
    mean = halves.sum(axis=0) / 2
    first, second = float(mean.max()), float(mean.min())
    nothing = Attractor(
        "undecided", False, 0, (first, second), kaplan_yorke(mean), math.nan, math.nan, states[-1], box
    )  # fmt: skip
    if abs(first) < min(NEUTRAL, -second / 2):
        return _ring(map_, states, on, n, nothing) or nothing
    is_kept = abs(first + second) < REGULAR  # areas: then nothing is drawn to where the orbit is
    if first > NEUTRAL and not is_kept and first > 4 * abs(halves[0, 0] - halves[1, 0]):
        means, _ = _averages(map_, states[-1], np.zeros(2), 1, 0.0, on, n)
        if _apart(means, box) > REGULAR:
            return _with(nothing, "chaos")
    return nothing


def _with(of: Attractor, kind: str, **fields: Any) -> Attractor:
    return Attractor(**{**vars(of), "kind": kind, **fields})


def _cycle(map_: F64, states: F64, box: F64) -> Cycle | None:
    """Return the attracting cycle to which an orbit leads; None if there is none."""
    size = float(length(map_[None])[0])
    extent = max(float((box[1] - box[0]).max()), 0.0)
    apart = abs(states[1 : MAX_PERIOD + 1] - states[0]).max(axis=1)
    for period in np.flatnonzero(apart <= max(_NEAR * extent, _SAME * size)) + 1:
        cycle = near(map_, states[:period])
        if cycle is None or not cycle.is_attracting:
            continue
        first, last = (abs(cycle.points - state).max(axis=1).min() for state in (states[0], states[-1]))
        if last <= max(first / 2, _SAME * size):
            return cycle
    return None


def _is_inside(map_: F64, cycle: Cycle, state: F64, on: Kernels) -> bool:
    """Return whether a state is proved to converge to a cycle."""
    ellipses = np.asarray(on.basin.basin(map_[None], cycle.points[None], 8))[0]
    dx, dy = state[0] - ellipses[:, 0], state[1] - ellipses[:, 1]
    u, v = ellipses[:, 2] * dx + ellipses[:, 3] * dy, ellipses[:, 4] * dy
    return bool((u * u + v * v < 1).any())


def _ring(map_: F64, states: F64, on: Kernels, n: int, of: Attractor) -> Attractor | None:
    """Return the ring that an orbit is on; None if it is on none that can be told."""
    for k in range(1, MAX_PIECES + 1):
        centre = _centre(map_, states, k)
        if centre is None:
            continue
        branch = _branch(states[::k], centre)
        last = states[(len(states) - 1) // k * k]
        for more in (1, _MORE):
            means, turns = _averages(map_, last, centre, k, branch, on, more * n)
            error, rotation = abs(turns[0] - turns[1]), turns.sum() / 2
            is_regular = error < REGULAR and _apart(means, of.box) < REGULAR
            if is_regular or error > _NEAR:
                break
        if not is_regular:
            continue
        if _is_fraction(float(rotation)):
            continue  # the pieces turn into one another
        rotation = float(rotation - np.floor(rotation))
        return _with(of, "ring", period=k, dimension=1.0, rotation=rotation, error=float(error))
    return None


def _is_fraction(rotation: float) -> bool:
    """Return whether a rotation number is a fraction of a denominator up to MAX_PIECES."""
    return any(abs(rotation * q - round(rotation * q)) < REGULAR for q in range(1, MAX_PIECES + 1))


def _centre(map_: F64, states: F64, k: int) -> F64 | None:
    """Return the point of a cycle of period k round which every k-th state goes; None if there is none."""
    count = len(states) // k * k
    parts = states[:count].reshape(-1, k, 2)
    middles = (parts.min(axis=0) + parts.max(axis=0)) / 2
    if not _goes_round(parts[:, 0], middles[0]) and k > 1:
        return None
    cycle = near(map_, middles)
    if cycle is not None and cycle.period == k:
        points = [*cycle.points]
    elif k == 1:
        points = [fixed.points[0] for fixed in fixed_points(map_)[1]]
    else:
        points = []
    return next((point for point in points if _goes_round(parts[:, 0], point)), None)


def _goes_round(states: F64, point: F64) -> bool:
    """Return whether states are seen from a point in all directions."""
    around = np.sort(turn(states[:, 0] - point[0], states[:, 1] - point[1]))
    gaps = np.diff(around, append=around[0] + 1)
    return bool((gaps < _GAP).all())


def _branch(states: F64, centre: F64) -> float:
    """Return the mean direction of turns about a point, -1/2..1/2."""
    dx, dy = (states - centre).T
    dot, cross = dx[:-1] * dx[1:] + dy[:-1] * dy[1:], dx[:-1] * dy[1:] - dy[:-1] * dx[1:]
    found = turn(np.array(math.fsum(dot.tolist())), np.array(math.fsum(cross.tolist())))
    return float(found) if math.isfinite(found) else 0.0


def _averages(map_: F64, state: F64, centre: F64, k: int, branch: float, on: Kernels, n: int) -> tuple[F64, F64]:
    """Return means (half, 2) and turns (half,) of two half runs, each of n states k iterations apart."""
    means, turns = [], []
    states = state[None]
    for _ in range(2):
        run = on.orbit.rotations(
            map_[None], states, centre[None], np.array([k], np.int32), np.array([branch]), weights(n)
        )  # fmt: skip
        states = run.states
        means.append(run.means[0])
        turns.append(run.turns[0])
    return np.array(means), np.array(turns)


def _apart(means: F64, box: F64) -> float:
    """Return what the means of two half runs differ by, as a part of the attractor's extent."""
    return float((abs(means[0] - means[1]) / np.maximum(box[1] - box[0], 1e-300)).max())
