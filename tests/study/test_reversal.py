"""Time reversal and damage: that the study finds what it looks for."""

from __future__ import annotations

import numpy as np
import pytest
from test_fluctuations import verdicts

from simkit.kernels import lattice
from simkit.kernels.lattice import layout, states
from simkit.study.conduct import conduct
from simkit.study.thermo import STUDY, TINY, Scale, reversal


def board(fraction: float, seed: int = 0) -> np.ndarray:
    spins = (np.random.default_rng(seed).random((64, 64)) < fraction).astype(np.uint8)
    return layout.fill(np.full((64, 64), states.ISING, np.uint8), 0, spins)


def run(cells, n_steps, _before):
    return lattice.KERNEL.load().run(cells, n_steps).cells


def test_a_changed_cell_spreads_by_one_cell_a_step_at_the_most():
    times = [1, 2, reversal._CONE, 40]
    found = reversal.spread(board(0.5), times, run, reversal._change)
    assert found.damage[0] <= 5
    assert (found.outside, found.damage[-1] > 100) == (0, True)
    assert np.count_nonzero(found.end != found.damaged_end) == found.damage[-1]

    def leaps(cells, n_steps, _before):
        return np.roll(cells, 4 * n_steps, axis=0)  # 32 of 64 rows at the cone

    assert reversal.spread(board(0.5), times, leaps, reversal._change).outside > 0


def test_states_that_do_not_come_back_are_counted(tmp_path, monkeypatch):
    """A rule that is no inverse: one that forgets the phase of the end."""
    wrong = reversal.SYSTEMS["reversal-q2r"]._replace(reverse=lambda cells: cells)
    monkeypatch.setitem(reversal.SYSTEMS, "reversal-q2r", wrong)
    tiny = Scale(runs=2, steps=TINY.steps, side=TINY.side, sweeps=TINY.sweeps)
    found = verdicts(conduct("thermo", "reversal", tmp_path, tiny)["claims"])
    back = {text: verdict for text, verdict in found.items() if text.startswith("cells that differ")}
    assert len(back) == 4
    assert {verdict for text, verdict in back.items() if "Q2R" in text} == {"NOT"}
    assert {verdict for text, verdict in back.items() if "Q2R" not in text} == {"ok"}
    cones = [verdict for text, verdict in found.items() if "light cone" in text]
    assert cones == ["ok"] * 5


def test_how_much_independent_states_differ():
    kinds = reversal._COUPLED
    for fraction in (0.5, 0.9):
        cells, other = board(fraction, 1), board(fraction, 2)
        assert reversal.independent(cells, kinds) == pytest.approx((cells != other).mean(), abs=0.03)
        assert reversal.independent(cells, kinds) == pytest.approx(2 * fraction * (1 - fraction), abs=0.03)


def test_a_change_is_of_the_kind_and_its_own_inverse():
    for state in range(1, states.N_STATES):
        if states.KIND[state] == states.PINNED:
            continue
        other = reversal._change(state)
        assert other != state == reversal._change(other)
        assert (states.KIND[other], states.PHASE[other]) == (states.KIND[state], states.PHASE[state])


@pytest.mark.slow
def test_the_physics(tmp_path):
    assert not {"NOT", "frozen"} & set(
        verdicts(conduct("thermo", "reversal", tmp_path, STUDY.scales["small"])["claims"]).values()
    )
