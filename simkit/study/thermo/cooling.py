"""Slow cooling: spins whose bath is cooled through the critical point, and heated again, at three speeds.

A closed reversible system cannot be cooled, as its energy has nowhere to go; what is cooled here is the bath that the
random numbers of Metropolis stand for. Slow enough, the spins are in equilibrium at each temperature, on the way down
as on the way up. Fast, they are left in domains, whose walls cost energy that the exact state at the end does not have.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simkit.lattices import ising
from simkit.recipe import Recipe
from simkit.store import Store
from simkit.study.findings import Axes, Claim, Findings, Point, line, measured, of_points
from simkit.study.statistics import over_runs
from simkit.study.thermo import Scale
from simkit.study.thermo.runs import by_point, canonical

#: temperatures at the ends, in units of the critical one, and how many times less than the slowest run others take
_HOT, _COLD, SPEEDS = 2.0, 0.4, (1, 100, 2000)

#: samples of a run; the temperature changes after each; how many are averaged to either side of a claimed temperature
_N_SAMPLES, _BESIDE = 100, 2

#: temperatures at which the slowest runs are claimed to be in equilibrium, and those at which heated ones are
_COOLED, _HEATED = (1.8, 1.5, 1.2, 1.1), (0.6, 0.8, 0.9, 1.1, 1.2, 1.5, 1.8)

PANELS = {
    "energy": Axes("temperature T / Tc", "unsatisfied bonds (fraction)"),
    "excess": Axes("temperature T / Tc", "unsatisfied bonds - exact (fraction)"),
}


def n_steps(scale: Scale, speed: int) -> int:
    """Return the steps of runs that are so many times as fast as the slowest, a multiple of the samples."""
    return max(1, scale.steps // speed // _N_SAMPLES) * _N_SAMPLES


def needs(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph, with twice as many runs as others have; every second is heated."""
    found = {}
    for speed in SPEEDS:
        steps = n_steps(scale, speed)
        runs = canonical(
            scale, (_HOT, _COLD), scale.side // 2, steps=steps, every=steps // _N_SAMPLES, final=(_COLD, _HOT)
        )
        found[f"cooling-{speed}"] = Recipe(runs.source, runs.seed, 2 * runs.n)
    return found


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the data sets of this graph say."""
    points: list[Point] = []
    claims: list[Claim] = []
    side = scale.side // 2
    left = {}
    for speed in SPEEDS:
        store, steps = stores[f"cooling-{speed}"], n_steps(scale, speed)
        fractions = by_point(store, "unsatisfied", 2) / (2 * side**2)
        temperatures = by_point(store, "temperature", 2)[:, 0]
        for way, which, claimed in (("cooled", 0, _COOLED), ("heated", 1, _HEATED)):
            exact = np.array([ising.torus(ising.CRITICAL_BETA / t, side, side) for t in temperatures[which]])
            excess = fractions[which] - exact
            series = f"{way} in {steps:,} steps"
            for k in range(_N_SAMPLES // 20, _N_SAMPLES + 1, _N_SAMPLES // 20):
                t = float(temperatures[which, k])
                points.append(measured("energy", series, t, over_runs(fractions[which, :, k])))
                points.append(measured("excess", series, t, over_runs(excess[:, k])))
            for t in claimed if speed == 1 else ():
                k = int(np.abs(temperatures[which] - t).argmin())
                near = over_runs(excess[:, k - _BESIDE : k + _BESIDE + 1].mean(axis=1))
                text = f"unsatisfied bonds - exact torus (fraction), {way} in {steps:,} steps, at T/Tc {t:g}"
                claims.append(Claim(text, near, 0.0))
        left[speed] = over_runs(fractions[0, :, -1] - ising.torus(ising.CRITICAL_BETA / _COLD, side, side))
        text = f"unsatisfied bonds - exact torus (fraction), cooled in {steps:,} steps, at the end"
        claims.append(Claim(text, left[speed]))
    gain = left[SPEEDS[-1]].less(left[SPEEDS[0]])
    claims.append(Claim("more unsatisfied bonds at the end (fraction), fastest - slowest", gain, within=(0, np.inf)))
    grid = np.geomspace(_COLD, _HOT, 160)
    curve = [ising.torus(ising.CRITICAL_BETA / t, side, side) for t in grid]
    points += line("energy", f"exact torus, {side} x {side}", grid, curve)
    points += line("excess", f"exact torus, {side} x {side}", (_COLD, _HOT), (0, 0))
    return of_points(PANELS, points, claims, [])
