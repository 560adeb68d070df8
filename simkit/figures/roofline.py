"""The roofline of a device: what its memory and its arithmetic allow, and how near to it cases come.

Source: S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model for multicore
architectures", Communications of the ACM 52 (2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from simkit.errors import ParameterError, StoreError, needed_for


class Point(NamedTuple):
    """A case: how often a second its unit is done, and what one needs."""

    case: str
    rate: float
    n_operations: float
    n_bytes: float


def draw(cases: Sequence[Point], operations: float, n_bytes: float, device: str, out: Path) -> None:
    """Draw cases below the limits of a device.

    Parameters
    ----------
    cases : sequence
        Those without counted operations or bytes are left out.
    operations, n_bytes : float
        Operations on 32-bit words and bytes of memory that the device does in a second at most.
    device : str
        Its name.
    out : path
        PNG to write; replaced if it is there.

    Raises
    ------
    LibraryError
        If matplotlib is not installed.
    ParameterError
        If no case has both counted.
    StoreError
        If `out` cannot be written.
    """
    with needed_for("a roofline"):
        from matplotlib.figure import Figure
    drawn = [case for case in cases if case.n_operations > 0 and case.n_bytes > 0]
    if not drawn:
        raise ParameterError("no case whose operations and bytes are both counted: name philox, life or highlife")
    intensities = [case.n_operations / case.n_bytes for case in drawn]
    ridge = operations / n_bytes
    first, last = min([*intensities, ridge]) / 4, max([*intensities, ridge]) * 4
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([first, ridge, last], [first * n_bytes, operations, operations], color="black", linewidth=1.5)
    axes.text(1.5 * first, first * n_bytes, f"memory, {n_bytes / 1e12:.3g} TB/s", va="center")
    axes.text(last, operations * 1.15, f"operations, {operations / 1e12:.3g}e12/s", ha="right", va="bottom")
    for case, intensity in zip(drawn, intensities, strict=True):
        done = case.rate * case.n_operations
        share = done / min(operations, intensity * n_bytes)
        axes.plot(intensity, done, "o", color="#0072b2")
        axes.annotate(f"{case.case}, {share:.2f}", (intensity, done), (6, -4), textcoords="offset points", va="top")
    axes.set(xscale="log", yscale="log", xlabel="operations on 32-bit words / byte of memory", ylabel="operations / s")
    axes.set_ylim(top=3 * operations)
    axes.set_title(device)
    try:
        figure.savefig(out, format="png", dpi=150)
    except OSError as error:
        raise StoreError(f"cannot write {out}: {error.strerror or error}; choose another place") from error
