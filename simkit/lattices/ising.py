"""Exact results for the Ising model on the square lattice.

Energies are fractions of unsatisfied (antiparallel) bonds; temperatures are inverse ones, beta, per unsatisfied bond.
In the usual notation beta = 2 K = 2 J / kT. A negative beta is the antiferromagnet: the fraction at -beta is one less
that at beta. Any beta is taken, infinite ones too, with the ground states as their limits; one that is no number is a
ParameterError.

Sources: L. Onsager, Phys. Rev. 65 (1944) 117; C. N. Yang, Phys. Rev. 85 (1952) 808; for the cylinder the transfer
matrix of rows in pairs of fermion modes, T. D. Schultz, D. C. Mattis, E. H. Lieb, Rev. Mod. Phys. 36 (1964) 856; for
the torus B. Kaufman, Phys. Rev. 76 (1949) 1232; for correlations E. W. Montroll, R. B. Potts, J. C. Ward, J. Math.
Phys. 4 (1963) 308, and on the critical torus P. Di Francesco, H. Saleur, J.-B. Zuber, Nucl. Phys. B 290 (1987) 527.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError, show
from simkit.lattices import arguments

F64 = npt.NDArray[np.float64]

CRITICAL_BETA = math.log(1 + math.sqrt(2))

#: step of K in numerical derivatives: the error of the central difference and that of rounding are both below 1e-8
_STEP = 1e-5

#: up to this K unsatisfied bonds are less than half of all in proportion to K, to 1e-7
_SMALL = 5e-4

#: beyond this beta the few excited states are summed by themselves: differences of ln Z would be their rounding errors
_COLD = 16.0
#: largest distance of correlations along a row, whose determinants take a time that grows as its fourth power
_FARTHEST = 1024

#: correlation of spins at distance r along a row at the critical point, times r**(1/4): e^(1/4) 2^(5/24) / A^3 with
#: Glaisher's constant A (T. T. Wu, Phys. Rev. 149 (1966) 380)
CRITICAL_AMPLITUDE = math.exp(0.25) * 2 ** (5 / 24) / 1.2824271291006226**3

#: Binder's cumulant of a square torus at the critical point, as its side grows (J. Salas, A. D. Sokal, J. Stat. Phys.
#: 98 (2000) 551), and the mean square of the magnetisation a spin times side**(1/4), the mean of `critical_correlation`
CRITICAL_CUMULANT, CRITICAL_MAGNETISATION = 0.61069, 1.09195


def unsatisfied(beta: float) -> float:
    """Return the fraction of unsatisfied bonds on the infinite lattice, 0..1 (Onsager)."""
    beta = arguments.beta(beta)
    if beta == 0:
        return 0.5
    if abs(beta) > _COLD:
        return _by_sign(beta, 2 * math.exp(-4 * abs(beta)))  # single flipped spins, to a relative 1e-13
    modulus = 2 * math.tanh(beta) ** 2 - 1
    a, b = 1.0, abs(modulus)
    while b > 0 and a - b > 1e-15 * a:  # the arithmetic-geometric mean, for the complete elliptic integral
        a, b = (a + b) / 2, math.sqrt(a * b)
    energy = -(1 + (modulus / a if modulus else 0)) / math.tanh(beta)  # of -J s s', per spin
    return (1 + energy / 2) / 2


def specific_heat(beta: float) -> float:
    """Return the specific heat a spin on the infinite lattice, in units of k (Onsager): infinite at the critical point.

    It is beta squared times the variance of the unsatisfied bonds, a spin.
    """
    beta = abs(arguments.beta(beta))
    coupling = beta / 2
    if coupling < _SMALL:
        return 2 * coupling**2
    if beta > _COLD / 2:  # single flipped spins, to a relative 1e-6
        return (4 * beta * math.exp(-2 * beta)) ** 2 if beta < math.inf else 0.0
    tanh = math.tanh(2 * coupling)
    dual = 2 * tanh**2 - 1  # the complementary modulus of the elliptic integrals, with its sign
    if abs(dual) < 1e-15:
        return math.inf
    a, b, c = 1.0, abs(dual), math.sqrt(1 - dual**2)
    defect, weight = c**2 / 2, 0.5
    while abs(c) > 1e-16:  # the arithmetic-geometric mean; the squares of c give the integral of the second kind
        a, b, c = (a + b) / 2, math.sqrt(a * b), (a - b) / 2
        weight *= 2
        defect += weight * c**2
    first = math.pi / (2 * a)
    second = first * (1 - defect)
    bracket = first - second - (1 - tanh**2) * (math.pi / 2 + dual * first)
    return 4 / math.pi * (coupling / tanh) ** 2 * bracket


def magnetisation(beta: float) -> float:
    """Return the spontaneous magnetisation on the infinite lattice, 0..1 (Yang); 0 from the critical point up."""
    beta = arguments.beta(beta)
    if beta > _COLD:
        return 1.0
    return (1 - math.sinh(beta) ** -4) ** 0.125 if beta > CRITICAL_BETA else 0.0


def log_partition_function(n: int, along: F64, across: F64) -> float:
    """Return ln Z of a cylinder with free edges.

    Parameters
    ----------
    n : int, even
        Spins of a row, which is closed.
    along : float64 (row,)
        K of the bonds in each row, of either sign.
    across : float64 (row - 1,)
        K of the bonds between each row and the next; above 0.
    """
    along, across = arguments.finite("couplings of rows", along), arguments.finite("couplings between rows", across)
    if along.ndim != 1 or across.ndim != 1 or (across <= 0).any():
        raise ParameterError("couplings are one for each row, and one above 0 between each and the next")
    n, _ = arguments.cylinder(n, len(along))
    if len(across) != len(along) - 1:
        raise ParameterError(f"{len(along)} rows have {len(along) - 1} couplings between them, not {len(across)}")
    k = math.pi * (2 * np.arange(1, n // 2 + 1) - 1) / n
    cos, sin = np.cos(k), np.sin(k)
    v0, v1 = np.ones(n // 2), np.zeros(n // 2)
    total = n * math.log(2)
    for r, within in enumerate(along):
        if 2 * abs(within) > _COLD:  # as below, but for e^(2 K), which would overflow
            total += n * float(abs(within))
            rest = math.exp(-4 * abs(within))
            ch, sh = (1 + rest) / 2, math.copysign(1 - rest, within) / 2
        else:
            ch, sh = math.cosh(2 * within), math.sinh(2 * within)
        v0, v1 = (ch + cos * sh) * v0 + sin * sh * v1, sin * sh * v0 + (ch - cos * sh) * v1
        if r < len(across):
            dual = math.tanh(across[r])  # e^(-2 K*)
            if 2 * across[r] > _COLD:
                total += n * float(across[r])
                factor = 1 - math.exp(-4 * across[r])
            else:
                factor = 2 * math.sinh(2 * across[r])
            v0, v1 = factor / dual * v0, factor * dual * v1
        scale = np.abs(v0)
        total += float(np.log(scale).sum())
        v0, v1 = v0 / scale, v1 / scale
    return total


def _log_partition_function_of_one(coupling: float, n: int, n_rows: int) -> float:
    return log_partition_function(n, np.full(n_rows, coupling), np.full(n_rows - 1, coupling))


def cylinder(beta: float, n: int, n_rows: int) -> float:
    """Return the fraction of unsatisfied bonds of a cylinder of `n_rows` closed rows of `n` spins, with free edges."""
    n, n_rows = arguments.cylinder(n, n_rows)
    beta = arguments.beta(beta)
    return 0.5 if beta == 0 else _by_sign(beta, _cylinder(abs(beta), n, n_rows))


@lru_cache(maxsize=4096)
def _cylinder(beta: float, n: int, n_rows: int) -> float:
    if beta > _COLD:
        n_bonds = n * (2 * n_rows - 1)
        return _cold_bonds(beta, n, n_rows, np.ones(n_rows), np.ones(n_rows - 1)) / n_bonds

    log_z = partial(_log_partition_function_of_one, n=n, n_rows=n_rows)
    return _fraction(log_z, beta / 2, n * (2 * n_rows - 1))


def cylinder_profile(beta: float, n: int, n_rows: int) -> tuple[F64, F64]:
    """Return the fractions of unsatisfied bonds within each row of a cylinder, and between each and the next.

    Parameters
    ----------
    beta : float
    n, n_rows : int
        As in `cylinder`, which is the mean of the two over all bonds.

    Returns
    -------
    along, across : float64 (row,), float64 (row - 1,)
    """
    n, n_rows = arguments.cylinder(n, n_rows)
    beta = arguments.beta(beta)
    sign, beta = math.copysign(1, beta), abs(beta)
    if beta == 0:
        return np.full(n_rows, 0.5), np.full(n_rows - 1, 0.5)
    coupling = np.full(2 * n_rows - 1, beta / 2)
    found = np.empty(2 * n_rows - 1)
    for i in range(len(coupling)):

        def log_z(k: float, bond: int = i) -> float:
            changed = coupling.copy()
            changed[bond] = k
            return log_partition_function(n, changed[:n_rows], changed[n_rows:])

        if beta > _COLD:
            bond = np.arange(2 * n_rows - 1) == i
            found[i] = _cold_bonds(beta, n, n_rows, 1.0 * bond[:n_rows], 1.0 * bond[n_rows:]) / n
        else:
            found[i] = _fraction(log_z, beta / 2, n)
    if sign < 0:
        found = 1 - found
    return found[:n_rows], found[n_rows:]


def _cold_bonds(beta: float, n: int, n_rows: int, along: F64, across: F64) -> float:
    """Return how many bonds of a cold cylinder are unsatisfied, weighted by row (along) and by gap (across).

    Bonds of a row, or between two, are unsatisfied as d(n K - ln Z)/dK / 2 says. The derivative is carried along with
    the vectors of `log_partition_function`, of which e^(2 K) is left out in every factor: what is left depends on
    q = e^(-4 K) and p = e^(-2 K) alone, goes to 0 with them, and has an error of 1e-15 p.
    """
    half = math.pi * (2 * np.arange(1, n // 2 + 1) - 1) / (2 * n)
    cos, sin = np.cos(half), np.sin(half)
    q, p = math.exp(-2 * beta), math.exp(-beta)
    a, b, d = cos**2 + q * sin**2, (1 - q) * cos * sin, sin**2 + q * cos**2
    v0, v1, d0, d1 = np.ones(n // 2), np.zeros(n // 2), np.zeros(n // 2), np.zeros(n // 2)
    for r in range(n_rows):
        turned = 4 * q * along[r] * (sin * v0 - cos * v1)
        d0, d1 = a * d0 + b * d1 - sin * turned, b * d0 + d * d1 + cos * turned
        v0, v1 = a * v0 + b * v1, b * v0 + d * v1
        if r < n_rows - 1:
            up, down = (1 + p) ** 2, (1 - p) ** 2
            d0 = up * d0 - 4 * p * (1 + p) * across[r] * v0
            d1 = down * d1 + 4 * p * (1 - p) * across[r] * v1
            v0, v1 = up * v0, down * v1
        v0, v1, d0, d1 = np.ones(n // 2), v1 / v0, d0 / v0, d1 / v0
    return max(0.0, -float(d0.sum()) / 2)


def log_partition_function_torus(coupling: float, height: int, width: int) -> float:
    """Return ln Z of a torus, with coupling `coupling` above 0 (Kaufman's four products)."""
    given, coupling = coupling, arguments.beta(coupling)
    height, width = arguments.torus(height, width, coupling)
    if not coupling > 0:
        raise ParameterError(f"the coupling of a torus is above 0; this is {show(given)}")
    if 2 * coupling > _COLD:
        return 2 * height * width * coupling + math.log(2)  # of the two ground states
    r = np.arange(width)
    total = 0.5 * height * width * math.log(2 * math.sinh(2 * coupling)) - math.log(2)
    terms = []
    for modes in (2 * r + 1, 2 * r):
        gamma = np.arccosh(
            np.maximum(1, math.cosh(2 * coupling) / math.tanh(2 * coupling) - np.cos(math.pi * modes / width))
        )
        if modes[0] == 0:
            gamma[0] = 2 * coupling + math.log(math.tanh(coupling))  # negative above the critical temperature
        half = height * np.abs(gamma) / 2
        terms.append((1.0, float((half + np.log1p(np.exp(-2 * half))).sum())))
        with np.errstate(divide="ignore"):  # at the critical point a factor is 0
            terms.append((float(np.prod(np.sign(gamma))), float((half + np.log(-np.expm1(-2 * half))).sum())))
    most = max(log for _, log in terms)
    return total + most + math.log(sum(sign * math.exp(log - most) for sign, log in terms))


def torus(beta: float, height: int, width: int) -> float:
    """Return the fraction of unsatisfied bonds of a torus."""
    beta = arguments.beta(beta)
    height, width = arguments.torus(height, width, beta)
    return 0.5 if beta == 0 else _by_sign(beta, _torus(abs(beta), height, width))


@lru_cache(maxsize=4096)
def _torus(beta: float, height: int, width: int) -> float:
    if beta > _COLD:  # the states with four unsatisfied bonds: a flipped spin and, where a side is 2, a band of rows
        bands = sum(length * (length - 1) // 2 for length, side in ((height, width), (width, height)) if side == 2)
        return 2 * (1 + bands / (height * width)) * math.exp(-4 * beta)
    log_z = partial(log_partition_function_torus, height=height, width=width)
    return _fraction(log_z, beta / 2, 2 * height * width)


def torus_specific_heat(beta: float, height: int, width: int) -> float:
    """Return the specific heat a spin, in units of k, of a torus: beta**2 times the variance of the bonds, a spin."""
    beta = arguments.beta(beta)
    return _torus_specific_heat(abs(beta), *arguments.torus(height, width, beta))


@lru_cache(maxsize=4096)
def _torus_specific_heat(beta: float, height: int, width: int) -> float:
    log_z = partial(log_partition_function_torus, height=height, width=width)
    return _curvature(log_z, beta / 2, min(height, width)) / (height * width)


def cylinder_specific_heat(beta: float, n: int, n_rows: int) -> float:
    """Return the specific heat a spin, in units of k, of the cylinder of `cylinder`."""
    return _cylinder_specific_heat(abs(arguments.beta(beta)), *arguments.cylinder(n, n_rows))


@lru_cache(maxsize=4096)
def _cylinder_specific_heat(beta: float, n: int, n_rows: int) -> float:
    log_z = partial(_log_partition_function_of_one, n=n, n_rows=n_rows)
    return _curvature(log_z, beta / 2, min(n, n_rows)) / (n * n_rows)


def _curvature(log_z: Callable[[float], float], coupling: float, side: int) -> float:
    """Return K squared times the second derivative of ln Z by K.

    The step is a small part of the width of the transition, 1 / side of the shorter `side`: to a relative 1e-5, or 1e-7
    a spin up to sides of 1000. Beyond 5/4 of `_COLD` nothing is left, of a single row either.
    """
    if coupling > 1.25 * _COLD or coupling == 0:
        return 0.0
    step = 0.02 if coupling > 1 else min(1e-3, 0.1 / side, coupling / 3)
    values = [w * log_z(coupling + i * step) for i, w in zip(range(-2, 3), (-1, 16, -30, 16, -1), strict=True)]
    return max(0.0, coupling**2 * math.fsum(values) / (12 * step**2))


def correlation_length(beta: float) -> float:
    """Return the length of the exponential decay of correlations along a row of the infinite lattice, in spins.

    Below the critical temperature it is that of what is left beside the squared magnetisation. beta is above 0.
    """
    beta = arguments.beta_above_0(beta)
    decay = -math.log(math.tanh(beta / 2)) - beta
    return math.inf if decay == 0 else 1 / decay if decay > 0 else -1 / (2 * decay)


def row_correlations(beta: float, n: int) -> F64:
    """Return the mean products of two spins of a row of the infinite lattice, at distances 0..n: float64 (n + 1,).

    They are determinants of Toeplitz matrices, whose elements are integrals over angles. The phase changes at 0 within
    ``|beta - critical beta|``, so that the angles are in ever smaller parts towards it. beta is above 0;
    it is to 1e-12.
    """
    n = ParameterError.check_integer("the largest distance along a row", n, 0, _FARTHEST)
    z = math.tanh(arguments.beta_above_0(beta) / 2)
    below, above = z * (1 - z) / (1 + z), (1 - z) / (z * (1 + z))
    nodes, weights = np.polynomial.legendre.leggauss(32 + n)
    part = 0.5 ** np.arange(1, 60)[:, None]
    angle, weight = (math.pi * part * (3 + nodes) / 2).ravel(), (part * weights / 2).ravel()
    phase = (1 - below * np.exp(1j * angle)) * (1 - above * np.exp(-1j * angle))
    phase /= np.abs(phase)
    elements = np.array([weight @ (phase * np.exp(-1j * k * angle)).real for k in np.arange(1 - n, n)])
    place = np.arange(n)[:, None] - np.arange(n) + n - 1
    found: F64 = np.array([1.0, *(np.linalg.det(elements[place[:r, :r]]) for r in range(1, n + 1))])
    return found


def critical_correlation(x: npt.ArrayLike, y: npt.ArrayLike, n: int) -> F64:
    """Return the mean product of spins (y, x) apart on the square torus of side `n` at the critical point.

    It is that of the continuum, from the theta functions at the nome exp(-pi), with the lattice's amplitude; the
    relative error falls as 1 / distance**2. x and y go round the torus: up to n, and not to the same spin.
    """
    x, y, n = arguments.apart(x, y, n)
    point = np.asarray((x + 1j * y) * math.pi / n, np.complex128)
    chord = np.abs(_thetas(point)[0] / _slope_of_theta()) * n / math.pi
    sectors = np.abs(_thetas(point / 2)).sum(axis=0) / np.abs(_thetas(np.zeros((), np.complex128))).sum()
    found: F64 = CRITICAL_AMPLITUDE * sectors / chord**0.25
    return found


def _thetas(z: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
    """Return Jacobi's theta functions 1 to 4 at the nome exp(-pi): complex128 (4, ...)."""
    k = np.arange(9).reshape(-1, *[1] * z.ndim)
    half, whole = np.exp(-math.pi * (k + 0.5) ** 2), np.exp(-math.pi * k**2) * np.where(k == 0, 1, 2)
    sines, cosines, even = np.sin((2 * k + 1) * z), np.cos((2 * k + 1) * z), np.cos(2 * k * z)
    sign = (-1.0) ** k
    terms = (2 * sign * half * sines, 2 * half * cosines, whole * even, sign * whole * even)
    return np.array([term.sum(axis=0) for term in terms])


def _slope_of_theta() -> float:
    """Return the derivative of theta 1 at 0."""
    k = np.arange(9)
    return float((2 * (-1.0) ** k * np.exp(-math.pi * (k + 0.5) ** 2) * (2 * k + 1)).sum())


def _fraction(log_z: Callable[[float], float], coupling: float, n_bonds: int) -> float:
    """Return the fraction of `n_bonds` bonds of coupling `coupling` that is unsatisfied, the derivative of ln Z."""
    if coupling < _SMALL:
        return 0.5 - coupling / _SMALL * (0.5 - _fraction(log_z, _SMALL, n_bonds))
    fraction = (1 - (log_z(coupling + _STEP) - log_z(coupling - _STEP)) / (2 * _STEP) / n_bonds) / 2
    return max(0.0, fraction)  # its error is larger than it is where it is small


def _by_sign(beta: float, fraction: float) -> float:
    """Return the fraction of unsatisfied bonds at beta, given that at its absolute value."""
    return fraction if beta > 0 else 1 - fraction


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
    fraction = arguments.fractions(fraction)
    fractions, entropies = _entropies()
    found: F64 = np.interp(np.minimum(fraction, 1 - fraction), fractions, entropies)
    return found
