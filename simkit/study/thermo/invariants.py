"""What HPP conserves beside its energy: the momentum along the interfaces, of packets of either class.

A gas that begins with a drift keeps it for ever: it is in equilibrium with the spins, but its density no longer tells
the temperature. The mean over directions of ln((1 - rho) / rho) does, as do the directions across the drift.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simkit.recipe import Recipe
from simkit.store import Store
from simkit.study.findings import Axes, Claim, Findings, Point, measured, of_points
from simkit.study.statistics import Estimate, combined, over_time
from simkit.study.thermo import Scale
from simkit.study.thermo.runs import F64, gas_beta, ring, spin_series

DRIFTS = (0.0, 0.15, 0.3, 0.45, 0.6)
_TEMPERATURE = 1.2
_NORTH, _EAST, _SOUTH, _WEST = range(4)

#: directions that a temperature is taken from
_THERMOMETERS = {
    "gas, mean over directions": (_NORTH, _EAST, _SOUTH, _WEST),
    "gas, directions across the drift": (_EAST, _WEST),
}
_DENSITY = "gas, from its whole density (wrong)"

PANELS = {
    "temperature": Axes(
        "drift of the gas at the start (packets N - S, a cell)", "beta - beta of the spins (1 / packet)"
    )
}


def needs(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph."""
    return {
        f"drift-{drift:g}": ring(scale, (_TEMPERATURE,), steps=scale.steps, imbalances=(0.1, -0.1), drift=drift)
        for drift in DRIFTS
    }


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the data sets of this graph say."""
    n_cells = scale.side * scale.side // 2
    points: list[Point] = []
    claims: list[Claim] = []
    changes: list[float] = []
    n_runs = len(DRIFTS) * scale.runs
    for drift in DRIFTS:
        store = stores[f"drift-{drift:g}"]
        packets = store["packets"][:][:, :, 0].astype(np.float64)  # (run, t, direction, parity)
        momentum = packets[:, :, _NORTH] - packets[:, :, _SOUTH]
        changes.append(float(np.abs(momentum - momentum[:, :1]).max()))
        late = slice(1 + packets.shape[1] // 5, None)
        directions, sites = packets[:, late].sum(axis=3), store["sites"][:][:, late]
        spins = spin_series(sites)
        for series, chosen in _THERMOMETERS.items():
            found = _beside(gas_beta(directions[..., chosen], n_cells), spins)
            points.append(measured("temperature", series, drift, found))
            claims.append(
                Claim(f"beta of the {series}, less the spins', drift {drift:g}", found, 0.0, within=(-0.002, 0.002))
            )
        density = directions.sum(axis=2) / 4
        found = _beside(np.log((n_cells - density) / density), spins)
        points.append(measured("temperature", _DENSITY, drift, found))
        claims.append(Claim(f"beta of the {_DENSITY}, less the spins', drift {drift:g}", found))
    text = "largest change of the momentum of either class of packets, in any run"
    claims.append(Claim(text, Estimate(max(changes), 0.0, n_runs=n_runs), 0.0))
    points += [Point("temperature", "spins", drift, 0.0) for drift in DRIFTS]
    return of_points(PANELS, points, claims, [])


def _beside(betas: F64, spins: F64) -> Estimate:
    """Return beta of the gas less that of the spins, both (run, t): their common fluctuations are in the error."""
    return combined([over_time(run) for run in betas - spins])
