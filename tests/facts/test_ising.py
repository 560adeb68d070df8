"""The exact results against brute force on small lattices, and against their own limits."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from simkit.errors import ParameterError
from simkit.lattices import ising


def brute_force(n, n_rows, along, across):
    total = 0.0
    for bits in itertools.product((-1, 1), repeat=n * n_rows):
        s = np.array(bits).reshape(n_rows, n)
        rows = (s * np.roll(s, 1, axis=1)).sum(axis=1)
        gaps = (s[1:] * s[:-1]).sum(axis=1)
        total += math.exp(float(rows @ along + gaps @ across))
    return math.log(total)


@pytest.mark.parametrize(("n", "n_rows"), [(4, 3), (6, 2), (4, 1), (2, 4)])
def test_the_cylinder_is_that_of_brute_force(n, n_rows):
    rng = np.random.default_rng(n)
    along, across = rng.uniform(0.1, 0.9, n_rows), rng.uniform(0.1, 0.9, n_rows - 1)
    found = ising.log_partition_function(n, along, across)
    assert found == pytest.approx(brute_force(n, n_rows, along, across), abs=1e-12)


def test_its_energy_is_that_of_brute_force():
    n, n_rows, beta = 4, 3, 0.7
    weights = energy = 0.0
    for bits in itertools.product((0, 1), repeat=n * n_rows):
        s = np.array(bits).reshape(n_rows, n)
        bonds = (s != np.roll(s, 1, axis=1)).sum() + (s[1:] != s[:-1]).sum()
        weights += math.exp(-beta * bonds)
        energy += bonds * math.exp(-beta * bonds)
    exact = energy / weights / (n * (2 * n_rows - 1))
    assert ising.cylinder(beta, n, n_rows) == pytest.approx(exact, abs=1e-8)
    assert ising.cylinder(-beta, n, n_rows) == pytest.approx(1 - exact, abs=1e-8)


def exact_fraction(height, width, beta, is_torus):
    along, across, _ = unsatisfied_bonds(height, width, is_torus)
    n_bonds = along.sum(axis=1) + across.sum(axis=1)
    weights = np.exp(-beta * n_bonds)
    return weights @ n_bonds / weights.sum() / ((2 * height - (not is_torus)) * width)


@pytest.mark.parametrize("beta", [0.5, 1.2, 10.0, -0.7, 1e-5, 9e-4, -9e-4])
def test_every_size_is_right_or_refused(beta):
    """Of all cylinders and tori of up to 12 spins."""
    sizes = [(height, width) for height in range(1, 7) for width in range(1, 7) if height * width <= 12]
    for height, width in sizes:
        if width % 2:
            with pytest.raises(ParameterError, match=f"even number of spins.* asked for {height} rows of {width}"):
                ising.cylinder(beta, width, height)
            with pytest.raises(ParameterError, match="even number of spins"):
                ising.cylinder_profile(beta, width, height)
        else:
            exact = exact_fraction(height, width, beta, is_torus=False)
            assert ising.cylinder(beta, width, height) == pytest.approx(exact, abs=1e-7)
            along, across = ising.cylinder_profile(beta, width, height)
            assert (along.sum() + across.sum()) / (2 * height - 1) == pytest.approx(exact, abs=1e-7)
        if min(height, width) < 2:
            with pytest.raises(ParameterError, match=f"sides from 2 to .*; asked for {height} x {width}"):
                ising.torus(beta, height, width)
        elif beta < 0 and (width % 2 or height % 2):
            with pytest.raises(ParameterError, match=f"even below beta 0; asked for {height} x {width}"):
                ising.torus(beta, height, width)
        else:
            exact = exact_fraction(height, width, beta, is_torus=True)
            assert ising.torus(beta, height, width) == pytest.approx(exact, abs=1e-7)


def test_sizes_that_are_none_are_refused():
    for n, n_rows in ((0, 3), (4, 0), (-2, 3)):
        with pytest.raises(ParameterError, match=f"asked for {n_rows} rows of {n}"):
            ising.cylinder(0.5, n, n_rows)
    with pytest.raises(ParameterError, match="sides from 2 to .*; asked for 0 x 4"):
        ising.torus(0.5, 0, 4)
    with pytest.raises(ParameterError, match="even below beta 0; asked for 4 x 3 at -0.5"):
        ising.torus_specific_heat(-0.5, 4, 3)
    with pytest.raises(ParameterError, match="asked for 3 rows of 5"):
        ising.cylinder_specific_heat(-0.5, 5, 3)
    with pytest.raises(ParameterError, match="3 rows have 2 couplings between them, not 3"):
        ising.log_partition_function(4, np.ones(3), np.ones(3))


def test_onsagers_energy():
    assert ising.unsatisfied(ising.CRITICAL_BETA) == pytest.approx((1 - math.sqrt(0.5)) / 2, abs=1e-7)
    assert ising.unsatisfied(0) == ising.cylinder(0, 4, 4) == 0.5
    for beta in (0.3, 0.7, 0.95, 1.4):
        assert ising.unsatisfied(-beta) == pytest.approx(1 - ising.unsatisfied(beta), abs=1e-12)
        assert ising.cylinder(beta, 256, 1024) == pytest.approx(ising.unsatisfied(beta), rel=0.02)  # edges
    assert ising.unsatisfied(1e-3) == pytest.approx(0.5 - 1e-3 / 4, abs=1e-8)
    assert ising.unsatisfied(3.0) == pytest.approx(2 * math.exp(-12.0), rel=0.05)


def test_yangs_magnetisation():
    assert ising.magnetisation(ising.CRITICAL_BETA) == 0
    assert ising.magnetisation(0.2) == 0
    assert ising.magnetisation(2.0) == pytest.approx(1 - 2 * math.exp(-8.0), rel=1e-3)


def test_the_published_cylinders():
    """256 x 128 at beta of four long runs (measured apart from this code, to 1e-5)."""
    for beta, exact in ((0.8990, 0.12841), (0.8805, 0.15351), (0.7319, 0.26434), (0.4323, 0.38299)):
        assert ising.cylinder(beta, 256, 128) == pytest.approx(exact, abs=5e-4)


def unsatisfied_bonds(height, width, is_torus):
    """Every state of a small lattice: bonds within rows (state, row), between rows (state, row), magnetisation."""
    spins = np.array(list(itertools.product((-1, 1), repeat=height * width))).reshape(-1, height, width)
    along = (spins != np.roll(spins, 1, axis=2)).sum(axis=2)
    across = (spins != np.roll(spins, -1, axis=1)).sum(axis=2)
    return along, across if is_torus else across[:, :-1], spins.sum(axis=(1, 2))


@pytest.mark.parametrize("beta", [0.3, 0.7, ising.CRITICAL_BETA, 1.2])
def test_the_torus_is_that_of_brute_force(beta):
    along, across, _ = unsatisfied_bonds(4, 4, is_torus=True)
    n_bonds = (along + across).sum(axis=1)
    weights = np.exp(-beta * n_bonds)
    found = ising.log_partition_function_torus(beta / 2, 4, 4)
    assert found == pytest.approx(math.log(weights.sum()) + beta / 2 * 32, abs=1e-12)
    exact = (n_bonds * weights).sum() / weights.sum() / 32
    assert ising.torus(beta, 4, 4) == pytest.approx(exact, abs=1e-8)
    assert ising.torus(-beta, 4, 4) == pytest.approx(1 - exact, abs=1e-8)


def test_a_torus_that_is_no_square_is_that_of_brute_force_either_way():
    along, across, _ = unsatisfied_bonds(4, 2, is_torus=True)  # a bond to a neighbour on both sides counts twice
    log_z = math.log(np.exp(-0.8 * (along + across).sum(axis=1)).sum()) + 0.4 * 16
    assert ising.log_partition_function_torus(0.4, 4, 2) == pytest.approx(log_z, abs=1e-12)
    assert ising.log_partition_function_torus(0.4, 2, 4) == pytest.approx(log_z, abs=1e-12)


def test_the_large_torus_is_the_infinite_lattice_and_at_the_critical_point_what_was_published():
    assert ising.torus(0, 256, 256) == 0.5
    for temperature in (0.8, 1.2, 1.5, 2.5):
        beta = ising.CRITICAL_BETA / temperature
        assert ising.torus(beta, 256, 256) == pytest.approx(ising.unsatisfied(beta), rel=1e-5)
    # A. E. Ferdinand, M. E. Fisher, Phys. Rev. 185 (1969) 832: Jacobi's theta functions at the nome exp(-pi)
    n = np.arange(-9, 10)
    theta_2, theta_3, theta_4 = (
        (sign**n * math.e ** (-math.pi * (n + shift) ** 2)).sum() for sign, shift in ((1.0, 0.5), (1.0, 0), (-1.0, 0))
    )
    amplitude = -2 * theta_2 * theta_3 * theta_4 / (theta_2 + theta_3 + theta_4)  # of the energy a spin, times the side
    excess = 4 * (ising.torus(ising.CRITICAL_BETA, 256, 256) - ising.unsatisfied(ising.CRITICAL_BETA))
    assert excess * 256 == pytest.approx(amplitude, abs=1e-4)


@pytest.mark.parametrize("beta", [0.4, 1.0])
def test_the_profile_of_a_cylinder_is_that_of_brute_force(beta):
    along, across, _ = unsatisfied_bonds(4, 4, is_torus=False)
    weights = np.exp(-beta * (along.sum(axis=1) + across.sum(axis=1)))
    rows, gaps = ising.cylinder_profile(beta, 4, 4)
    assert rows == pytest.approx(along.T @ weights / weights.sum() / 4, abs=1e-8)
    assert gaps == pytest.approx(across.T @ weights / weights.sum() / 4, abs=1e-8)
    assert (rows.sum() + gaps.sum()) / 7 == pytest.approx(ising.cylinder(beta, 4, 4), abs=1e-9)
    assert rows == pytest.approx(rows[::-1])


def test_constants_that_are_known():
    assert abs(ising.CRITICAL_BETA - 2 * 0.44068679350977147) < 1e-15
    # ln Z a spin at the critical point: ln 2 / 2 + 2 G / pi, with Catalan's constant G
    catalan = 0.915965594177219015
    free = ising.log_partition_function_torus(ising.CRITICAL_BETA / 2, 512, 512) / 512**2
    assert free == pytest.approx(math.log(2) / 2 + 2 * catalan / math.pi, abs=1e-5)
    assert ising.magnetisation(ising.CRITICAL_BETA / 0.9) == pytest.approx(0.896, abs=5e-4)


@pytest.mark.parametrize("exact", [lambda beta: ising.cylinder(beta, 64, 32), lambda beta: ising.torus(beta, 64, 32)])
@pytest.mark.parametrize("beta", [1e-300, 1e-17, 1e-9, 1e-5, 9.99e-4, 1.001e-3, 2e-3])
def test_nothing_happens_where_beta_goes_through_0(exact, beta):
    assert exact(beta) == pytest.approx(0.5 - beta / 4, abs=2e-9)
    assert exact(-beta) == pytest.approx(0.5 + beta / 4, abs=2e-9)


def levels(height, width, is_torus):
    """Return the energies (unsatisfied bonds) of a small lattice, and the number of states of each."""
    along, across, _ = unsatisfied_bonds(height, width, is_torus)
    return np.unique(along.sum(axis=1) + across.sum(axis=1), return_counts=True)


def cold(energies, counts, beta):
    weights = counts * np.exp(-beta * energies)
    return (energies * weights).sum() / weights.sum()


BEYOND = [16.1, 20.0, 40.0, 100.0, 800.0, 1e4, 1e300, math.inf]


@pytest.mark.parametrize(("n", "n_rows"), [(4, 4), (6, 2), (8, 1), (2, 4)])
@pytest.mark.parametrize("beta", BEYOND)
def test_a_cold_cylinder_is_that_of_brute_force(n, n_rows, beta):
    energies, counts = levels(n_rows, n, is_torus=False)
    exact = cold(energies, counts, min(beta, 700.0)) / (n * (2 * n_rows - 1))
    error = 1e-15 * math.exp(-beta)
    assert ising.cylinder(beta, n, n_rows) == pytest.approx(exact, rel=1e-6, abs=error)
    assert ising.cylinder(-beta, n, n_rows) == 1 - ising.cylinder(beta, n, n_rows)
    along, across = ising.cylinder_profile(beta, n, n_rows)
    assert (along.sum() + across.sum()) * n == pytest.approx(
        exact * n * (2 * n_rows - 1), rel=1e-6, abs=n * n_rows * error
    )
    assert np.array_equal(ising.cylinder_profile(-beta, n, n_rows)[0], 1 - along)


def test_the_profile_of_a_cold_cylinder_is_that_of_brute_force():
    beta = 17.0
    along, across, _ = unsatisfied_bonds(4, 4, is_torus=False)
    weights = np.exp(-beta * (along.sum(axis=1) + across.sum(axis=1)))
    rows, gaps = ising.cylinder_profile(beta, 4, 4)
    assert rows == pytest.approx(along.T @ weights / weights.sum() / 4, rel=1e-3)
    assert gaps == pytest.approx(across.T @ weights / weights.sum() / 4, rel=1e-3)


@pytest.mark.parametrize(("height", "width"), [(4, 4), (4, 2), (2, 4), (2, 2), (2, 6)])
@pytest.mark.parametrize("beta", BEYOND)
def test_a_cold_torus_is_that_of_brute_force(height, width, beta):
    exact = cold(*levels(height, width, is_torus=True), min(beta, 700.0)) / (2 * height * width)
    assert ising.torus(beta, height, width) == pytest.approx(exact, rel=1e-6, abs=1e-300)
    assert ising.torus(-beta, height, width) == 1 - ising.torus(beta, height, width)


@pytest.mark.parametrize("beta", BEYOND)
def test_the_cold_infinite_lattice_is_a_large_torus(beta):
    assert ising.unsatisfied(beta) == ising.torus(beta, 256, 256) == 2 * math.exp(-4 * beta)
    assert ising.unsatisfied(-beta) == 1 - ising.unsatisfied(beta)
    assert (ising.magnetisation(beta), ising.magnetisation(-beta)) == (1, 0)


@pytest.mark.parametrize(("n", "n_rows"), [(4, 3), (6, 2), (4, 1)])
def test_ln_z_of_any_coupling_is_that_of_the_ground_states_and_few_more(n, n_rows):
    energies, counts = levels(n_rows, n, is_torus=False)
    n_bonds = n * (2 * n_rows - 1)
    for coupling in (7.9, 8.1, 20.0, 400.0, 1e6):
        found = ising.log_partition_function(n, np.full(n_rows, coupling), np.full(n_rows - 1, coupling))
        excited = float((counts * np.exp(-2 * coupling * energies)).sum())
        assert found == pytest.approx(n_bonds * coupling + math.log(excited), rel=1e-14, abs=1e-12)
    for coupling in (7.9, 8.1, 400.0, 1e6):
        found = ising.log_partition_function_torus(coupling, 4, 4)
        assert found == pytest.approx(32 * coupling + math.log(2), rel=1e-14)


@pytest.mark.parametrize(
    "exact", [ising.unsatisfied, lambda beta: ising.cylinder(beta, 64, 32), lambda beta: ising.torus(beta, 64, 32)]
)
def test_no_fraction_is_negative_and_none_jumps(exact):
    fractions = np.array([exact(beta) for beta in np.linspace(8, 24, 97).tolist()])
    assert (fractions >= 0).all()
    assert fractions.max() < 1e-8
    assert fractions[49:].max() < 1e-20  # beyond 16


@pytest.mark.parametrize("beta", [math.nan, None, "1", [], {}, True, 1j, np.ones(2)])
def test_what_is_no_beta_is_refused(beta):
    for exact in (
        ising.unsatisfied,
        ising.magnetisation,
        lambda beta: ising.cylinder(beta, 4, 4),
        lambda beta: ising.torus(beta, 4, 4),
        lambda beta: ising.cylinder_profile(beta, 4, 4),
        lambda beta: ising.log_partition_function_torus(beta, 4, 4),
    ):
        with pytest.raises(ParameterError):
            exact(beta)


def test_integers_of_any_size_are_numbers():
    assert ising.cylinder(10**5000, 4, 4) == 0
    assert ising.cylinder(-(10**5000), 4, 4) == 1


@pytest.mark.parametrize("beta", [0.3, 0.7, ising.CRITICAL_BETA, 1.2, 2.5])
def test_the_specific_heat_is_the_variance_of_the_bonds_of_brute_force(beta):
    for is_torus, exact_at in ((True, ising.torus_specific_heat), (False, ising.cylinder_specific_heat)):
        along, across, _ = unsatisfied_bonds(4, 4, is_torus=is_torus)
        n_bonds = along.sum(axis=1) + across.sum(axis=1)
        weights = np.exp(-beta * n_bonds) / np.exp(-beta * n_bonds).sum()
        exact = beta**2 * (weights @ n_bonds**2 - (weights @ n_bonds) ** 2) / 16
        assert exact_at(beta, 4, 4) == pytest.approx(exact, rel=1e-4, abs=1e-8)
        assert exact_at(-beta, 4, 4) == exact_at(beta, 4, 4)


@pytest.mark.parametrize("beta", [0.3, 1.9, 2.1, 5.0, 8.1])
def test_the_specific_heat_of_a_single_row_lasts_to_low_temperatures(beta):
    """A long ring has (K / cosh K)**2 a spin, as its walls cost one bond each: at beta 8 there is more than 0.01."""
    exact = (beta / 2 / math.cosh(beta / 2)) ** 2
    assert ising.cylinder_specific_heat(beta, 10**5, 1) == pytest.approx(exact, abs=1e-7)


def test_the_specific_heat_of_a_short_row_is_that_of_brute_force_and_never_negative():
    energies, counts = levels(1, 8, is_torus=False)
    for beta in np.linspace(0, 50, 201).tolist():
        chances = counts * np.exp(-beta * energies) / (counts * np.exp(-beta * energies)).sum()
        exact = beta**2 * (chances @ energies**2 - (chances @ energies) ** 2) / 8
        assert ising.cylinder_specific_heat(beta, 8, 1) == pytest.approx(exact, rel=1e-6, abs=1e-7)
        assert min(ising.torus_specific_heat(beta, 2, 3), ising.cylinder_specific_heat(beta, 8, 1)) >= 0


def test_the_specific_heat_of_the_infinite_lattice_is_the_slope_of_its_energy_and_that_of_a_large_torus():
    for beta in (1e-4, 0.01, 0.3, 0.7, 0.87, 0.89, 1.2, 2.5, -0.7):
        slope = (ising.unsatisfied(beta + 1e-6) - ising.unsatisfied(beta - 1e-6)) / 2e-6
        assert ising.specific_heat(beta) == pytest.approx(-2 * beta**2 * slope, rel=2e-4, abs=1e-9)
    for temperature in (0.8, 1.2, 2.0):
        beta = ising.CRITICAL_BETA / temperature
        assert ising.torus_specific_heat(beta, 256, 256) == pytest.approx(ising.specific_heat(beta), rel=1e-4)
    assert ising.specific_heat(ising.CRITICAL_BETA) > 5  # to rounding of beta: infinite
    # A. E. Ferdinand, M. E. Fisher, Phys. Rev. 185 (1969) 832: at the critical point it grows as (8 / pi) K**2 ln(side)
    small, large = (ising.torus_specific_heat(ising.CRITICAL_BETA, side, side) for side in (256, 512))
    assert large - small == pytest.approx(8 / math.pi * (ising.CRITICAL_BETA / 2) ** 2 * math.log(2), rel=2e-3)


def test_correlations_along_a_row():
    for beta in (0.4, 0.6, 0.8, 0.87, 0.95, 1.0, 1.5):
        found = ising.row_correlations(beta, 21)
        assert found[:2] == pytest.approx([1, 1 - 2 * ising.unsatisfied(beta)], abs=1e-12)
        if beta in (0.6, 0.8, 1.0):
            rest = found - ising.magnetisation(beta) ** 2
            power = 0.5 if beta < ising.CRITICAL_BETA else 2  # Ornstein and Zernike's, and that of the ordered phase
            decay = math.log(rest[20] / rest[21]) - power * math.log(21 / 20)
            assert decay == pytest.approx(1 / ising.correlation_length(beta), rel=0.03)
    critical = ising.row_correlations(ising.CRITICAL_BETA, 30)
    assert critical[1] == pytest.approx(math.sqrt(0.5), abs=1e-12)
    for apart in (1e-12, 1e-8, 1e-6, 1e-5, 3e-5, 1e-4, 3e-4, -1e-8, -1e-5, -3e-5, -1e-4):  # lengths beyond any grid
        beta = ising.CRITICAL_BETA + apart
        assert ising.row_correlations(beta, 64)[1] == pytest.approx(1 - 2 * ising.unsatisfied(beta), abs=1e-12)
    assert critical[30] * 30**0.25 == pytest.approx(ising.CRITICAL_AMPLITUDE, rel=1e-4)
    assert pytest.approx(0.70338, abs=1e-5) == ising.CRITICAL_AMPLITUDE
    assert ising.correlation_length(ising.CRITICAL_BETA) > 1e12  # to rounding of beta: infinite


def test_critical_correlations_on_a_torus():
    """Near, those of the infinite lattice; all together, the susceptibility."""
    near = ising.critical_correlation([4, 8], [0, 0], 4096)
    assert near == pytest.approx(ising.row_correlations(ising.CRITICAL_BETA, 8)[[4, 8]], rel=3e-3)
    # the mean over the torus of side 1: an eighth of it is 0 < y < x < 1 / 2, where y = u x and x = s**4
    nodes, weights = np.polynomial.legendre.leggauss(40)
    u, s = (nodes + 1) / 2, (nodes + 1) / 2 * 0.5**0.25
    x = s[:, None] ** 4
    area = 4 * s[:, None] ** 3 * x * weights[:, None] * weights * 0.5**0.25 / 4
    mean = 8 * (area * ising.critical_correlation(x + 0 * u, x * u, 1)).sum()
    assert mean == pytest.approx(ising.CRITICAL_MAGNETISATION, abs=5e-6)
    assert ising.critical_correlation(3, 5, 64) == pytest.approx(ising.critical_correlation(5, 3, 64), rel=1e-12)
    assert ising.critical_correlation(30, 7, 64) == pytest.approx(ising.critical_correlation(34, 7, 64), rel=1e-9)


def test_the_critical_cumulant_is_approached_by_brute_force():
    """Side 4, all states: within 2 % of the limit already."""
    along, across, magnetisation = unsatisfied_bonds(4, 4, is_torus=True)
    weights = np.exp(-ising.CRITICAL_BETA * (along.sum(axis=1) + across.sum(axis=1)))
    second, fourth = (weights @ magnetisation.astype(float) ** k / weights.sum() for k in (2, 4))
    assert 1 - fourth / (3 * second**2) == pytest.approx(ising.CRITICAL_CUMULANT, rel=0.02)
    assert second / 256 * 4**0.25 == pytest.approx(ising.CRITICAL_MAGNETISATION, rel=0.02)
