"""Magic states: boards that look as disordered as any, and go back to a picture.

The picture is laid over a ring of the coupled system, gas in its middle half and spins around: full gas cells and up
spins where it has ink. It runs for `n_steps` and is reversed (`states.reverse`), so that the same rule runs backwards:
`n_steps` later the picture is there again, to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import lgamma
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import AUTO
from simkit.errors import LayoutError, ParameterError, show
from simkit.kernels import lattice
from simkit.kernels.lattice import layout, states
from simkit.kernels.lattice.states import BOND, GAS, INTERFACE, IS_SPIN, KIND, MIRROR, SLOT, SPIN, G
from simkit.lattices import ising

U8 = npt.NDArray[np.uint8]
Ink = npt.NDArray[np.bool_]
I64 = npt.NDArray[np.int64]

#: side of a coarse cell of the entropy
BLOCK = 8

#: sides of boards: four coarse cells for the four quarters of a ring, so that none has both gas and spins
SIDES = range(64, 1025, 32)

#: steps to a picture at most: a board of 1024x1024 cells then takes hours for its curve
MAX_STEPS = 10**7

#: updates of cells that the kernel is asked for at once: about a second's, since it cannot be interrupted
_AT_ONCE = 2**33

_FULL = 15

#: of all coarse cells with packets; index n is ln n!
_LOG_FACTORIALS = np.array([lgamma(n + 1) for n in range(4 * BLOCK**2 + 1)])


def balance(ink: Ink) -> Ink:
    """Return a picture that has ink on about half of its middle columns, which are the gas of a magic state.

    One with less than 35 or more than 65 % of ink there is counterchanged: ink and paper are swapped in a band that
    covers the middle half of the rows. A gas of fewer packets, or of more, is too cold to melt the spins.
    """
    quarter = _side(ink) // 4
    middle = slice(quarter, len(ink) - quarter)
    if 0.35 <= ink[:, middle].mean() <= 0.65:
        return ink
    changed = ink.copy()
    changed[middle] ^= True
    return changed


def draw(ink: Ink) -> U8:
    """Return the ring that shows a picture, uint8 (y, x) of bool (y, x), a square of one of SIDES.

    Among aligned spins lie squares of 2x2 opposed ones, eight cells apart: a perfect crystal could not melt.
    """
    side = _side(ink)
    columns = np.roll(layout.ring(side // 2, side // 2), side // 4)
    y, x = np.indices(ink.shape) % 8
    dots = np.isin(y, (3, 4)) & np.isin(x, (3, 4))
    kinds = np.broadcast_to(columns, ink.shape)
    return layout.fill(kinds, np.where(ink, _FULL, 0).astype(np.uint8), (ink ^ dots).astype(np.uint8))


def _side(ink: Ink) -> int:
    """Return the side of a picture; ParameterError if a magic state cannot have it."""
    shape: tuple[int, ...] = getattr(ink, "shape", ())
    if getattr(ink, "dtype", None) != np.bool_ or len(shape) != 2 or shape[0] != shape[1] or shape[0] not in SIDES:
        raise ParameterError(
            f"a magic state is of a square of bool, with a side of {SIDES.start} to {SIDES.stop - 1} cells that is a "
            f"multiple of {SIDES.step}; this is {show(ink)}"
        )
    return len(ink)


def conceal(cells: U8, n_steps: int, *, backend: str = AUTO) -> U8:
    """Return the magic state that becomes ``states.reverse(cells)`` after `n_steps`, up to MAX_STEPS."""
    return states.reverse(_advance(layout.check_states(cells), check_steps(n_steps), backend))


def check_steps(n_steps: int) -> int:
    """Return a number of steps as an int; ParameterError unless it is from 0 to MAX_STEPS."""
    return ParameterError.check_integer("the number of steps", n_steps, 0, MAX_STEPS)


def _advance(cells: U8, n_steps: int, backend: str) -> U8:
    run, most = lattice.KERNEL.load(backend).run, max(1, _AT_ONCE // cells.size)
    for first in range(0, n_steps, most):
        cells = run(cells, min(most, n_steps - first)).cells
    return cells


def flip_one(cells: U8) -> U8:
    """Return cells with one packet more, or less, in the gas cell nearest to the middle (the first of several)."""
    places = np.argwhere(KIND[layout.check_states(cells)] == GAS)
    if not len(places):
        raise LayoutError("there is no gas among these cells, so that no packet can be changed")
    y, x = places[np.abs(places - np.array(cells.shape) // 2).sum(axis=1).argmin()].tolist()
    flipped = cells.copy()
    flipped[y, x] = states.FIRST[GAS] + (int(G[cells[y, x]]) ^ 1)
    return flipped


def visit(cells: U8, times: Sequence[int], *, backend: str = AUTO) -> Iterator[U8]:
    """Yield the cells at rising times, at most twice MAX_STEPS, computed when they are asked for."""
    now = 0
    layout.check_states(cells)
    for time in times:
        ParameterError.check_integer(f"a time that follows {now:,}", time, now, 2 * MAX_STEPS)
        cells, now = _advance(cells, time - now, backend), time
        yield cells


def moments(n_steps: int, n: int = 60) -> list[int]:
    """Return `n` times before and after `n_steps`, from 0 to twice as much, dense near it, and itself."""
    n_steps, n = check_steps(n_steps), ParameterError.check_integer("the number of moments", n, 1, 10_000)
    gaps = {round(n_steps * (k / n) ** 3) for k in range(1, n + 1)}
    return sorted({n_steps, *(n_steps - gap for gap in gaps), *(n_steps + gap for gap in gaps)})


def entropy(cells: U8) -> float:
    """Return the coarse-grained entropy of cells (y, x) of the coupled system, in nats.

    The board is cut into squares of BLOCK cells. What is known of each is its number of packets (in gas, mirrors and
    the bits of interfaces) and its number of unsatisfied bonds; the entropy is the logarithm of the number of states
    that agree: of the ways to put the packets on their places, and of spins of that energy, by Onsager.
    """
    kind = KIND[layout.check_states(cells)]
    is_gas, is_interface, is_spin = (kind == GAS) | (kind == MIRROR), kind == INTERFACE, IS_SPIN[cells] == 1
    n_places = _by_block(4 * is_gas + 2 * is_interface)
    n_packets = _by_block(np.bitwise_count(G[cells]) + SLOT[cells] + BOND[cells])
    ways = _LOG_FACTORIALS[n_places] - _LOG_FACTORIALS[n_packets] - _LOG_FACTORIALS[n_places - n_packets]
    bonds, unsatisfied = np.zeros(cells.shape, np.int64), np.zeros(cells.shape, np.int64)
    for axis in (0, 1):
        near = np.roll(cells, -1, axis)
        is_bond = is_spin & (IS_SPIN[near] == 1)
        bonds += is_bond
        unsatisfied += is_bond & (SPIN[cells] != SPIN[near])
    fraction = _by_block(unsatisfied) / np.maximum(_by_block(bonds), 1)
    of_spins = _by_block(is_spin) * ising.entropy(fraction)
    return float(ways.sum() + of_spins.sum())


class Demonstration(NamedTuple):
    """What a magic state does, and what the same state does after one packet was changed: pairs, in this order."""

    #: the picture, uint8 (y, x), and the steps to it
    start: U8
    n_steps: int
    #: the states at step 0 and at step `n_steps`
    first: tuple[U8, U8]
    last: tuple[U8, U8]
    times: list[int]
    #: nats per cell at each of the times
    entropies: tuple[list[float], list[float]]

    @property
    def is_back(self) -> bool:
        """Whether the picture is there again, to the last bit."""
        return bool((states.reverse(self.last[0]) == self.start).all())


def demonstrate(start: U8, n_steps: int, n_moments: int, *, backend: str = AUTO) -> Demonstration:
    """Make the magic state that goes back to `start`, and follow it and its neighbour: `n_moments` before and after."""
    state = conceal(start, n_steps, backend=backend)
    first, times = (state, flip_one(state)), moments(n_steps, n_moments)
    last: list[U8] = []
    entropies: tuple[list[float], list[float]] = [], []
    for cells, found in zip(first, entropies, strict=True):
        for time, now in zip(times, visit(cells, times, backend=backend), strict=True):
            found.append(entropy(now) / now.size)
            if time == n_steps:
                last.append(now)
    return Demonstration(start, n_steps, first, (last[0], last[1]), times, entropies)


def _by_block(values: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> I64:
    """Sum values (y, x) over the coarse cells, of which those at the far sides may be smaller."""
    height, width = values.shape
    rows = np.add.reduceat(values.astype(np.int64), np.arange(0, height, BLOCK), axis=0)
    found: I64 = np.add.reduceat(rows, np.arange(0, width, BLOCK), axis=1)
    return found
