"""Simulated annealing for maps with long boundaries: chains that do not depend on one another, side by side.

A chain proposes to change coefficients of its map by random amounts, which become smaller as it goes on. A proposal
that raises the score is taken, one that lowers it by d with probability ``exp(-d / T)``, as by Metropolis; the
temperature T falls to 0. What a chain returns is the best map that it was at.

Bits are the same on every machine: numbers are drawn by Philox, T falls with the square of the steps that are left, and
the logarithm is that of `simkit.kernels.logarithm`, made of sums, products and quotients.

Sources: N. Metropolis et al., J. Chem. Phys. 21 (1953) 1087; S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, Science 220
(1983) 671.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels
from simkit.fractals.certificate import regions
from simkit.kernels.escape import QUANTITIES, Regions
from simkit.kernels.logarithm import log

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]

#: what is maximised: a count of `simkit.kernels.escape.QUANTITIES`; of the clean one undecided pixels are subtracted
OBJECTIVES = ("raw", "certified", "clean")
UNDECIDED_COST = 2

#: of a map that is no candidate, as one whose 0 does not attract; lower than any score
NO_SCORE = -(2**31)

#: of the raw objective: radii within which a point is taken to converge, and beyond which to escape
RAW_RADIUS, RAW_BAILOUT = 2.0**-7, 64.0

#: coefficients of first maps are below these: of the monomials 1, x and y, and the squares
_BOX = np.array([0.5, 1.0, 1.0, 1.0, 1.0, 1.0])

#: Philox: tries for a first map, each a stream; the stream of the first step; words that a step draws
N_TRIES, _STEPS, _N_WORDS = 256, 2**16, 16

#: amounts by which coefficients change, at the first step and at the last; a proposal takes one of 8 halvings of it
_FIRST_AMOUNT, _LAST_AMOUNT = 1.0, 2.0**-5

#: longest period of the cycles that points of a map with constants may converge to
MAX_PERIOD = 4


class Best(NamedTuple):
    """What a chain found."""

    #: float64 (chain, 2, 6)
    maps: F64
    #: int64 (chain,); NO_SCORE if there was no candidate
    scores: I64
    #: int64 (chain,): proposals that were taken
    n_accepted: I64


class Watch(NamedTuple):
    """How far some chains are."""

    rows: U64
    step: int
    n_steps: int
    #: int64 (chain,): the best scores so far, and the maps that have them
    scores: I64
    maps: F64


_watchers: list[Callable[[Watch], None]] = []
_lock = Lock()


@contextmanager
def watched(tell: Callable[[Watch], None]) -> Iterator[None]:
    """Call `tell` after each step of any chains of this process, one call at a time."""
    _watchers.append(tell)
    try:
        yield
    finally:
        _watchers.remove(tell)


def uniform(words: U32) -> F64:
    """Return numbers between -1 and 1: odd multiples of 2**-32, exactly."""
    return (words.astype(np.float64) + 0.5) * 2.0**-31 - 1


@dataclass(frozen=True)
class Search:
    """What is searched for, and how.

    Attributes
    ----------
    n_coefficients : int
        10, or 12 with the constants.
    objective : str
        One of OBJECTIVES.
    n_steps : int
    side, max_iterations : int
        Pixels of the square pictures whose boundaries are counted, and iterations.
    width : float
        Of the pictures in the plane; their centre is 0.
    temperature : float
        The temperature at which it begins, in pairs of pixels.
    """

    n_coefficients: int
    objective: str
    n_steps: int
    side: int
    max_iterations: int
    width: float
    temperature: float

    def run(self, on: Kernels, seed: int, rows: U64) -> Best:
        """Run the chains of rows; `on` has philox, basin and escape."""
        rows = on.to_host(rows)
        maps = self.draw(on, seed, rows)
        scores = self.score(on, maps)
        best, best_scores, n_accepted = maps.copy(), scores.copy(), np.zeros(len(rows), np.int64)
        for step in range(self.n_steps):
            left = 1 - step / self.n_steps
            words = on.to_host(on.philox.words(seed, rows, _STEPS + step, _N_WORDS))
            proposed = self._propose(maps, words, _LAST_AMOUNT + (_FIRST_AMOUNT - _LAST_AMOUNT) * left * left)
            proposed_scores = self.score(on, proposed)
            least = scores + self.temperature * left * left * log((words[:, 15] + 0.5) * 2.0**-32)
            is_taken = (proposed_scores > NO_SCORE) & (proposed_scores >= least)
            maps[is_taken], scores[is_taken] = proposed[is_taken], proposed_scores[is_taken]
            is_best = scores > best_scores
            best[is_best], best_scores[is_best] = maps[is_best], scores[is_best]
            n_accepted += is_taken
            if _watchers:
                with _lock:
                    for tell in tuple(_watchers):
                        tell(Watch(rows, step + 1, self.n_steps, best_scores, best))
        return Best(best, best_scores, n_accepted)

    def draw(self, on: Kernels, seed: int, rows: U64) -> F64:
        """Return random maps, float64 (row, 2, 6): the first of N_TRIES that is a candidate, or the last."""
        rows, found, left = on.to_host(rows), np.zeros((len(rows), 2, 6)), np.arange(len(rows))
        for stream in range(N_TRIES):
            words = on.to_host(on.philox.words(seed, rows[left], stream, _N_WORDS))
            found[left] = self._shown(uniform(words[:, :12]).reshape(-1, 2, 6) * _BOX)
            left = left[~self.is_candidate(on, found[left])]
            if not len(left):
                break
        return found

    def _shown(self, maps: F64) -> F64:
        if self.n_coefficients == 10:
            maps[:, :, 0] = 0
        return maps

    def _propose(self, maps: F64, words: U32, amount: float) -> F64:
        """Return maps of which a quarter of the coefficients have changed."""
        bits = words[:, 12, None] >> (2 * np.arange(12, dtype=np.uint32)) & 3
        sizes = np.ldexp(amount, -(words[:, 13] & 7).astype(np.int32))  # exact, which a power need not be
        changes = uniform(words[:, :12]) * (bits == 0) * sizes[:, None]
        return self._shown(maps + changes.reshape(-1, 2, 6) * _BOX)

    def is_candidate(self, on: Kernels, maps: F64) -> npt.NDArray[np.bool_]:
        """Return whether something attracts and far points escape."""
        return self._regions(on, maps)[1]

    def _regions(self, on: Kernels, maps: F64) -> tuple[Regions, npt.NDArray[np.bool_]]:
        """Return regions of maps, and which of the maps are candidates."""
        n = len(maps)
        if self.n_coefficients == 12:
            found, _ = regions(maps, on, rounds=0, max_period=MAX_PERIOD)
            return found, found.is_certified & np.isfinite(found.radius2)
        none = Regions(
            np.empty((n, 1, 5)), np.full(n, np.inf), np.full((n, 4), np.nan), np.full(n, np.inf), np.ones(n, bool)
        )
        if self.objective == "raw":
            disc = [0, 0, 1 / RAW_RADIUS, 0, 1 / RAW_RADIUS]
            raw = none._replace(
                ellipses=np.tile(disc, (n, 1, 1)), bailout2=np.full(n, RAW_BAILOUT**2), is_certified=np.zeros(n, bool)
            )
            return raw, _attracts(maps)
        ellipses = on.to_host(on.basin.basin(maps, np.zeros((n, 1, 2))))
        radius = on.to_host(on.basin.radius(maps))
        is_one = np.isfinite(ellipses).all(axis=(1, 2)) & np.isfinite(radius)
        return none._replace(ellipses=ellipses, radius2=radius * radius), is_one

    def pictures(self, on: Kernels, maps: F64) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """Return classes (candidate, y, x), and which of the maps are the candidates that they are of."""
        found, is_one = self._regions(on, maps)
        n = int(np.count_nonzero(is_one))
        if not n:
            return np.empty((0, self.side, self.side), np.uint8), is_one
        pixel = self.width / self.side
        first = (self.side - 1) / 2 * pixel
        windows = np.tile([-first, first, pixel, -pixel], (n, 1))
        of = Regions(*(np.asarray(part)[is_one] for part in found))  # type: ignore[arg-type]
        return on.escape.escape(maps[is_one], windows, (self.side, self.side), of, self.max_iterations).classes, is_one

    def score(self, on: Kernels, maps: F64) -> I64:
        """Return the scores of maps (map, 2, 6); NO_SCORE for those that are no candidates."""
        scores = np.full(len(maps), NO_SCORE, np.int64)
        classes, is_one = self.pictures(on, maps)
        if len(classes):
            counts = on.to_host(on.escape.boundaries(classes)).astype(np.int64)
            scores[is_one] = counts[:, QUANTITIES.index(self.objective)]
            if self.objective == "clean":
                scores[is_one] -= UNDECIDED_COST * counts[:, QUANTITIES.index("undecided")]
        return scores


def _attracts(maps: F64) -> npt.NDArray[np.bool_]:
    """Return whether 0 is an attracting fixed point of maps without constants."""
    (a, b), (c, d) = maps[:, 0, 1:3].T, maps[:, 1, 1:3].T
    trace, determinant = a + d, a * d - b * c
    found: npt.NDArray[np.bool_] = (np.abs(determinant) < 1) & (np.abs(trace) < 1 + determinant)
    return found
