"""Reversible lattices that conserve energy: HPP gas, Q2R Ising spins, the interface between them, and Creutz demons.

The coupled system is a torus of cells, uint8 of shape (y, x), y downwards, in the 54 states of `states`. Energy is
counted in packets of the gas; an unsatisfied (antiparallel) bond of the spins costs one. A step first moves energy and
then permutes states:

move
    Packets stream to the next gas or mirror cell. From an interface cell its packet slot streams in; any other cell
    turns a packet back half-way. An interface cell takes the packet that heads for it into its slot. A spin with phase
    1 flips if exactly two of its four bonds are unsatisfied; the bond of an interface cell towards the gas is its bond
    bit, which flips with the spin. What is neither spin nor interface counts as a spin that never flips.
permute
    Gas: head-on pairs turn by 90 degrees (HPP). Mirror: all packets turn back. Interface: bond bit and slot are
    swapped. Spins and interface: the phase changes.

Both halves are bijections and keep the energy, if a layout is valid (`layout.check`). A system runs backwards under the
same rule from ``states.reverse(cells)``.

The swap takes place in every step, and walls of the gas are mirrors, for a reason that no conservation law shows:
packets of HPP keep the parity of x + y + t, so that the gas is two gases that never meet. Were the swap done in active
cells alone, or walls half-way ones, one of the two would never exchange energy with the spins.

Every backend module has two functions.

``run(cells, n_steps, *, every=None, regions=None, start=0, drive=None) -> Trace``
    The coupled system `n_steps` later and, if `every` is given, its census at the times 0, every, 2 every, ... after
    the beginning.

    * cells: uint8 (y, x), both sides at least 2; valid
    * every: steps between two samples of the census, at least 1; with None no census is taken
    * regions: int64 (x,), the region 0, 1, ... that each column is counted in; all in region 0 if None
    * start: the time of `cells`, of which only the parity counts; the class of a packet is x + y + t mod 2
    * drive: None, or uint64 (step, 2, word), which makes columns 0 and -1, both of mirrors, thermal walls: after each
      step the bits of column 0 that head E, and those of column -1 that head W, are replaced by ``drive[step, wall]``.
      Bit b of word w stands for the cell ``y = w + b * n_words``, where n_words is y / 64 rounded up; bits beyond the
      last cell are ignored.

``run_creutz(cells, n_steps, *, every=None) -> Trace``
    Ising spins with a demon of 0..3 units a site (a unit is two packets) on a torus, uint8 (y, x) of
    ``s + 2 D + 8 f`` (spin, demon, phase), both sides even, phases one checkerboard. With u unsatisfied bonds and
    T = D + u, a site with phase 1 flips if 2 <= T <= 5, and its demon keeps T - 2. Reversed: all phases flipped.

Sources: J. Hardy, Y. Pomeau, O. de Pazzis, J. Math. Phys. 14 (1973) 1746 (HPP); G. Y. Vichniac, Physica D 10 (1984) 96
(Q2R); M. Creutz, Ann. Phys. 167 (1986) 62.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernel

KERNEL = Kernel("lattice", ("cuda", "cpu", "reference"))

#: what a census of the coupled system counts in each region. Packets of gas cells by direction and class; packets in
#: mirrors; the slots and bond bits of interface cells; up spins; unsatisfied bonds, each counted at its western or
#: northern spin, or at its only one; spins (interface ones too) with 0..4 unsatisfied bonds (the bond bit is one).
QUANTITIES = (
    *("n_even", "n_odd", "e_even", "e_odd", "s_even", "s_odd", "w_even", "w_odd"),
    *("mirror", "slot", "bond_bit", "up", "unsatisfied"),
    *("u0", "u1", "u2", "u3", "u4"),
)

#: what a census of the Creutz system counts: up spins, unsatisfied bonds, spins by unsatisfied bonds, sites by demon
CREUTZ_QUANTITIES = ("up", "unsatisfied", "u0", "u1", "u2", "u3", "u4", "demon0", "demon1", "demon2", "demon3")

#: places in QUANTITIES
PACKETS, MIRROR, SLOT, BOND_BIT, UP, UNSATISFIED, SITES = slice(0, 8), 8, 9, 10, 11, 12, slice(13, 18)


class Trace(NamedTuple):
    """What became of a system."""

    #: uint8 (y, x): the cells at the end
    cells: npt.NDArray[np.uint8]
    #: int64 (sample, region, quantity): the census at times 0, every, ..., as QUANTITIES or CREUTZ_QUANTITIES say; no
    #: sample if `every` is None
    census: npt.NDArray[np.int64]
    #: int64 (sample, 2): packets that the two thermal walls have given, less those they took, up to each sample
    given: npt.NDArray[np.int64]


def n_samples(n_steps: int, every: int | None) -> int:
    """Return how many samples a run takes, that at its beginning included."""
    return 0 if every is None else 1 + n_steps // every


def energy(census: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the energy, in packets, of a census of the coupled system: int64 (...,) of int64 (..., quantity)."""
    total: npt.NDArray[np.int64] = census[..., :UP].sum(axis=-1) + census[..., UNSATISFIED]
    return total
