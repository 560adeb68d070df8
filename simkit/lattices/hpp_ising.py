"""hpp-ising: an Ising model and the gas that is its heat bath, as one reversible cellular automaton."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from simkit.backends import Kernels
from simkit.contract import param
from simkit.errors import show
from simkit.kernels import lattice, philox
from simkit.kernels.lattice import BOND_BIT, MIRROR, PACKETS, SITES, SLOT, UNSATISFIED, UP, layout
from simkit.lattices import ising, thermometry
from simkit.lattices.lattice_run import COLDEST, LatticeRun, Row, draw_packets, draw_spins, notes_of_height
from simkit.schema import Field, Schema

#: streams of Philox: spins, and the packets of the two baths
_SPINS, _BATHS = 0, (1, 5)


@final
@dataclass(frozen=True)
class HppIsing(LatticeRun):
    """Q2R spins that exchange energy with an HPP gas; energy is exactly constant and every row can be run backwards.

    Row ``i`` has the energy of equilibrium at ``temperatures[i mod k]`` (of the exact cylinder with free edges, which
    the spins are), of which the spins begin with ``1 + imbalances[i // k mod m]`` times their part.
    """

    name: ClassVar[str] = "hpp-ising"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "Ising spins with an HPP gas as their heat bath, reversible, energy constant"
    tiny: ClassVar[dict[str, object]] = {
        "steps": 12,
        "every": 4,
        "snapshots": 3,
        "geometry": "sandwich",
        "height": 128,
        "bath": 3,
        "depth": 4,
        "temperatures": (1.2, -2.0),
        "imbalances": (0.1, -0.1),
        "difference": 0.1,
    }
    sample: ClassVar[dict[str, object]] = {"steps": 60, "every": 20, "height": 64, "bath": 32, "depth": 30}
    facts: ClassVar[tuple[str, ...]] = (
        "The energy, of packets, bond bits and unsatisfied bonds, is the same at every step.",
        "Reversible: the same rule takes the reverse of the last state to the reverse of the first.",
        "The critical temperature is that of beta = ln(1 + sqrt 2) = 0.881374 per packet.",
        "In equilibrium the spins have the energy of the exact cylinder with free edges (simkit.ising.cylinder).",
    )
    citation: ClassVar[str] = (
        "J. Hardy, Y. Pomeau, O. de Pazzis, Time evolution of a two-dimensional model system. I, J. Math. "
        "Phys. 14 (1973) 1746; G. Y. Vichniac, Simulating physics with cellular automata, Physica D 10 "
        "(1984) 96"
    )
    kernels: ClassVar = (philox.KERNEL, lattice.KERNEL)

    geometry: str = param("ring", "ring (one bath, two interfaces) or sandwich (two baths behind mirrors)")
    height: int = param(256, "cells along the interfaces, even, 4..16384; multiples of 128 are fastest")
    bath: int = param(128, "columns of gas of each bath, 1..16384; even in a ring")
    depth: int = param(128, "columns of spins, those of the interfaces included, even, 2..16384")
    temperatures: tuple[float, ...] = param(
        (1.2,), "temperatures in units of the critical one, not 0; row i takes temperatures[i mod k]"
    )
    imbalances: tuple[float, ...] = param(
        (0.0,), "by what part of it the spins' energy is too high at the start; row i takes imbalances[i // k mod m]"
    )
    difference: float = param(0.0, "density of the left bath less that of the right one at the start (sandwich)")
    drift: float = param(0.0, "density of the packets to the north less that of those to the south at the start")

    def validate(self) -> None:
        super().validate()
        if self.geometry not in ("ring", "sandwich"):
            self.refuse("geometry", "ring or sandwich", show(self.geometry))
        self.check_side("height", 4, even=True)
        self.check_side("bath", 1, even=self.geometry == "ring")
        self.check_side("depth", 2, even=True)
        self.check_list("temperatures", "any temperature but 0", lambda t: t != 0)
        self.check_list("imbalances", "numbers above -1", lambda part: part > -1)
        if self.geometry == "ring" and self.difference:
            self.refuse("difference", "0 in a ring, which has one bath", self.difference)
        for temperature in self.temperatures:
            for imbalance in self.imbalances:
                _, densities = self._start(temperature, imbalance)
                half = abs(self.drift) / 2
                if not all(half <= density <= 1 - half for density in densities):
                    most = 2 * min(min(density, 1 - density) for density in densities)
                    self.refuse(
                        "drift", f"-{most:.3f} to {most:.3f} at temperature {temperature}, by its density", self.drift
                    )

    @property
    def _kinds(self) -> Any:
        return (layout.ring if self.geometry == "ring" else layout.sandwich)(self.bath, self.depth)

    @property
    def _n_baths(self) -> int:
        return 1 if self.geometry == "ring" else 2

    def _start(self, temperature: float, imbalance: float) -> tuple[float, list[float]]:
        """Return the fraction of unsatisfied bonds and the densities of the baths that a row begins with."""
        beta = ising.CRITICAL_BETA / temperature
        density = 1 / (1 + np.exp(min(beta, COLDEST)))
        exact = ising.cylinder(beta, self.height, self.depth)
        n_bonds, n_places = self.height * (2 * self.depth - 1), 4 * self.height * self.bath * self._n_baths
        # slots and bond bits, too, are filled with the density of the gas in equilibrium; they begin empty
        whole = density * (n_places + 4 * self.height) + exact * n_bonds
        fraction = (1 + imbalance) * exact
        mean = (whole - fraction * n_bonds) / n_places
        densities = [mean + self.difference / 2, mean - self.difference / 2][: self._n_baths]
        if not 0 <= fraction <= 1 or not all(0 <= density <= 1 for density in densities):
            found = ", ".join(f"{density:.4g}" for density in densities)
            self.refuse(
                "imbalances",
                "what leaves a gas with densities from 0 to 1",
                f"{imbalance} (difference {self.difference}) at temperature {temperature}, with unsatisfied bonds "
                f"{fraction:.4g} and densities {found}",
            )
        return fraction, densities

    @property
    def n_cells(self) -> int:
        return self.height * len(self._kinds)

    def notes(self) -> list[str]:
        return notes_of_height(self.height)

    def schema(self) -> Schema:
        n, n_t = self._n_baths, self.n_samples
        fields = {
            "temperature": Field("float64", "temperature of equilibrium, in units of the critical one"),
            "imbalance": Field("float64", "by what part of it the spins' energy was too high at the start"),
            "energy": self.series("int64", "whole energy, constant, in packets"),
            "packets": self.series("int32", "packets of a bath, by direction N E S W and class x + y + t mod 2",
                                   bath=n, direction=4, parity=2),
            "mirrors": self.series("int32", "packets in the mirrors"),
            "slots": self.series("int32", "packets in the slots of the interfaces"),
            "bond_bits": self.series("int32", "unsatisfied bond bits of the interfaces"),
            "unsatisfied": self.series("int32", "unsatisfied bonds between spins"),
            **self.spin_counts(),
            "beta_gas": thermometry.beta_field("of each bath, mean over directions", ("t", "bath"), (n_t, n)),
            **self.spin_betas(),
        }  # fmt: skip
        kinds = self._kinds
        return Schema(
            **fields, **self.cells_field(self.height, len(kinds), "states of the cells, 0..53, at the snapshots")
        )

    def row(self, seed: int, row: int, on: Kernels) -> Row:
        n = len(self.temperatures)
        temperature = self.temperatures[row % n]
        imbalance = self.imbalances[row // n % len(self.imbalances)]
        fraction, densities = self._start(temperature, imbalance)
        columns = self._kinds
        kinds = np.broadcast_to(columns, (self.height, len(columns)))
        is_spin = (columns == lattice.states.ISING) | (columns == lattice.states.INTERFACE)
        first = int(np.argmax(is_spin))
        regions = np.where(is_spin, self._n_baths, np.where(np.arange(len(columns)) < first, 0, self._n_baths - 1))
        packets, spins = np.zeros(kinds.shape, np.uint8), np.zeros(kinds.shape, np.uint8)
        shape = (self.height, self.bath)
        for bath, density in enumerate(densities):
            at = np.flatnonzero((columns == lattice.states.GAS) & (regions == bath))
            packets[:, at] = draw_packets(on, seed, row, _BATHS[bath], shape, density, self.drift)
        spins[:, is_spin] = draw_spins(on, seed, row, _SPINS, (self.height, self.depth), fraction)
        census, cells = yield from self.trace("run", layout.fill(kinds, packets, spins), regions=regions)
        whole = census.sum(axis=1)
        baths = census[:, : self._n_baths, PACKETS].reshape(self.n_samples, self._n_baths, 4, 2)
        beta_13, beta_04 = thermometry.spins(whole[:, SITES])
        return {
            "temperature": temperature,
            "imbalance": imbalance,
            "energy": lattice.energy(whole),
            "packets": baths,
            "mirrors": whole[:, MIRROR],
            "slots": whole[:, SLOT],
            "bond_bits": whole[:, BOND_BIT],
            "unsatisfied": whole[:, UNSATISFIED],
            "magnetisation": 2 * whole[:, UP] - self.height * self.depth,
            "sites": whole[:, SITES],
            "beta_gas": thermometry.gas(baths, self.height * self.bath),
            "beta_13": beta_13,
            "beta_04": beta_04,
            **cells,
        }
