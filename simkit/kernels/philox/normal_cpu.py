"""Normal quantiles in Numba: for all numbers what is right in the middle, in vectors, then the tails one by one."""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from simkit.kernels.compiling import stamped
from simkit.kernels.logarithm import LN_2, SERIES, SQRT_HALF
from simkit.kernels.philox import (
    CENTRAL,
    CENTRAL_ABOVE,
    CENTRAL_BELOW,
    FAR_ABOVE,
    FAR_BELOW,
    FAR_ORIGIN,
    NEAR,
    NEAR_ABOVE,
    NEAR_BELOW,
    NEAR_ORIGIN,
)

_1, _HALF, _UNIT = np.uint64(1), np.uint64(1 << 63), 2.0**-65


@nb.njit(inline="always")
def _polynomial(c, x):
    return ((((((c[7] * x + c[6]) * x + c[5]) * x + c[4]) * x + c[3]) * x + c[2]) * x + c[1]) * x + c[0]


@nb.njit(inline="always")
def _twice(number):
    return (number if number < _HALF else ~number) << _1


@nb.njit(error_model="numpy")
def _tail(p):
    mantissa, exponent = math.frexp(p)
    if mantissa < SQRT_HALF:
        mantissa, exponent = 2 * mantissa, exponent - 1
    s = (mantissa - 1) / (mantissa + 1)
    square, series = s * s, SERIES[10]
    for k in range(9, -1, -1):
        series = series * square + SERIES[k]
    r = math.sqrt(-(2 * (s * series) + exponent * LN_2))
    if r <= NEAR:
        return _polynomial(NEAR_ABOVE, r - NEAR_ORIGIN) / _polynomial(NEAR_BELOW, r - NEAR_ORIGIN)
    return _polynomial(FAR_ABOVE, r - FAR_ORIGIN) / _polynomial(FAR_BELOW, r - FAR_ORIGIN)


@nb.njit(nogil=True, cache=True, error_model="numpy")  # that of Python looks at each divisor, and is one by one
@stamped
def quantiles(numbers, out):
    """Write the normal quantiles of numbers."""
    for i in range(numbers.shape[0]):
        centre = np.float64(~_twice(numbers[i])) * _UNIT
        square = 0.180625 - centre * centre
        found = centre * _polynomial(CENTRAL_ABOVE, square) / _polynomial(CENTRAL_BELOW, square)
        out[i] = -found if numbers[i] < _HALF else found
    for i in range(numbers.shape[0]):
        twice = _twice(numbers[i])
        if np.float64(~twice) * _UNIT > CENTRAL:
            found = _tail(np.float64(twice | _1) * _UNIT)
            out[i] = -found if numbers[i] < _HALF else found
