"""Entropy by integrating thermometers, and of two boxes: their arithmetic on what is known, and their course."""

from __future__ import annotations

import itertools
import math
from functools import partial

import numpy as np
import pytest
from test_fluctuations import verdicts

import simkit
from simkit.kernels.lattice import states
from simkit.lattices import ising
from simkit.study.conduct import conduct
from simkit.study.thermo import STUDY, TINY, Scale, boxes, entropy


def test_cubics_are_integrated_exactly():
    x = np.sort(np.random.default_rng(0).uniform(-1, 2, 9))
    assert entropy.integral(x, x**3 - 2 * x) == pytest.approx((x**4 - x[-1] ** 4) / 4 - x**2 + x[-1] ** 2, abs=1e-12)


def test_exact_thermometers_give_the_exact_entropy():
    """The temperatures are close enough: the integral is right to 1e-5 nats a spin."""
    betas = ising.CRITICAL_BETA / np.array(entropy.TEMPERATURES)
    exact_at = partial(ising.torus, height=128, width=128)

    def log_z(coupling):
        return ising.log_partition_function_torus(coupling, 128, 128) / 128**2

    fractions = np.array([exact_at(beta) for beta in betas])
    found = entropy.entropies(fractions, betas, 2.0)
    exact = [entropy.exact_entropy(*pair, 2.0, log_z, exact_at) for pair in zip(betas, fractions, strict=True)]
    assert found == pytest.approx(exact, abs=1e-5)
    assert exact == pytest.approx(ising.entropy(fractions), abs=3e-3)


def test_the_exact_entropy_is_that_of_the_states_of_a_small_torus():
    """- sum p ln p over all states, and its slope beta beside."""
    spins = np.array(list(itertools.product((0, 1), repeat=16))).reshape(-1, 4, 4)
    bonds = sum((spins != np.roll(spins, 1, axis)).sum(axis=(1, 2)) for axis in (1, 2))
    beta, exact_at = 0.7, partial(ising.torus, height=4, width=4)
    p = np.exp(-beta * bonds) / np.exp(-beta * bonds).sum()

    def log_z(coupling):
        return ising.log_partition_function_torus(coupling, 4, 4) / 16

    found = entropy.exact_entropy(beta, exact_at(beta), 2.0, log_z, exact_at)
    assert found == pytest.approx(-(p * np.log(p)).sum() / 16, abs=1e-7)
    assert entropy.exact_entropy(beta, exact_at(beta) + 1e-3, 2.0, log_z, exact_at) - found == pytest.approx(
        2e-3 * beta
    )


def test_the_mean_entropy_of_boxes_is_that_of_drawn_states():
    rng = np.random.default_rng(1)
    n_strips, n_places, n_beside, n_packets = 4, 40, 13, 60
    places = np.argsort(rng.random((4000, n_strips * n_places + n_beside)), axis=1) < n_packets
    counts = places[:, : n_strips * n_places].reshape(-1, n_strips, n_places).sum(axis=2)
    drawn = np.array([sum(math.log(math.comb(n_places, n)) for n in row) for row in counts.tolist()])
    exact = boxes.equilibrium(n_packets, n_strips, n_places, n_beside)
    assert abs(drawn.mean() - exact) < 4 * drawn.std() / math.sqrt(len(drawn))


@pytest.mark.parametrize("opening", [0, 5, 20])
def test_the_places_beside_the_strips_are_those_that_packets_come_to(opening):
    source = simkit.source(
        "hpp", height=20, box=6, opening=opening, strip=3, left=(0.5,), right=(0.5,), steps=200, every=1, snapshots=200
    )
    beside = states.G[source.generate(0, range(1))["cells"][0]][:, :, [0, 7, -1]]
    assert np.bitwise_count(np.bitwise_or.reduce(beside, axis=0)).sum() == boxes.beside_strips(20, opening)


def test_what_a_gas_keeps_of_its_start_is_that_of_columns_alone():
    """Packets N and S of many columns whose difference is given, each arrangement as probable."""
    n, start, density = 400, 0.5, 0.3
    chances = np.array([math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(n + 1)])
    field = math.log(density / (1 - density)) * np.arange(n + 1)
    weights = (chances + field)[:, None] + (chances + field)
    total, difference = np.add.outer(np.arange(n + 1), np.arange(n + 1)), np.subtract.outer(*2 * [np.arange(n + 1)])

    def mean_total(d):
        here = np.exp((weights - weights.max())[difference == d])
        return (here * total[difference == d]).sum() / here.sum()

    d = round(math.sqrt(2 * n * start * (1 - start)))
    shift = mean_total(d) - mean_total(0)
    assert shift == pytest.approx(boxes.memory(start, 0.0, density, 1) / 2, rel=0.05)  # of one class of two


def test_both_graphs_at_a_size_that_shows_that_they_work(tmp_path):
    tiny = Scale(runs=2, steps=TINY.steps, side=TINY.side, sweeps=TINY.sweeps)
    for graph in ("entropy", "boxes"):
        found = verdicts(conduct("thermo", graph, tmp_path, tiny)["claims"])
        assert "NOT" not in found.values()
        assert "ok" in found.values()


@pytest.mark.slow
def test_the_physics(tmp_path):
    """Boxes without a wall between them still slosh after these steps, and are said to be frozen."""
    found = {
        graph: set(verdicts(conduct("thermo", graph, tmp_path, STUDY.scales["small"])["claims"]).values())
        for graph in ("entropy", "boxes")
    }
    assert not {"NOT", "frozen"} & found["entropy"]
    assert "NOT" not in found["boxes"]
