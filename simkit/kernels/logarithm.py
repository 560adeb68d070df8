"""The natural logarithm, with the same bits on every machine: those of libraries differ in the last place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

LN_2, SQRT_HALF = 0.6931471805599453, 0.7071067811865476

#: the series of artanh(s) / s in s^2, up to s^20 of an s below 0.172: the next term is below 1e-17
SERIES = tuple(1 / (2 * k + 1) for k in range(11))


def log(numbers: F64, powers: npt.NDArray[np.int64] | int = 0) -> F64:
    """Return the natural logarithm of positive ``numbers * 2**powers``, -inf of 0.

    Of sums, products and quotients alone: 2 artanh(s) as a series, s = (m - 1) / (m + 1), after a power of two is taken
    out. It is right to some units in the last place.
    """
    with np.errstate(all="ignore"):
        mantissa, exponent = np.frexp(np.asarray(numbers, np.float64))
        is_small = mantissa < SQRT_HALF
        mantissa, exponent = np.where(is_small, 2 * mantissa, mantissa), exponent - is_small + np.asarray(powers)
        s = (mantissa - 1) / (mantissa + 1)
        found = 2 * (s * polynomial(SERIES, s * s)) + exponent * LN_2
        found = np.where(numbers == 0, -np.inf, found)
        return np.where(np.isfinite(numbers), found, numbers)


def polynomial(coefficients: tuple[float, ...], x: F64) -> F64:
    """Return the sum of ``coefficients[k] * x**k``, by Horner's rule."""
    found = np.zeros_like(x)
    for coefficient in reversed(coefficients):
        found = found * x + coefficient
    return found
