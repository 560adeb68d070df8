"""Spins with Creutz's demons, a torus, beside spins with a gas, a cylinder: each against its exact energy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from simkit.lattices import ising, thermometry
from simkit.recipe import Recipe
from simkit.store import Store
from simkit.study.findings import Axes, Claim, Findings, Point, line, measured, of_points
from simkit.study.statistics import combined, over_time
from simkit.study.thermo import Scale, energy
from simkit.study.thermo.runs import at_temperature, by_point, is_frozen, recipe, residual, temperature_of

TEMPERATURES = (0.7, 0.8, 0.9, 0.95, 0.98, 1.0, 1.02, 1.05, 1.2, 1.5, 2.0, 3.0)

PANELS = {
    "deviation, in equilibrium": Axes("temperature T / Tc", "spins / exact - 1 (%)", critical=1.0),
    "thermometers": Axes("temperature T / Tc", "beta of high bits / beta of low bits - 1 (%)", critical=1.0),
    "magnetisation": Axes("temperature T / Tc", "|magnetisation| a spin", critical=1.0),
}


def needs(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph; the first is that of the energy."""
    size = (scale.side, scale.side)
    demons = recipe(
        "ising-creutz", scale, len(TEMPERATURES), steps=scale.steps // 2, size=size, temperatures=TEMPERATURES
    )
    return {**energy.needs(scale), "creutz": demons}


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the data sets of this graph say."""
    n_spins = scale.side**2
    exact_at = partial(ising.torus, height=scale.side, width=scale.side)
    names = ("unsatisfied", "demons", "magnetisation")
    points: list[Point] = []
    claims: list[Claim] = []
    frozen = []
    for temperature, bonds, demons, magnetisations in zip(
        TEMPERATURES, *(by_point(stores["creutz"], name, len(TEMPERATURES)) for name in names), strict=True
    ):
        late = slice(1 + bonds.shape[1] // 5, None)
        betas, high_betas = thermometry.demons(demons[:, late])
        runs = [residual(*run, exact_at) for run in zip(bonds[:, late] / (2 * n_spins), betas, strict=True)]
        beta = float(np.mean([run for _, run in runs]))
        excess, x, exact = combined([over_time(series) for series, _ in runs]), temperature_of(beta), exact_at(beta)
        differences = [over_time(run) for run in high_betas - betas]
        difference, disagree = combined(differences), is_frozen(differences)
        frozen += [f"{temperature:g}"] if disagree else []
        relative = excess.scaled(100 / exact)
        if not disagree:  # they are off by so much that nothing else would be seen
            points.append(measured("deviation, in equilibrium", "spins with demons", x, relative))
        points.append(
            measured("thermometers", "spins with demons", x, difference.scaled(100 / beta), is_frozen=disagree)
        )
        mean = combined([over_time(run) for run in abs(magnetisations[:, late]) / n_spins])
        points.append(measured("magnetisation", "spins with demons", x, mean, is_frozen=disagree))
        text = f"unsatisfied bonds / exact torus at the demons' beta - 1 (%), from T/Tc {temperature:g}"
        claims.append(Claim(text, relative, 0.0, at=at_temperature(beta, "demons"), is_frozen=disagree))
    for ring in energy.settled(stores["ring"], energy.TEMPERATURES):
        mean = combined(ring.excess)
        relative = mean.scaled(100 / ring.exact)
        x = temperature_of(ring.beta)
        points.append(measured("deviation, in equilibrium", "spins beside gas", x, relative, is_frozen=ring.is_frozen))
    for panel in ("deviation, in equilibrium", "thermometers"):
        points += line(panel, "exact", (0.65, 3.1), (0, 0))
    below = 1 - np.geomspace(0.35, 1e-6, 60)
    yang = [ising.magnetisation(ising.CRITICAL_BETA / t) for t in below]
    points += line("magnetisation", "infinite lattice (Yang)", [*below, 1.0, 3.1], [*yang, 0, 0])
    note = f"with demons frozen at T/Tc {', '.join(frozen)}: low and high bits of the demons show two temperatures"
    return of_points(PANELS, points, claims, [note] if frozen else [])
