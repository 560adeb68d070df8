"""Pictures of the rows of a data set: a view that its world has, or the sheet that any pixels and boards have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from simkit import registry
from simkit.backends import AUTO
from simkit.errors import ParameterError, StoreError, UnknownNameError, show
from simkit.figures import pixels
from simkit.figures.picture import CLASS_INKS, LIGHT, Film, Panel, Sheet, captions, title
from simkit.figures.sheet import draw_sheet
from simkit.schema import unpack
from simkit.store import Store, open_store

#: rows of a sheet if none are named, and at most
SHEET_ROWS, MAX_PANELS = 16, 400

#: the view that all data sets with pixels or boards have
SHEET = "sheet"


def preview(
    store: Store | str | Path, rows: Sequence[int] | None = None, *, view: str = SHEET, backend: str = AUTO
) -> Image.Image:
    """Draw rows of a data set: ``simkit.preview("x.zarr", rows=[3, 7, 9])``.

    Parameters
    ----------
    store : Store or path
    rows : sequence of int, optional
        In the order of the panels; the first 16 if not given.
    view : str
        "sheet", or another that the world of the data set has, such as "labels" of ash.
    backend : str
        Where a view computes.

    Raises
    ------
    UnknownNameError
        If there is no such view.
    ParameterError
        If there are no such rows, or more than 400, or if the view is a film.
    StoreError
        If the store has no field to draw.
    """
    found = describe(store if isinstance(store, Store) else open_store(store), rows, view, backend)
    if isinstance(found, Film):
        raise ParameterError(
            f"the view {view} is a film, which `simkit preview STORE --view {view} --out film.gif` makes"
        )
    return draw_sheet(found)


def views(store: Store) -> dict[str, str]:
    """Return name -> "module:function" of the views of a data set; "" for the sheet of pixels or boards."""
    return {SHEET: "", **registry.listed("views", store.recipe["source"])}


def describe(store: Store, rows: Sequence[int] | None, view: str, backend: str) -> Sheet | Film:
    """Return what a view shows of rows, the first ones if none are named; as `preview`."""
    known = views(store)
    UnknownNameError.check("view", view, known, store.recipe["source"])
    shown = chosen(store, rows)
    if not known[view]:
        has_pixels = bool(pixels.names(store.schema))
        return pixels.sheet(store, shown, captions(store, shown)) if has_pixels else _boards(store, shown)
    found: Sheet | Film = registry.load(known[view])(store, shown, backend)
    if isinstance(found, Film) and rows is not None and len(shown) > 1:
        raise ParameterError(f"the view {view} is a film of one row; these are {len(shown):,}")
    return found


def chosen(store: Store, rows: Sequence[int] | None) -> list[int]:
    """Return the rows that a picture shows, the first 16 if none are named; ParameterError if there are none such."""
    if rows is None:
        return list(range(min(SHEET_ROWS, store.layout.n_rows)))
    n_rows = len(rows) if isinstance(rows, Sequence) or np.ndim(rows) == 1 else 0
    if not n_rows or isinstance(rows, str):
        raise ParameterError(f"a sheet shows a list of rows, such as [3, 7, 9] or range(16); this is {show(rows)}")
    if n_rows > MAX_PANELS:
        raise ParameterError(f"asked for {n_rows:,} rows on a sheet, which holds {MAX_PANELS}; ask for fewer")
    return [store.check_row(row) for row in rows]


def _boards(store: Store, rows: list[int]) -> Sheet:
    """Return a sheet of the first field with axes (y, x) or (y, x_byte), the live cells in the colours of classes."""
    name = next((name for name, field in store.schema.items() if field.dims[:1] == ("y",) and len(field.dims) == 2), "")
    if not name:
        raise StoreError(f"{store.path} has no field of pixels, and none with axes (y, x), to draw")
    boards = store[name][rows]
    cells = unpack(boards, store.schema[name].bits) if store.schema[name].bits else boards
    classes = next((key for key, field in store.schema.items() if field.labels and not field.dims), None)
    inks = store[classes][rows] if classes else np.zeros(len(rows), int)
    tables = [np.array([LIGHT.paper, ink], np.uint8) for ink in CLASS_INKS]
    panels = [
        Panel((board != 0).astype(np.uint8), tables[int(ink) % len(tables)], texts)
        for board, ink, texts in zip(cells, inks, captions(store, rows), strict=True)
    ]
    return Sheet(title(store), panels)
