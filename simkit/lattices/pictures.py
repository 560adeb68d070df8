"""What previews show of runs of the lattices."""

from __future__ import annotations

import numpy as np

from simkit.figures.picture import DARK, Panel, Sheet, captions, title
from simkit.lattices import colours
from simkit.lattices.ising_creutz import IsingCreutz
from simkit.store import Store


def sheet(store: Store, rows: list[int], backend: str) -> Sheet:
    """Return the last state of each run that has been kept, in the lattices' palette."""
    del backend
    last = store["cells"][rows, -1]
    has_demons = store.recipe["source"] == IsingCreutz.name
    table = colours.DEMONS if has_demons else colours.CELLS
    keys = colours.demon_legend() if has_demons else colours.legend(last)
    panels = [
        Panel(np.ascontiguousarray(cells), table, texts, is_thinned=True)
        for cells, texts in zip(last, captions(store, rows), strict=True)
    ]
    return Sheet(title(store), panels, keys, DARK)
