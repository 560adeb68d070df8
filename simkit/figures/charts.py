"""Plots of bars, of counts, of values over two variables, and of pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.figures.lines import INKS, symbols
from simkit.schema import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: of a series: which rows are of it, its name and its colour
_Series = tuple[Array, str | None, str]

#: ticks of an axis whose values are drawn one by one, at most
_MOST_TICKS = 16

#: characters of all labels of an axis from which on they are slanted
_LONG = 24

#: part of a picture's side that is left between it and the next
_GAP = 0.25


def draw_bars(axes: Axes, columns: Mapping[str, Array], labels: Mapping[str, tuple[str, ...]], about: Mapping[str, Any],
              rows: Array) -> None:  # fmt: skip
    """Draw a bar of height y at each x, with its error; those of several series stand side by side."""
    here = {part: values[rows] for part, values in columns.items()}
    places, at = np.unique(here["x"], return_inverse=True)
    series = _series(here, labels, len(at))
    width = 0.8 / max(1, len(series))
    for i, (chosen, label, ink) in enumerate(series):
        error = here["error"][chosen] if "error" in here else None
        x = at[chosen] + (i - (len(series) - 1) / 2) * width
        axes.bar(x, here["y"][chosen], width, yerr=error, color=ink, capsize=3, label=label)
    _name(axes, "x", places, labels.get("x", ()))
    if about["is_log_y"]:
        axes.set_yscale("log")
    if "series" in labels:
        axes.legend(fontsize=8, framealpha=0.9)


def draw_histogram(axes: Axes, columns: Mapping[str, Array], labels: Mapping[str, tuple[str, ...]],
                   about: Mapping[str, Any], rows: Array) -> None:  # fmt: skip
    """Draw how many values of x are in each of some bins, the same for all series."""
    here = {part: values[rows] for part, values in columns.items()}
    x = here["x"]
    finite = np.isfinite(x)
    edges = np.histogram_bin_edges(x[finite], "auto" if len(x) < 2**20 else 256)
    for chosen, label, ink in _series(here, labels, len(x)):
        counts, _ = np.histogram(x[finite & chosen], edges)
        axes.stairs(counts, edges, fill=True, color=ink, alpha=0.35)
        axes.stairs(counts, edges, color=ink, label=label)
    if about["is_log_x"]:
        axes.set_xscale("log")
    if about["is_log_y"]:
        axes.set_yscale("log")
    if "series" in labels:
        axes.legend(fontsize=8, framealpha=0.9)


def _series(here: Mapping[str, Array], labels: Mapping[str, tuple[str, ...]], n_rows: int) -> list[_Series]:
    """Return the series that rows are of, one of all rows where there are none."""
    series = here.get("series", np.zeros(n_rows, int))
    return [
        (series == which, symbols(labels["series"][which]) if "series" in labels else None, INKS[i % len(INKS)])
        for i, which in enumerate(np.unique(series).tolist())
    ]


def draw_heat_map(axes: Axes, columns: Mapping[str, Array], labels: Mapping[str, tuple[str, ...]],
                  about: Mapping[str, Any], rows: Array) -> None:  # fmt: skip
    """Draw z as colours over the values of x and of y that there are; where a pair has no row nothing is drawn."""
    del about
    (xs, column), (ys, row) = (np.unique(columns[part][rows], return_inverse=True) for part in ("x", "y"))
    values = np.full((len(ys), len(xs)), np.nan)
    values[row, column] = columns["z"][rows]
    image = axes.imshow(values, origin="lower", aspect="auto", cmap="viridis", interpolation="nearest")
    axes.grid(visible=False)
    axes.figure.colorbar(image, ax=axes)
    _name(axes, "x", xs, labels.get("x", ()))
    _name(axes, "y", ys, labels.get("y", ()))


def draw_pictures(axes: Axes, columns: Mapping[str, Array], labels: Mapping[str, tuple[str, ...]],
                  about: Mapping[str, Any], rows: Array) -> None:  # fmt: skip
    """Draw boards (row, y, x) in grey, the largest value black, or (row, y, x, 3) in their colours, with captions."""
    del about
    images = columns["image"][rows]
    n, height, width = images.shape[:3]
    n_across = math.ceil(math.sqrt(n))
    size = min(8.0, max(4.0, 30 / n_across))
    step = (1 + _GAP) * np.array([width, height])
    for i, image in enumerate(images):
        x, y = step * (i % n_across, i // n_across)
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=max(1, images.max()), extent=(x, x + width, y + height, y),
                    interpolation="nearest")  # fmt: skip
        if "caption" in labels:
            text = labels["caption"][columns["caption"][rows][i]]
            axes.text(x + width / 2, y - 0.02 * height, symbols(text), ha="center", va="bottom", fontsize=size)
    n_down = -(-n // n_across)
    axes.set_xlim(-_GAP * width / 2, step[0] * n_across)
    axes.set_ylim(step[1] * n_down, -_GAP * height)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _name(axes: Axes, which: str, values: Array, labels: tuple[str, ...]) -> None:
    """Write values, or what they are labels of, at the ticks 0, 1, 2, ... of an axis, as many as there is room for."""
    step = -(-len(values) // _MOST_TICKS)
    texts = [labels[int(value)] if labels else f"{value:g}" for value in values[::step]]
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks(np.arange(0, len(values), step), [symbols(text) for text in texts])
    if which == "x" and sum(map(len, texts)) > _LONG:
        for tick in axes.get_xticklabels():
            tick.set(rotation=30, ha="right", rotation_mode="anchor")
