"""Correlations of spins along a row and a column: at the critical point, above it and below.

Away from the critical point they are those of the infinite lattice, determinants of Toeplitz matrices, as long as the
side is many correlation lengths; at it those of the torus, from the theta functions, which fall as r**(-1/4).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simkit.kernels.lattice import states
from simkit.lattices import ising
from simkit.recipe import Recipe
from simkit.schema import Array
from simkit.store import Store
from simkit.study.findings import Axes, Claim, Findings, Point, line, measured, of_points
from simkit.study.statistics import combined, over_time
from simkit.study.thermo import Scale
from simkit.study.thermo.runs import F64, canonical

TEMPERATURES = (0.95, 1.0, 1.05, 1.1, 1.3)
_CRITICAL = 1.0

#: snapshots of a run, of which the first fifth is discarded; distances that are claimed, and how many are drawn
_N_SNAPSHOTS, _CLAIMED, _N_DRAWN = 200, (1, 2, 4, 8, 16), 16

#: distance from which on the continuum is the lattice, to a relative 0.001; correlation lengths in a side off the
#: critical point; least correlation whose exact curve is drawn
_NEAR, _MANY, _LEAST = 4, 8, 1e-4

PANELS = {
    "correlation": Axes("distance r", "correlation of spins", is_log_x=True, is_log_y=True),
    "critical point": Axes("distance r", "correlation r^(1/4)", is_log_x=True),
    "deviation": Axes("distance r", "correlation - exact", is_log_x=True),
}


def needs(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph."""
    steps = scale.steps // 4
    return {
        "correlation": canonical(
            scale, TEMPERATURES, scale.side // 2, steps=steps, every=steps // 1000, snapshots=_N_SNAPSHOTS
        )
    }


def correlations(spins: Array) -> F64:
    """Return the mean products of spins at distances 0..side / 2 along rows and columns.

    Parameters
    ----------
    spins : uint8 (..., y, x), 0 or 1
        Of squares.

    Returns
    -------
    float64 (..., distance)
    """
    side = spins.shape[-1]
    values = 2.0 * spins - 1
    found = []
    for axis in (-1, -2):
        power = np.abs(np.fft.rfft(values, axis=axis)) ** 2
        products = np.fft.irfft(power, side, axis=axis) / side
        found.append(products.mean(axis=-2 if axis == -1 else -1))
    mean: F64 = (found[0] + found[1])[..., : side // 2 + 1] / 2
    return mean


def exact(temperature: float, side: int) -> F64:
    """Return the exact correlations at distances 0..side / 2: float64 (distance,)."""
    beta, n = ising.CRITICAL_BETA / temperature, side // 2
    if temperature != _CRITICAL:
        return ising.row_correlations(beta, n)
    far = ising.critical_correlation(np.arange(1, n + 1), np.zeros(n), side)
    return np.concatenate(([1.0, 1 - 2 * ising.torus(beta, side, side)], far[1:]))


def is_known(temperature: float, r: int, side: int) -> bool:
    """Say whether `exact` is that of the torus: from `_NEAR` on at the critical point, and far from the side off it."""
    if temperature == _CRITICAL:
        return r == 1 or r >= _NEAR
    return r <= side // 4 and side >= _MANY * ising.correlation_length(ising.CRITICAL_BETA / temperature)


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the data sets of this graph say."""
    points: list[Point] = []
    claims: list[Claim] = []
    side, store = scale.side // 2, stores["correlation"]
    distances = np.arange(1, side // 2 + 1)
    drawn = np.unique(np.append(np.geomspace(1, side // 2, _N_DRAWN).astype(int), _CLAIMED))
    for which, temperature in enumerate(TEMPERATURES):
        rows = range(which, store.layout.n_rows, len(TEMPERATURES))
        late = slice(_N_SNAPSHOTS // 5, None)
        runs = [correlations(states.SPIN[store["cells"][row][late]]) for row in rows]  # (snapshot, distance)
        wanted, series = exact(temperature, side), f"T / Tc = {temperature:g}"
        for r in [*drawn[drawn < side // 2].tolist(), side // 2]:
            found = combined([over_time(run[:, r]) for run in runs])
            if found.mean > 2 * found.error:
                points.append(measured("correlation", series, r, found))
            if temperature == _CRITICAL:
                points.append(measured("critical point", series, r, found.scaled(r**0.25)))
            if is_known(temperature, r, side):
                points.append(measured("deviation", series, r, found._replace(mean=found.mean - wanted[r])))
                if r in _CLAIMED or r == side // 2:
                    claims.append(Claim(f"correlation at distance {r}, T/Tc {temperature:g}", found, float(wanted[r])))
        known = np.array([r for r in distances if wanted[r] > _LEAST and is_known(temperature, int(r), side)])
        points += line("correlation", "exact", known, wanted[known]) if len(known) else []
        points += line("correlation", "exact", [known[-1]], [np.nan]) if len(known) else []  # lifts the pen
        if temperature == _CRITICAL:
            far = known[known >= _NEAR]
            infinite = ising.row_correlations(ising.CRITICAL_BETA, side // 2)[distances] * distances**0.25
            points += line("critical point", "exact, torus", far, wanted[far] * far**0.25)
            points += line("critical point", "exact, infinite lattice", distances, infinite)
    points += line("deviation", "exact", (1, side // 2), (0, 0))
    return of_points(PANELS, points, claims, [])
