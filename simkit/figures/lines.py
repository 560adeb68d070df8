"""Plots of lines: measured points with their errors, and curves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from simkit.schema import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: colours, markers and dashes of series in their order (Okabe and Ito, readable without colour vision)
INKS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
_LINE_INKS = ("#000000", "#D55E00", "#7F7F7F", "#0072B2")
_DASHES = ("-", "--", "-.", ":")

#: an outlier takes the scale of the others, if they take so many times less room
_MUCH = 2.5


def draw(
    axes: Axes,
    columns: Mapping[str, Array],
    labels: Mapping[str, tuple[str, ...]],
    about: Mapping[str, Any],
    rows: Array,
) -> None:
    """Draw points with errors, which are hollow where that is asked for, and those without as lines.

    Parameters
    ----------
    axes : matplotlib Axes
    columns : mapping
        x, y, error, series and hollow of the whole table, so that a series looks the same in all of its plots.
    labels : mapping
        "series" -> names of the series.
    about : mapping
        The axes as `simkit.study.findings.Axes` has them.
    rows : bool (n,)
        Which rows of the table are drawn.
    """
    columns = _filled(columns)
    here = {name: values[rows] for name, values in columns.items()}
    styles = _styles(labels.get("series", ("",)), columns)
    _draw_series(axes, here, styles)
    if "critical" in about:
        axes.axvline(about["critical"], color="#9A9A9A", linewidth=0.9, zorder=0, label=symbols("Tc"))
    if any(axes.get_legend_handles_labels()[1]):
        axes.legend(fontsize=8, framealpha=0.9)
    if about["is_log_x"]:
        _set_log_x(axes, here["x"][~np.isnan(here["error"])])
    if about["is_log_y"]:
        axes.set_yscale("log")
    _leave_out(axes, here, styles, is_log=about["is_log_y"])


def _filled(columns: Mapping[str, Array]) -> dict[str, Array]:
    """Return the columns with those that a plot may leave out: no errors, one series, nothing hollow."""
    n = len(columns["x"])
    return {"error": np.full(n, np.nan), "series": np.zeros(n, int), "hollow": np.zeros(n, bool), **columns}


def symbols(text: str) -> str:
    """Return a text with Greek letters, indices and powers, as matplotlib sets them."""

    def greek(match: re.Match[str]) -> str:
        letter, index = match["letter"], match["index"]
        return f"$\\{letter}_{{{index}}}$" if index else f"$\\{letter}$"

    text = text.replace("$", r"\$")
    text = re.sub(r"\b(?P<letter>alpha|beta|chi|kappa|lambda|rho|tau|xi)(?:_(?P<index>\w+))?(?![\w])", greek, text)
    text = re.sub(r"\bTc\b", "$T_c$", text)
    text = re.sub(r"\^(?:(\d+)|\(([^)]*)\))", lambda match: f"$^{{{match[1] or match[2]}}}$", text)
    return re.sub(r" x (?=[(A-Z])", " \N{MULTIPLICATION SIGN} ", text)


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
        inks, marks = (_LINE_INKS, _DASHES) if is_line else (INKS, _MARKERS)
        n = sum(style.is_line == is_line for style in styles)
        mark = marks[(n + n // len(inks)) % len(marks)]  # where inks begin anew, other marks go with them
        styles.append(_Style(label, is_line, inks[n % len(inks)], mark))
    return styles


def _draw_series(axes: Axes, here: dict[str, Array], styles: list[_Style]) -> None:
    for series in dict.fromkeys(here["series"].tolist()):
        style = styles[series]
        for is_hollow in (False, True):
            chosen = (here["series"] == series) & (here["hollow"] == is_hollow)
            x, y, error = (here[name][chosen] for name in ("x", "y", "error"))
            if not len(x):
                continue
            if style.is_line:
                axes.plot(x, y, style.mark, color=style.ink, linewidth=1.2, label=symbols(style.label), zorder=1)
                continue
            axes.errorbar(
                x,
                y,
                error,
                fmt=style.mark,
                color=style.ink,
                markerfacecolor="white" if is_hollow else style.ink,
                markersize=5,
                capsize=3,
                linewidth=1.2,
                label=symbols(f"{style.label}: frozen" if is_hollow else style.label),
                zorder=2,
            )


def _leave_out(axes: Axes, here: dict[str, Array], styles: list[_Style], *, is_log: bool) -> None:
    """Set the y axis by what is not an outlier; outliers beyond it are named at its edge.

    One point is an outlier, and so are frozen states if they are a fifth of all or fewer, if the others take `_MUCH`
    less room.
    """
    is_measured = ~np.isnan(here["error"]) & ~np.isnan(here["y"])
    if is_log:
        is_measured &= here["y"] > 0
    y, error, frozen = (here[name][is_measured] for name in ("y", "error", "hollow"))
    if len(y) < 5:
        return
    low, high = y - error, y + error
    if is_log:
        low, high = np.log10(np.where(low > 0, low, y)), np.log10(high)
    none = np.zeros(len(y), bool)
    few = frozen if frozen.sum() <= len(y) // 5 else none

    def room(out: Array) -> float:
        return float(high[~out].max() - low[~out].min())

    def one_more(out: Array) -> Array:
        return min((out | (np.arange(len(y)) == i) for i in np.flatnonzero(~out)), key=room)

    for out in (one_more(none), few, one_more(few)):
        if room(out) * _MUCH < room(none):
            break
    else:
        return
    is_line = np.array([styles[series].is_line for series in here["series"].tolist()])
    drawn = here["y"][is_line]
    if is_log:
        drawn = np.log10(drawn[drawn > 0])
    bottom, top = min([low[~out].min(), *drawn]), max([high[~out].max(), *drawn])
    limits = np.array([bottom - 0.08 * (top - bottom), top + 0.08 * (top - bottom)])
    axes.set_ylim(*(10**limits if is_log else limits))
    left, right = axes.get_xlim()
    n_at: Counter[float] = Counter()
    for x, value, series in zip(here["x"][is_measured], y, here["series"][is_measured].tolist(), strict=True):
        at = np.log10(value) if is_log else value
        if not limits[0] <= at <= limits[1]:
            is_above = at > limits[1]
            step = 0.01 + 0.05 * n_at[x]
            n_at[x] += 1
            axes.annotate(
                f"{'↑' if is_above else '↓'} {value:.2g}",
                (x, 1 - step if is_above else step),
                xycoords=("data", "axes fraction"),
                ha="left"
                if x < left + 0.1 * (right - left)
                else "right"
                if x > right - 0.1 * (right - left)
                else "center",
                va="top" if is_above else "bottom",
                fontsize=8,
                color=styles[series].ink,
                zorder=6,  # above the legend, which does not look out for texts
                bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
            )


def _set_log_x(axes: Axes, values: Array) -> None:
    """Make the axis logarithmic, with the values themselves as its ticks where they are few."""
    axes.set_xscale("log")
    ticks = np.unique(values)
    if len(ticks) <= 8:
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
