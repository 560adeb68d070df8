"""Count kinds and constellations among the objects of a board, compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.census.apgcode import Rows
from simkit.kernels.census.constellations import Placed, Template
from simkit.kernels.compiling import CALLED, INNER, stamped

I32 = npt.NDArray[np.int32]

_NOTHING = (-1, 0, 0)


class Matches(NamedTuple):
    """Templates of constellations, as arrays; from `starts[s]` on, those whose first member is sprite ``s``."""

    starts: I32
    column: I32
    height: I32
    width: I32
    #: (template, 3): sprite, y, x of what must be absent; sprite -1 for nothing
    absent: I32
    #: (member, 3): the other members, those of template ``i`` from `member_starts[i]`
    member_starts: I32
    members: I32


def compile_templates(templates: tuple[Template, ...], number: Callable[[Rows], int]) -> Matches:
    """Return templates as arrays; `number` gives the sprite of a pattern."""

    def place(placed: Placed | None) -> tuple[int, int, int]:
        return (number(placed[0]), *placed[1:]) if placed else _NOTHING

    ordered = sorted(templates, key=lambda template: number(template.members[0][0]))
    first = [number(template.members[0][0]) for template in ordered]
    members = [[place(placed) for placed in template.members[1:]] for template in ordered]
    return Matches(
        starts=np.searchsorted(first, np.arange(max(first, default=-1) + 2)).astype(np.int32),
        column=np.array([template.column for template in ordered], np.int32),
        height=np.array([template.height for template in ordered], np.int32),
        width=np.array([template.width for template in ordered], np.int32),
        absent=np.array([place(template.absent) for template in ordered], np.int32).reshape(-1, 3),
        member_starts=np.cumsum([0, *map(len, members)]).astype(np.int32),
        members=np.array([place for others in members for place in others], np.int32).reshape(-1, 3),
    )


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def _place(y, x, height, width):
    """Return the index of the cell at y, x, which lie at most a board's side outside of the board."""
    y += height if y < 0 else (-height if y >= height else 0)
    x += width if x < 0 else (-width if x >= width else 0)
    return y * width + x


@nb.njit(cache=True, error_model="numpy", **INNER)
@stamped
def _is_there(heads, tails, sprites, begin, wanted, at):
    """Return whether an object of sprite `wanted` has its corner at the cell `at`."""
    i = heads[at]
    while i >= 0:
        if sprites[begin + i] == wanted:
            return True
        i = tails[i]
    return False


@nb.njit(nogil=True, cache=True, error_model="numpy", **CALLED)
@stamped
def tally(placing, kind, matches, height, width, torus, heads, tails, kinds, constellations):
    """Count the objects of each board.

    Parameters
    ----------
    placing : Placing
        The objects; sprite -1 is an object that goes round the torus.
    kind : uint8 (sprite,)
    matches : Matches
    height, width : int
    torus : int
        The kind of sprite -1.
    heads, tails : int32 (height * width,)
        Room for the object at each corner, -1 throughout, and for the next one with the same corner.
    kinds : int32 (sample, kind)
        Is filled.
    constellations : int32 (sample, constellation)
        Is filled.
    """
    # Taken out of their tuples, the arrays are not counted as used and unused again by every access.
    starts, column, heights, widths, absent, member_starts, members = matches
    sprites, ys, xs = placing.sprite, placing.y, placing.x
    for board in range(placing.n.shape[0]):
        begin = placing.starts[board]
        end = begin + placing.n[board]
        for i in range(kinds.shape[1]):
            kinds[board, i] = 0
        for i in range(constellations.shape[1]):
            constellations[board, i] = 0
        for i in range(begin, end):
            if sprites[i] < 0:
                kinds[board, torus] += 1
                continue
            kinds[board, kind[sprites[i]]] += 1
            at = ys[i] * width + xs[i]
            tails[i - begin] = heads[at]
            heads[at] = i - begin
        for i in range(begin, end):
            sprite = sprites[i]
            if sprite < 0 or sprite + 1 >= starts.shape[0]:
                continue
            y, x = np.int64(ys[i]), np.int64(xs[i])
            for m in range(starts[sprite], starts[sprite + 1]):
                if heights[m] > height or widths[m] > width:
                    continue
                fits = True
                for j in range(member_starts[m], member_starts[m + 1]):
                    at = _place(y + members[j, 1], x + members[j, 2], height, width)
                    if not _is_there(heads, tails, sprites, begin, members[j, 0], at):
                        fits = False
                        break
                if fits and absent[m, 0] >= 0:
                    at = _place(y + absent[m, 1], x + absent[m, 2], height, width)
                    fits = not _is_there(heads, tails, sprites, begin, absent[m, 0], at)
                if fits:
                    constellations[board, column[m]] += 1
        for i in range(begin, end):
            if sprites[i] >= 0:
                heads[ys[i] * width + xs[i]] = -1
