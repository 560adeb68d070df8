"""Draws plots: curves, with boards of the moments that matter below them."""

from __future__ import annotations

import io
from math import isnan
from pathlib import Path

from simkit.errors import needed_for
from simkit.figures.picture import Plot
from simkit.figures.sheet import put

#: of the curves: dark on white, apart in brightness too (Okabe and Ito)
_INKS = ("#0072b2", "#d55e00")


def check_plot() -> None:
    """Raise LibraryError unless matplotlib is installed."""
    with needed_for("drawing curves"):
        import matplotlib.figure  # noqa: F401


def draw_plot(plot: Plot, out: Path) -> None:
    """Draw curves, and boards below them, as PNG.

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

    sheet, (x_words, *x_ends, _), (y_words, *y_ends, _) = plot.sheet, plot.x_axis, plot.y_axis
    figure = Figure(figsize=(9, 6.6), dpi=110, layout="constrained")
    places = "0123456789"[: len(sheet.panels)]  # below the curve, c, which is as wide as all of them
    axes = figure.subplot_mosaic(f"{'c' * len(sheet.panels)};{places}", height_ratios=[1.15, 1])
    curve = axes["c"]
    for (name, xs, ys), ink, style in zip(plot.curves, _INKS, ("-", "--"), strict=False):
        curve.plot(xs, ys, style, color=ink, label=name, linewidth=1.8)
    curve.axvline(0, color="0.6", linewidth=0.8, zorder=0)
    curve.set_xscale("symlog", linthresh=plot.linear_within)
    curve.set(title=sheet.title, xlabel=x_words, ylabel=y_words)
    curve.set_xlim(*(None if isnan(end) else end for end in x_ends))
    curve.set_ylim(*(None if isnan(end) else end for end in y_ends))
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
