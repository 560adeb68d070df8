"""What the sources of spins on a torus share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simkit.contract import param
from simkit.lattices.lattice_run import MAX_SIDE, LatticeRun


@dataclass(frozen=True)
class TorusRun(LatticeRun):
    """A run of spins on a torus of `size`."""

    #: what both sides are multiples of
    side_unit: ClassVar[int] = 2

    size: tuple[int, int] = param(
        (256, 256), "height and width of the torus, even, 4..16384; heights of 128 n are fastest"
    )

    def validate(self) -> None:
        super().validate()
        unit, least = self.side_unit, max(4, self.side_unit)
        if not all(least <= side <= MAX_SIDE and side % unit == 0 for side in self.size):
            takes = f"sides of {least} to {MAX_SIDE} cells that are multiples of {unit}"
            self.refuse("size", takes, "x".join(map(str, self.size)))

    @property
    def n_cells(self) -> int:
        return self.size[0] * self.size[1]
