"""Cases of ``simkit bench``: points iterated, and maps tried by a search."""

from __future__ import annotations

import numpy as np

from simkit.backends import Kernels
from simkit.bench.rate import Rate, paired, seconds, steady
from simkit.kernels import basin, philox
from simkit.kernels import escape as escape_kernel

_KERNELS = (philox.KERNEL, basin.KERNEL, escape_kernel.KERNEL)


def _escape(name: str, precision: str, tiny: bool) -> Rate:
    """Iterate the points of a picture of z^2 + lambda z where |lambda| is 0.999: some 40 iterations a point."""
    from simkit.fractals.certificate import regions
    from simkit.fractals.maps import julia
    from simkit.kernels.escape import cases
    from simkit.kernels.escape.peak import advancing

    side, on = 32 if tiny else 256, Kernels.load(_KERNELS, "cpu")
    quadratic = julia(0.999 * complex(-0.6, 0.8))[None]
    of = quadratic, cases.window((side, side), width=3.0)[None], (side, side), regions(quadratic, on)[0], 200, precision
    n = float(on.escape.escape(*of).counts.sum())

    def run(times: int) -> None:
        for _ in range(times):
            on.escape.escape(*of)

    advance, n_advanced = advancing(precision)
    rate, bound = paired(lambda: n * steady(run, seconds(tiny)), lambda: n_advanced * steady(advance, seconds(tiny)))
    return Rate(name, "iterations/s", rate, bound, "iterating points that no region ever holds")


def escape(tiny: bool) -> Rate:
    """Iterations a second in float64."""
    return _escape("escape", "float64", tiny)


def escape32(tiny: bool) -> Rate:
    """Iterations a second in float32."""
    return _escape("escape-float32", "float32", tiny)


def anneal(tiny: bool) -> Rate:
    """Maps that a search tries a second, 64 x 64 pixels and 64 iterations each, against drawing them alone."""
    from simkit.fractals.annealing import Search

    n_steps, rows, on = 4 if tiny else 200, np.arange(16, dtype=np.uint64), Kernels.load(_KERNELS, "cpu")
    search = Search(10, "clean", n_steps, 64, 64, 4.0, 30.0)
    tried = []

    class Watching:
        """Notes what is drawn."""

        philox, basin, to_host = on.philox, on.basin, staticmethod(on.to_host)

        class escape:  # noqa: N801 - a kernel's name
            boundaries = staticmethod(on.escape.boundaries)

            @staticmethod
            def escape(*arguments: object) -> object:
                tried.append(arguments)
                return on.escape.escape(*arguments)

    search.run(Watching(), 0, rows)  # type: ignore[arg-type]

    def run(times: int) -> None:
        for _ in range(times):
            search.run(on, 0, rows)

    def draw(times: int) -> None:
        for _ in range(times):
            for arguments in tried:
                on.escape.escape(*arguments)

    n = len(rows) * n_steps
    rate, bound = paired(lambda: n * steady(run, seconds(tiny)), lambda: n * steady(draw, seconds(tiny)), 3)
    return Rate("anneal", "maps/s", rate, bound, "computing their pictures alone")
