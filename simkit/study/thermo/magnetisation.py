"""Magnetisation of spins beside their gas and of spins alone, against temperature and energy.

The absolute magnetisation of a cylinder has no exact formula: cluster sampling at the same temperature stands for it.
Yang's is that of the infinite lattice.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simkit.lattices import ising
from simkit.lattices.swendsen_wang import sample_cylinder
from simkit.recipe import Recipe
from simkit.store import Store
from simkit.study.findings import Axes, Claim, Findings, Point, line, measured, of_points
from simkit.study.statistics import combined, over_time
from simkit.study.thermo import Scale, energy
from simkit.study.thermo.runs import at_temperature, by_point, disagreement, is_frozen, recipe, temperature_of

#: of unsatisfied bonds of spins alone
FRACTIONS = (0.06, 0.08, 0.1, 0.11, 0.12, 0.13, 0.14, 0.15, 0.16, 0.18, 0.22, 0.26, 0.3)

#: highest temperature that is sampled by clusters: beyond it all is zero but for 1 / sqrt(n)
_SAMPLED = 1.5

PANELS = {
    "temperature": Axes("temperature T / Tc", "|magnetisation| a spin", is_log_y=True, critical=1.0),
    "energy": Axes(
        "unsatisfied bonds (fraction)", "|magnetisation| a spin", critical=ising.unsatisfied(ising.CRITICAL_BETA)
    ),
}


def needs(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph; the first is that of the energy."""
    alone = recipe(
        "ising-q2r", scale, len(FRACTIONS), steps=scale.steps // 4, size=(scale.side, scale.side), fractions=FRACTIONS
    )
    return {**energy.needs(scale), "q2r": alone}


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the data sets of this graph say."""
    n, n_rows = scale.side, scale.side // 2
    points: list[Point] = []
    claims = []
    magnetisations = by_point(stores["ring"], "magnetisation", len(energy.TEMPERATURES)) / (n * n_rows)
    found = energy.settled(stores["ring"], energy.TEMPERATURES)
    for i, (runs, values) in enumerate(zip(found, magnetisations, strict=True)):
        late = abs(values[:, 1 + values.shape[1] // 10 :])
        mean, x = combined([over_time(run) for run in late]), temperature_of(runs.beta)
        points.append(measured("temperature", "spins beside gas", x, mean, is_frozen=runs.is_frozen))
        points.append(measured("energy", "spins beside gas", runs.unsatisfied.mean, mean, is_frozen=runs.is_frozen))
        if runs.temperature <= _SAMPLED:
            clusters = over_time(sample_cylinder(runs.beta, n, n_rows, scale.sweeps, (scale.seed, i))[1])
            points.append(measured("temperature", "cluster sampling of the cylinder", x, clusters))
            text = f"|m| a spin beside that of sampled clusters at the gas's beta, from T/Tc {runs.temperature:g}"
            claims.append(Claim(text, mean, clusters, at=at_temperature(runs.beta), is_frozen=runs.is_frozen))
    frozen = []
    fields = [by_point(stores["q2r"], name, len(FRACTIONS)) for name in ("unsatisfied", "magnetisation", "sites")]
    for fraction, bonds, values, sites in zip(FRACTIONS, *fields, strict=True):
        half = values.shape[1] // 2
        mean = combined([over_time(abs(run)) for run in values[:, half:] / scale.side**2])
        disagree = is_frozen(disagreement(sites[:, half:]))
        x = bonds.mean() / (2 * scale.side**2)
        points.append(measured("energy", "spins alone (Q2R)", x, mean, is_frozen=disagree))
        frozen += [f"{fraction:g}"] if disagree else []
    betas = ising.CRITICAL_BETA / np.concatenate([np.linspace(0.5, 0.99, 60), 1 - np.geomspace(0.01, 1e-6, 30)])
    yang = [ising.magnetisation(beta) for beta in betas]
    points += line("temperature", "infinite lattice (Yang)", [*ising.CRITICAL_BETA / betas, 1.0, 3.1], [*yang, 0, 0])
    fractions = [ising.unsatisfied(beta) for beta in betas]
    points += line("energy", "infinite lattice (Yang)", [*fractions, ising.unsatisfied(betas[-1]), 0.43], [*yang, 0, 0])
    notes = [f"spins alone are frozen at {', '.join(frozen)} unsatisfied bonds: their thermometers disagree"]
    return of_points(PANELS, points, claims, notes if frozen else [])
