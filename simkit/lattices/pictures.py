"""What previews show of runs of the lattices, and what a magic state does."""

from __future__ import annotations

from math import nan

import numpy as np

from simkit.figures.picture import DARK, Axis, Curve, Panel, Plot, Sheet, captions, title
from simkit.lattices import colours
from simkit.lattices.ising_creutz import IsingCreutz
from simkit.lattices.magic import Demonstration
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


def magic_plot(shown: Demonstration) -> Plot:
    """Return the entropies of a magic state and of its neighbour, over the steps from the picture, and three boards."""
    n = shown.n_steps
    there = f"step {n:,}"
    boards = {"step 0": shown.first[0], there: shown.last[0], f"{there}, one packet changed": shown.last[1]}
    names = "magic state", "one packet changed"
    return Plot(
        Axis("steps from the picture", -n, n),
        Axis("coarse-grained entropy (nats per cell)", 0, nan),
        [
            Curve(name, [time - n for time in shown.times], entropies)
            for name, entropies in zip(names, shown.entropies, strict=True)
        ],
        Sheet(
            f"A magic state: entropy falls for {n:,} steps, by the rule that makes it rise",
            [Panel(cells, colours.CELLS, [name]) for name, cells in boards.items()],
            colours.legend(shown.first[0]),
        ),
        linear_within=10,  # most of the way back is the work of the last hundred steps
    )
