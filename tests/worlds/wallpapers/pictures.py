"""The view: the tile of each row, large."""

from __future__ import annotations

import numpy as np

from simkit.figures.picture import CLASS_INKS, LIGHT, Key, Panel, Sheet, captions, title
from simkit.schema import unpack
from simkit.store import Store
from wallpapers.wallpaper import TILE


def tiles(store: Store, rows: list[int], backend: str) -> Sheet:
    """Return the upper left tile of each row, in the colour of its class."""
    del backend
    colours = np.array([LIGHT.paper, *CLASS_INKS[:2]], np.uint8)
    boards = unpack(store["board"][rows], store.schema["board"].bits)[:, :TILE, :TILE]
    panels = [
        Panel(board * (1 + which), colours, texts)
        for board, which, texts in zip(boards, store["symmetry"][rows], captions(store, rows), strict=True)
    ]
    keys = [Key(label, colours[1 + which][None]) for which, label in enumerate(store.schema["symmetry"].labels)]
    return Sheet(title(store), panels, keys, side=64)
