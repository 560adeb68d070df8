"""The study of thermodynamics: its statistics on data that are known, its course, and its physics."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest

from simkit.errors import ParameterError, UnknownNameError
from simkit.lattices import ising
from simkit.store import open_store
from simkit.study.conduct import conduct, question
from simkit.study.statistics import Estimate, over_time
from simkit.study.thermo import STUDY, TINY, Scale, conduction, equilibration
from simkit.study.thermo.runs import disagreement, gas_beta, is_frozen, residual, spin_betas


def verdicts(path):
    store = open_store(path)
    texts, labels = store.schema["claim"].labels, store.schema["verdict"].labels
    return {text: labels[i] for text, i in zip(texts, store["verdict"][:], strict=True)}


def canonical_sites(beta, n_runs, n_samples, rng):
    """Counts of spins with u = 0..4, Poisson, in the ratios of a canonical state (run, t, u)."""
    weights = np.array([math.exp(4 * beta), math.exp(2 * beta), 1.0, 1.0, 1.0])
    return rng.poisson(2000 * weights / weights.sum(), (n_runs, n_samples, 5))


def test_thermometers_agree_in_a_canonical_state_and_a_disagreement_is_found():
    sites = canonical_sites(0.7, 3, 500, np.random.default_rng(0))
    assert spin_betas(sites[0]) == pytest.approx((0.7, 0.7), abs=0.01)
    differences = disagreement(sites)
    assert [abs(run.mean) < 4 * run.error < 0.02 for run in differences] == [True, True, True]
    assert not is_frozen(differences)
    sites[1, :, 1] *= 2  # one run of three is enough
    assert is_frozen(disagreement(sites))
    assert not is_frozen([run._replace(mean=0.004, error=1e-9) for run in differences])


def test_beta_of_a_gas_with_a_drift_is_the_mean_over_directions():
    beta, field = 0.8, np.array([0.5, 0.0, -0.5, 0.0])
    packets = 1e6 / (1 + np.exp(beta - field))
    assert gas_beta(packets, 1_000_000) == pytest.approx(beta, abs=1e-9)


def test_the_residual_takes_the_common_error_of_spins_and_gas_out():
    """What they exchange moves both along the exact curve, or across it: the error is that of the distance."""
    exact_at = partial(ising.cylinder, n=128, n_rows=64)
    rng = np.random.default_rng(1)
    betas = 0.7 + 1e-3 * rng.normal(size=2000)
    slope = (exact_at(0.701) - exact_at(0.699)) / 0.002
    along, beta = residual(exact_at(0.7) + slope * (betas - 0.7), betas, exact_at)
    assert beta == pytest.approx(0.7, abs=1e-4)
    assert np.abs(along).max() < 1e-6
    across, _ = residual(exact_at(0.7) - slope * (betas - 0.7), betas, exact_at)
    assert across.std() == pytest.approx(2 * abs(slope) * 1e-3, rel=0.1)
    assert abs(over_time(across).mean) < 4 * over_time(across).error


def test_the_time_of_a_decay():
    steps = 10 * np.arange(400)
    starts = np.array([[300.0], [400.0]])
    curve = equilibration.decay(1000 + starts * np.exp(-steps / 123.4))
    assert curve == pytest.approx(np.exp(-steps / 123.4), abs=1e-6)
    assert equilibration.time_to(1 / np.e, curve, 10) == pytest.approx(123.4, rel=1e-3)
    assert math.isnan(equilibration.time_to(-1, curve, 10))


def test_flux_and_gradient():
    rng = np.random.default_rng(2)
    given = np.cumsum(rng.poisson(64 * 0.5, (4, 1001, 2)) * [1, -1], axis=1).astype(
        float
    )  # 64 cells, a sample 10 steps
    found = conduction.flux(given, 64, 10, 1000)
    assert found.error == pytest.approx(math.sqrt(0.5 / 64 / 900 / 2 / 4) / 10, rel=0.5)
    assert abs(found.mean - 0.05) < 4 * found.error
    assert conduction.gradient(np.array([np.linspace(0.3, 0.6, 31), np.full(31, 0.4)])) == pytest.approx([0.01, 0])


def test_columns_of_several_temperatures_are_at_rest_and_frozen_ones_are_not():
    rng = np.random.default_rng(4)
    sites = np.array([canonical_sites(beta, 2, 500, rng).sum(axis=1) for beta in (0.5, 0.6, 0.7)]).swapaxes(0, 1)
    assert conduction.unrest(sites) < 0.02
    sites[0, 1, 1] *= 2
    assert conduction.unrest(sites) > 0.1


DEPTHS = np.array([16, 32, 64, 128])


def fits(flux_times_depth, n, rng, dof=60):
    """Fits to fluxes with errors of 0.25 to 0.5 %, each known from `dof` degrees of freedom."""
    errors = 0.0355 * np.array([0.0022, 0.0025, 0.0033, 0.005])
    for _ in range(n):
        means = flux_times_depth + errors * rng.normal(size=4)
        known = errors * np.sqrt(rng.chisquare(dof, 4) / dof)
        yield conduction.series_resistance(
            {int(r): Estimate(*pair, dof, 4) for r, *pair in zip(DEPTHS, means, known, strict=True)}
        )


def test_contacts_are_found_in_fluxes_that_they_hinder():
    found = list(fits(0.0355 * DEPTHS / (DEPTHS + 1.2), 300, np.random.default_rng(3)))
    pulls = [[fit.constant.z(0.0355), fit.c.z(1.2)] for fit in found]
    assert np.abs(np.mean(pulls, axis=0)).max() < 0.3
    assert np.std(pulls, axis=0) == pytest.approx([1, 1], abs=0.2)


def test_a_law_that_holds_is_seldom_said_not_to():
    """p is uniform, so that one law in 32,000 is 4 deviations off on the side of a bad fit."""
    found = list(fits(0.0355 * DEPTHS / (DEPTHS + 1.2), 3000, np.random.default_rng(4)))
    p = np.array([fit.p for fit in found])
    for level in (0.5, 0.1, 0.02):
        assert np.mean(p < level) == pytest.approx(level, abs=5 * math.sqrt(level * (1 - level) / len(p)))
    deviations = np.array([fit.deviation.mean for fit in found])
    assert np.abs(deviations).max() < 5
    assert deviations.std() == pytest.approx(1, abs=0.1)
    assert found[0].dof == 2


def test_a_law_that_does_not_hold_is_found_out():
    """J ~ R**-0.85 or R**-1.15, as in systems whose conductivity depends on their size: c would have to hide it."""
    for power in (0.15, -0.15):
        found = list(fits(0.0355 * (DEPTHS / 32.0) ** power, 100, np.random.default_rng(5)))
        assert np.mean([fit.deviation.mean > 4 for fit in found]) > 0.9


def test_scales_and_questions_that_make_no_sense_are_refused(tmp_path):
    with pytest.raises(ParameterError, match="at least 2 independent runs; asked for 1"):
        Scale(runs=1)
    with pytest.raises(ParameterError, match="a multiple of 20,000, at least once that; asked for 30,000"):
        Scale(steps=30_000)
    with pytest.raises(ParameterError, match="a multiple of 128 cells; asked for 200"):
        Scale(side=200)
    with pytest.raises(UnknownNameError, match="the study thermo has no question 'energie'; did you mean 'energy'"):
        question("thermo", "energie")
    with pytest.raises(ParameterError, match="a scale of the study thermo is a Scale; this is a str"):
        conduct("thermo", "energy", tmp_path, "tiny")
    for name in STUDY.questions:
        assert all(recipe.n % TINY.runs == 0 for recipe in question("thermo", name).needs(TINY).values())


def test_a_study_that_was_stopped_continues_and_finds_the_same(tmp_path):
    seen = []

    def stop(name, now):
        seen.append((name, now.n_rows_done, now.n_rows))
        if now.n_rows_done == 17:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        conduct("thermo", "equilibration", tmp_path / "a", TINY, progress=stop)
    assert seen[-1] == ("relaxing", 17, 36)
    found = conduct("thermo", "equilibration", tmp_path / "a", TINY)
    other = conduct("thermo", "equilibration", tmp_path / "b", TINY)
    assert [open_store(path).root_digest() for path in found.values()] == [
        open_store(path).root_digest() for path in other.values()
    ]
    assert conduct("thermo", "equilibration", tmp_path / "a", TINY) == found


def test_frozen_states_are_said_to_be(tmp_path):
    claims = conduct("thermo", "freezing", tmp_path, TINY)["claims"]
    found = verdicts(claims)
    assert [found[f"beta_13 - beta_04 at T/Tc {t}"] for t in ("0.7", "0.8", "0.9", "1.2")] == [*["frozen"] * 3, "ok"]
    notes = open_store(claims).recipe["parameters"]["notes"]
    assert any(note.startswith("T/Tc 0.8 is frozen after 10,000 steps: the spins' thermometers say") for note in notes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "scale", "refused"),
    [
        # half of the steps of the scale `full`: with fewer the coldest systems do not come to rest
        ("energy", Scale(steps=1_000_000), {"NOT", "unclear", "frozen"}),
        ("conduction", STUDY.scales["small"], {"NOT", "unclear"}),  # cold slabs freeze
    ],
    ids=["energy", "conduction"],
)
def test_the_physics(tmp_path, asked, scale, refused):
    """Energy within 0.3 % of the exact cylinder, classes equal, mean z of 28 runs; Fourier's law."""
    found = verdicts(conduct("thermo", asked, tmp_path, scale)["claims"])
    assert not refused & set(found.values()), found
    assert "ok" in found.values()
