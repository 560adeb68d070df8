"""Kernels on a GPU by its own clock, each against a bound of that run: what ``simkit bench --backend cuda`` is made of.

Bounds are what the device does at most: operations on 32-bit words (LOP3, the instruction that all of life's work is
made of) and bytes to and from its memory, both measured beside the kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simkit.bench.rate import Rate, paired
from simkit.kernels import philox
from simkit.kernels.cases import Call
from simkit.kernels.life.circuit import MAJ
from simkit.kernels.philox import cases

#: steps of a chain in ``peak.cu``, and threads of a block there
_STEPS, _THREADS = 128, 256


@cache
def _peak() -> Any:
    from simkit.kernels import cuda

    return cuda.compile_module([Path(__file__).with_name("peak.cu")], FUNCTION=MAJ)


def _operations(tiny: bool) -> float:
    """Return the operations on 32-bit words that the device does in a second."""
    from simkit.kernels import cuda

    n_blocks, n = (2, 1) if tiny else (16 * cuda.n_multiprocessors(), 4000)
    out = cuda.empty((n_blocks * _THREADS,), np.uint32)
    spent = cuda.seconds(lambda: _peak().get_function("operations")((n_blocks,), (_THREADS,), (np.uint32(n), out)))
    return n_blocks * _THREADS * n * _STEPS / spent


def _bytes(tiny: bool) -> float:
    """Return the bytes that the device reads and writes in a second."""
    from simkit.kernels import cuda

    n, n_blocks = (2**8, 2) if tiny else (2**26, 16 * cuda.n_multiprocessors())
    source, target = cuda.full((4 * n,), 7, np.uint32), cuda.empty((4 * n,), np.uint32)
    arguments = (np.uint32(n), source, target)
    return 32 * n / cuda.seconds(lambda: _peak().get_function("copy")((n_blocks,), (_THREADS,), arguments))


def on_device(call: Call) -> Call:
    """Return a call whose arrays are on the device, so that its answer is, too."""
    from simkit.kernels import cuda

    return call.with_arrays(lambda array: cuda.to_device(array, array.dtype))


def bounded(case: str, unit: str, run_: Callable[[], float], n_operations: float, n_bytes: float, tiny: bool) -> Rate:
    """Measure a kernel and the nearer of the two bounds in turn.

    Parameters
    ----------
    case, unit : str
        As of `simkit.bench.rate.Rate`.
    run_ : callable
        Returns how many of the unit the kernel does in a second.
    n_operations, n_bytes : float
        Operations on 32-bit words, and bytes of the device's memory, that one of the unit needs at least.
    tiny : bool
    """
    run_(), _operations(tiny), _bytes(tiny)  # compiles, and wakes the device
    by_operations = _bytes(tiny) * n_operations > _operations(tiny) * n_bytes
    what = "operations on words" if by_operations else "bytes of memory"
    rate, bound = paired(run_, lambda: _operations(tiny) / n_operations if by_operations else _bytes(tiny) / n_bytes)
    return Rate(case, unit, rate, bound, f"{what} of this device", n_operations, n_bytes)


def philox_words(tiny: bool) -> Rate:
    """Random words a second: ten rounds of two wide multiplications and two XORs for four words, which are written."""
    from simkit.kernels import cuda

    n_rows, n_words = (8, 64) if tiny else (2**18, 2**10)
    call, kernel, n = on_device(cases.words(range(n_rows), n_words)), philox.KERNEL.load("cuda"), n_rows * n_words
    return bounded(
        "philox",
        "words/s",
        lambda: n / cuda.seconds(lambda: call.of(kernel)),
        philox.N_ROUNDS * (2 + 2) / 4,
        4,
        tiny,
    )


#: name -> case of the engine; the worlds have others
CASES: dict[str, Callable[[bool], Rate]] = {"philox": philox_words}


def ceilings(tiny: bool) -> tuple[float, float]:
    """Return the operations on words and the bytes that the device does in a second at most, as measured."""
    return _operations(tiny), _bytes(tiny)
