"""Exact facts of the polynomials."""

from __future__ import annotations

from fractions import Fraction
from math import comb, prod

import numpy as np
import pytest

import simkit
from simkit.images.polynomials import coefficients, exponents


def moment(k):
    """Return E z^k of a standard normal number."""
    return 0 if k % 2 else prod(range(1, k, 2))


def mean(*powers):
    """Return the mean of a product of monomials."""
    return moment(sum(i for i, _ in powers)) * moment(sum(j for _, j in powers))


#: 1, x, y, xy, x^2, y^2, x^2 y, x y^2, x^2 y^2 and their variances
VARIANCES = {
    (0, 0): 0, (1, 0): 1, (0, 1): 1, (1, 1): 1, (2, 0): 2, (0, 2): 2, (2, 1): 3, (1, 2): 3, (2, 2): 8,
}  # fmt: skip


def test_coefficients_are_all_of_0_and_1_in_the_order_of_the_code():
    """512 of 9 monomials 1, y, y^2, x, ...; each is in 256, and the rank is 9. Label 3 is x^2 y + x^2 y^2."""
    assert exponents() == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)]
    table = coefficients()
    assert [int("".join(map(str, row)), 2) for row in table.tolist()] == list(range(512))
    assert table.sum(axis=0).tolist() == [256] * 9
    assert np.linalg.matrix_rank(table.astype(np.float64)) == 9


def test_variances_and_the_error_of_guessing_the_mean_are_exact():
    """13.5: the mean over labels of c' S c, S the covariance of the monomials."""
    assert {power: mean(power, power) - mean(power) ** 2 for power in exponents()} == VARIANCES
    covariance = [[mean(a, b) - mean(a) * mean(b) for b in exponents()] for a in exponents()]
    table = coefficients().astype(np.int64)
    assert Fraction(int(((table @ np.array(covariance)) * table).sum()), 512) == Fraction(27, 2)


@pytest.mark.parametrize("degree", [0, 1, 2])
def test_labels_are_the_polynomials_of_the_inputs_as_they_are_stored(degree):
    """By rational numbers, to half a unit in the last place of float32, and what 53 bits round off before that."""
    batch = simkit.source("polynomials", degree=degree).generate(1, 3)
    for inputs, labels in zip(batch["inputs"].tolist(), batch["label"].tolist(), strict=True):
        x, y = map(Fraction, inputs)
        monomials = [x**i * y**j for i, j in exponents(degree)]
        for digits, label in zip(coefficients(degree).tolist(), labels, strict=True):
            exact = sum((m for m, digit in zip(monomials, digits, strict=True) if digit), Fraction(0))
            most = sum(map(abs, monomials), Fraction(0))
            assert abs(Fraction(label) - exact) <= abs(exact) / 2**24 + most / 2**48


def test_labels_span_nine_dimensions_and_two_are_constant():
    labels = simkit.source("polynomials").generate(2, 2000)["label"].astype(np.float64)
    sizes = np.linalg.svd(labels, compute_uv=False)
    assert sizes[8] > 1e4 * sizes[9]  # float32 alone
    assert [int(i) for i in np.flatnonzero(np.ptp(labels, axis=0) == 0)] == [0, 256]
    assert labels[0, [0, 256]].tolist() == [0, 1]


def test_monomials_have_their_variances_and_inputs_are_independent():
    """Mean of (m - E m)^2 within 4 standard errors, from the moments of m up to the fourth."""
    batch = simkit.source("polynomials").generate(3, 40_000)
    x, y = batch["inputs"].astype(np.float64).T
    assert abs(float((x * y).mean())) < 4 / 40_000**0.5
    single = {power: 256 >> exponents().index(power) for power in exponents()}  # the label that is this monomial alone
    for power, variance in VARIANCES.items():
        values, middle = batch["label"][:, single[power]].astype(np.float64), mean(power)
        fourth = sum(comb(4, k) * mean(*[power] * k) * (-middle) ** (4 - k) for k in range(5))
        found = float(((values - middle) ** 2).mean())
        assert abs(found - variance) <= 4 * ((fourth - variance**2) / len(values)) ** 0.5, power


def test_guessing_the_mean_of_each_label_has_its_error():
    """13.5 within 4 standard errors, which are those of the rows: the labels of a row are not independent."""
    labels = simkit.source("polynomials").generate(4, 20_000)["label"].astype(np.float64)
    middle = coefficients() @ np.array([mean(power) for power in exponents()])
    errors = ((labels - middle) ** 2).mean(axis=1)
    assert abs(float(errors.mean()) - 13.5) < 4 * float(errors.std()) / len(errors) ** 0.5
