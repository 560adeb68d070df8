"""How long spins and gas take to come to equilibrium, from starts with spins that are too hot or too cold.

The two starts are two questions: cold spins take longer than hot ones, far from the critical point, too.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simkit.recipe import Recipe
from simkit.store import Store
from simkit.study.findings import Axes, Claim, Findings, Point, line, measured, of_points
from simkit.study.statistics import Estimate, jackknifed, over_runs
from simkit.study.thermo import Scale
from simkit.study.thermo.runs import F64, by_point, ring

TEMPERATURES = (1.0, 1.02, 1.05, 1.1, 1.2, 1.35, 1.5, 2.0, 3.0)

#: starts of the spins, by what part of its energy they are off; they come to equilibrium in different times
_STARTS = {"hot": 0.3, "cold": -0.4}

#: whose decay is drawn, at so many times
_DRAWN, _N_DRAWN = (1.0, 1.2), 26

PANELS = {
    "decay": Axes("thousand steps", "excess of energy of the spins / its start"),
    "time": Axes("temperature T / Tc", "thousand steps to 1 / e", critical=1.0),
}


def needs(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph."""
    steps = scale.steps // 10
    relaxing = ring(scale, TEMPERATURES, steps=steps, imbalances=tuple(_STARTS.values()))
    return {"relaxing": Recipe(relaxing.source, relaxing.seed, 2 * relaxing.n)}


def decay(unsatisfied: F64) -> F64:
    """Return the excess of energy as a part of that of the start, mean over runs.

    Parameters
    ----------
    unsatisfied : float64 (run, t)
        Of runs from like starts whose last quarter is in equilibrium.

    Returns
    -------
    float64 (t,)
    """
    end = unsatisfied[:, -unsatisfied.shape[1] // 4 :].mean(axis=1, keepdims=True)
    mean: F64 = (unsatisfied - end).sum(axis=0) / (unsatisfied[:, :1] - end).sum()
    return mean


def time_to(level: float, curve: F64, every: int) -> float:
    """Return the first time at which a curve of samples is at `level`, between samples on a line; nan if never."""
    below = np.flatnonzero(curve <= level)
    if not len(below) or below[0] == 0:
        return float("nan")
    after = int(below[0])
    before, now = curve[after - 1], curve[after]
    return float(every * (after - 1 + (before - level) / (before - now)))


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the data sets of this graph say."""
    store = stores["relaxing"]
    every, steps = store.recipe["parameters"]["every"], store.recipe["parameters"]["steps"]
    n_bonds = scale.side * (scale.side - 1)
    values, imbalances = (by_point(store, name, len(TEMPERATURES)) for name in ("unsatisfied", "imbalance"))
    points: list[Point] = []
    claims: list[Claim] = []
    times: dict[tuple[str, float], Estimate] = {}
    for temperature, all_runs, imbalance in zip(TEMPERATURES, values.astype(np.float64), imbalances, strict=True):
        ends = []
        for name, part in _STARTS.items():
            runs = all_runs[imbalance == part]
            found = times[name, temperature] = _time(runs, every)
            points.append(measured("time", f"{name} spins", temperature, found.scaled(1e-3)))
            claims.append(Claim(f"steps to 1/e at T/Tc {temperature:g}, {name} spins", found))
            ends.append(over_runs(runs[:, -runs.shape[1] // 4 :].mean(axis=1) / n_bonds))
            if temperature in _DRAWN:
                points += _curve(runs, every, f"{name}, T / Tc = {temperature:g}")
        text = f"unsatisfied bonds (fraction), last quarter of {steps:,} steps at T/Tc {temperature:g}"
        claims.append(Claim(f"{text}: hot less cold starts", ends[0].less(ends[1]), 0.0))
    first, last = TEMPERATURES[0], TEMPERATURES[-1]
    for name in _STARTS:
        slower = times[name, first].less(times[name, last])
        text = f"steps to 1/e at T/Tc {first:g}, less those at {last:g}, {name} spins"
        claims.append(Claim(text, slower, within=(0, np.inf)))
    points += line("decay", "1 / e", (0, steps / 1000), (1 / np.e, 1 / np.e))
    return of_points(PANELS, points, claims, [])


def _time(runs: F64, every: int) -> Estimate:
    """Return the time to 1 / e of runs from like starts (run, t)."""
    left_out = [time_to(1 / np.e, decay(np.delete(runs, i, axis=0)), every) for i in range(len(runs))]
    return jackknifed(time_to(1 / np.e, decay(runs), every), np.array(left_out))


def _curve(runs: F64, every: int, series: str) -> list[Point]:
    """Return the decay of runs from like starts (run, t), the mean of that of each."""
    alone = np.array([decay(run[None]) for run in runs])
    at = np.unique(np.linspace(0, (alone.shape[1] - 1) ** 0.5, _N_DRAWN).astype(int) ** 2)
    return [measured("decay", series, every * t / 1000, over_runs(alone[:, t])) for t in at[at > 0].tolist()]
