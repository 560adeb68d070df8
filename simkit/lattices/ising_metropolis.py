"""ising-metropolis: the Ising model at a given temperature, by the Metropolis algorithm, to compare with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels
from simkit.contract import param
from simkit.kernels import metropolis, philox
from simkit.kernels.lattice import states
from simkit.lattices import ising, thermometry
from simkit.lattices.lattice_run import Row, draw_spins
from simkit.lattices.torus_run import TorusRun
from simkit.schema import Schema

U8 = npt.NDArray[np.uint8]

_SPINS = 0


@final
@dataclass(frozen=True)
class IsingMetropolis(TorusRun):
    """Spins on a torus in the canonical ensemble: of each checkerboard colour by turns, spins flip by chance.

    Nothing but the temperature is given and nothing is conserved; no run is reversible. Row ``i`` begins as a crystal
    with as many random flips as the energy at ``temperatures[i mod k]`` takes (of the infinite lattice). With `final`
    it is cooled, or heated: what falls is the temperature of the bath that the random numbers stand for, by equal
    steps after each sample, up to ``final[i mod k]``, which the last interval has.
    """

    name: ClassVar[str] = "ising-metropolis"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "Ising spins under the Metropolis algorithm, at one temperature or cooled slowly"
    tiny: ClassVar[dict[str, object]] = {
        "steps": 12,
        "every": 4,
        "snapshots": 3,
        "size": (16, 32),
        "temperatures": (1.1, 2.0),
        "final": (1.1, 0.3),
    }
    sample: ClassVar[dict[str, object]] = {"steps": 60, "every": 20, "size": (64, 64)}
    facts: ClassVar[tuple[str, ...]] = (
        "Flips that cost 2 and 4 bonds have the probabilities a / 2^32 and (a / 2^32)^2 with an integer a; "
        "all others are taken.",
        "In equilibrium the spins have the energy of the exact torus (simkit.ising.torus).",
    )
    citation: ClassVar[str] = (
        "N. Metropolis, A. W. Rosenbluth, M. N. Rosenbluth, A. H. Teller, E. Teller, Equation of state "
        "calculations by fast computing machines, J. Chem. Phys. 21 (1953) 1087"
    )
    kernels: ClassVar = (philox.KERNEL, metropolis.KERNEL)
    side_unit: ClassVar[int] = metropolis.SIDE

    size: tuple[int, int] = param((256, 256), "height and width of the torus, multiples of 16, 16..16384")
    temperatures: tuple[float, ...] = param(
        (1.2,), "temperatures in units of the critical one, above 0; row i takes temperatures[i mod k]"
    )
    final: tuple[float, ...] = param(
        (), "temperatures at the end, as many, to which they go in equal steps after each sample; none: they stay"
    )

    def validate(self) -> None:
        super().validate()
        self.check_list("temperatures", "temperatures above 0", lambda t: t > 0)
        if self.final:
            self.check_list("final", "temperatures above 0", lambda t: t > 0)
            self.check_as_many("final", "temperatures")

    def schema(self) -> Schema:
        return Schema(
            temperature=self.series("float64", "temperature up to each sample, in units of the critical one"),
            unsatisfied=self.series("int32", "unsatisfied bonds"),
            **self.spin_counts(),
            **self.spin_betas(),
            **self.cells_field(*self.size, "states of the cells, 17 + spin + 2 phase, at the snapshots"),
        )

    def row(self, seed: int, row: int, on: Kernels) -> Row:
        which = row % len(self.temperatures)
        first = self.temperatures[which]
        last = self.final[which] if self.final else first
        n = self.n_samples - 1
        temperatures = [first + (last - first) * k / n for k in range(n)] + [last]
        spins = draw_spins(on, seed, row, _SPINS, self.size, ising.unsatisfied(ising.CRITICAL_BETA / first))
        acceptance = np.array([_acceptance(ising.CRITICAL_BETA / t) for t in temperatures[1:]], np.uint32)
        census, kept = yield from self.trace("run", spins, acceptance=acceptance, seed=seed, row=row)
        sites = census[:, 2:]
        beta_13, beta_04 = thermometry.spins(sites)
        return {
            "temperature": temperatures,
            "unsatisfied": census[:, 1],
            "magnetisation": 2 * census[:, 0] - self.n_cells,
            "sites": sites,
            "beta_13": beta_13,
            "beta_04": beta_04,
            **{name: self._states(spins) for name, spins in kept.items()},
        }

    def _states(self, spins: U8) -> U8:
        """Return snapshots of spins as the states of cells that they are in a run under Q2R."""
        y, x = np.indices(self.size)
        times = self.steps // self.snapshots * np.arange(1, self.snapshots + 1)
        phases = (y + x + 1 + times[:, None, None]) % 2
        found: U8 = states.FIRST[states.ISING] + spins + 2 * phases.astype(np.uint8)
        return found


def _acceptance(beta: float) -> int:
    """Return the chance, in units of 2**-32, that a spin with one unsatisfied bond flips."""
    return min(round(math.exp(-2 * beta) * 2**32), 2**32 - 1)
