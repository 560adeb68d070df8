"""The entropy of a magic state as a curve, with boards of the moments that matter."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from simkit.errors import needed_for
from simkit.figures.picture import Sheet
from simkit.figures.sheet import put

U8 = npt.NDArray[np.uint8]

#: of the magic state and of that with one packet changed: dark on white, apart in brightness too (Okabe and Ito)
_INKS = ("#0072b2", "#d55e00")


def check_plot() -> None:
    """Raise LibraryError unless matplotlib is installed."""
    with needed_for("drawing curves"):
        import matplotlib.figure  # noqa: F401


def draw_curves(
    times: Sequence[int],
    curves: Sequence[tuple[str, Sequence[float]]],
    sheet: Sheet,
    n_steps: int,
    out: Path,
) -> None:
    """Draw entropies over time, and boards below them, as PNG.

    Parameters
    ----------
    times : sequence of int
        From 0 to about twice `n_steps`.
    curves : sequence of (name, nats per cell at each time), one or two
    sheet : Sheet
        Up to ten boards with their names, the legend of their colours, and the title of it all.
    n_steps : int
        When the picture comes back.
    out : Path

    Raises
    ------
    LibraryError
        If matplotlib is not installed.
    StoreError
        If `out` cannot be written.
    """
    check_plot()
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    figure = Figure(figsize=(9, 6.6), dpi=110, layout="constrained")
    places = "0123456789"[: len(sheet.panels)]  # below the curve, c, which is as wide as all of them
    axes = figure.subplot_mosaic(f"{'c' * len(sheet.panels)};{places}", height_ratios=[1.15, 1])
    curve = axes["c"]
    for (name, entropies), ink, style in zip(curves, _INKS, ("-", "--"), strict=False):
        curve.plot([time - n_steps for time in times], entropies, style, color=ink, label=name, linewidth=1.8)
    curve.axvline(0, color="0.6", linewidth=0.8, zorder=0)
    curve.set_xscale("symlog", linthresh=10)  # most of the way back is the work of the last hundred steps
    curve.set(title=sheet.title, xlabel="steps from the picture", ylabel="coarse-grained entropy (nats per cell)")
    curve.set(xlim=(-n_steps, n_steps))
    curve.set_ylim(bottom=0)
    curve.legend(loc="lower left", frameon=False)
    for place, panel in zip(places, sheet.panels, strict=True):
        board = axes[place]
        board.imshow(panel.colours[panel.cells], interpolation="nearest")
        board.set_title(panel.captions[0], fontsize=10)
        board.set_xticks([])
        board.set_yticks([])
    swatches = [
        Patch(facecolor=tuple(colour / 255), edgecolor="0.5", label=f"{words}" if last else "")
        for words, table, *_ in sheet.keys
        for colour, last in zip(table, [False] * (len(table) - 1) + [True], strict=True)
    ]
    figure.legend(
        handles=swatches, loc="outside lower center", ncols=len(swatches), fontsize=8, frameon=False,
        handlelength=1, handletextpad=0.4, columnspacing=0.4,
    )  # fmt: skip
    data = io.BytesIO()
    figure.savefig(data, format="png", metadata={"Software": None})
    put(data.getvalue(), out)
