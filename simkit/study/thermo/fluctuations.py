"""Specific heat from the energy's fluctuations, in three ensembles: a given temperature, a gas, and demons.

At a given temperature (Metropolis) the variance of the energy is that of the canonical ensemble, and the specific heat
``beta**2`` times it, a spin. In a closed system spins and bath share a constant energy: the variance is smaller, with
``1 / variance = 1 / (canonical variance of the spins) + 1 / (that of the bath)`` (J. L. Lebowitz, J. K. Percus, L.
Verlet, Phys. Rev. 153 (1967) 250). Of a gas and of demons the latter is known, from their density alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from simkit.lattices import ising
from simkit.recipe import Recipe
from simkit.schema import Array
from simkit.store import Store
from simkit.study.findings import Axes, Claim, Findings, Point, line, measured, of_points
from simkit.study.statistics import Estimate, combined, over_time
from simkit.study.thermo import Scale, creutz, energy
from simkit.study.thermo.runs import F64, at_temperature, by_point, canonical, gas_beta, temperature_of

TEMPERATURES = (0.8, 0.9, 0.95, 0.98, 1.0, 1.02, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0)

#: samples of a run, of which the first fifth is discarded
_N_SAMPLES = 5000

#: lowest temperatures at which spins beside a gas, and those with demons, are in equilibrium
_WITH_GAS, _WITH_DEMONS = 1.02, 0.98

PANELS = {
    "specific heat": Axes("temperature T / Tc", "specific heat (k / spin)", critical=1.0),
    "variance": Axes("temperature T / Tc", "variance of the energy / exact - 1 (%)", critical=1.0),
    "energy": Axes("temperature T / Tc", "unsatisfied bonds / exact - 1 (%)", critical=1.0),
}


def needs(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph; those of closed systems are those of the graphs energy and creutz."""
    side, steps = scale.side // 4, scale.steps // 2
    found = canonical(scale, TEMPERATURES, side, steps=steps, every=steps // _N_SAMPLES)
    closed = {"ring": energy.needs(scale)["ring"], "creutz": creutz.needs(scale)["creutz"]}
    return {"canonical": found, **closed}


def variance(runs: F64) -> Estimate:
    """Return the variance of a stationary variable from samples (run, t), each run about its own mean.

    Closed systems that begin with different energies have different means. That a mean is itself of the same samples
    makes the variance too small by one over the effectively independent ones, which is corrected.
    """
    squares = []
    for run in runs:
        bias = 1 / max(2.0, over_time(run).n_effective)
        squares.append(over_time((run - run.mean()) ** 2).scaled(1 / (1 - bias)))
    return combined(squares)


def without_bath(found: Estimate, of_bath: float) -> Estimate:
    """Return the canonical variance of what has the variance `found` in a closed system with a bath."""
    share = 1 - found.mean / of_bath
    return found._replace(mean=found.mean / share, error=found.error / share**2)


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the data sets of this graph say."""
    points: list[Point] = []
    claims: list[Claim] = []
    side, height = scale.side // 4, scale.side

    def put(series: str, where: str, bonds: Array, beta: float, of_bath: float, n_spins: int, n_bonds: int,
            exact: Callable[[float], float], exact_heat: Callable[[float], float]) -> None:  # fmt: skip
        """Add what samples (run, t) of unsatisfied bonds say, at a temperature."""
        x, of_spins = temperature_of(beta), exact_heat(beta) * n_spins / beta**2
        found = variance(bonds.astype(np.float64))
        relative = found.scaled(100 * (1 / of_spins + 1 / of_bath))
        relative = relative._replace(mean=relative.mean - 100)
        heat = without_bath(found, of_bath).scaled(beta**2 / n_spins)
        points.append(measured("variance", series, x, relative))
        points.append(measured("specific heat", series, x, heat))
        if np.isfinite(of_bath):
            text = f"variance of the energy / exact beside its bath - 1 (%), {series}, {where}"
            claims.append(Claim(text, relative, 0.0, at=at_temperature(beta, "bath")))
        else:
            claims.append(Claim(f"specific heat (k / spin), {series}, {where}", heat, exact_heat(beta)))
            mean = combined([over_time(run) for run in bonds / n_bonds]).scaled(100 / exact(beta))
            mean = mean._replace(mean=mean.mean - 100)
            points.append(measured("energy", series, x, mean))
            claims.append(Claim(f"unsatisfied bonds / exact torus - 1 (%), {series}, {where}", mean, 0.0))

    torus = partial(ising.torus, height=side, width=side)
    torus_heat = partial(ising.torus_specific_heat, height=side, width=side)
    bonds = by_point(stores["canonical"], "unsatisfied", len(TEMPERATURES))[:, :, 1 + _N_SAMPLES // 5 :]
    for temperature, runs in zip(TEMPERATURES, bonds, strict=True):
        beta = ising.CRITICAL_BETA / temperature
        put("Metropolis", f"T/Tc {temperature:g}", runs, beta, np.inf, side**2, 2 * side**2, torus, torus_heat)

    n_spins, n = height * height // 2, len(energy.TEMPERATURES)
    cylinder = partial(ising.cylinder, n=height, n_rows=height // 2)
    cylinder_heat = partial(ising.cylinder_specific_heat, n=height, n_rows=height // 2)
    fields = [by_point(stores["ring"], name, n) for name in ("unsatisfied", "packets")]
    for temperature, bonds, packets in zip(energy.TEMPERATURES, *fields, strict=True):
        if temperature < _WITH_GAS:
            continue
        late = slice(1 + bonds.shape[1] // 10, None)
        beta = float(gas_beta(packets[:, late, 0].sum(axis=-1), n_spins).mean())
        n_places = 4 * n_spins + 4 * height  # of packets, and a slot and a bond bit for each interface cell
        of_bath = n_places / (2 + 2 * np.cosh(beta))
        put("spins beside gas", f"from T/Tc {temperature:g}", bonds[:, late], beta, of_bath, n_spins,
            height * (height - 1), cylinder, cylinder_heat)  # fmt: skip

    n_spins = height**2
    torus_heat = partial(ising.torus_specific_heat, height=height, width=height)
    fields = [by_point(stores["creutz"], name, len(creutz.TEMPERATURES)) for name in ("unsatisfied", "demons")]
    for temperature, bonds, demons in zip(creutz.TEMPERATURES, *fields, strict=True):
        if temperature < _WITH_DEMONS:
            continue
        late = slice(1 + bonds.shape[1] // 5, None)
        low = (demons[:, late, 0] + demons[:, late, 2]).mean() / n_spins
        beta = float(np.log(low / (1 - low)) / 2)
        of_bath = n_spins * sum(units**2 / (2 + 2 * np.cosh(units * beta)) for units in (2, 4))
        put("spins with demons", f"from T/Tc {temperature:g}", bonds[:, late], beta, of_bath, n_spins, 2 * n_spins,
            partial(ising.torus, height=height, width=height), torus_heat)  # fmt: skip

    grid = np.geomspace(0.78, 3.1, 160)
    betas = ising.CRITICAL_BETA / grid
    points += line("specific heat", f"exact torus, {side} x {side}", grid,
                   [ising.torus_specific_heat(beta, side, side) for beta in betas])  # fmt: skip
    points += line("specific heat", "infinite lattice (Onsager)", grid, map(ising.specific_heat, betas))
    for panel in ("variance", "energy"):
        points += line(panel, "exact", (0.78, 3.1), (0, 0))
    return of_points(PANELS, points, claims, [])
