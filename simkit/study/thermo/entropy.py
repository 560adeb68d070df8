"""Entropy of the spins as a function of their energy, from thermometers alone: S(E) is the integral of beta dE.

Where every second bond is unsatisfied all states are as probable, and the entropy is ln 2 a spin. From there down the
temperature of a gas, or of demons, whose own entropy is that of counting, is measured beside the energy of the spins.
No formula of the Ising model goes in; the exact entropy of the same finite lattice is what comes out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from simkit.lattices import ising
from simkit.recipe import Recipe
from simkit.store import Store
from simkit.study.findings import Axes, Claim, Findings, Point, line, measured, of_points
from simkit.study.statistics import over_runs
from simkit.study.thermo import Scale
from simkit.study.thermo.runs import F64, by_point, gas_beta, recipe, ring

TEMPERATURES = (0.97, 0.98, 0.99, 1.0, 1.01, 1.02, 1.035, 1.06, 1.1, 1.2, 1.35, 1.6, 2.0, 2.6, 3.6, 6.0, 15.0)

#: temperatures at which the entropy is claimed
_CLAIMED = (0.98, 1.0, 1.06, 1.2, 2.0, 3.6)

#: unsatisfied bonds of the infinite lattice at the critical point
_CRITICAL = ising.unsatisfied(ising.CRITICAL_BETA)

PANELS = {
    "entropy": Axes("unsatisfied bonds (fraction)", "entropy (nats / spin)", critical=_CRITICAL),
    "deviation": Axes("unsatisfied bonds (fraction)", "entropy - exact (nats / spin)", critical=_CRITICAL),
    "temperature": Axes("unsatisfied bonds (fraction)", "beta (1 / packet)", critical=_CRITICAL),
}


def needs(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph."""
    steps = scale.steps // 2
    demons = recipe("ising-creutz", scale, len(TEMPERATURES), steps=steps, temperatures=TEMPERATURES,
                    size=(scale.side, scale.side))  # fmt: skip
    return {
        "entropy-ring": ring(scale, TEMPERATURES, steps=steps, imbalances=(0.1, -0.1)),
        "entropy-creutz": demons,
    }


def integral(x: F64, y: F64) -> F64:
    """Return the integral of y(x) from the last point to each: float64 (n,).

    Between two points the curve is the cubic through them and one more on either side.

    Parameters
    ----------
    x, y : float64 (n,)
        At least 4 points, in order.
    """
    pieces = []
    for i in range(len(x) - 1):
        first = min(max(i - 1, 0), len(x) - 4)
        near = slice(first, first + 4)
        cubic = np.polynomial.Polynomial(np.linalg.solve(np.vander(x[near] - x[i], 4, increasing=True), y[near]))
        pieces.append(cubic.integ()(x[i + 1] - x[i]))
    found: F64 = -np.append(np.cumsum(pieces[::-1])[::-1], 0.0)
    return found


def entropies(fractions: F64, betas: F64, bonds_per_spin: float) -> F64:
    """Return the entropy a spin, nats, at fractions of unsatisfied bonds at which beta was measured, rising."""
    to_half = integral(np.append(fractions, 0.5), np.append(betas, 0.0))
    found: F64 = math.log(2) + bonds_per_spin * to_half[:-1]
    return found


def exact_entropy(
    beta: float,
    fraction: float,
    bonds_per_spin: float,
    log_z: Callable[[float], float],
    exact_at: Callable[[float], float],
) -> float:
    """Return the exact entropy a spin at a fraction of unsatisfied bonds, near which beta is `beta`.

    Parameters
    ----------
    log_z : callable
        K -> ln Z a spin, of energies -K s s'.
    exact_at : callable
        beta -> fraction.
    """
    at_beta = log_z(beta / 2) + bonds_per_spin * beta * (exact_at(beta) - 0.5)
    return at_beta + bonds_per_spin * beta * (fraction - exact_at(beta))  # dS = beta dE


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the data sets of this graph say."""
    points: list[Point] = []
    claims: list[Claim] = []
    side, half = scale.side, scale.side // 2

    def put(series: str, fractions: F64, betas: F64, bonds_per_spin: float, log_z: Callable[[float], float],
            exact_at: Callable[[float], float]) -> None:  # fmt: skip
        """Add what means (temperature, run) of a thermometer beside the spins say."""
        curves = np.array([entropies(f, b, bonds_per_spin) for f, b in zip(fractions.T, betas.T, strict=True)]).T
        for temperature, f, b, found in zip(TEMPERATURES, fractions, betas, curves, strict=True):
            exact = [exact_entropy(*pair, bonds_per_spin, log_z, exact_at) for pair in zip(b, f, strict=True)]
            excess, entropy = over_runs(found - exact), over_runs(found)
            points.append(measured("entropy", series, f.mean(), entropy))
            points.append(measured("deviation", series, f.mean(), excess))
            points.append(measured("temperature", series, f.mean(), over_runs(b)))
            if temperature in _CLAIMED:
                at = f"{f.mean():.5f} unsatisfied, exact {np.mean(exact):.5f}"
                text = f"entropy - exact (nats / spin), {series}, down to T/Tc {temperature:g}"
                claims.append(Claim(text, excess, 0.0, at=at))

    n = len(TEMPERATURES)
    bonds, packets = (by_point(stores["entropy-ring"], name, n) for name in ("unsatisfied", "packets"))
    late = slice(1 + bonds.shape[2] // 5, None)
    cylinder = partial(ising.cylinder, n=side, n_rows=half)
    put(
        "from the gas", bonds[:, :, late].mean(axis=2) / (side * (side - 1)),
        gas_beta(packets[:, :, late, 0].sum(axis=-1), side * half).mean(axis=2), 2 * (side - 1) / side,
        lambda k: ising.log_partition_function(side, np.full(half, k), np.full(half - 1, k)) / (side * half), cylinder,
    )  # fmt: skip
    bonds, demons = (by_point(stores["entropy-creutz"], name, n)[:, :, late] for name in ("unsatisfied", "demons"))
    low = (demons[..., 0] + demons[..., 2]) / side**2
    put(
        "from demons", bonds.mean(axis=2) / (2 * side**2), (np.log(low / (1 - low)) / 2).mean(axis=2), 2.0,
        lambda k: ising.log_partition_function_torus(k, side, side) / side**2,
        partial(ising.torus, height=side, width=side),
    )  # fmt: skip
    betas = np.linspace(0, 1.0, 200)
    exact = np.array([ising.unsatisfied(beta) for beta in betas])
    points += line("entropy", "infinite lattice (Onsager)", exact, ising.entropy(exact))
    points += line("temperature", "infinite lattice (Onsager)", exact, betas)
    points += line("deviation", "exact, of the same lattice", (exact[-1], 0.5), (0, 0))
    return of_points(PANELS, points, claims, [])
