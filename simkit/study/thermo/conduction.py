"""Heat through spins between walls of two temperatures: Fourier's law, and conductivity against temperature.

The profile of a constant flux is nearly linear in beta, so that ``lambda = flux / (d beta / d x)`` is what is local;
the usual conductivity, of the temperature 1 / beta, is ``kappa = lambda beta**2``. The contacts of gas and spins
resist like some columns c more, so that the flux is that through R + c columns.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simkit.recipe import Recipe
from simkit.schema import Array
from simkit.store import Store
from simkit.study.blocking import Estimate, combined, over_runs
from simkit.study.report import Axes, Claim, Point, Report, line, measured
from simkit.study.thermo import Scale
from simkit.study.thermo.runs import F64, by_point, recipe, spin_betas, temperature_of

#: columns of spins; from `_LEAST_DEPTH` on the law is to hold within `_MOST`
DEPTHS, _LEAST_DEPTH, _MOST = (16, 32, 64, 128), 32, 0.03
_WALLS = (0.3, 0.6)

#: beta between the walls, which differ from it by the part `_PART` to either side
BETAS = (0.3, 0.45, 0.6, 0.7, 0.8, 0.84, 0.88, 0.92, 1.0)
_PART, _DEPTH, _BATH = 0.06, 32, 24

#: by how much the two thermometers of a column may disagree, rms, in runs for 2e6 steps: twice what noise does
_MOST_UNREST = 0.02

PANELS = {
    "Fourier's law": Axes("columns of spins R", "flux J x R (packet / step)", is_log_x=True),
    "profile": Axes("column of spins / R", "beta (1 / packet)"),
    "conductivity": Axes("temperature T / Tc", "conductivity (see the legend)", is_log_y=True),
}


def recipes(scale: Scale) -> dict[str, Recipe]:
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
    marks = np.linspace(0, through.shape[1] - 1, 21).astype(int)
    blocks = np.diff(through[:, marks], axis=1) / np.diff(marks)
    total = (through[:, -1] - through[:, 0]) / (through.shape[1] - 1)
    return combined([Estimate(mean, over_runs(run).error) for mean, run in zip(total, blocks, strict=True)])


def series_resistance(scaled: Mapping[int, Estimate]) -> tuple[Estimate, Estimate]:
    """Fit ``J (R + c) = constant``: a line through R / (J R) against R; return the constant and c.

    Parameters
    ----------
    scaled : mapping of int to Estimate
        R -> J x R.
    """
    depths = np.array(list(scaled), np.float64)
    means, errors = np.array(list(scaled.values())).T
    resistances = depths / means
    (slope, start), cov = np.polyfit(depths, resistances, 1, w=means / (resistances * errors), cov="unscaled")
    constant, c = 1 / slope, start / slope
    variance = (cov[1, 1] + c**2 * cov[0, 0] - 2 * c * cov[0, 1]) / slope**2
    return (
        Estimate(float(constant), float(np.sqrt(cov[0, 0]) / slope**2)),
        Estimate(float(c), float(np.sqrt(variance))),
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


def analyse(stores: Mapping[str, Store], scale: Scale) -> Report:
    """Return the points and claims of this graph."""
    points: list[Point] = []
    claims: list[Claim] = []
    scaled = {}
    for depth in DEPTHS:
        store = stores[f"fourier-{depth}"]
        parameters = store.recipe["parameters"]
        given = store["given"][:].astype(np.float64)
        found = flux(given, scale.side, parameters["every"], parameters["settling"])
        scaled[depth] = Estimate(depth * found.mean, depth * found.error)
        points.append(measured("Fourier's law", "between beta 0.3 and 0.6", depth, scaled[depth]))
        claims.append(Claim(f"J x R at R = {depth}", *scaled[depth]))
    inner = [found for depth, found in scaled.items() if depth >= _LEAST_DEPTH]
    largest, smallest = max(inner), min(inner)
    ratio = largest.mean / smallest.mean
    error = ratio * float(np.hypot(largest.error / largest.mean, smallest.error / smallest.mean))
    claims.append(
        Claim(f"largest J x R over smallest, R = {_LEAST_DEPTH} to 128", ratio, error, 1.0, within=(1, 1 + _MOST))
    )
    through, contacts = series_resistance(scaled)
    claims.append(Claim("J x (R + c), with c columns for the contacts", *through))
    claims.append(Claim("c", *contacts))
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
        value = through.mean / slope.mean
        error = abs(value) * float(np.hypot(through.error / through.mean, slope.error / slope.mean))
        at = temperature_of(beta)
        disagree = unrest(sites[:, spins]) > _MOST_UNREST * np.sqrt(2e6 / scale.steps)
        frozen += [f"{at:.2f}"] if disagree else []
        for series, factor in (
            ("lambda = J / (d beta / dx) (packet / step)", 1),
            ("kappa = lambda beta^2 (1 / step)", beta**2),
        ):
            found = Estimate(value * factor, error * factor)
            points.append(measured("conductivity", series, at, found, is_frozen=disagree))
        claims.append(Claim(f"lambda at T/Tc {at:.2f}", value, error, is_frozen=disagree))
    note = f"spins that conduct are frozen at T/Tc {', '.join(frozen)}: their two thermometers disagree"
    return Report(PANELS, points, claims, [note] if frozen else [])
