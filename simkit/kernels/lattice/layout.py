"""Layouts of the coupled system: stacks of columns, free ones from arrays or pictures, and what makes one valid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.errors import LayoutError, show
from simkit.kernels.lattice.states import (
    DIRECTIONS,
    GAS,
    INTERFACE,
    IS_GAS,
    IS_SPIN,
    ISING,
    KIND,
    MIRROR,
    N_STATES,
    PHASE,
    PINNED,
    VOID,
    compose,
)

U8 = npt.NDArray[np.uint8]

#: violations that an error names; the rest is counted
_N_NAMED = 5

#: colours of a picture, (red, green, blue) -> kind, spin
COLOURS = {
    (0, 0, 0): (VOID, 0),
    (0, 0, 255): (GAS, 0),
    (128, 128, 128): (MIRROR, 0),
    (0, 128, 0): (ISING, 0),
    (0, 255, 0): (ISING, 1),
    (255, 128, 0): (INTERFACE, 0),
    (255, 255, 0): (INTERFACE, 1),
    (255, 255, 255): (PINNED, 1),
}


def ring(bath: int, depth: int) -> U8:
    """Return the kinds of the columns gas | spins |, closed to a ring: one bath, two interfaces; uint8 (x,)."""
    return np.repeat(np.array([GAS, INTERFACE, ISING, INTERFACE], np.uint8), [bath, 1, depth - 2, 1])


def sandwich(bath: int, depth: int) -> U8:
    """Return the kinds of the columns mirror | gas | spins | gas | mirror: two baths; uint8 (x,)."""
    kinds = np.array([MIRROR, GAS, INTERFACE, ISING, INTERFACE, GAS, MIRROR], np.uint8)
    return np.repeat(kinds, [1, bath, 1, depth - 2, 1, bath, 1])


def fill(kinds: U8, packets: U8 | int = 0, spins: U8 | int = 0) -> U8:
    """Return cells of the given kinds.

    Parameters
    ----------
    kinds : uint8 (y, x), 0..5 (`states.VOID` ...)
    packets : uint8, (y, x) or what broadcasts to it, 0..15
        Of gas cells; mirrors begin empty.
    spins : uint8, (y, x) or what broadcasts to it, 0 or 1
        Of Ising and interface cells, of which those with even y + x are active first; bond bits and slots begin at 0.

    Returns
    -------
    uint8 (y, x), states
    """
    y, x = np.indices(kinds.shape)
    zero = np.zeros(kinds.shape, np.uint8)
    g: U8 = np.where(kinds == GAS, packets, zero).astype(np.uint8)
    spin: U8 = np.broadcast_to(np.asarray(spins, np.uint8), kinds.shape)
    phase = np.asarray((y + x + 1) % 2, np.uint8)
    return compose(kinds, g, spin, zero, zero, phase)


def from_picture(picture: U8) -> U8:
    """Return the cells that a picture shows, gas empty, checked.

    Parameters
    ----------
    picture : uint8 (y, x, 3)
        A pixel a cell, red, green and blue: black void, white pinned, blue gas, grey (128) mirror, green Ising (dark
        0, 128, 0 spin 0; light 0, 255, 0 spin 1), orange (255, 128, 0) interface with spin 0, yellow with spin 1.

    Raises
    ------
    LayoutError
        If a pixel has another colour, or the layout is not valid.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[-1] != 3:
        raise LayoutError(f"a picture is uint8 of shape (y, x, 3); this is {picture.dtype} of shape {picture.shape}")
    kinds, spins = np.full(picture.shape[:2], 255, np.uint8), np.zeros(picture.shape[:2], np.uint8)
    for colour, (kind, spin) in COLOURS.items():
        is_it = (picture == np.array(colour, np.uint8)).all(axis=-1)
        kinds[is_it], spins[is_it] = kind, spin
    for y, x in np.argwhere(kinds == 255)[:1].tolist():
        known = ", ".join(str(colour) for colour in COLOURS)
        raise LayoutError(f"cell y={y} x={x} has the colour {tuple(picture[y, x].tolist())}; those known are {known}")
    return check(fill(kinds, 0, spins))


def check_states(cells: U8) -> U8:
    """Return `cells` if they are states of cells, uint8 (y, x), in whatever layout; LayoutError otherwise."""
    _check_shape(cells)
    if cells.max() >= N_STATES:
        raise LayoutError(f"the states of cells are 0 to {N_STATES - 1}; there is one of {cells.max()}")
    return cells


def _check_shape(cells: U8) -> None:
    if getattr(cells, "dtype", None) != np.uint8 or cells.ndim != 2 or min(cells.shape) < 2:
        raise LayoutError(f"a layout is uint8 of shape (y, x), 2x2 or more; this is {show(cells)}")


def check(cells: U8) -> U8:
    """Return `cells` if they are a valid layout.

    Raises
    ------
    LayoutError
        If they are not: each violation with its cell, up to the fifth.
    """
    _check_shape(cells)
    found = violations(cells)
    if found:
        more = f"; and {len(found) - _N_NAMED} more" if len(found) > _N_NAMED else ""
        named = "; ".join(f"cell y={y} x={x}: {what}" for y, x, what in found[:_N_NAMED])
        raise LayoutError(f"not a valid layout: {named}{more}")
    return cells


def violations(cells: U8) -> list[tuple[int, int, str]]:
    """Return what makes cells (y, x) no valid layout, as (y, x, what), in the order of the rules below."""
    found: list[tuple[int, int, str]] = []

    def note(where: npt.NDArray[np.bool_], what: str) -> None:
        found.extend((y, x, what) for y, x in np.argwhere(where).tolist())

    note(cells >= N_STATES, f"states are 0 to {N_STATES - 1}")
    if found:
        return found
    near = [np.roll(cells, (-dy, -dx), (-2, -1)) for dy, dx in DIRECTIONS]
    is_spin, is_interface, is_gas = IS_SPIN[cells] == 1, KIND[cells] == INTERFACE, KIND[cells] == GAS
    y, x = np.indices(cells.shape)
    board = (PHASE[cells] + y + x) % 2
    if is_spin.any():
        note(is_spin & (board != board[is_spin][0]), "phase off the one checkerboard of all spins; flip its phase")
        meets = [is_spin & (IS_SPIN[n] == 1) & (PHASE[n] == PHASE[cells]) & (board == board[is_spin][0]) for n in near]
        note(np.logical_or.reduce(meets), "two neighbouring spins in phase; make the side that wraps here even")
    n_gas = sum(IS_GAS[n] for n in near)
    note(is_interface & (n_gas != 1), "an interface cell needs exactly one gas or mirror neighbour")
    is_bad = [(IS_GAS[n] == 0) & (IS_SPIN[n] == 0) & (KIND[n] != PINNED) for n in near]
    note(is_interface & np.logical_or.reduce(is_bad), "an interface cell's other neighbours must be spins or pinned")
    open_ = [(KIND[n] == VOID) | (KIND[n] == ISING) for n in near]
    note(is_gas & np.logical_or.reduce(open_), "gas must be bounded by interface or mirror, not by void or Ising cells")
    return found
