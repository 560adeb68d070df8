"""The benchmark: making boards, beside copying as many bytes."""

from __future__ import annotations

import numpy as np

from simkit.bench.rate import Rate, paired, timed
from wallpapers.wallpaper import Wallpaper


def wallpaper(tiny: bool) -> Rate:
    """Rows a second."""
    n = 64 if tiny else 100_000
    source = Wallpaper()
    boards = np.empty((n, source.schema().row_nbytes), np.uint8)
    rate, bound = paired(
        lambda: n / timed(lambda: source.generate(0, range(n), backend="reference")), lambda: n / timed(boards.copy)
    )
    return Rate("wallpaper", "rows/s", rate, bound, "copying the boards")
