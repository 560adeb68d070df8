"""Cases of ``simkit bench``: steps of the lattices."""

from __future__ import annotations

import numpy as np

from simkit.bench.rate import Rate, paired, seconds, steady
from simkit.kernels.metropolis import Trace
from simkit.schema import Array


def _lattice(name: str, unit: str, kinds: Array, per_word: float, tiny: bool) -> Rate:
    """Run a stack of 1024 rows; a step changes `per_word` words for 64 units (cells, or attempts to flip)."""
    from simkit.kernels.lattice import cases, cpu
    from simkit.kernels.lattice.peak import rewriting

    cells = cases.random_stack(0, kinds, 128 if tiny else 1024)
    n = cells.size // (1 if unit == "cells/s" else 2)

    def run(n_steps: int) -> None:
        cases.run(cells, n_steps).of(cpu)

    rewrite, n_words = rewriting(int(n / 64 * per_word))
    rate, bound = paired(
        lambda: n * steady(run, seconds(tiny)), lambda: 64 / per_word * n_words * steady(rewrite, seconds(tiny))
    )
    return Rate(name, unit, rate, bound, "rewriting in place the words that a step changes")


def ring(tiny: bool) -> Rate:
    """Cells of the whole coupled system a second, half gas and half spins: 4 words change a gas cell, 1/2 a spin."""
    from simkit.kernels.lattice import layout

    half = 32 if tiny else 512
    return _lattice("lattice", "cells/s", layout.ring(half, half), 2.25, tiny)


def hpp(tiny: bool) -> Rate:
    """Cells of the gas alone a second: 4 words change."""
    from simkit.kernels.lattice.states import GAS

    return _lattice("hpp", "cells/s", np.full(64 if tiny else 1024, GAS, np.uint8), 4, tiny)


def q2r(tiny: bool) -> Rate:
    """Attempts to flip a spin a second: 1 word changes."""
    from simkit.kernels.lattice.states import ISING

    return _lattice("q2r", "attempts/s", np.full(64 if tiny else 1024, ISING, np.uint8), 1, tiny)


def creutz(tiny: bool) -> Rate:
    """Attempts to flip a spin with a demon a second: 3 words change."""
    from simkit.kernels.lattice import cases, cpu
    from simkit.kernels.lattice.peak import rewriting

    side = 128 if tiny else 1024
    cells = cases.random_demons(0, side, side)

    def run(n_steps: int) -> None:
        cases.run_creutz(cells, n_steps).of(cpu)

    rewrite, n_words = rewriting(3 * cells.size // 128)
    rate, bound = paired(
        lambda: cells.size / 2 * steady(run, seconds(tiny)),
        lambda: 64 / 3 * n_words * steady(rewrite, seconds(tiny)),
    )
    return Rate("creutz", "attempts/s", rate, bound, "rewriting in place the words that a step changes")


def metropolis(tiny: bool) -> Rate:
    """Attempts to flip a spin by Metropolis at the critical point a second, against the vector operations they cost."""
    from simkit.kernels.life import peak
    from simkit.kernels.metropolis import QUANTITIES, cases, cpu
    from simkit.kernels.metropolis.peak import instructions_per_attempt

    side, settling = (64, 20) if tiny else (256, 20_000)

    def run(spins: Array, n_steps: int) -> Trace:
        found: Trace = cases.run(spins, n_steps, (cases.CRITICAL,), every=n_steps).of(cpu)
        return found

    settled = run(np.ones((side, side), np.uint8), settling)
    share = float(settled.census[-1, [QUANTITIES.index("u0"), QUANTITIES.index("u1")]].sum()) / side**2
    rate, bound = paired(
        lambda: side * side / 2 * steady(lambda n_steps: run(settled.cells, n_steps), seconds(tiny)),
        lambda: peak.N_INSTRUCTIONS / instructions_per_attempt(share) * steady(peak.repeat, seconds(tiny)),
    )
    return Rate("metropolis", "attempts/s", rate, bound, "vector operations of this core")


def free(tiny: bool) -> Rate:
    """Cells of a layout that is no stack a second, against the same ring as a stack."""
    from simkit.kernels.lattice import cases, cpu, layout

    half = 32 if tiny else 512
    cells = cases.random_stack(0, layout.ring(half, half), 128 if tiny else 1024)

    def rate_of(some: Array) -> float:
        return some.size * steady(lambda n_steps: cases.run(some, n_steps).of(cpu), seconds(tiny))

    rate, bound = paired(lambda: rate_of(cases.beside(cells)), lambda: rate_of(cells))
    return Rate("free", "cells/s", rate, bound, "the same ring as a stack")
