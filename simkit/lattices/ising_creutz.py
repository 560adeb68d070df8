"""ising-creutz: the Ising model with a demon at each site that holds energy, reversible."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from simkit.backends import Kernels
from simkit.contract import param
from simkit.kernels import lattice, philox
from simkit.lattices import ising, thermometry
from simkit.lattices.lattice_run import COLDEST, Row, draw, draw_spins, notes_of_height
from simkit.lattices.torus_run import TorusRun
from simkit.schema import Field, Schema

_SPINS, _LOW, _HIGH = range(3)


@final
@dataclass(frozen=True)
class IsingCreutz(TorusRun):
    """Spins on a torus, each with a demon of 0..3 units of two packets that pays for its flips.

    Row ``i`` has, up to the chance of its draw, the energy of equilibrium at ``temperatures[i mod k]``: demons of that
    temperature and a crystal with as many random flips as its energy takes (of the infinite lattice).
    """

    name: ClassVar[str] = "ising-creutz"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "Ising spins with Creutz demons on a torus, reversible, energy constant"
    tiny: ClassVar[dict[str, object]] = {
        "steps": 10,
        "every": 5,
        "size": (128, 10),
        "temperatures": (1.1, -1.5),
    }
    sample: ClassVar[dict[str, object]] = {"steps": 60, "every": 20, "size": (64, 64)}
    facts: ClassVar[tuple[str, ...]] = (
        "The energy, of unsatisfied bonds and demons, is the same at every step.",
        "Reversible: the same rule takes the last state, its phases turned, to the first with its phases turned.",
        "In equilibrium the low bit of a demon is set with the odds exp(-2 beta), the high bit with exp(-4 beta).",
    )
    citation: ClassVar[str] = "M. Creutz, Deterministic Ising dynamics, Ann. Phys. 167 (1986) 62"
    kernels: ClassVar = (philox.KERNEL, lattice.KERNEL)

    temperatures: tuple[float, ...] = param(
        (1.2,), "temperatures in units of the critical one, not 0; row i takes temperatures[i mod k]"
    )

    def validate(self) -> None:
        super().validate()
        self.check_list("temperatures", "any temperature but 0", lambda t: t != 0)

    def notes(self) -> list[str]:
        return notes_of_height(self.size[0])

    def schema(self) -> Schema:
        shape = ("t",), (self.n_samples,)
        return Schema(
            temperature=Field("float64", "temperature of equilibrium, in units of the critical one"),
            energy=self.series("int64", "unsatisfied bonds and twice the demons' units, constant, in packets"),
            unsatisfied=self.series("int32", "unsatisfied bonds"),
            **self.spin_counts(),
            demons=self.series("int32", "sites with demons of 0..3 units", demon=4),
            beta_low=thermometry.beta_field("of the demons, from their low bits", *shape),
            beta_high=thermometry.beta_field("of the demons, from their high bits", *shape),
            **self.spin_betas(),
            **self.cells_field(*self.size, "states of the sites, spin + 2 demon + 8 phase, at the snapshots"),
        )

    def row(self, seed: int, row: int, on: Kernels) -> Row:
        temperature = self.temperatures[row % len(self.temperatures)]
        beta = ising.CRITICAL_BETA / temperature
        cells = draw_spins(on, seed, row, _SPINS, self.size, ising.unsatisfied(beta))
        for stream, units in ((_LOW, 1), (_HIGH, 2)):
            probability = 1 / (1 + math.exp(min(2 * units * beta, COLDEST)))
            cells |= draw(on, seed, row, stream, self.size, probability) << np.uint8(stream)
        y, x = np.indices(self.size)
        cells |= ((y + x + 1) % 2 << 3).astype(np.uint8)
        census, kept = yield from self.trace("run_creutz", cells)
        up, unsatisfied = census[:, 0, 0], census[:, 0, 1]
        sites, demons = census[:, 0, 2:7], census[:, 0, 7:]
        beta_low, beta_high = thermometry.demons(demons)
        beta_13, beta_04 = thermometry.spins(sites)
        return {
            "temperature": temperature,
            "energy": unsatisfied + demons @ np.array([0, 2, 4, 6]),
            "unsatisfied": unsatisfied,
            "magnetisation": 2 * up - self.size[0] * self.size[1],
            "sites": sites,
            "demons": demons,
            "beta_low": beta_low,
            "beta_high": beta_high,
            "beta_13": beta_13,
            "beta_04": beta_04,
            **kept,
        }
