"""hpp: the HPP lattice gas alone, in two boxes that come to equilibrium."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels
from simkit.contract import param
from simkit.kernels import lattice, philox
from simkit.kernels.lattice import MIRROR, PACKETS, layout, states
from simkit.lattices import thermometry
from simkit.lattices.lattice_run import LatticeRun, Row, draw_packets, notes_of_height
from simkit.schema import Field, Schema

#: first streams of Philox of the two boxes
_STREAMS = (0, 4)


@final
@dataclass(frozen=True)
class Hpp(LatticeRun):
    """Two boxes of gas between mirrors, closed to a ring along y, with a mirror wall between them that has an opening.

    Row ``i`` begins with every packet present with probability ``left[i mod k]`` in the left box and
    ``right[i mod k]`` in the right one. Each box is cut into strips of columns, the coarse cells of the entropy.
    """

    name: ClassVar[str] = "hpp"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "HPP lattice gas in two boxes with an opening between them, reversible"
    tiny: ClassVar[dict[str, object]] = {
        "steps": 12,
        "every": 6,
        "height": 20,
        "box": 6,
        "opening": 5,
        "strip": 3,
        "left": (0.8, 0.3),
        "right": (0.1, 0.3),
    }
    sample: ClassVar[dict[str, object]] = {
        "steps": 60,
        "every": 20,
        "height": 64,
        "box": 31,
        "opening": 16,
        "strip": 31,
    }
    facts: ClassVar[tuple[str, ...]] = (
        "The number of packets, with those in mirrors and in the opening, is the same at every step.",
        "Reversible: the same rule takes the reverse of the last state to the reverse of the first.",
    )
    citation: ClassVar[str] = (
        "J. Hardy, Y. Pomeau, O. de Pazzis, Time evolution of a two-dimensional model system. I, J. Math. "
        "Phys. 14 (1973) 1746"
    )
    kernels: ClassVar = (philox.KERNEL, lattice.KERNEL)

    height: int = param(128, "cells along the wall, 4..16384; with no wall multiples of 128 are fastest")
    box: int = param(128, "columns of each box, 1..16384")
    opening: int = param(32, "open cells of the wall, in its middle, 0..height; all of them: there is no wall")
    strip: int = param(16, "columns of a coarse cell of the entropy; divides box")
    left: tuple[float, ...] = param((0.5,), "densities of the left box at the start, 0..1; row i takes left[i mod k]")
    right: tuple[float, ...] = param((0.1,), "densities of the right box at the start, as many as of the left one")

    def validate(self) -> None:
        super().validate()
        self.check_side("height", 4, even=False)
        self.check_side("box", 1, even=False)
        if not 0 <= self.opening <= self.height:
            self.refuse("opening", f"0 to {self.height} cells", self.opening)
        if self.strip < 1 or self.box % self.strip:
            self.refuse("strip", f"a divisor of the {self.box} columns of a box", self.strip)
        for name in ("left", "right"):
            self.check_list(name, "densities from 0 to 1", lambda density: 0 <= density <= 1)
        self.check_as_many("right", "left")

    @property
    def n_cells(self) -> int:
        return self.height * (2 * self.box + 3)

    def notes(self) -> list[str]:
        if self.opening == self.height:
            return notes_of_height(self.height)
        return [
            "with a wall between the boxes not every column is of one kind: a step takes about eight times as long as "
            f"without it, opening={self.height}"
        ]

    def schema(self) -> Schema:
        n_strips = 2 * self.box // self.strip
        return Schema(
            density=Field("float64", "densities of the boxes that the start was drawn for", ("box",), (2,)),
            packets=self.series("int32", "packets of a strip of a box, left to right, by direction N E S W and class "
                                "x + y + t mod 2", strip=n_strips, direction=4, parity=2),
            wall=self.series("int32", "packets in mirrors and in the opening"),
            beta=thermometry.beta_field("of each box, mean over directions", ("t", "box"), (self.n_samples, 2)),
            entropy=Field("float64", "logarithm of the number of states with as many packets in each strip", ("t",),
                          (self.n_samples,), atol=thermometry.ATOL),
            **self.cells_field(self.height, 2 * self.box + 3, "states of the cells, 0..53, at the snapshots"),
        )  # fmt: skip

    def row(self, seed: int, row: int, on: Kernels) -> Row:
        densities = self.left[row % len(self.left)], self.right[row % len(self.right)]
        width = 2 * self.box + 3
        kinds = np.full((self.height, width), states.GAS, np.uint8)
        kinds[:, [0, -1]] = states.MIRROR
        first = (self.height - self.opening) // 2
        kinds[:first, self.box + 1] = kinds[first + self.opening :, self.box + 1] = states.MIRROR
        packets = np.zeros(kinds.shape, np.uint8)
        n_strips = 2 * self.box // self.strip
        regions = np.full(width, n_strips)
        for box, density in enumerate(densities):
            at = 1 + box * (self.box + 1) + np.arange(self.box)
            packets[:, at] = draw_packets(on, seed, row, _STREAMS[box], (self.height, self.box), density)
            regions[at] = (box * self.box + np.arange(self.box)) // self.strip
        census, cells = yield from self.trace("run", layout.fill(kinds, packets), regions=regions)
        strips = census[:, :n_strips, PACKETS].reshape(self.n_samples, n_strips, 4, 2)
        boxes = strips.reshape(self.n_samples, 2, n_strips // 2, 4, 2).sum(axis=2)
        n_places = 4 * self.height * self.strip
        return {
            "density": densities,
            "packets": strips,
            "wall": census[:, n_strips, PACKETS].sum(axis=-1) + census[:, n_strips, MIRROR],
            "beta": thermometry.gas(boxes, self.height * self.box),
            "entropy": thermometry.rounded(_entropy(strips.sum(axis=(2, 3)), n_places)),
            **cells,
        }


def _entropy(packets: npt.NDArray[np.int64], n_places: int) -> npt.NDArray[np.float64]:
    """Return ln of the ways to put packets (..., strip) on `n_places` places of each strip."""
    logs = np.array([math.lgamma(n + 1) for n in range(n_places + 1)])
    total: npt.NDArray[np.float64] = (logs[n_places] - logs[packets] - logs[n_places - packets]).sum(axis=-1)
    return total
