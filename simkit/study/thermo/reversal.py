"""Time reversal: runs go back to where they came from, bit by bit, and no more so if one cell is changed.

A run keeps two states, half-way and at its end. From the reverse of the second the same rule has to reach the reverse
of the first, in every cell. The same is tried with one cell changed at the turn. How far that damage spreads is counted
against the steps: it cannot leave its light cone, and makes the states as different as two independent ones. In a gas
alone it stays in one of the two classes of packets, which never meet. Spins under Metropolis, with the same random
numbers for both, are not reversible and stand beside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.kernels import lattice, metropolis
from simkit.kernels.lattice import states
from simkit.lattices import ising
from simkit.recipe import Recipe
from simkit.store import Store
from simkit.study.findings import Axes, Claim, Findings, Point, measured, of_points
from simkit.study.statistics import Estimate, over_runs
from simkit.study.thermo import Scale
from simkit.study.thermo.runs import F64, by_point, recipe, ring

U8 = npt.NDArray[np.uint8]

#: temperature, in units of the critical one; where damage begins, as parts of the sides
_TEMPERATURE, _PLACE = 1.5, (0.5, 0.75)

#: steps after which the light cone is looked at, and times at which damage is counted
_CONE, _N_TIMES = 24, 25

PANELS = {"damage": Axes("steps", "cells that differ (fraction)", is_log_x=True, is_log_y=True)}


class System(NamedTuple):
    """How states of a data set go on and back."""

    #: cells, steps, steps done before -> cells
    run: Callable[[U8, int, int], U8]
    reverse: Callable[[U8], U8]
    #: state of a cell -> another one of its kind
    change: Callable[[int], int]
    #: kind of each state, which a cell has for good or by the step: int64 (state,)
    kinds: npt.NDArray[np.int64]
    #: part of the cells that damage can come to at a time
    part: float = 1.0


def _run(cells: U8, n_steps: int, _: int) -> U8:
    return np.asarray(lattice.KERNEL.load().run(cells, n_steps).cells)


def _run_creutz(cells: U8, n_steps: int, _: int) -> U8:
    return np.asarray(lattice.KERNEL.load().run_creutz(cells, n_steps, every=max(1, n_steps)).cells)


def _change(state: int) -> int:
    """Return the state with the packet to the north taken or put, or with the spin flipped."""
    first = states.FIRST[int(states.KIND[state])]
    return first + (state - first ^ 1)


#: kind and phase of the states of the coupled system, and phase of those with demons
_COUPLED = states.KIND.astype(np.int64) * 2 + states.PHASE
_DEMONS = np.arange(16) >> 3

#: data set -> its system
SYSTEMS = {
    "reversal-ring": System(_run, states.reverse, _change, _COUPLED),
    "reversal-hpp": System(_run, states.reverse, _change, _COUPLED, part=0.5),
    "reversal-q2r": System(_run, states.reverse, _change, _COUPLED),
    "reversal-creutz": System(_run_creutz, lambda cells: cells ^ np.uint8(8), lambda state: state ^ 1, _DEMONS),
}
TITLES = {
    "reversal-ring": "spins beside gas",
    "reversal-hpp": "gas alone",
    "reversal-q2r": "spins alone (Q2R)",
    "reversal-creutz": "spins with demons",
}


def needs(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph."""
    side, steps = scale.side, scale.steps // 20
    square, fraction = (side, side), ising.unsatisfied(ising.CRITICAL_BETA / _TEMPERATURE)
    one: dict[str, Any] = {"steps": steps, "snapshots": 2}
    return {
        "reversal-ring": ring(scale, (_TEMPERATURE,), **one),
        "reversal-hpp": recipe("hpp", scale, 1, height=side, box=side // 2, opening=side, strip=side // 8, **one),
        "reversal-q2r": recipe("ising-q2r", scale, 1, size=square, fractions=(round(fraction, 6),), **one),
        "reversal-creutz": recipe("ising-creutz", scale, 1, size=square, temperatures=(_TEMPERATURE,), **one),
        "reversal-metropolis": recipe(
            "ising-metropolis", scale, 1, size=square, temperatures=(_TEMPERATURE,), **one
        ),
    }  # fmt: skip


class Spread(NamedTuple):
    """What one changed cell makes of a run."""

    #: cells that differ at each time (time,), and how many of them outside of the light cone at `_CONE`
    damage: F64
    outside: int
    #: states at the end without and with it
    end: U8
    damaged_end: U8


def spread(cells: U8, times: list[int], run: Callable[[U8, int, int], U8], change: Callable[[int], int]) -> Spread:
    """Run cells (y, x) as they are and with one changed, to each of `times`, of which `_CONE` is one."""
    y, x = (int(part * side) for part, side in zip(_PLACE, cells.shape, strict=True))
    damaged = cells.copy()
    damaged[y, x] = change(int(cells[y, x]))
    apart = [np.minimum(d := np.abs(np.arange(n) - at), n - d) for n, at in zip(cells.shape, (y, x), strict=True)]
    is_outside = apart[0][:, None] + apart[1] > _CONE
    damage, outside, before = [], 0, 0
    for time in times:
        cells, damaged = (run(some, time - before, before) for some in (cells, damaged))
        before = time
        differ = cells != damaged
        damage.append(np.count_nonzero(differ))
        if time == _CONE:
            outside = int(np.count_nonzero(differ & is_outside))
    return Spread(np.array(damage, np.float64), outside, cells, damaged)


def independent(cells: U8, kinds: npt.NDArray[np.int64]) -> float:
    """Return the fraction of cells in which two independent states like this one differ.

    All cells of a kind are taken as alike; which kind a cell is of is no chance.
    """
    counts = np.bincount(cells.ravel(), minlength=len(kinds)).astype(np.float64)
    total = np.bincount(kinds, counts)[kinds]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total > 0, counts / total, 0.0)
    return float(1 - (counts * share).sum() / cells.size)


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the data sets of this graph say."""
    points: list[Point] = []
    claims: list[Claim] = []
    n_steps = scale.steps // 40
    times = sorted({_CONE, n_steps, *np.geomspace(1, n_steps, _N_TIMES).astype(int).tolist()})
    for name, system in SYSTEMS.items():
        half_way, end = by_point(stores[name], "cells", 1)[0].swapaxes(0, 1)
        spreads = [spread(system.reverse(cells), times, system.run, system.change) for cells in end]
        n = half_way.size
        text = f"of {n:,} cells in {len(end)} runs, {n_steps:,} steps back, {TITLES[name]}"
        differ = sum(
            int(np.count_nonzero(system.reverse(found.end) != cells))
            for found, cells in zip(spreads, half_way, strict=True)
        )
        claims.append(Claim(f"cells that differ {text}", _exactly(differ, len(end)), 0.0))
        fractions = np.array([found.damage[-1] / cells.size for found, cells in zip(spreads, half_way, strict=True)])
        chance = system.part * float(np.mean([independent(cells, system.kinds) for cells in half_way]))
        claims.append(Claim(f"part that differs with one cell changed {text}", over_runs(fractions), chance))
        _put(points, claims, TITLES[name], times, spreads, half_way[0].size)
    store = stores["reversal-metropolis"]
    parameters = store.recipe["parameters"]
    acceptance = np.full(1, round(2**32 * np.exp(-2 * ising.CRITICAL_BETA / _TEMPERATURE)), np.uint32)
    spreads = []
    for row, cells in enumerate(store["cells"][:, -1]):

        def run(some: U8, n: int, before: int, row: int = row) -> U8:
            now = parameters["steps"] + before
            found = metropolis.KERNEL.load().run(
                some, n, acceptance=acceptance, seed=scale.seed, row=row, every=10**9, start=now
            )
            return np.asarray(found.cells)

        spreads.append(spread(states.SPIN[cells], times, run, lambda state: state ^ 1))
    fractions = np.array([found.damage[-1] / scale.side**2 for found in spreads])
    text = "spins under Metropolis, the same random numbers"
    claims.append(Claim(f"part that differs with one cell changed, {n_steps:,} steps on, {text}", over_runs(fractions)))
    _put(points, claims, text, times, spreads, scale.side**2)
    return of_points(PANELS, points, claims, [])


def _put(
    points: list[Point], claims: list[Claim], series: str, times: list[int], spreads: list[Spread], size: int
) -> None:
    """Add the damage against time, and that none is outside of the light cone."""
    damage = np.array([found.damage for found in spreads]) / size
    points += [
        measured("damage", series, time, over_runs(runs))
        for time, runs in zip(times, damage.T, strict=True)
        if runs.mean() > 0
    ]
    outside = _exactly(sum(found.outside for found in spreads), len(spreads))
    claims.append(Claim(f"damaged cells outside of the light cone after {_CONE} steps, {series}", outside, 0.0))


def _exactly(n: int, n_runs: int) -> Estimate:
    """Return a count that no chance is in."""
    return Estimate(float(n), 0.0, n_runs=n_runs)
