"""Count kinds and constellations among the objects of a board, compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from simkit.kernels.census.apgcode import Rows
from simkit.kernels.census.constellations import Placed, Template

I32 = npt.NDArray[np.int32]

_NOTHING = (-1, 0, 0)


class Matches(NamedTuple):
    """Templates of constellations, as arrays; those whose first member is sprite ``s``: `starts[s]` to `starts[s + 1]`."""

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
        members=np.array(sum(members, []), np.int32).reshape(-1, 3),
    )


@nb.njit(cache=True)
def _is_there(heads, tails, sprite, wanted, y, x, height, width):
    """Return whether an object of sprite `wanted` is at y, x of the torus."""
    y, x = y % height, x % width
    i = heads[y * width + x]
    while i >= 0:
        if sprite[i] == wanted:
            return True
        i = tails[i]
    return False


@nb.njit(nogil=True, cache=True)
def tally(placing, kind, matches, height, width, torus, kinds, constellations):
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
    kinds : int32 (sample, kind)
        Is filled.
    constellations : int32 (sample, constellation)
        Is filled.
    """
    heads = np.full(height * width, -1, np.int32)
    tails = np.empty(height * width, np.int32)
    for board in range(placing.n.shape[0]):
        start, n = placing.starts[board], placing.n[board]
        sprite, ys, xs = placing.sprite[start : start + n], placing.y[start : start + n], placing.x[start : start + n]
        kinds[board] = 0
        constellations[board] = 0
        for i in range(n):
            if sprite[i] < 0:
                kinds[board, torus] += 1
                continue
            kinds[board, kind[sprite[i]]] += 1
            at = ys[i] * width + xs[i]
            tails[i] = heads[at]
            heads[at] = i
        for i in range(n):
            if sprite[i] < 0 or sprite[i] + 1 >= matches.starts.shape[0]:
                continue
            y, x = np.int64(ys[i]), np.int64(xs[i])
            for m in range(matches.starts[sprite[i]], matches.starts[sprite[i] + 1]):
                if matches.height[m] > height or matches.width[m] > width:
                    continue
                fits = True
                for j in range(matches.member_starts[m], matches.member_starts[m + 1]):
                    part, dy, dx = matches.members[j]
                    if not _is_there(heads, tails, sprite, part, y + dy, x + dx, height, width):
                        fits = False
                        break
                if fits:
                    part, dy, dx = matches.absent[m]
                    if part < 0 or not _is_there(heads, tails, sprite, part, y + dy, x + dx, height, width):
                        constellations[board, matches.column[m]] += 1
        for i in range(n):
            if sprite[i] >= 0:
                heads[ys[i] * width + xs[i]] = -1
