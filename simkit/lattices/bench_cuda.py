"""Cases of ``simkit bench --backend cuda``: steps of the lattices on a GPU."""

from __future__ import annotations

import numpy as np

from simkit.bench.gpu import bounded, on_device
from simkit.bench.rate import Rate
from simkit.kernels.lattice import KERNEL


def ring(tiny: bool) -> Rate:
    """Cells of many rings a second, half gas and half spins: 6 operations for 32 cells of gas, 4 for 64 spins."""
    from simkit.kernels import cuda
    from simkit.kernels.lattice import cases, layout

    n_systems, half, n_steps = (2, 32, 4) if tiny else (2 * cuda.n_multiprocessors(), 128, 20_000)
    stack = cases.random_stack(0, layout.ring(half, half), 128 if tiny else 256)
    call = on_device(cases.run(np.repeat(stack[None], n_systems, axis=0), n_steps))
    kernel = KERNEL.load("cuda")
    return bounded(
        "lattice",
        "cells/s",
        lambda: n_systems * stack.size * n_steps / cuda.seconds(lambda: call.of(kernel)),
        (6 / 32 + 4 / 64) / 2,
        2 / n_steps,
        tiny,
    )
