"""Inverse temperatures from counts, in packets (one unsatisfied bond each).

All are logarithms of ratios of counts, half a count being added to each, which takes the bias of few counts away, and
are rounded to 1e-6, far below their noise, so that every machine stores the same bits. Where one of two counts is 0 no
temperature is shown, and none is given: nan. Sum the counts of several samples there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simkit.schema import Field

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

#: how far a stored inverse temperature or entropy may be from the reference
ATOL = 1e-6


def rounded(values: npt.NDArray[Any]) -> F64:
    """Return `values` rounded to ATOL, without negative zeros."""
    return (np.round(values, 6) + 0.0).astype(np.float64)


def _log_ratio(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> F64:
    ratio: F64 = np.where((a > 0) & (b > 0), np.log((a + 0.5) / (b + 0.5)), np.nan)
    return ratio


def gas(packets: npt.NDArray[Any], n_cells: int) -> F64:
    """Return beta of a gas, the mean over directions of ln((1 - rho) / rho).

    The mean of the four, not that of the total density: what HPP conserves beside the energy shifts opposite
    directions by opposite amounts.

    Parameters
    ----------
    packets : int (..., direction, parity)
        Packets of each direction and class.
    n_cells : int
    """
    n = packets.sum(axis=-1)
    return rounded(_log_ratio(n_cells - n, n).mean(axis=-1))


def spins(sites: npt.NDArray[Any]) -> tuple[F64, F64]:
    """Return the local thermometers beta_13 and beta_04 of Ising spins.

    A spin with u unsatisfied bonds of four would have 4 - u if flipped. So, in any canonical state,
    N(u=1) / N(u=3) = exp(2 beta) and N(u=0) / N(u=4) = exp(4 beta); where the two disagree, the state is none.

    Parameters
    ----------
    sites : int (..., u)
        Spins with u = 0..4 unsatisfied bonds.
    """
    beta_13 = _log_ratio(sites[..., 1], sites[..., 3]) / 2
    beta_04 = _log_ratio(sites[..., 0], sites[..., 4]) / 4
    return rounded(beta_13), rounded(beta_04)


def demons(counts: npt.NDArray[Any]) -> tuple[F64, F64]:
    """Return beta from the low and from the high bit of Creutz demons (a demon's unit is two packets).

    Parameters
    ----------
    counts : int (..., demon)
        Sites with demons of 0..3 units.
    """
    low = _log_ratio(counts[..., 0] + counts[..., 2], counts[..., 1] + counts[..., 3]) / 2
    high = _log_ratio(counts[..., 0] + counts[..., 1], counts[..., 2] + counts[..., 3]) / 4
    return rounded(low), rounded(high)


def beta_field(doc: str, dims: tuple[str, ...] = (), shape: tuple[int, ...] = ()) -> Field:
    """Return the field of an inverse temperature."""
    return Field(
        "float64", f"{doc}; inverse temperature, nan where a count is 0", dims, shape, unit="1/packet", atol=ATOL
    )
