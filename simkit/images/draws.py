"""Whole numbers below a bound, drawn from two random words each."""

from __future__ import annotations

from typing import Any

import numpy as np

from simkit.schema import Array

#: bounds are at most this, so that no product is longer than 64 bits
MAX_BOUND = 2**32 - 1

_32 = np.uint64(32)


def below(high: Array, low: Array, bound: Any) -> Array:
    """Return floor(bound * word / 2**64), where a word of 64 bits has the halves `high` and `low`.

    That is uniform over 0..bound-1 but for the rounding of 2**64 / bound: no number has a probability that differs from
    1 / bound by 2**-64 or more.

    Parameters
    ----------
    high, low : uint32 (row,)
        What `philox.words` gave.
    bound : int or uint64 (row,)
        1..MAX_BOUND

    Returns
    -------
    uint64 (row,)
    """
    bound = np.uint64(bound) if isinstance(bound, int) else bound
    product: Array = (high.astype(np.uint64) * bound + (low.astype(np.uint64) * bound >> _32)) >> _32
    return product
