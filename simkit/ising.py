"""Exact results for the Ising model on the square lattice.

Energies are fractions of unsatisfied (antiparallel) bonds; temperatures are inverse ones, beta, per unsatisfied bond.
In the usual notation beta = 2 K = 2 J / kT. A negative beta is the antiferromagnet: the fraction at -beta is one less
that at beta.

Sources: L. Onsager, Phys. Rev. 65 (1944) 117; C. N. Yang, Phys. Rev. 85 (1952) 808; for the cylinder the transfer
matrix of rows in pairs of fermion modes, T. D. Schultz, D. C. Mattis, E. H. Lieb, Rev. Mod. Phys. 36 (1964) 856.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

CRITICAL_BETA = math.log(1 + math.sqrt(2))

#: step of K in numerical derivatives: the error of the central difference and that of rounding are both below 1e-8
_STEP = 1e-5


def unsatisfied(beta: float) -> float:
    """Return the fraction of unsatisfied bonds on the infinite lattice, 0..1 (Onsager)."""
    if beta == 0:
        return 0.5
    modulus = 2 * math.tanh(beta) ** 2 - 1
    a, b = 1.0, abs(modulus)
    while b > 0 and a - b > 1e-15 * a:  # the arithmetic-geometric mean, for the complete elliptic integral
        a, b = (a + b) / 2, math.sqrt(a * b)
    energy = -(1 + (modulus / a if modulus else 0)) / math.tanh(beta)  # of -J s s', per spin
    return (1 + energy / 2) / 2


def magnetisation(beta: float) -> float:
    """Return the spontaneous magnetisation on the infinite lattice, 0..1 (Yang); 0 from the critical point up."""
    return (1 - math.sinh(beta) ** -4) ** 0.125 if beta > CRITICAL_BETA else 0.0


def log_partition_function(n: int, along: F64, across: F64) -> float:
    """Return ln Z of a cylinder with free edges.

    Parameters
    ----------
    n : int, even
        Spins of a row, which is closed.
    along : float64 (row,)
        K of the bonds in each row.
    across : float64 (row - 1,)
        K of the bonds between each row and the next; above 0.
    """
    k = math.pi * (2 * np.arange(1, n // 2 + 1) - 1) / n
    cos, sin = np.cos(k), np.sin(k)
    v0, v1 = np.ones(n // 2), np.zeros(n // 2)
    total = n * math.log(2)
    for r, within in enumerate(along):
        ch, sh = math.cosh(2 * within), math.sinh(2 * within)
        v0, v1 = (ch + cos * sh) * v0 + sin * sh * v1, sin * sh * v0 + (ch - cos * sh) * v1
        if r < len(across):
            dual = math.tanh(across[r])  # e^(-2 K*)
            factor = 2 * math.sinh(2 * across[r])
            v0, v1 = factor / dual * v0, factor * dual * v1
        scale = np.abs(v0)
        total += float(np.log(scale).sum())
        v0, v1 = v0 / scale, v1 / scale
    return total


@lru_cache(maxsize=4096)
def cylinder(beta: float, n: int, n_rows: int) -> float:
    """Return the fraction of unsatisfied bonds of a cylinder of `n_rows` closed rows of `n` spins, with free edges."""
    if beta == 0:
        return 0.5
    if beta < 0:
        return 1 - cylinder(-beta, n, n_rows)
    n_bonds = n * (2 * n_rows - 1)
    low, high = (
        log_partition_function(n, np.full(n_rows, K), np.full(n_rows - 1, K))
        for K in (beta / 2 - _STEP, beta / 2 + _STEP)
    )
    return (1 - (high - low) / (2 * _STEP) / n_bonds) / 2


@lru_cache(maxsize=1)
def _entropies() -> tuple[F64, F64]:
    """Return fractions of unsatisfied bonds, rising, and the entropy per spin at each, from beta 16 down to 0."""
    beta = np.linspace(0, 16, 8001)
    energy = 2 * np.array([unsatisfied(b) for b in beta.tolist()])  # a spin has two bonds
    below = np.concatenate(([0.0], np.cumsum((energy[1:] + energy[:-1]) / 2 * np.diff(beta))))
    entropy = math.log(2) + beta * energy - below  # dS = beta dU, from S(0) = ln 2
    return energy[::-1] / 2, np.maximum(entropy[::-1], 0)


def entropy(fraction: F64) -> F64:
    """Return the entropy per spin, in nats, of the infinite lattice with given fractions of unsatisfied bonds, 0..1.

    It is that of Onsager's equilibrium, the logarithm of the number of states with this energy; to 1e-6.
    """
    fractions, entropies = _entropies()
    found: F64 = np.interp(np.minimum(fraction, 1 - fraction), fractions, entropies)
    return found
