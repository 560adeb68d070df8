"""How long spins and gas take to come to equilibrium, from starts with spins that are too hot or too cold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simkit.recipe import Recipe
from simkit.store import Store
from simkit.study.report import Axes, Claim, Point, Report, line, measured
from simkit.study.statistics import Estimate, jackknifed
from simkit.study.thermo import Scale
from simkit.study.thermo.runs import F64, by_point, ring

TEMPERATURES = (1.05, 1.1, 1.2, 1.35, 1.5, 2.0, 3.0)

#: whose decay is drawn, and of its samples every so many
_DRAWN, _EVERY = (1.05, 1.2, 2.0), 4

PANELS = {
    "decay": Axes("thousand steps", "excess of energy of the spins / its start"),
    "time": Axes("temperature T / Tc", "thousand steps to 1 / e"),
}


def recipes(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph."""
    steps = scale.steps // 10
    relaxing = ring(scale, TEMPERATURES, steps=steps, imbalances=(0.3, -0.4))
    return {"relaxing": Recipe(relaxing.source, relaxing.seed, 2 * relaxing.n)}


def decay(unsatisfied: F64) -> F64:
    """Return the excess of energy as a part of that of the start, mean over runs.

    Parameters
    ----------
    unsatisfied : float64 (run, t)
        Of runs whose last quarter is in equilibrium.

    Returns
    -------
    float64 (t,)
    """
    end = unsatisfied[:, -unsatisfied.shape[1] // 4 :].mean(axis=1, keepdims=True)
    start = unsatisfied[:, :1] - end
    mean: F64 = ((unsatisfied - end) * np.sign(start)).sum(axis=0) / np.abs(start).sum()
    return mean


def time_to(level: float, curve: F64, every: int) -> float:
    """Return the first time at which a curve of samples is at `level`, between samples on a line; nan if never."""
    below = np.flatnonzero(curve <= level)
    if not len(below) or below[0] == 0:
        return float("nan")
    after = int(below[0])
    before, now = curve[after - 1], curve[after]
    return float(every * (after - 1 + (before - level) / (before - now)))


def analyse(stores: Mapping[str, Store], scale: Scale) -> Report:
    """Return the points and claims of this graph."""
    every = stores["relaxing"].recipe["parameters"]["every"]
    values = by_point(stores["relaxing"], "unsatisfied", len(TEMPERATURES)).astype(np.float64)
    points: list[Point] = []
    times: dict[float, Estimate] = {}
    for temperature, runs in zip(TEMPERATURES, values, strict=True):
        curve = decay(runs)
        left_out = np.array([time_to(1 / np.e, decay(np.delete(runs, i, axis=0)), every) for i in range(len(runs))])
        times[temperature] = jackknifed(time_to(1 / np.e, curve, every), left_out)
        points.append(measured("time", "spins beside gas", temperature, times[temperature].scaled(1e-3)))
        if temperature in _DRAWN:
            steps = every * np.arange(len(curve))[::_EVERY] / 1000
            points += line("decay", f"T / Tc = {temperature:g}", steps, curve[::_EVERY])
    claims = [Claim(f"steps to 1/e at T/Tc {temperature:g}", found) for temperature, found in times.items()]
    slow, fast = times[TEMPERATURES[0]], times[TEMPERATURES[-1]]
    text = f"steps to 1/e at T/Tc {TEMPERATURES[0]:g}, less those at {TEMPERATURES[-1]:g}"
    claims.append(Claim(text, slow.less(fast), within=(0, np.inf)))
    return Report(PANELS, points, claims, [])
