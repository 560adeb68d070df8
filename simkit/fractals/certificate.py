"""Where the fate of every point of a planar quadratic map is decided, and how much of that is proved.

* Attracting cycles are found (`cycles`). Each gets ellipses of the kernel `basin`, where convergence is proved.
* Escape is proved beyond a radius of the same kernel or, where the quadratic part vanishes in a direction, in a `cone`.
* Where nothing is proved there is a small disc around a cycle, and a large bail-out; what they decide is heuristic.

What is proved is proved for the orbits that are computed, in the precision that is asked for, as well as for the
exact ones: both kernel and cone leave more room than rounding takes, as their docstrings say, and are themselves
computed with such room. An orbit that enters a region is therefore rightly said to converge or to escape from there.
It is not proved that it is near the exact orbit of its first point: no computation with a fixed number of digits says
that of a chaotic orbit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simkit.backends import Kernels
from simkit.errors import ParameterError, UnknownNameError
from simkit.fractals.cone import cone
from simkit.fractals.cycles import MAX_PERIOD, Cycle, attracting
from simkit.fractals.maps import F64, check
from simkit.fractals.quartic import length
from simkit.kernels.escape import PRECISIONS, Regions

#: radius of a disc around a cycle, and of the bail-out, where nothing is proved; in units of `quartic.length`
SMALL, LARGE = {"float64": 2.0**-20, "float32": 2.0**-14}, 2.0**30

#: rounds by which ellipses are improved, unless said otherwise
ROUNDS = 8


@dataclass(frozen=True)
class Certificate:
    """What is known of one map, and what of it is proved."""

    #: attracting cycles that were found, and of each whether its ellipses are proved
    cycles: tuple[Cycle, ...]
    is_proved: tuple[bool, ...]
    #: periods up to this were looked for
    max_period: int
    #: beyond it every orbit escapes; infinity if that is not proved
    radius: float
    #: where the cone begins from which every orbit escapes; infinity if there is none
    cone: float
    #: beyond it orbits are taken to escape; infinity if that is not needed
    bailout: float

    @property
    def converging(self) -> str:
        """What is known of convergence: "certified", "heuristic", or "none" if there is no attracting cycle."""
        return "certified" if any(self.is_proved) else "heuristic" if self.cycles else "none"

    @property
    def escaping(self) -> str:
        """What is known of escape: "certified" by a radius, "cone" if by a cone and a bail-out, or "heuristic"."""
        return "certified" if self.radius < np.inf else "cone" if self.cone < np.inf else "heuristic"

    def __str__(self) -> str:
        said = [
            _of(cycle, is_proved, any(self.is_proved))
            for cycle, is_proved in zip(self.cycles, self.is_proved, strict=True)
        ]
        if not said:
            period = "fixed point" if self.max_period == 1 else f"cycle of a period up to {self.max_period}"
            said.append(f"No attracting {period} was found.")
        if self.radius < np.inf:
            said.append(f"Escape is certified beyond the radius {self.radius:.6g}.")
        elif self.cone < np.inf:
            said.append(
                f"Escape is certified in a cone from {self.cone:.6g} on, and heuristic beyond {self.bailout:.3g}."
            )
        else:
            said.append(f"Escape is heuristic: nothing is proved beyond the bail-out {self.bailout:.3g}.")
        return " ".join(said)


def _of(cycle: Cycle, is_proved: bool, is_any: bool) -> str:
    x, y = cycle.points[0] + 0.0  # no -0
    what = f"the fixed point ({x:.6g}, {y:.6g})" if cycle.period == 1 else f"a cycle of period {cycle.period}"
    how = f"multiplier {abs(cycle.multiplier):.6g}"
    if is_proved:
        return f"Convergence to {what} ({how}) is certified."
    if is_any:
        return f"Convergence to {what} ({how}) is not told: nothing is proved of it."
    return f"Convergence to {what} ({how}) is heuristic: nothing is proved within the disc that is taken."


def regions(
    maps: F64, on: Kernels, rounds: int = ROUNDS, max_period: int = MAX_PERIOD, precision: str = "float64"
) -> tuple[Regions, list[Certificate]]:
    """Return the regions of maps for the kernel `escape`, and what they are worth.

    Of a map with several attracting cycles all ellipses are proved, or none: discs of cycles of which nothing is proved
    are used only where nothing is proved of any.

    Parameters
    ----------
    maps : float64 (map, 2, 6)
    on : Kernels
        With the kernel `basin`.
    rounds : int
        0..1000, of improving the ellipses.
    max_period : int
        1..256, the longest period of cycles that are looked for.
    precision : str
        "float64" or "float32", of the orbits. Regions for float32 are a little smaller, and nothing is proved of
        multipliers from about 0.99 on; they are right for float64, too.

    Returns
    -------
    Regions
        `ellipses` has as many rows as the map with the most points has, at least one.
    list of Certificate
        One for each map.
    """
    maps = check(maps)
    ParameterError.check_integer("the number of rounds", rounds, 0, 1000)
    UnknownNameError.check("precision", precision, PRECISIONS)
    cycles = attracting(maps, max_period)
    ellipses = _ellipses(maps, cycles, on, rounds, precision)
    found = np.full((len(maps), max([1, *(sum(c.period for c in of) for of in cycles)]), 5), np.nan)
    size = length(maps)
    cones = np.full((len(maps), 4), np.nan)
    radius = np.asarray(on.basin.radius(maps, precision))
    with np.errstate(over="ignore"):  # what is beyond all numbers is infinite
        bailout = np.where(np.isinf(radius), LARGE * size, np.inf)
        radius2, bailout2 = radius * radius, bailout * bailout
    certificates = []
    for i, of in enumerate(cycles):
        proved = [bool(np.isfinite(rows).all()) for rows in ellipses[i]]
        rows = [row for row, is_proved in zip(ellipses[i], proved, strict=True) if is_proved]
        if of and not rows:
            rows = [_discs(cycle, SMALL[precision] * size[i]) for cycle in of]
        if rows:
            found[i, : sum(map(len, rows))] = np.concatenate(rows)
        begins = np.inf
        if np.isinf(radius[i]):
            cones[i], begins = cone(maps[i], precision)
        certificates.append(
            Certificate(tuple(of), tuple(proved), max_period, float(radius[i]), float(begins), float(bailout[i]))
        )
    certified = np.array([any(certificate.is_proved) for certificate in certificates], bool)
    return Regions(found, radius2, cones, bailout2, certified), certificates


def _ellipses(maps: F64, cycles: list[list[Cycle]], on: Kernels, rounds: int, precision: str) -> list[list[F64]]:
    """Return the ellipses of each cycle of each map, float64 (point, 5), in one call; NaN if nothing is proved."""
    pairs = [(i, cycle) for i, of in enumerate(cycles) for cycle in of]
    if not pairs:
        return [[] for _ in cycles]
    points = np.full((len(pairs), max(cycle.period for _, cycle in pairs), 2), np.nan)
    for row, (_, cycle) in zip(points, pairs, strict=True):
        row[: cycle.period] = cycle.points
    found = np.asarray(on.basin.basin(maps[[i for i, _ in pairs]], points, rounds, precision))
    rows = iter(found)
    return [[next(rows)[: cycle.period] for cycle in of] for of in cycles]


def _discs(cycle: Cycle, radius: float) -> F64:
    """Return discs of a radius around the points of a cycle, as `Regions` has ellipses."""
    shape = np.array([1 / radius, 0.0, 1 / radius])
    return np.hstack((cycle.points, np.broadcast_to(shape, (cycle.period, 3))))
