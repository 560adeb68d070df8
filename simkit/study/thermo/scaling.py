"""Finite-size scaling at the critical point: Binder's cumulant and the magnetisation of squares of three sides.

Near the critical point the cumulant ``1 - <m**4> / (3 <m**2>**2)`` of a torus depends on its side L through tau L
alone, as does ``<m**2> L**(1/4)``. Here ``tau = (1 / sinh(beta) - sinh(beta)) / 2``, which is 1.2465 (T / Tc - 1)
there, is the variable in which the exact free energy is even: with it the sides agree further away. Each side has the
temperatures of the same tau L; at 0 the limits are known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np

from simkit.lattices import ising
from simkit.recipe import Recipe
from simkit.store import Store
from simkit.study.findings import Axes, Claim, Findings, Point, line, measured, of_points
from simkit.study.statistics import Estimate, combined, jackknifed, over_time
from simkit.study.thermo import Scale
from simkit.study.thermo.runs import F64, by_point, canonical

#: tau L, and between which of them slopes are taken
SCALED = (-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0)
_BELOW, _CRITICAL, _ABOVE = 2, 3, 4

#: tau L up to which the sides are claimed to agree; further away a side of 32 is off by what is of higher order
_FAR = 2.0

PANELS = {
    "crossing": Axes("temperature T / Tc", "Binder cumulant", critical=1.0),
    "cumulant": Axes("tau L, about 1.25 (T / Tc - 1) L", "Binder cumulant", critical=0.0),
    "magnetisation": Axes("tau L, about 1.25 (T / Tc - 1) L", "<m^2> L^(1/4)", critical=0.0),
}


def sides(scale: Scale) -> tuple[int, ...]:
    """Return the sides of the squares."""
    return scale.side // 8, scale.side // 4, scale.side // 2


def temperatures(side: int) -> tuple[float, ...]:
    """Return the temperatures of a side, in units of the critical one."""
    tau = np.array(SCALED) / side
    return tuple(np.round(ising.CRITICAL_BETA / np.arcsinh(np.sqrt(1 + tau**2) - tau), 9).tolist())


def needs(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph, with twice as many runs as others have."""
    found = {}
    for side in sides(scale):
        runs = canonical(scale, temperatures(side), side, steps=scale.steps // 2)
        found[f"square-{side}"] = Recipe(runs.source, runs.seed, 2 * runs.n)
    return found


def cumulant(moments: F64) -> float:
    """Return Binder's cumulant from the mean second and fourth power of the magnetisation."""
    return float(1 - moments[1] / (3 * moments[0] ** 2))


def over_moments(magnetisations: F64, statistic: Callable[[F64], float]) -> Estimate:
    """Return a statistic of the mean second and fourth power of magnetisations (run, t), its error from the runs."""
    squares = magnetisations**2
    moments = np.stack((squares.mean(axis=1), (squares**2).mean(axis=1)), axis=1)
    left_out = [statistic(np.delete(moments, i, axis=0).mean(axis=0)) for i in range(len(moments))]
    n_effective = combined([over_time(run) for run in squares]).n_effective
    return jackknifed(statistic(moments.mean(axis=0)), np.array(left_out))._replace(n_effective=n_effective)


def exponent(small: Estimate, large: Estimate, factor: float) -> Estimate:
    """Return the power with which a quantity grows from `small` to `large` as the side does by `factor`."""
    ratio = large.over(small)
    return ratio._replace(mean=math.log(ratio.mean), error=ratio.error / ratio.mean).scaled(1 / math.log(factor))


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the data sets of this graph say."""
    points: list[Point] = []
    claims: list[Claim] = []
    cumulants: dict[int, list[Estimate]] = {}
    squares: dict[int, list[Estimate]] = {}
    for side in sides(scale):
        runs = by_point(stores[f"square-{side}"], "magnetisation", len(SCALED)) / side**2
        late = runs[:, :, 1 + runs.shape[2] // 5 :]
        cumulants[side] = [over_moments(point, cumulant) for point in late]
        squares[side] = [over_moments(point, lambda moments: float(moments[0])).scaled(side**0.25) for point in late]
        at = zip(SCALED, temperatures(side), cumulants[side], squares[side], strict=True)
        for scaled, temperature, found, square in at:
            points.append(measured("crossing", f"side {side}", temperature, found))
            points.append(measured("cumulant", f"side {side}", scaled, found))
            points.append(measured("magnetisation", f"side {side}", scaled, square))
        at_critical = f"at Tc, side {side}"
        claims.append(Claim(f"Binder cumulant {at_critical}", cumulants[side][_CRITICAL], ising.CRITICAL_CUMULANT))
        claims.append(Claim(f"<m^2> L^(1/4) {at_critical}", squares[side][_CRITICAL], ising.CRITICAL_MAGNETISATION))
    small, large = min(cumulants), max(cumulants)
    for i, scaled in enumerate(SCALED):
        if abs(scaled) > _FAR:
            continue
        difference = cumulants[large][i].less(cumulants[small][i])
        claims.append(Claim(f"Binder cumulant at tau L = {scaled:g}, side {large} less side {small}", difference, 0.0))
    claims += _of_exponents(cumulants, squares)
    points += line("crossing", "known at Tc", (0.9, 1.1), 2 * [ising.CRITICAL_CUMULANT])
    points += line("cumulant", "known at Tc", (-4, 4), 2 * [ising.CRITICAL_CUMULANT])
    points += line("magnetisation", "known at Tc", (-4, 4), 2 * [ising.CRITICAL_MAGNETISATION])
    return of_points(PANELS, points, claims, [])


def _of_exponents(cumulants: dict[int, list[Estimate]], squares: dict[int, list[Estimate]]) -> list[Claim]:
    """Return where pairs of sides cross, and the two exponents from the smallest and the largest side."""
    slopes = {  # by T / Tc, of straight lines through three points
        side: found[_ABOVE].less(found[_BELOW]).scaled(1 / (temperatures(side)[_ABOVE] - temperatures(side)[_BELOW]))
        for side, found in cumulants.items()
    }
    claims = []
    for small, large in pairwise(cumulants):
        apart = cumulants[large][_CRITICAL].less(cumulants[small][_CRITICAL])
        crossing = apart.over(slopes[small].less(slopes[large]))
        text = f"T/Tc at which the cumulants of sides {small} and {large} cross"
        claims.append(Claim(text, crossing._replace(mean=1 + crossing.mean), 1.0))
    small, large = min(cumulants), max(cumulants)
    factor = large / small
    text = f"from sides {small} and {large}"
    steepness = exponent(slopes[small].scaled(-1), slopes[large].scaled(-1), factor)
    claims.append(Claim(f"exponent 1 / nu of the cumulant's slope, {text}", steepness, 1.0))
    first, last = (squares[side][_CRITICAL].scaled(side**-0.25) for side in (small, large))
    decay = exponent(first, last, factor).scaled(-1)
    return [*claims, Claim(f"exponent eta of <m^2> at Tc, {text}", decay, 0.25)]
