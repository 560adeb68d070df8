"""Swendsen and Wang's cluster algorithm: the Ising model in its canonical ensemble, for what has no exact formula.

R. H. Swendsen, J.-S. Wang, Phys. Rev. Lett. 58 (1987) 86. Neighbouring equal spins are bound with probability
``1 - exp(-beta)`` (beta is per unsatisfied bond), and every cluster takes a new direction.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError, show
from simkit.lattices import arguments

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


def sample_cylinder(beta: float, n: int, n_rows: int, n_sweeps: int, seed: int | tuple[int, ...]) -> tuple[F64, F64]:
    """Sample the cylinder of `simkit.lattices.ising.cylinder`, after a tenth as many sweeps that are discarded.

    Parameters
    ----------
    beta : float, at least 0
    n, n_rows : int
        Spins of a closed row, and rows; free edges.
    n_sweeps : int
    seed : int or tuple of int
        Of NumPy's Philox: another one for each call, or the results are not independent.

    Returns
    -------
    unsatisfied : float64 (sweep,)
        Fraction of unsatisfied bonds.
    magnetisation : float64 (sweep,)
        Its absolute value per spin, 0..1.
    """
    beta = arguments.beta(beta)
    if beta < 0:
        raise ParameterError(f"clusters are sampled at a beta from 0 on; this is {show(beta)}")
    n, n_rows = arguments.cylinder(n, n_rows)
    n_sweeps = ParameterError.check_integer("the number of sweeps", n_sweeps, 1, 2**40)
    try:
        sequence = np.random.SeedSequence(
            list(seed) if isinstance(seed, (tuple, list)) else [seed]
        )  # [None] is refused
    except (TypeError, ValueError):
        raise ParameterError(f"a seed is one or more whole numbers from 0 on; this is {show(seed)}") from None
    random = np.random.Generator(np.random.Philox(sequence))
    site = np.arange(n * n_rows).reshape(n_rows, n)
    first = np.concatenate([site.ravel(), site[:-1].ravel()])
    second = np.concatenate([np.roll(site, -1, axis=1).ravel(), site[1:].ravel()])
    spins = np.ones(site.size, bool)
    unsatisfied, magnetisation = np.empty(n_sweeps), np.empty(n_sweeps)
    for sweep in range(-(n_sweeps // 10), n_sweeps):
        bound = (spins[first] == spins[second]) & (random.random(len(first)) < -math.expm1(-beta))
        spins = (random.random(site.size) < 0.5)[clusters(site.size, first[bound], second[bound])]
        if sweep >= 0:
            unsatisfied[sweep] = (spins[first] != spins[second]).mean()
            magnetisation[sweep] = abs(2 * spins.mean() - 1)
    return unsatisfied, magnetisation


def clusters(n_sites: int, first: I64, second: I64) -> I64:
    """Return for each site a site of its cluster, the same one for all of a cluster.

    Each round hangs roots below lower ones that they are bound to, then shortens every chain to its root.
    """
    root = np.arange(n_sites)
    while len(first):
        a, b = root[first], root[second]
        apart = a != b
        first, second, a, b = first[apart], second[apart], a[apart], b[apart]
        root[np.maximum(a, b)] = np.minimum(a, b)
        while True:
            shorter = root[root]
            if np.array_equal(shorter, root):
                break
            root = shorter
    return root
