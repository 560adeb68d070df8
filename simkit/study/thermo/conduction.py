"""Heat through spins between walls of two temperatures: Fourier's law, and conductivity against temperature.

The profile of a constant flux is nearly linear in beta, so that ``lambda = flux / (d beta / d x)`` is what is local;
the usual conductivity, of the temperature 1 / beta, is ``kappa = lambda beta**2``. The contacts of gas and spins
resist like some columns c more, so that the flux is that through R + c columns, and J x R grows with R towards its
limit: what Fourier's law says of runs at several R is that J x (R + c) is one number.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from simkit.recipe import Recipe
from simkit.schema import Array
from simkit.store import Store
from simkit.study.distributions import exceedance
from simkit.study.findings import Axes, Claim, Findings, Point, line, measured, of_points
from simkit.study.statistics import Estimate, combined, over_runs
from simkit.study.thermo import Scale
from simkit.study.thermo.runs import F64, by_point, recipe, spin_betas, temperature_of

#: columns of spins
DEPTHS = (16, 32, 64, 128)
_WALLS = (0.3, 0.6)

#: beta between the walls, which differ from it by the part `_PART` to either side
BETAS = (0.3, 0.45, 0.6, 0.7, 0.8, 0.84, 0.88, 0.92, 1.0)
_PART, _DEPTH, _BATH = 0.06, 32, 24

#: blocks of a run, whose fluxes are independent: each is longer than heat takes through the spins
_N_BLOCKS = 20

#: by how much the two thermometers of a column may disagree, rms, in runs for 2e6 steps: twice what noise does
_MOST_UNREST = 0.02

PANELS = {
    "Fourier's law": Axes("columns of spins R", "flux J x R (packet / step)", is_log_x=True),
    "profile": Axes("column of spins / R", "beta (1 / packet)"),
    "conductivity": Axes("temperature T / Tc", "conductivity (see the legend)", is_log_y=True, critical=1.0),
}


def needs(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph."""
    common = {"height": scale.side, "bath": _BATH}
    walls = {"left": _WALLS[:1], "right": _WALLS[1:]}
    found = {}
    for depth in DEPTHS:
        steps = scale.steps
        found[f"fourier-{depth}"] = recipe(
            "heat-conduction", scale, 1, steps=steps, settling=steps // 5, depth=depth, **walls, **common
        )
    steps = scale.steps // 4 * 3
    sides = {
        name: tuple(round(beta * (1 + part), 6) for beta in BETAS)
        for name, part in (("left", -_PART), ("right", _PART))
    }
    found["conductivity"] = recipe(
        "heat-conduction",
        scale,
        len(BETAS),
        steps=steps,
        settling=steps // 10,
        depth=_DEPTH,
        **sides,
        **common,
    )
    return found


def flux(given: F64, height: int, every: int, settling: int) -> Estimate:
    """Return packets a column and step from left to right, the mean of the two walls and of runs (run, t, wall).

    Blocks within a run are differences of what the walls have given: their scatter, too, tells the error.
    """
    late = given[:, settling // every :]
    through = (late[:, :, 0] - late[:, :, 1]) / (2 * height * every)
    marks = np.linspace(0, through.shape[1] - 1, _N_BLOCKS + 1).astype(int)
    blocks = np.diff(through[:, marks], axis=1) / np.diff(marks)
    total = (through[:, -1] - through[:, 0]) / (through.shape[1] - 1)
    return combined(
        [Estimate(mean, over_runs(run).error, _N_BLOCKS - 1) for mean, run in zip(total.tolist(), blocks, strict=True)]
    )


class SeriesResistance(NamedTuple):
    """``J (R + c) = constant``, fitted, and how well the fluxes are described by it."""

    constant: Estimate
    c: Estimate
    chi_squared: float
    #: fluxes less the two numbers that were fitted
    dof: int
    #: probability of so large a chi squared if the law holds
    p: float

    @property
    def deviation(self) -> Estimate:
        """P as the deviation of a normal variable, positive for a bad fit: 0 and 1 are expected of it."""
        p = min(max(self.p, 1e-300), 1 - 1e-16)
        return Estimate(-NormalDist().inv_cdf(p), 1.0, n_runs=self.constant.n_runs)


def series_resistance(scaled: Mapping[int, Estimate]) -> SeriesResistance:
    """Fit and test ``J (R + c) = constant``: a straight line through 1 / J = R / (J R) against R.

    Chi squared over its degrees of freedom is compared with an F distribution, since the errors are estimates, too.

    Parameters
    ----------
    scaled : mapping of int to Estimate
        R -> J x R, of three R at least.
    """
    depths, found = np.array(list(scaled), np.float64), list(scaled.values())
    means, errors = np.array([one.mean for one in found]), np.array([one.error for one in found])
    n_runs = sum(one.n_runs for one in found)
    resistances = depths / means
    weights = means / (resistances * errors)
    (slope, start), cov = np.polyfit(depths, resistances, 1, w=weights, cov="unscaled")
    constant, c = 1 / slope, start / slope
    variance = (cov[1, 1] + c**2 * cov[0, 0] - 2 * c * cov[0, 1]) / slope**2
    chi_squared = float(np.square(weights * (resistances - start - slope * depths)).sum())
    dof, known = len(depths) - 2, float(np.mean([one.dof for one in found]))
    return SeriesResistance(
        Estimate(float(constant), float(np.sqrt(cov[0, 0]) / slope**2), known, n_runs),
        Estimate(float(c), float(np.sqrt(variance)), known, n_runs),
        chi_squared,
        dof,
        exceedance(chi_squared / dof, dof, known),
    )


def gradient(beta: F64) -> F64:
    """Return d beta / d x in the middle three quarters of the spins of each run (run, x)."""
    n = beta.shape[1]
    inner = slice(n // 8, n - n // 8)
    slope: F64 = np.polyfit(np.arange(n)[inner], beta[:, inner].T, 1)[0]
    return slope


def unrest(sites: Array) -> float:
    """Return by how much beta_13 and beta_04 of single columns (run, x, u) disagree, rms.

    Of columns, since those at different temperatures, taken together, are no canonical state.
    """
    differences = [np.subtract(*spin_betas(column[None])) for run in sites for column in run]
    return float(np.sqrt(np.mean(np.square(differences))))


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the data sets of this graph say."""
    points: list[Point] = []
    claims: list[Claim] = []
    scaled = {}
    for depth in DEPTHS:
        store = stores[f"fourier-{depth}"]
        parameters = store.recipe["parameters"]
        given = store["given"][:].astype(np.float64)
        found = flux(given, scale.side, parameters["every"], parameters["settling"])
        scaled[depth] = found.scaled(depth)
        points.append(measured("Fourier's law", "between beta 0.3 and 0.6", depth, scaled[depth]))
        claims.append(Claim(f"J x R (packet / step) between beta 0.3 and 0.6, R = {depth}", scaled[depth]))
    fit = series_resistance(scaled)
    through, contacts = fit.constant, fit.c
    range_text = f"R = {DEPTHS[0]} to {DEPTHS[-1]}"
    claims.append(Claim(f"J x (R + c) (packet / step), {range_text}", through))
    claims.append(Claim("c, columns that the contacts are worth", contacts))
    claims.append(
        Claim(
            f"misfit of J x (R + c) = constant, {range_text}: chi squared as a normal deviate",
            fit.deviation,
            0.0,
            at=f"chi squared {fit.chi_squared:.2f} of {fit.dof}, p = {fit.p:.2g}",
        )
    )
    grid = np.geomspace(DEPTHS[0], DEPTHS[-1], 50)
    label = f"J x (R + c) constant, c = {contacts.mean:.2f}"
    points += line("Fourier's law", label, grid, through.mean * grid / (grid + contacts.mean))
    profile = stores[f"fourier-{DEPTHS[-1]}"]["beta"][:][:, _BATH + 1 : _BATH + 1 + DEPTHS[-1]]
    points += [
        measured("profile", f"R = {DEPTHS[-1]}", (x + 0.5) / DEPTHS[-1], over_runs(profile[:, x]))
        for x in range(0, DEPTHS[-1], DEPTHS[-1] // 32)
    ]
    points += line("profile", "straight line between the walls", (0, 1), _WALLS)
    store = stores["conductivity"]
    parameters = store.recipe["parameters"]
    fields = [by_point(store, name, len(BETAS)) for name in ("given", "beta", "sites")]
    spins = slice(_BATH + 1, _BATH + 1 + _DEPTH)
    frozen = []
    for beta, given, profile, sites in zip(BETAS, *fields, strict=True):
        through = flux(given.astype(np.float64), scale.side, parameters["every"], parameters["settling"])
        slope = over_runs(gradient(profile[:, spins]))
        value = through.over(slope)
        at = temperature_of(beta)
        disagree = unrest(sites[:, spins]) > _MOST_UNREST * np.sqrt(2e6 / scale.steps)
        frozen += [f"{at:.2f}"] if disagree else []
        for series, factor in (
            ("lambda = J / (d beta / dx) (packet / step)", 1),
            ("kappa = lambda beta^2 (1 / step)", beta**2),
        ):
            points.append(measured("conductivity", series, at, value.scaled(factor), is_frozen=disagree))
        text = f"lambda = J / (d beta / dx) (packet / step) at T/Tc {at:.2f}, R = {_DEPTH}"
        claims.append(Claim(text, value, is_frozen=disagree))
    note = f"spins that conduct are frozen at T/Tc {', '.join(frozen)}: their two thermometers disagree"
    return of_points(PANELS, points, claims, [note] if frozen else [])
