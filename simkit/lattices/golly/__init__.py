"""The lattices as rules and patterns of Golly: 54 states of the coupled system, and the smaller systems in it.

Golly applies one rule to all cells at all times, and its state 0 has to stay 0 among zeros. So the turn of a spin is
part of its state (the phase), and state 0 is the void. The rules are made from the reference of the kernel, which is
asked for what becomes of every neighbourhood; nothing of them is written down a second time.

Source: Golly's help pages "RuleLoader", "File formats" and "Bounded grids".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.errors import PatternError, UnknownNameError
from simkit.kernels.lattice import reference, states
from simkit.kernels.lattice.states import GAS, INTERFACE, IS_GAS, ISING, KIND, MIRROR, PINNED, SLOT, SPIN, VOID, G
from simkit.lattices import colours

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]

_NONE = 255


class Glyph(NamedTuple):
    """What the icon of a state shows; None is not there."""

    #: colour of the ground
    ground: tuple[int, int, int]
    #: packets N (1), E (2), S (4), W (8) as arrows
    packets: int = 0
    #: whether the cell flips next, as a dot
    phase: int = 0
    #: energy beside packets and bonds between spins, as bars: bond bit and slot, or the bits of a demon
    bars: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Automaton:
    """A lattice as Golly has it.

    Attributes
    ----------
    name : str
        Of the rule, and its file.
    about : str
        A line on what it is.
    members : uint8 (state,)
        The kernel's state for each of Golly's; of state 0 where the kernel has no void, any that is like a void to
        its neighbours.
    has_void : bool
        Whether state 0 is one of the kernel's.
    kernel_step : callable
        The kernel's reference, cells (..., y, x) a step later.
    seen : four int64 (state,)
        As a neighbour in the N, E, S, W, states with the same number are alike.
    glyphs : tuple of Glyph
        By state.
    """

    name: str
    about: str
    members: U8
    has_void: bool
    kernel_step: Callable[[U8], U8]
    seen: tuple[I64, I64, I64, I64]
    glyphs: tuple[Glyph, ...]

    @property
    def n_states(self) -> int:
        """Number of states, 0 included."""
        return len(self.members)

    def encode(self, cells: U8) -> U8:
        """Return Golly's states of the kernel's; PatternError if some are no part of this system."""
        index = np.full(256, _NONE, np.uint8)
        first = 0 if self.has_void else 1
        index[self.members[first:]] = np.arange(first, self.n_states)
        found: U8 = index[cells]
        if (found == _NONE).any():
            state = int(cells[found == _NONE][0])
            raise PatternError(f"{self.name} has no cells of state {state}; take a rule that has, such as hpp-ising")
        return found

    def decode(self, found: U8) -> U8:
        """Return the kernel's states of Golly's; PatternError if there are no such, or void that the kernel lacks."""
        if found.size and (found.max() >= self.n_states or (found.min() == 0 and not self.has_void)):
            least = 0 if self.has_void else 1
            raise PatternError(
                f"{self.name} has states {least} to {self.n_states - 1}; these are {found.min()} to {found.max()}"
            )
        return self.members[found]

    def step(self, found: U8) -> U8:
        """Return Golly's states (..., y, x) a generation later, by the reference."""
        later = self.kernel_step(self.members[found])
        if self.has_void:
            return self.encode(later)
        return np.where(found == 0, 0, self.encode(later)).astype(np.uint8)


def _classes(*bits: npt.NDArray[np.integer]) -> I64:
    """Number the combinations of bits that occur."""
    code = sum(bit.astype(np.int64) << i for i, bit in enumerate(bits))
    return np.unique(code, return_inverse=True)[1].astype(np.int64)


def _seen(members: U8, direction: int) -> I64:
    """Return what a cell's neighbour in a direction is to it: all that the reference reads of neighbours."""
    is_interface = KIND[members] == INTERFACE
    packet = G[members] >> np.uint8((direction + 2) % 4) & np.uint8(1)
    return _classes(is_interface, SLOT[members], IS_GAS[members], packet, SPIN[members])


def _part(name: str, about: str, kinds: tuple[int, ...]) -> Automaton:
    """Return the coupled system, or the part of it that has cells of the given kinds."""
    members = np.flatnonzero(np.isin(KIND, kinds)).astype(np.uint8)
    glyphs = tuple(
        Glyph(
            (int(r), int(g), int(b)),
            int(G[state]),
            int(states.PHASE[state]),
            (int(states.BOND[state]), int(SLOT[state])) if KIND[state] == INTERFACE else (),
        )
        for state, (r, g, b) in ((int(m), _ground(int(m))) for m in members)
    )
    seen = (_seen(members, 0), _seen(members, 1), _seen(members, 2), _seen(members, 3))
    return Automaton(name, about, members, True, reference.step, seen, glyphs)


def _ground(state: int) -> tuple[int, int, int]:
    """Return the colour below the packets of a state."""
    empty = states.FIRST[int(KIND[state])] if IS_GAS[state] else state
    r, g, b = colours.CELLS[empty].tolist()
    return r, g, b


def _creutz() -> Automaton:
    members = np.concatenate(([0], np.arange(16))).astype(np.uint8)
    glyphs = (
        Glyph(colours.VOID_BLACK),
        *(
            Glyph((r, g, b), 0, state >> 3, (state >> 1 & 1, state >> 2 & 1))
            for state, (r, g, b) in ((state, colours.SPINS[state & 1].tolist()) for state in range(16))
        ),
    )
    spin = (members & 1).astype(np.int64)
    about = "Ising spins with a demon of 0 to 3 units each (Creutz), reversible."
    return Automaton("simkit-creutz", about, members, False, reference.step_creutz, (spin, spin, spin, spin), glyphs)


#: short name -> the system
AUTOMATA = {
    "hpp-ising": _part(
        "simkit-hpp-ising",
        "Ising spins (Q2R) coupled to an HPP gas by an interface, reversible, energy constant.",
        (VOID, GAS, ISING, INTERFACE, PINNED, MIRROR),
    ),
    "hpp": _part("simkit-hpp", "HPP lattice gas with mirrors, reversible.", (VOID, GAS, MIRROR)),
    "q2r": _part("simkit-q2r", "Ising spins under Q2R, reversible, energy constant.", (VOID, ISING, PINNED)),
    "creutz": _creutz(),
}


def automaton(name: str) -> Automaton:
    """Return a system by its short name, or that of its rule; UnknownNameError if there is none."""
    short = name.removeprefix("simkit-")
    if short not in AUTOMATA:
        raise UnknownNameError.of("Golly rule", name, AUTOMATA)
    return AUTOMATA[short]


def smallest(cells: U8) -> Automaton:
    """Return the system with the fewest states that has all of some cells of the coupled system."""
    there = np.unique(cells)
    for short in ("q2r", "hpp"):
        if np.isin(there, AUTOMATA[short].members).all():
            return AUTOMATA[short]
    return AUTOMATA["hpp-ising"]
