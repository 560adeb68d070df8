"""What the graphs share: recipes of rings, the settled part of runs, their thermometers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simkit.lattices import ising, thermometry
from simkit.recipe import Recipe
from simkit.registry import source
from simkit.schema import Array
from simkit.store import Store
from simkit.study.findings import MOST_SIGMA
from simkit.study.statistics import Estimate, combined, jackknifed
from simkit.study.thermo import Scale

F64 = npt.NDArray[np.float64]

#: blocks that runs are cut into for jackknifes
_N_BLOCKS = 20

#: thermometers that are this close agree, however small their errors: of a beta of order 1
_LEAST = 0.005

#: standard errors at which thermometers disagree over all runs of a state, of which then nothing is claimed
_FROZEN_SIGMA = 3.0


def recipe(name: str, scale: Scale, n_points: int, *, steps: int, **parameters: Any) -> Recipe:
    """Return the recipe of `scale.runs` runs of each of `n_points` points, with 1000 samples a run."""
    settings = {"steps": steps, "every": steps // 1000, "snapshots": 0, **parameters}
    return Recipe(source(name, **settings), scale.seed, scale.runs * n_points)


def ring(scale: Scale, temperatures: tuple[float, ...], *, steps: int, **parameters: Any) -> Recipe:
    """Return the recipe of rings of spins and gas, as many columns of each."""
    return recipe(
        "hpp-ising",
        scale,
        len(temperatures),
        steps=steps,
        temperatures=temperatures,
        height=scale.side,
        bath=scale.side // 2,
        depth=scale.side // 2,
        **parameters,
    )


def canonical(scale: Scale, temperatures: tuple[float, ...], side: int, *, steps: int, **parameters: Any) -> Recipe:
    """Return the recipe of squares of spins at given temperatures."""
    size = (side, side)
    return recipe(
        "ising-metropolis", scale, len(temperatures), steps=steps, temperatures=temperatures, size=size, **parameters
    )


def by_point(store: Store, field: str, n_points: int) -> Array:
    """Return a field as (point, run, ...)."""
    values = store[field][:]
    return values.reshape(-1, n_points, *values.shape[1:]).swapaxes(0, 1)


def gas_beta(packets: Array, n_cells: int) -> F64:
    """Return beta of a gas from packets (..., direction), the mean over directions."""
    beta: F64 = np.log((n_cells - packets) / packets).mean(axis=-1)
    return beta


def spin_betas(sites: Array) -> tuple[float, float]:
    """Return beta_13 and beta_04 of samples (t, u) together; nan where a count is 0."""
    beta_13, beta_04 = thermometry.spins(sites.sum(axis=0))
    return float(beta_13), float(beta_04)


def spin_series(sites: Array) -> F64:
    """Return beta_13 of each sample (run, t, u)."""
    return thermometry.spins(sites)[0]


def disagreement(sites: Array) -> list[Estimate]:
    """Return beta_13 less beta_04 of each of some runs (run, t, u), settled."""
    runs = []
    for run in sites:
        blocks = np.array([block.sum(axis=0) for block in np.array_split(run, _N_BLOCKS)])
        left_out = np.array([np.subtract(*spin_betas(np.delete(blocks, i, axis=0))) for i in range(_N_BLOCKS)])
        runs.append(jackknifed(np.subtract(*spin_betas(run)), left_out))
    return runs


def is_frozen(differences: list[Estimate]) -> bool:
    """Say whether two thermometers of one state disagree, in any run by its own error, or in all runs together."""
    together = combined(differences)
    found = [*((run, MOST_SIGMA) for run in differences), (together, _FROZEN_SIGMA)]
    return any(not abs(one.mean) <= _LEAST and not abs(one.z()) < sigma for one, sigma in found)


def residual(unsatisfied: F64, betas: F64, exact_at: Any) -> tuple[F64, float]:
    """Return by how much each sample of a run exceeds the exact energy, to first order, and the run's beta.

    Spins and bath exchange the same energy, so that the errors of the two are not independent; those of this series
    hold their correlation.

    Parameters
    ----------
    unsatisfied, betas : float64 (t,)
        Fractions of unsatisfied bonds and beta of the bath.
    exact_at : callable
        beta -> exact fraction.
    """
    beta, step = float(betas.mean()), 1e-3
    slope = (exact_at(beta + step) - exact_at(beta - step)) / (2 * step)
    return unsatisfied - exact_at(beta) - slope * (betas - beta), beta


def at_temperature(beta: float, what: str = "gas") -> str:
    """Return the words for where something was measured that depends on a temperature that was measured, too."""
    return f"{what} at {temperature_of(beta):.4f} Tc"


def temperature_of(beta: float) -> float:
    """Return the temperature in units of the critical one."""
    return ising.CRITICAL_BETA / beta
