"""Negative temperatures: more than half of the packets' places are taken, more than half of the bonds unsatisfied.

beta goes through 0 without anything happening there; heat flows to where beta is higher, so that what has a negative
temperature is hotter than anything that has a positive one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simkit.lattices import ising
from simkit.recipe import Recipe
from simkit.store import Store
from simkit.study.findings import Axes, Claim, Findings, Point, line, measured, of_points
from simkit.study.statistics import combined
from simkit.study.thermo import Scale, energy
from simkit.study.thermo.conduction import flux
from simkit.study.thermo.runs import at_temperature, by_point, recipe, ring

TEMPERATURES = (1.2, 1.5, 2.0, 3.0, 8.0, -8.0, -3.0, -2.0, -1.5, -1.2)

#: beta of left and right walls
WALLS = ((-0.6, -0.3), (-0.3, 0.3), (-0.1, 0.1), (0.3, 0.6), (0.3, -0.3), (0.2, 0.2))
_DEPTH = 32

PANELS = {
    "energy": Axes("beta (1 / packet)", "unsatisfied bonds (fraction)"),
    "flux": Axes("beta of the right wall - beta of the left one", "heat to the right J x R (packet / step)"),
}


def needs(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph."""
    steps = scale.steps // 4
    left, right = zip(*WALLS, strict=True)
    walls = recipe(
        "heat-conduction",
        scale,
        len(WALLS),
        steps=steps,
        settling=steps // 5,
        height=scale.side,
        depth=_DEPTH,
        left=left,
        right=right,
    )
    return {"negative": ring(scale, TEMPERATURES, steps=steps, imbalances=(0.1, -0.1)), "walls": walls}


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the data sets of this graph say."""
    points: list[Point] = []
    claims: list[Claim] = []
    for runs in energy.settled(stores["negative"], TEMPERATURES):
        points.append(measured("energy", "spins beside gas", runs.beta, runs.unsatisfied, is_frozen=runs.is_frozen))
        if runs.temperature < 0:
            text = f"unsatisfied bonds / exact cylinder at the gas's beta - 1 (%), from T/Tc {runs.temperature:g}"
            relative = combined(runs.excess).scaled(100 / runs.exact)
            claims.append(Claim(text, relative, 0.0, at=at_temperature(runs.beta), is_frozen=runs.is_frozen))
    grid = np.linspace(-0.85, 0.85, 81)
    exact = [ising.cylinder(beta, scale.side, scale.side // 2) for beta in grid]
    points += line("energy", f"exact cylinder, {scale.side} x {scale.side // 2}", grid, exact)
    parameters = stores["walls"].recipe["parameters"]
    found = {}
    for (left, right), given in zip(WALLS, by_point(stores["walls"], "given", len(WALLS)), strict=True):
        through = flux(given.astype(np.float64), scale.side, parameters["every"], parameters["settling"])
        found[left, right] = through.scaled(_DEPTH)
        series = f"walls at {left:g} and {right:g}"
        points.append(measured("flux", series, right - left, found[left, right]))
    points += line("flux", "no flux", (-0.7, 0.7), (0, 0))
    hot = found[-0.3, 0.3]
    claims.append(Claim("J x R (packet / step) from a wall at beta -0.3 to one at 0.3", hot, within=(0, np.inf)))
    for one, other, sign in (((-0.6, -0.3), (0.3, 0.6), 1), ((-0.3, 0.3), (0.3, -0.3), -1)):
        walls = (
            f"beta {one[0]:g} to {one[1]:g}, as {'' if sign > 0 else 'minus '}that from {other[0]:g} to {other[1]:g}"
        )
        text = f"J x R (packet / step) from {walls}"
        claims.append(Claim(text, found[one], found[other].scaled(sign)))
    claims.append(Claim("J x R (packet / step) between walls that are both at beta 0.2", found[0.2, 0.2], 0.0))
    return of_points(PANELS, points, claims, [])
