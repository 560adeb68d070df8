"""Whether a machine is too busy to measure on."""

from __future__ import annotations

import os
from collections.abc import Mapping

#: share of the clock's seconds in which what is measured must have had a processor
_LEAST = 0.95


def load() -> float:
    """Return how many threads ran or waited to run during the last minute, on average, ours included."""
    return os.getloadavg()[0]


def too_busy(on_processor: Mapping[str, float], load_before: float, n_processors: int) -> str | None:
    """Say in one line why figures are lower than this machine can do, or None.

    Parameters
    ----------
    on_processor : mapping
        Case -> seconds of processor time for each second of the clock while it ran; NaN where that says nothing.
    load_before : float
        The `load` before the first case.
    n_processors : int
        Those that this process may use.
    """
    short = {case: share for case, share in on_processor.items() if share < _LEAST}
    waited = [f"{case} had a processor {share:.0%} of the time" for case, share in short.items()]
    is_loaded = load_before > n_processors - 0.5
    if not waited and not is_loaded:
        return None
    load_text = f"the load was {load_before:.1f} on {n_processors} processor{'s' if n_processors > 1 else ''} before"
    return f"too busy to measure: {', '.join([*waited, load_text])}; measure again when nothing else runs"
