"""heat-conduction: Ising spins between two gases whose outer walls are kept at two temperatures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels
from simkit.contract import param
from simkit.kernels import lattice, philox
from simkit.kernels.lattice import PACKETS, SITES, layout, states
from simkit.lattices import ising, thermometry
from simkit.lattices.lattice_run import LatticeRun, Row, Task, draw_packets, draw_spins, draw_words, notes_of_height
from simkit.schema import Field, Schema

#: bytes of draws and counts that a run may need at once
_CHUNK_BYTES = 2**22

#: steps whose packets from the walls are drawn together
_BLOCK = 1024

#: streams of Philox: packets of the two gases; the walls in each block, two streams each; spins of each column
_GAS, _WALLS, _SPINS = (0, 4), 8, 2**31


@final
@dataclass(frozen=True)
class HeatConduction(LatticeRun):
    """A stationary flow of energy through the Ising model, which is not reversible at the two outer walls alone.

    There packets enter with the density of the wall's temperature, whatever left. Row ``i`` is between
    ``left[i mod k]`` and ``right[i mod k]``, and begins with a profile of beta that is linear between them.
    """

    name: ClassVar[str] = "heat-conduction"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "heat through Ising spins between thermal walls: flux and profile of temperature"
    tiny: ClassVar[dict[str, object]] = {
        "steps": 12,
        "every": 3,
        "height": 128,
        "bath": 3,
        "depth": 4,
        "left": (0.3, 0.5),
        "right": (0.6, 0.5),
        "settling": 6,
    }
    sample: ClassVar[dict[str, object]] = {
        "steps": 60,
        "every": 20,
        "height": 64,
        "bath": 16,
        "depth": 30,
        "settling": 40,
    }
    facts: ClassVar[tuple[str, ...]] = (
        "The energy of the lattice changes by exactly what the two walls give and take.",
        "Between walls of one temperature no heat flows in the mean.",
    )
    citation: ClassVar[str] = (
        "J. Hardy, Y. Pomeau, O. de Pazzis, Time evolution of a two-dimensional model system. I, J. Math. "
        "Phys. 14 (1973) 1746; G. Y. Vichniac, Simulating physics with cellular automata, Physica D 10 "
        "(1984) 96"
    )
    kernels: ClassVar = (philox.KERNEL, lattice.KERNEL)

    height: int = param(256, "cells along the walls, even, 4..16384; multiples of 128 are fastest")
    bath: int = param(24, "columns of gas on each side, 1..16384")
    depth: int = param(32, "columns of spins, those of the interfaces included, even, 2..16384")
    left: tuple[float, ...] = param((0.3,), "beta of the left wall, 1/packet; row i takes left[i mod k]")
    right: tuple[float, ...] = param((0.6,), "beta of the right wall, 1/packet; as many as of the left one")
    settling: int = param(100_000, "steps before flux and profiles are averaged; a multiple of every, below steps")

    def validate(self) -> None:
        super().validate()
        self.check_side("height", 4, even=True)
        self.check_side("bath", 1, even=False)
        self.check_side("depth", 2, even=True)
        for name in ("left", "right"):
            self.check_list(name, "inverse temperatures from -8 to 8", lambda beta: -8 <= beta <= 8)
        self.check_as_many("right", "left")
        if not 0 <= self.settling < self.steps or self.settling % self.every:
            self.refuse("settling", f"a multiple of every ({self.every}) below steps ({self.steps})", self.settling)

    @property
    def _width(self) -> int:
        return 2 * self.bath + self.depth + 2

    @property
    def n_cells(self) -> int:
        return self.height * self._width

    def notes(self) -> list[str]:
        return notes_of_height(self.height)

    def schema(self) -> Schema:
        width = self._width
        mean = "after settling; 0 where there is none"
        return Schema(
            walls=Field("float64", "beta of the two walls", ("wall",), (2,), unit="1/packet"),
            given=self.series("int64", "packets that a wall has given so far, less those it took", wall=2),
            energy=self.series("int64", "whole energy, in packets"),
            flux=Field("float64", f"packets a column and step from left to right at each wall, {mean}", ("wall",), (2,),
                       unit="packet/step"),
            packets=Field("int64", f"packets of a column of gas, summed over the samples {mean}", ("x", "direction"),
                          (width, 4)),
            sites=Field("int64", f"spins of a column with u = 0..4 unsatisfied bonds, summed over the samples {mean}",
                        ("x", "u"), (width, 5)),
            beta=thermometry.beta_field(f"of a column, its spins (u = 1 and 3) or its gas, {mean}", ("x",),
                                        (width,)),
            **self.cells_field(self.height, width, "states of the cells, 0..53, at the snapshots"),
        )  # fmt: skip

    def row(self, seed: int, row: int, on: Kernels) -> Row:
        walls = self.left[row % len(self.left)], self.right[row % len(self.right)]
        columns = layout.sandwich(self.bath, self.depth)
        regions = np.arange(len(columns))
        given = [np.zeros((1, 2), np.int64)]
        energies: list[npt.NDArray[np.int64]] = []
        profile = np.zeros((len(columns), len(lattice.QUANTITIES)), np.int64)
        cells, kept = self._start(seed, row, on, walls, columns), []
        per_step = 8 * (2 * -(-self.height // 64) + len(columns) * len(lattice.QUANTITIES) // self.every + 1)
        for first, n_steps in self._chunks(max(1, _CHUNK_BYTES // per_step // self.every) * self.every):
            drive = self._drive(seed, row, on, walls, first, n_steps)
            options = {"every": self.every, "regions": regions, "start": first, "drive": drive}
            trace = yield Task("run", cells, n_steps, options)
            cells = trace.cells
            given.append(given[-1][-1] + trace.given[1:])
            energies.append(lattice.energy(trace.census.sum(axis=1))[1 if energies else 0 :])
            n_unsettled = max(0, (self.settling - first) // self.every)
            profile += trace.census[1 + n_unsettled :].sum(axis=0)
            if self.snapshots and (first + n_steps) % (self.steps // self.snapshots) == 0:
                kept.append(cells)
        so_far = np.concatenate(given)
        settled = so_far[-1] - so_far[self.settling // self.every]
        packets = profile[:, PACKETS].reshape(-1, 4, 2).sum(axis=-1)
        n_cells = self.height * ((self.steps - self.settling) // self.every)
        beta = np.zeros(len(columns))
        is_gas = columns == states.GAS
        is_spin = (columns == states.ISING) | (columns == states.INTERFACE)
        beta[is_gas] = thermometry.gas(packets[is_gas, :, None], n_cells)
        beta[is_spin] = thermometry.spins(profile[is_spin, SITES])[0]
        return {
            "walls": walls,
            "given": so_far,
            "energy": np.concatenate(energies),
            "flux": settled * np.array([1, -1]) / (self.height * (self.steps - self.settling)),
            "packets": packets,
            "sites": profile[:, SITES],
            "beta": beta,
            **({"cells": np.array(kept)} if self.snapshots else {}),
        }

    def _chunks(self, n: int) -> list[tuple[int, int]]:
        """Return (first step, steps) of the pieces of the run: at most `n` steps, none across a snapshot."""
        span = self.steps // max(1, self.snapshots)
        return [
            (begin + first, min(n, span - first)) for begin in range(0, self.steps, span) for first in range(0, span, n)
        ]

    def _start(
        self, seed: int, row: int, on: Kernels, walls: tuple[float, float], columns: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.uint8]:
        kinds = np.broadcast_to(columns, (self.height, len(columns)))
        packets, spins = np.zeros(kinds.shape, np.uint8), np.zeros(kinds.shape, np.uint8)
        for side, beta in enumerate(walls):
            at = slice(1, 1 + self.bath) if side == 0 else slice(-1 - self.bath, -1)
            shape = (self.height, self.bath)
            packets[:, at] = draw_packets(on, seed, row, _GAS[side], shape, _density(beta))
        for column in range(self.depth):
            beta = walls[0] + (walls[1] - walls[0]) * (column + 0.5) / self.depth
            x, fraction = 1 + self.bath + column, ising.unsatisfied(beta)
            drawn = draw_spins(on, seed, row, _SPINS + column, (self.height, 2), fraction)
            spins[:, x] = drawn[:, x % 2]  # the column of a checkerboard that it is, beyond half of the bonds
        return layout.fill(kinds, packets, spins)

    def _drive(
        self, seed: int, row: int, on: Kernels, walls: tuple[float, float], first: int, n_steps: int
    ) -> npt.NDArray[np.uint64]:
        """Draw what the walls emit in `n_steps` steps from step `first` on: uint64 (step, wall, word)."""
        n_words, skipped = -(-self.height // 64), first % _BLOCK
        blocks = range(first // _BLOCK, -(-(first + n_steps) // _BLOCK))
        drawn = np.empty((len(blocks), _BLOCK, 2, n_words), np.uint64)
        for i, block in enumerate(blocks):
            for wall, beta in enumerate(walls):
                stream = _WALLS + 2 * block + wall
                words = draw_words(on, seed, row, stream, 2 * n_words * _BLOCK, _density(beta))
                drawn[i, :, wall] = words.view("<u8").reshape(_BLOCK, n_words)
        bits = np.arange(64, dtype=np.uint64)[:, None]
        is_cell = bits * np.uint64(n_words) + np.arange(n_words, dtype=np.uint64) < self.height
        mask = (is_cell.astype(np.uint64) << bits).sum(axis=0, dtype=np.uint64)
        there: npt.NDArray[np.uint64] = drawn.reshape(-1, 2, n_words)[skipped : skipped + n_steps] & mask
        return np.ascontiguousarray(there)


def _density(beta: float) -> float:
    return 1 / (1 + math.exp(beta))
