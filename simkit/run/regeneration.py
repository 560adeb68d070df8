"""A data set against its recipe: does the source declare its fields, and make its rows again?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from simkit.backends import AUTO
from simkit.errors import show
from simkit.recipe import Recipe
from simkit.store import Store


def compare_schema(store: Store) -> list[str]:
    """Return a line for each field that is not what the recipe's source declares.

    Raises
    ------
    SimkitError
        If the source is not installed, or in another version only.
    """
    wanted, found = Recipe.parse(store.recipe).source.schema(), store.schema
    names = [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]
    return [
        f"{store.path}: field {show(name)} is {found.get(name)}, the source has {wanted.get(name)}" for name in names
    ]


def regenerate(
    store: Store, n_rows: int, *, backend: str = AUTO, progress: Callable[[int], None] = lambda n_rows: None
) -> tuple[str, list[str]]:
    """Run `n_rows` rows of a data set anew, chosen at random among the finished ones, and compare.

    Returns
    -------
    backend, faults : str, list of str
        The backend that ran, and one line for each row and field that differs by more than the field's ``atol``.
    """
    source, seed = Recipe.parse(store.recipe).source, store.recipe["seed"]
    if isinstance(store.path, Path):
        source = source.beside(store.path.parent)
    on = source.load(backend)
    done = [
        row for run in store.done().runs for row in (store.layout.rows(run[0]).start, store.layout.rows(run[-1]).stop)
    ]
    starts, stops = np.array(done[::2], np.int64), np.array(done[1::2], np.int64)
    ends = np.cumsum(stops - starts)
    n_done = int(ends[-1]) if ends.size else 0
    chosen = np.sort(np.random.default_rng().choice(n_done, min(n_rows, n_done), replace=False))
    shards = np.searchsorted(ends, chosen, side="right")
    faults = []
    for row in (stops[shards] - (ends[shards] - chosen)).tolist():
        again = source.generate(seed, range(row, row + 1), backend=on)
        for name, field in store.schema.items():
            stored = store[name][row : row + 1]
            if not np.allclose(again[name], stored, rtol=0, atol=field.atol, equal_nan=True):
                faults.append(f"row {row:,}, field {show(name)}: {store.path} does not hold what {on.backend} computes")
        progress(1)
    return on.backend, faults
