"""Annealing of maps: its arithmetic, what it gains, and what a raw objective is worth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simkit.backends import Kernels
from simkit.fractals import annealing
from simkit.fractals.annealing import NO_SCORE, Search
from simkit.fractals.certificate import regions
from simkit.fractals.maps import parse
from simkit.kernels import basin, escape, philox

ON = Kernels.load((philox.KERNEL, basin.KERNEL, escape.KERNEL), "cpu")
ROWS = np.arange(12, dtype=np.uint64)
SMALL = Search(10, "certified", 150, 24, 40, 4.0, 10.0)

#: the best of `Search(10, "raw", 600, 64, 128, 1.0, 30.0).run(ON, 1, range(16))`, and of the same with "certified"
RAW_WINNER = parse(
    "-0.6361975442135575,-0.3907317587472671,0.11000098877770244,1.467193806910487,3.265629810677185,"
    "-0.9501468995963775,0.2904578405791668,0.6067589745394393,-0.8369582698631507,-0.08019623308546098"
)
CERTIFIED_WINNER = parse(
    "-0.8695959506042582,-0.11288342408579315,-0.5826057910581334,1.1761423825702122,2.438507178424323,"
    "-0.6302551299554815,0.11001359311797153,0.5870549980988484,-0.9838068305849249,-0.599070050956668"
)


class Losing(Search):
    """Chains of which each proposal scores less, or more, than its map by the same amount."""

    change = -1

    def draw(self, on: Kernels, seed: int, rows: np.ndarray) -> np.ndarray:
        return np.zeros((len(rows), 2, 6))

    def _propose(self, maps: np.ndarray, words: np.ndarray, amount: float) -> np.ndarray:
        return maps + 1

    def score(self, on: Kernels, maps: np.ndarray) -> np.ndarray:
        return (self.change * maps[:, 0, 0]).astype(np.int64)


class Gaining(Losing):
    """The same, upwards."""

    change = 1


def test_chains_take_a_loss_with_the_probability_of_metropolis_and_every_gain() -> None:
    """Back and forth between two scores is in balance at exp(-1 / T); in the second of two steps T is a quarter."""
    rows, p = np.arange(20_000, dtype=np.uint64), math.exp(-1 / 2)
    one, two = (Losing(10, "raw", n, 1, 1, 1.0, 2.0).run(ON, 5, rows).n_accepted for n in (1, 2))
    assert abs(one.mean() - p) < 4 * math.sqrt(p * (1 - p) / len(rows))
    mean, variance = p + p**4, p * (1 - p) + p**4 * (1 - p**4)
    assert abs(two.mean() - mean) < 4 * math.sqrt(variance / len(rows))
    assert (Gaining(10, "raw", 2, 1, 1, 1.0, 2.0).run(ON, 5, rows).n_accepted == 2).all()


def test_annealing_gains() -> None:
    first = SMALL.score(ON, SMALL.draw(ON, 3, ROWS))
    best = SMALL.run(ON, 3, ROWS)
    assert (best.scores >= first).all()
    assert best.scores.sum() > 1.5 * first.sum()
    assert np.array_equal(SMALL.score(ON, best.maps), best.scores)


def test_a_chain_is_the_same_in_any_company() -> None:
    few = replace(SMALL, n_steps=20)
    together, alone = few.run(ON, 3, ROWS), few.run(ON, 3, ROWS[5:6])
    assert np.array_equal(together.maps[5:6], alone.maps)
    assert together.scores[5] == alone.scores[0]


def test_without_temperature_no_loss_is_taken() -> None:
    cold, seen = replace(SMALL, temperature=0.0, n_steps=40), []
    with annealing.watched(lambda now: seen.append(now.scores.copy())):
        best = cold.run(ON, 3, ROWS)
    assert (np.diff(seen, axis=0) >= 0).all()
    assert len(seen) == 40
    assert np.array_equal(seen[-1], best.scores)


@pytest.mark.parametrize("coefficients", [10, 12])
def test_first_maps_are_candidates(coefficients: int) -> None:
    search = Search(coefficients, "certified", 1, 16, 30, 4.0, 1.0)
    maps = search.draw(ON, 0, np.arange(30, dtype=np.uint64))
    assert (search.score(ON, maps) > NO_SCORE).all()
    assert (maps[:, :, 0] == 0).all() == (coefficients == 10)
    found, certificates = regions(maps, ON)
    assert found.is_certified.all()
    assert np.isfinite(found.radius2).all()
    assert all(certificate.converging == certificate.escaping == "certified" for certificate in certificates)


def of(objective: str, max_iterations: int) -> Search:
    return Search(10, objective, 1, 64, max_iterations, 1.0, 1.0)


def pairs(map_: np.ndarray, objective: str, max_iterations: int) -> int:
    return int(of(objective, max_iterations).score(ON, map_[None])[0])


def green(map_: np.ndarray, max_iterations: int) -> float:
    """Return the share of the pixels that converge, by certified regions."""
    classes, _ = of("certified", max_iterations).pictures(ON, map_[None])
    return float(np.mean(classes == escape.CONVERGED))


def test_the_raw_objective_is_exploited_by_slow_transients() -> None:
    """Its winner is green and not green side by side after 128 iterations, and nearly all green after 1,000."""
    assert pairs(RAW_WINNER, "raw", 128) == 3522
    assert pairs(RAW_WINNER, "raw", 1000) < 100
    assert green(RAW_WINNER, 128) < 0.6
    assert green(RAW_WINNER, 1000) > 0.9
    assert pairs(RAW_WINNER, "certified", 128) < 100, "certified pairs do not fall for it"


def test_what_the_certified_objective_counts_is_there_for_good() -> None:
    at_once, later = (pairs(CERTIFIED_WINNER, "certified", n) for n in (128, 1000))
    assert at_once == 1562
    assert later >= at_once
    assert abs(green(CERTIFIED_WINNER, 1000) - green(CERTIFIED_WINNER, 128)) < 0.01


def test_the_clean_objective_subtracts_what_is_undecided() -> None:
    """After one iteration only points in the ellipse, and far away, are decided: no green touches black yet."""
    classes, _ = of("clean", 1).pictures(ON, RAW_WINNER[None])
    n_undecided = int(np.count_nonzero(classes == escape.UNDECIDED))
    assert n_undecided > 2000
    assert pairs(RAW_WINNER, "certified", 1) == 0
    assert pairs(RAW_WINNER, "clean", 1) == -2 * n_undecided


@pytest.mark.slow
def test_the_winners_of_both_objectives() -> None:
    """The searches that found them."""
    rows = np.arange(16, dtype=np.uint64)
    raw, certified = (Search(10, of, 600, 64, 128, 1.0, 30.0).run(ON, 1, rows) for of in ("raw", "certified"))
    assert np.array_equal(raw.maps[np.argmax(raw.scores)], RAW_WINNER)
    assert np.array_equal(certified.maps[np.argmax(certified.scores)], CERTIFIED_WINNER)
