"""Freezing below the critical temperature: spins that are in no equilibrium, as their thermometers say.

In any canonical state the two local thermometers of the spins agree, and in equilibrium with the gas, too. Deep in the
ordered phase most spins have too few unsatisfied bonds to flip, energy hardly passes, and they disagree.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simkit.lattices import ising
from simkit.recipe import Recipe
from simkit.store import Store
from simkit.study.findings import Axes, Claim, Findings, Point, line, measured, of_points
from simkit.study.statistics import combined, over_runs, over_time
from simkit.study.thermo import Scale
from simkit.study.thermo.runs import by_point, disagreement, gas_beta, is_frozen, ring, spin_betas, spin_series

TEMPERATURES = (0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 1.02, 1.1, 1.2)

PANELS = {
    "thermometers": Axes("temperature of equilibrium T / Tc", "beta shown / beta of equilibrium", critical=1.0),
    "disagreement": Axes("temperature of equilibrium T / Tc", "difference of beta (1 / packet)", critical=1.0),
}


def needs(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph."""
    return {"freezing": ring(scale, TEMPERATURES, steps=scale.steps // 2, imbalances=(0.3,))}


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the data sets of this graph say."""
    points: list[Point] = []
    claims: list[Claim] = []
    notes = []
    fields = [by_point(stores["freezing"], name, len(TEMPERATURES)) for name in ("sites", "packets")]
    for temperature, sites, packets in zip(TEMPERATURES, *fields, strict=True):
        late = slice(1 + sites.shape[1] // 2, None)
        betas = gas_beta(packets[:, late, 0].sum(axis=-1), scale.side * scale.side // 2)
        gas = combined([over_time(run) for run in betas])
        pairs = np.array([spin_betas(run) for run in sites[:, late]])
        shown = {"gas": gas, "spins, beta_13": over_runs(pairs[:, 0]), "spins, beta_04": over_runs(pairs[:, 1])}
        differences = disagreement(sites[:, late])
        difference, disagree = combined(differences), is_frozen(differences)
        # spins may be in a state of their own and yet not at the temperature of the gas
        apart = [over_time(run) for run in betas - spin_series(sites[:, late])]
        away = is_frozen(apart)
        equilibrium = ising.CRITICAL_BETA / temperature
        for series, found in shown.items():
            relative = found.scaled(1 / equilibrium)
            points.append(measured("thermometers", series, temperature, relative, is_frozen=disagree or away))
        points.append(measured("disagreement", "beta_13 - beta_04", temperature, difference, is_frozen=disagree))
        claims.append(Claim(f"beta_13 - beta_04 at T/Tc {temperature:g}", difference, 0.0, is_frozen=disagree))
        points.append(measured("disagreement", "gas - beta_13", temperature, combined(apart), is_frozen=away))
        claims.append(Claim(f"beta of the gas - beta_13 at T/Tc {temperature:g}", combined(apart), 0.0, is_frozen=away))
        if away and not disagree:
            spins = shown["spins, beta_13"].mean
            notes.append(
                f"T/Tc {temperature:g} is in no equilibrium yet after {scale.steps // 2:,} steps: the spins are at "
                f"beta {spins:.3f}, the gas at {gas.mean:.3f}, equilibrium would be {equilibrium:.3f}"
            )
        if disagree:
            one, two = (shown[f"spins, beta_{which}"].mean for which in ("13", "04"))
            notes.append(
                f"T/Tc {temperature:g} is frozen after {scale.steps // 2:,} steps: the spins' thermometers say "
                f"{one:.3f} and {two:.3f}, the gas {gas.mean:.3f}, equilibrium would be {equilibrium:.3f}"
            )
    points += line("thermometers", "equilibrium", (0.58, 1.22), (1, 1))
    points += line("disagreement", "equilibrium", (0.58, 1.22), (0, 0))
    return of_points(PANELS, points, claims, notes)
