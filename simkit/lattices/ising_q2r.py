"""ising-q2r: the Ising model alone, reversible, its energy constant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from simkit.backends import Kernels
from simkit.contract import param
from simkit.kernels import lattice, philox
from simkit.kernels.lattice import SITES, UNSATISFIED, UP, layout, states
from simkit.lattices import thermometry
from simkit.lattices.lattice_run import Row, draw_spins, notes_of_height
from simkit.lattices.torus_run import TorusRun
from simkit.schema import Field, Schema


@final
@dataclass(frozen=True)
class IsingQ2r(TorusRun):
    """Q2R on a torus: of each checkerboard colour by turns, spins with two neighbours of four up flip.

    Row ``i`` begins as a crystal with random flips, of ``fractions[i mod k]`` unsatisfied bonds in the mean.
    """

    name: ClassVar[str] = "ising-q2r"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "Ising spins alone on a torus under Q2R, reversible, energy constant"
    tiny: ClassVar[dict[str, object]] = {
        "steps": 10,
        "every": 5,
        "size": (128, 10),
        "fractions": (0.2, 0.6),
    }
    sample: ClassVar[dict[str, object]] = {"steps": 60, "every": 20, "size": (64, 64)}
    facts: ClassVar[tuple[str, ...]] = (
        "The number of unsatisfied bonds is the same at every step.",
        "Reversible: the same rule takes the reverse of the last state to the reverse of the first.",
    )
    citation: ClassVar[str] = "G. Y. Vichniac, Simulating physics with cellular automata, Physica D 10 (1984) 96"
    kernels: ClassVar = (philox.KERNEL, lattice.KERNEL)

    fractions: tuple[float, ...] = param(
        (0.15,), "mean fraction of unsatisfied bonds, 0..1; row i takes fractions[i mod k]"
    )

    def validate(self) -> None:
        super().validate()
        self.check_list("fractions", "fractions from 0 to 1", lambda part: 0 <= part <= 1)

    def notes(self) -> list[str]:
        return notes_of_height(self.size[0])

    def schema(self) -> Schema:
        return Schema(
            fraction=Field("float64", "fraction of unsatisfied bonds that the start was drawn for"),
            unsatisfied=self.series("int32", "unsatisfied bonds, constant"),
            **self.spin_counts(),
            **self.spin_betas(),
            **self.cells_field(*self.size, "states of the cells, 17 + spin + 2 phase, at the snapshots"),
        )

    def row(self, seed: int, row: int, on: Kernels) -> Row:
        fraction = self.fractions[row % len(self.fractions)]
        kinds = np.full(self.size, states.ISING, np.uint8)
        spins = draw_spins(on, seed, row, 0, self.size, fraction)
        census, cells = yield from self.trace("run", layout.fill(kinds, 0, spins))
        whole = census[:, 0]
        beta_13, beta_04 = thermometry.spins(whole[:, SITES])
        return {
            "fraction": fraction,
            "unsatisfied": whole[:, UNSATISFIED],
            "magnetisation": 2 * whole[:, UP] - self.size[0] * self.size[1],
            "sites": whole[:, SITES],
            "beta_13": beta_13,
            "beta_04": beta_04,
            **cells,
        }
