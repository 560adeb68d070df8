"""Cases of ``simkit bench --backend cuda``: points iterated on a GPU."""

from __future__ import annotations

from simkit.bench.gpu import bounded, on_device
from simkit.bench.rate import Rate
from simkit.kernels.escape import KERNEL

#: products and sums of an iteration, and operations of the tests of a radius and an ellipse. A device of the kind that
#: computes in float64 for a living does as many of them as operations on 32-bit words
_N_OPERATIONS = 20 + 15


def escape(tiny: bool) -> Rate:
    """Iterations a second in float64, of pictures of a filled Julia set."""
    from simkit.kernels import cuda
    from simkit.kernels.escape import cases

    side, n_maps = (16, 1) if tiny else (1024, 8)
    kernel, call = KERNEL.load("cuda"), on_device(cases.julia((side, side), 1000, n=n_maps))
    n = int(call.of(kernel).counts.sum())
    return bounded(
        "escape",
        "iterations/s",
        lambda: n / cuda.seconds(lambda: call.of(kernel)),
        _N_OPERATIONS,
        5 * n_maps * side * side / n,
        tiny,
    )
