"""A contact sheet: some rows of every set of synthetic images and small tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from simkit import registry
from simkit.contract import Source
from simkit.figures import pixels
from simkit.figures.picture import LIGHT, U8, Panel, Sheet
from simkit.images import WORLD, pictures

#: pixels of the strip of a set, and between its pictures
_HEIGHT, _WIDTH, _GAP = 132, 552, 8

#: pixels of the letters, of a sheet that pages show at two thirds of its size
_LETTERS = 17

#: rows that are made of a set; as many are shown as its strip has room for
_ROWS = 8

#: rows of a set from all over which they are taken, since its first ones may be special
_FIRST, _GOLDEN = 2**20, 0.618


def contact(parameters: Mapping[str, Mapping[str, Any]] | None = None, seed: int = 0) -> Sheet:
    """Return a strip of pictures of each set, in the order of the catalogue, with its name below it.

    Parameters
    ----------
    parameters : mapping, optional
        Name of a source -> its parameters, where they are to be others than the defaults.
    seed : int
    """
    given = parameters or {}
    sources = [registry.source(name, **given.get(name, {})) for name in WORLD.sources]
    panels = [Panel(_strip(source, seed), pixels.NO_COLOURS, [source.name]) for source in sources]
    return Sheet(WORLD.title, panels, side=_WIDTH, columns=2, letters=_LETTERS)


def _strip(source: Source, seed: int) -> U8:
    """Return the pictures of some rows beside each other, each as large as fits by whole numbers."""
    n_rows = min(source.n_rows(), _FIRST)
    rows = [round(i * _GOLDEN * n_rows) % n_rows for i in range(1, _ROWS + 1)]
    schema, batch = source.schema(), source.generate(seed, rows)
    found, keys = pictures.drawn(schema, batch)
    times = 1 if keys else max(1, _HEIGHT // len(found[0]))
    out = np.full((_HEIGHT, _WIDTH, 3), LIGHT.sheet, np.uint8)
    left = 0
    for small in found:
        picture = small.repeat(times, axis=0).repeat(times, axis=1)[:_HEIGHT]
        if left + picture.shape[1] > _WIDTH:
            break
        out[_HEIGHT - len(picture) :, left : left + picture.shape[1]] = picture  # near to what is written below it
        left += picture.shape[1] + _GAP
    return out
