"""Energy of spins beside their gas, against the temperature that the gas shows.

The spins are a cylinder with free edges, whose energy is exact at any temperature. Near the critical point it exceeds
that of the infinite lattice (Onsager) by some percent, which is shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from simkit.lattices import ising
from simkit.recipe import Recipe
from simkit.store import Store
from simkit.study.findings import Axes, Claim, Findings, Point, line, measured, of_points
from simkit.study.statistics import Estimate, combined, over_runs, over_time
from simkit.study.thermo import Scale
from simkit.study.thermo.runs import (
    F64,
    at_temperature,
    by_point,
    disagreement,
    gas_beta,
    is_frozen,
    residual,
    ring,
    temperature_of,
)

TEMPERATURES = (0.98, 1.0, 1.02, 1.05, 1.1, 1.2, 1.35, 1.5, 2.0, 3.0)

#: temperatures at which the energy has to be right within `_MOST`, in percent, and from which on errors are examined
_STRICT, _MOST, _WARM = (1.2, 1.5, 2.0), 0.3, 1.05

PANELS = {
    "energy": Axes("temperature T / Tc", "unsatisfied bonds (fraction)", critical=1.0),
    "deviation": Axes("temperature T / Tc", "coupled spins / exact cylinder - 1 (%)", critical=1.0),
    "finite size": Axes("temperature T / Tc", "spins / infinite lattice - 1 (%)", critical=1.0),
}


class Runs(NamedTuple):
    """The runs of one temperature, settled."""

    temperature: float
    #: that the gases show, mean over runs
    beta: float
    #: fraction of unsatisfied bonds, and by how much it exceeds the exact one at the beta of its run
    unsatisfied: Estimate
    excess: list[Estimate]
    exact: float
    is_frozen: bool


def needs(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph."""
    return {"ring": ring(scale, TEMPERATURES, steps=scale.steps, imbalances=(0.3, -0.4))}


def settled(store: Store, temperatures: tuple[float, ...]) -> list[Runs]:
    """Return the runs of each temperature of a data set of rings, without the first tenth of their samples."""
    parameters = store.recipe["parameters"]
    height, depth, bath = parameters["height"], parameters["depth"], parameters["bath"]
    exact_at = partial(ising.cylinder, n=height, n_rows=depth)
    late = slice(1 + parameters["steps"] // parameters["every"] // 10, None)
    fields = [by_point(store, name, len(temperatures)) for name in ("unsatisfied", "packets", "sites")]
    found = []
    for temperature, bonds, packets, sites in zip(temperatures, *fields, strict=True):
        fractions: F64 = bonds[:, late] / (height * (2 * depth - 1))
        betas = gas_beta(packets[:, late, 0].sum(axis=-1), height * bath)
        residuals = [residual(*run, exact_at) for run in zip(fractions, betas, strict=True)]
        beta = float(np.mean([run for _, run in residuals]))
        found.append(
            Runs(
                temperature,
                beta,
                combined([over_time(run) for run in fractions]),
                [over_time(series) for series, _ in residuals],
                exact_at(beta),
                is_frozen(disagreement(sites[:, late])),
            )
        )
    return found


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the data sets of this graph say."""
    store = stores["ring"]
    found = settled(store, TEMPERATURES)
    points: list[Point] = []
    claims = []
    for runs in found:
        excess, x = combined(runs.excess), temperature_of(runs.beta)
        relative = excess.scaled(100 / runs.exact)
        points.append(measured("energy", "spins beside gas", x, runs.unsatisfied, is_frozen=runs.is_frozen))
        points.append(measured("deviation", "spins beside gas", x, relative, is_frozen=runs.is_frozen))
        infinite = ising.unsatisfied(runs.beta)
        from_infinite = excess.scaled(100 / infinite)
        from_infinite = from_infinite._replace(mean=from_infinite.mean + 100 * (runs.exact / infinite - 1))
        points.append(measured("finite size", "spins beside gas", x, from_infinite, is_frozen=runs.is_frozen))
        is_strict = runs.temperature in _STRICT
        claims.append(
            Claim(
                f"unsatisfied bonds / exact cylinder at the gas's beta - 1 (%), from T/Tc {runs.temperature:g}",
                relative,
                0.0,
                within=(-_MOST, _MOST) if is_strict else None,
                at=at_temperature(runs.beta),
                is_frozen=runs.is_frozen,
            )
        )
    grid = np.geomspace(0.95, 3.1, 100)
    betas = ising.CRITICAL_BETA / grid
    cylinder = np.array([ising.cylinder(beta, scale.side, scale.side // 2) for beta in betas])
    onsager = np.array([ising.unsatisfied(beta) for beta in betas])
    name = f"exact cylinder, {scale.side} x {scale.side // 2}"
    points += line("energy", name, grid, cylinder)
    points += line("energy", "infinite lattice (Onsager)", grid, onsager)
    points += line("deviation", name, grid, 0 * grid)
    points += line("finite size", name, grid, 100 * (cylinder / onsager - 1))
    points += line("finite size", "infinite lattice (Onsager)", grid, 0 * grid)
    return of_points(PANELS, points, [*claims, *_of_errors(found), _of_classes(store)], _notes(found))


def _of_errors(found: list[Runs]) -> list[Claim]:
    """Return what the deviations of single runs in their own errors say of these errors."""
    z = np.array([run.z() for runs in found if runs.temperature >= _WARM for run in runs.excess])
    rms = float(np.sqrt((z**2).mean()))
    spread = Estimate(rms, rms / math.sqrt(2 * len(z)), len(z), len(z))
    text = f"deviation of the energy of single runs at T/Tc >= {_WARM}, in their own errors"
    return [
        Claim(f"mean {text}", over_runs(z), 0.0, within=(-0.75, 0.75)),
        Claim(f"rms {text}", spread, 1.0, within=(0.5, 1.7)),
    ]


def _of_classes(store: Store) -> Claim:
    """Return that packets with x + y + t even and odd are equally many, in samples of the settled part."""
    packets = store["packets"][:]
    late = packets[:, 1 + packets.shape[1] // 10 :, 0].sum(axis=(1, 2))
    difference = over_runs((late[:, 0] - late[:, 1]) / late.sum(axis=1))
    return Claim("(even - odd) / all packets, classes of x + y + t mod 2", difference, 0.0)


def _notes(found: list[Runs]) -> list[str]:
    frozen = [f"{runs.temperature:g}" for runs in found if runs.is_frozen]
    return [f"frozen at T/Tc {', '.join(frozen)}: the two thermometers of the spins disagree"] if frozen else []
