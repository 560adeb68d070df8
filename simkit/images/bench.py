"""Cases of ``simkit bench``: rows of each set that one core makes a second, against writing their bytes alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from simkit.bench.rate import Rate, paired, seconds, steady
from simkit.registry import source

_SEED = 1


def _rows(name: str, n_rows: int, tiny: bool, unit: str = "images/s", **parameters: Any) -> Rate:
    """Make rows of a source, as many at a time as one thread of `simkit generate` takes."""
    made = source(name, **parameters)
    n_rows = min(64, n_rows) if tiny else min(n_rows, made.n_rows())
    on, rows = made.load("cpu"), range(n_rows)
    written = {key: np.empty((n_rows, *field.shape), field.dtype) for key, field in made.schema().items()}

    def run(times: int) -> None:
        for _ in range(times):
            made.generate(_SEED, rows, backend=on)

    def write(times: int) -> None:
        for _ in range(times):
            for array in written.values():
                array.fill(1)

    rate, bound = paired(lambda: n_rows * steady(run, seconds(tiny)), lambda: n_rows * steady(write, seconds(tiny)))
    n_bytes = float(made.schema().row_nbytes)
    return Rate(name, unit, rate, bound, "writing the bytes of the rows alone", n_bytes=n_bytes)


def bits(tiny: bool) -> Rate:
    """Inputs of 16 bits, drawn, with random labels."""
    return _rows("bits", 4096, tiny, "rows/s", bits=16, function="random", order="drawn")


def digits(tiny: bool) -> Rate:
    """Digits of a simulated pen on 28x28 pixels, with all their factors."""
    return _rows("digits", 4096, tiny)


def lines(tiny: bool) -> Rate:
    """Images of 1 to 10 vertical lines."""
    return _rows("lines", 4096, tiny)


def halves(tiny: bool) -> Rate:
    """Pairs of digits side by side, of a pool that is made before."""
    return _rows("halves", 2048, tiny, pool=1000 if tiny else 60_000, profile="code")


def stack(tiny: bool) -> Rate:
    """Pairs of digits in two channels, of a pool that is made before."""
    return _rows("stack", 2048, tiny, pool=1000 if tiny else 60_000)


def mixture(tiny: bool) -> Rate:
    """Lines and digits, of a pool that is made before."""
    return _rows("mixture", 2048, tiny, pool=1000 if tiny else 60_000)


def dots(tiny: bool) -> Rate:
    """Anti-aliased discs on 64x64 pixels in three colours, with all their factors."""
    return _rows("dots", 512, tiny)


def random_labels(tiny: bool) -> Rate:
    """Images of 28 x 28 random pixels."""
    return _rows("random-labels", 1024, tiny)


def polynomials(tiny: bool) -> Rate:
    """Two normal numbers and 512 labels each."""
    return _rows("polynomials", 4096, tiny, "rows/s")


def maze(tiny: bool) -> Rate:
    """Transitions of the maze: a level, an episode up to the transition, and two pictures of 64 x 64 pixels."""
    return _rows("maze", 1024, tiny, "transitions/s")


def noise(tiny: bool) -> Rate:
    """Pairs of frames of 3 x 64 x 64 normal numbers."""
    return _rows("noise", 64, tiny, "pairs/s")


def fuzzy_xor(tiny: bool) -> Rate:
    """Exclusive or of three truth values."""
    return _rows("fuzzy-xor", 4096, tiny, "rows/s", bits=3, corners="none")


def sparse_features(tiny: bool) -> Rate:
    """20 features of rows of length 1, by the published code."""
    return _rows("sparse-features", 4096, tiny, "rows/s", profile="code", norm="unit")


def platformer(tiny: bool) -> Rate:
    """Transitions of the game, two frames each."""
    return _rows("platformer", 512, tiny, "transitions/s")
