"""One object alone on the plane: how it evolves, and what it is called."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from simkit.kernels.census.apgcode import (
    N_ORIENTATIONS,
    Rows,
    canonical,
    compose,
    inverse,
    orient,
    population,
    trim,
)
from simkit.kernels.life import MAX_STEPS, Rule


class Identity(NamedTuple):
    """What an object is, and in which state it was met."""

    apgcode: str
    #: 0..period-1: how many generations after the pattern of the apgcode
    phase: int
    #: 0..7: orientation of that generation that was met; the smallest, and for it the smallest phase
    orientation: int
    period: int
    #: rows down and columns right that it moves in a period
    displacement: tuple[int, int]


def step(rows: Rows, rule: Rule) -> tuple[Rows, int, int]:
    """Return the next generation of a pattern, trimmed, and how far its top left corner moved down and right.

    Rows are added as bit-sliced numbers: bit ``x`` of ``n0, n1, n2, n3`` is a digit of the neighbour count of column
    ``x``.
    """
    sums = [(0, 0, 0, 0, 0)] * 2
    for row in rows:
        left, centre, right = row, row << 1, row << 2
        pair0, pair1 = left ^ right, left & right
        sums.append((pair0 ^ centre, pair1 | pair0 & centre, pair0, pair1, centre))
    sums += [(0, 0, 0, 0, 0)] * 2
    after = []
    for (a0, a1, _, _, _), (_, _, b0, b1, centre), (c0, c1, _, _, _) in zip(sums, sums[1:], sums[2:], strict=False):
        n0 = a0 ^ b0 ^ c0
        carry = a0 & b0 | a0 & c0 | b0 & c0
        t0 = a1 ^ b1 ^ c1
        t1 = a1 & b1 | a1 & c1 | b1 & c1
        n1, n2, n3 = t0 ^ carry, t1 ^ (t0 & carry), t1 & t0 & carry
        alive = 0
        for n in range(1, 9):
            wanted = (~centre if rule.birth >> n & 1 else 0) | (centre if rule.survival >> n & 1 else 0)
            if wanted:
                wanted &= n0 if n & 1 else ~n0
                wanted &= n1 if n & 2 else ~n1
                wanted &= n2 if n & 4 else ~n2
                alive |= wanted & (n3 if n & 8 else ~n3)
        if rule.survival & 1:
            alive |= centre & ~(n0 | n1 | n2 | n3)
        after.append(alive)
    trimmed, top, left = trim(after)
    return trimmed, top - 1, left - 1


def orbit(rows: Rows, rule: Rule, limit: int = MAX_STEPS) -> tuple[list[Rows], list[tuple[int, int]]]:
    """Evolve a pattern alone until it recurs, perhaps elsewhere.

    Returns
    -------
    phases : list of patterns, one for each generation of the period
    corners : list of (y, x), one more
        Where the top left corner is in each generation, and again after the period; the first is (0, 0).

    Raises
    ------
    ValueError
        If it dies, or does not recur within `limit` generations.
    """
    phases, corners = [rows], [(0, 0)]
    while True:
        after, dy, dx = step(phases[-1], rule)
        corners.append((corners[-1][0] + dy, corners[-1][1] + dx))
        if after == rows:
            return phases, corners
        if not after or len(phases) == limit:
            raise ValueError(f"the pattern {rows} {'does not recur' if after else 'dies'} under {rule}")
        phases.append(after)


@lru_cache(maxsize=1 << 16)
def identify(rows: Rows, rule: Rule) -> Identity:
    """Name an object, given as a trimmed pattern, by evolving it alone.

    Raises
    ------
    ValueError
        If it dies or does not recur. No part of an exact split does.
    """
    phases, corners = orbit(rows, rule)
    moved = corners[-1]

    body, first, turned = canonical(phases)
    if moved != (0, 0):
        code = compose("xq", len(phases), body)
    elif len(phases) > 1:
        code = compose("xp", len(phases), body)
    else:
        code = compose("xs", population(rows), body)
    n = len(phases)
    states = {orient(phases[(first + k) % n], turned): k for k in range(n)}  # all different, n being the period
    for orientation in range(N_ORIENTATIONS):
        phase = states.get(orient(rows, inverse(orientation)))
        if phase is not None:
            return Identity(code, phase, orientation, len(phases), moved)
    raise RuntimeError(f"the pattern {rows} is in no state of {code}")
