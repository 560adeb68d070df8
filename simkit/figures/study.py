"""A figure of what a study found: its panels, with measured points, their errors, and lines."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from simkit.errors import needed_for
from simkit.figures.sheet import put
from simkit.schema import Array
from simkit.store import Store

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: colours, markers and dashes of series in their order (Okabe and Ito, readable without colour vision)
_INKS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_MARKERS = ("o", "s", "^", "D", "v", "P")
_LINE_INKS = ("#000000", "#D55E00", "#7F7F7F", "#0072B2")
_DASHES = ("-", "--", "-.", ":")

#: of a panel, in inches; dots an inch
_WIDTH, _HEIGHT, _DPI = 4.6, 4.2, 120


def check_matplotlib() -> None:
    """Raise LibraryError if matplotlib is not installed."""
    with needed_for("a figure of a study"):
        import matplotlib.figure  # noqa: F401


def draw_study(points: Store, out: Path) -> None:
    """Draw the points that a study wrote and write the figure as PNG.

    Points without an error are joined by a line; hollow ones are of states whose thermometers disagree.

    Raises
    ------
    LibraryError
        If matplotlib is not installed.
    StoreError
        If `out` cannot be written.
    """
    check_matplotlib()
    from matplotlib.figure import Figure

    panels: dict[str, list[Any]] = points.recipe["parameters"]["panels"]
    figure = Figure(figsize=(_WIDTH * len(panels), _HEIGHT), dpi=_DPI, layout="constrained")
    figure.suptitle(points.recipe["parameters"]["title"], fontsize=9 if len(panels) < 3 else 11, wrap=True)
    fields = {name: points[name][:] for name in points}
    styles = _styles(points.schema["series"].labels, fields)
    for i, (axes, (name, about)) in enumerate(
        zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True)
    ):
        here = {field: values[fields["panel"] == i] for field, values in fields.items()}
        _draw_panel(axes, here, styles)
        x_label, y_label, is_log_x, is_log_y = about
        axes.set(title=name, xlabel=x_label, ylabel=y_label)
        if is_log_x:
            _set_log_x(axes, here["x"][~np.isnan(here["error"])])
        if is_log_y:
            axes.set_yscale("log")
    data = io.BytesIO()
    figure.savefig(data, format="png")
    put(data.getvalue(), out)


class _Style(NamedTuple):
    label: str
    is_line: bool
    ink: str
    #: marker or dashes
    mark: str


def _styles(labels: tuple[str, ...], fields: dict[str, Array]) -> list[_Style]:
    """Choose the style of each series, the same in all panels."""
    styles: list[_Style] = []
    for series, label in enumerate(labels):
        is_line = bool(np.isnan(fields["error"][fields["series"] == series]).all())
        inks, marks = (_LINE_INKS, _DASHES) if is_line else (_INKS, _MARKERS)
        n = sum(style.is_line == is_line for style in styles)
        styles.append(_Style(label, is_line, inks[n % len(inks)], marks[n % len(marks)]))
    return styles


def _draw_panel(axes: Axes, here: dict[str, Array], styles: list[_Style]) -> None:
    for series in dict.fromkeys(here["series"].tolist()):
        style = styles[series]
        for is_frozen in (False, True):
            chosen = (here["series"] == series) & (here["is_frozen"] == is_frozen)
            x, y, error = (here[name][chosen] for name in ("x", "y", "error"))
            if not len(x):
                continue
            if style.is_line:
                axes.plot(x, y, style.mark, color=style.ink, linewidth=1.2, label=style.label, zorder=1)
                continue
            axes.errorbar(
                x,
                y,
                error,
                fmt=style.mark,
                color=style.ink,
                markerfacecolor="white" if is_frozen else style.ink,
                markersize=5,
                capsize=3,
                linewidth=1.2,
                label=f"{style.label}: frozen" if is_frozen else style.label,
                zorder=2,
            )
    axes.grid(visible=True, color="#E3E3E3", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(fontsize=8, framealpha=0.9)


def _set_log_x(axes: Axes, values: Array) -> None:
    """Make the axis logarithmic, with the values themselves as its ticks where they are few."""
    axes.set_xscale("log")
    ticks = np.unique(values)
    if len(ticks) <= 8:
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
