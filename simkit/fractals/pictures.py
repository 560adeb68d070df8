"""What previews show of fractals and attractors, and galleries of fractals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from simkit.backends import Kernels
from simkit.errors import ParameterError, StoreError
from simkit.figures.picture import DARK, U8, Key, Panel, Sheet, captions, title
from simkit.fractals import palettes
from simkit.fractals.render import Look, render
from simkit.fractals.subject import Subject, scene
from simkit.store import Store

#: pictures of a gallery at most, and pixels of a side of each
MAX_PICTURES, MAX_SIDE = 144, 2048

_NO_COLOURS: U8 = np.zeros((0, 3), np.uint8)


def sheet(store: Store, rows: list[int], backend: str) -> Sheet:
    """Return classes and counts, or densities, of rows in the palette of the post."""
    del backend
    if {"classes", "counts"} <= set(store.schema):
        classes, counts = store["classes"][rows], store["counts"][rows]
        boards = [palettes.coloured(*pair, of=palettes.exposure(*pair)) for pair in zip(classes, counts, strict=True)]
        keys = legend(palettes.DEFAULT, classes)
    elif "density" in store.schema:
        boards, keys = [palettes.dense(density) for density in store["density"][rows]], []
    else:
        raise StoreError(f"{store.path} has neither classes and counts nor a density to draw")
    panels = [Panel(board, _NO_COLOURS, texts) for board, texts in zip(boards, captions(store, rows), strict=True)]
    return Sheet(title(store), panels, keys, DARK)


def legend(name: str, classes: U8) -> list[Key]:
    """Return what the colours of the classes that there are stand for; brighter, or darker, is slower."""
    there = set(np.unique(classes).tolist())
    return [Key(words, colours) for i, (words, colours) in enumerate(palettes.legend(name)) if i in there]


def gallery(
    subjects: Sequence[tuple[Subject, Look]],
    on: Kernels,
    shape: tuple[int, int],
    columns: int = 0,
    n_threads: int | None = None,
    *,
    max_iterations: int | None = None,
    precision: str = "float64",
    progress: Callable[[float], None] = lambda n: None,
) -> Sheet:
    """Return a sheet of pictures, each with its name below it.

    Parameters
    ----------
    subjects : sequence of (Subject, Look)
    on : Kernels
        Of `simkit.fractals.subject.KERNELS`.
    shape : (height, width)
        Of each picture.
    columns : int
        Pictures in a line; 0 for about as many as there are lines.
    n_threads : int, optional
    max_iterations, precision
        As `scene` has them.
    progress : callable
        Called with the number of pictures that have been drawn since the last time.

    Raises
    ------
    ParameterError
        If there are no pictures or more than 144, or they are too large.
    """
    if not 1 <= len(subjects) <= MAX_PICTURES:
        raise ParameterError(f"a gallery has 1 to {MAX_PICTURES} pictures; these are {len(subjects):,}")
    if max(shape) > MAX_SIDE:
        raise ParameterError(
            f"pictures of a gallery have at most {MAX_SIDE:,} pixels a side; these have {shape[1]:,} x {shape[0]:,}"
        )
    panels = []
    for subject, look in subjects:
        found, _ = scene(subject, on, shape, max_iterations=max_iterations, precision=precision)
        picture = render(found, look, on, n_threads)
        panels.append(Panel(picture.pixels, _NO_COLOURS, [subject.name]))
        progress(1)
    return Sheet("Fractals of planar quadratic maps", panels, (), DARK, max(shape), columns)
