"""Figures of what a study found, from the stores that it wrote alone."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simkit.errors import StoreError, counted, needed_for
from simkit.figures import charts, lines
from simkit.figures.sheet import put
from simkit.schema import Array
from simkit.store import Store, open_store

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: kind of plot -> what draws it
_DRAW = {
    "lines": lines.draw,
    "bars": charts.draw_bars,
    "histogram": charts.draw_histogram,
    "heat map": charts.draw_heat_map,
    "pictures": charts.draw_pictures,
}

#: of a plot, in inches; dots an inch
_WIDTH, _HEIGHT, _DPI = 4.6, 4.2, 120


def check_matplotlib() -> None:
    """Raise LibraryError if matplotlib is not installed."""
    with needed_for("a figure of a study"):
        import matplotlib.figure  # noqa: F401


def tables(claims: Store) -> dict[str, Store]:
    """Return the other tables of the question whose claims these are.

    Raises
    ------
    StoreError
        If one of them is not there, or is not the one that the claims were written with.
    """
    about = claims.recipe["parameters"]
    found = {}
    for name, digest in about["tables"].items():
        store = open_store(Path(claims.path).with_name(f"{about['question']}-{name}.zarr"))
        if store.root_digest() != digest:
            raise StoreError(f"{store.path} is not the table that {claims.path} was written with; run the study again")
        found[name] = store
    return found


def draw_study(claims: Store, out: Path) -> None:
    """Draw all plots of a question side by side as PNG.

    Points without an error are joined by a line; hollow ones are of states whose thermometers disagree. Title and
    Description of the PNG say in words what it shows.

    Parameters
    ----------
    claims : Store
        That the study wrote; its tables are beside it.
    out : Path

    Raises
    ------
    LibraryError
        If matplotlib is not installed.
    StoreError
        If a table is missing or another one, or `out` cannot be written.
    """
    check_matplotlib()
    from matplotlib.figure import Figure

    about, found = claims.recipe["parameters"], tables(claims)
    plots = about["plots"]
    figure = Figure(figsize=(_WIDTH * len(plots), _HEIGHT), dpi=_DPI, layout="constrained")
    title = textwrap.fill(f"{about['title']} ({data_text(about['data'])})", 60 * len(plots))
    figure.suptitle(lines.symbols(title), fontsize=9 if len(plots) < 3 else 11)
    for axes, plot in zip(figure.subplots(1, len(plots), squeeze=False)[0], plots, strict=True):
        draw_plot(axes, plot, found[plot["table"]])
    data = io.BytesIO()
    shown = "; ".join(f"{plot['title']}: {plot['axes']['y']} against {plot['axes']['x']}" for plot in plots)
    figure.savefig(data, format="png", metadata={"Title": about["title"], "Description": shown, "Software": None})
    put(data.getvalue(), out)


def svg(plot: Mapping[str, Any], table: Store) -> bytes:
    """Return one plot, as the claims have it, of a table as SVG: the same bytes each time."""
    check_matplotlib()
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "simkit"}):
        figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        draw_plot(figure.subplots(), plot, table)
        data = io.BytesIO()
        figure.savefig(data, format="svg", metadata={"Date": None, "Creator": None})
    return data.getvalue()


def draw_plot(axes: Axes, plot: Mapping[str, Any], table: Store) -> None:
    """Draw one plot, as the claims have it, of a table."""
    columns: dict[str, Array] = {part: table[column][:] for part, column in plot["columns"].items()}
    rows: Array = np.ones(table.layout.n_rows, np.bool_)
    if "rows" in plot:
        column, label = plot["rows"]
        rows = table[column][:] == table.schema[column].labels.index(label)
    labels = {part: table.schema[column].labels for part, column in plot["columns"].items()}
    labels = {part: words for part, words in labels.items() if words}
    about = plot["axes"]
    axes.set(title=lines.symbols(plot["title"]), xlabel=lines.symbols(about["x"]), ylabel=lines.symbols(about["y"]))
    axes.grid(visible=True, color="#E3E3E3", linewidth=0.6)
    axes.set_axisbelow(True)
    _DRAW[plot["kind"]](axes, columns, labels, about, rows)


def data_text(data: Mapping[str, Any]) -> str:
    """Return what was computed: rows of each source, by the number of their steps if they have steps."""
    n_rows: dict[tuple[str, int | None], int] = {}
    for recipe in data.values():
        kind = recipe["source"], recipe["parameters"].get("steps")
        n_rows[kind] = n_rows.get(kind, 0) + recipe["n"]
    return "; ".join(
        f"{counted(n, 'row')} of {source}" + (f", {steps:,} steps" if isinstance(steps, int) else "")
        for (source, steps), n in n_rows.items()
    )
