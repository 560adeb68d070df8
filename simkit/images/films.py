"""Films of games: the whole episode of a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from simkit.errors import StoreError
from simkit.figures.picture import DARK, U8, Film, Frame, title
from simkit.recipe import Recipe
from simkit.store import Store

#: milliseconds of a film, about, of a frame at least and most, and of the last one
_WHOLE, _SHORTEST, _LONGEST, _LAST = 20_000, 40, 150, 1500

#: colours that a film may have
_MOST_COLOURS = 200


@runtime_checkable
class Game(Protocol):
    """A source whose rows are of episodes."""

    def film(self, seed: int, row: int, backend: str) -> Sequence[tuple[U8, str]]:
        """Return the frames of the whole episode of a row, uint8 (channel, y, x), each with words about it."""
        ...


def episode(store: Store, rows: list[int], backend: str) -> Film:
    """Return the film of the whole episode from which the first row is."""
    recipe, row = Recipe.parse(store.recipe), rows[0]
    if not isinstance(recipe.source, Game):
        raise StoreError(f"the rows of {store.path} are of no episodes: their source is {recipe.source.name}")
    found = recipe.source.film(recipe.seed, row, backend)
    boards, colours = _indexed(np.stack([picture for picture, _ in found]))
    pause = max(_SHORTEST, min(_LONGEST, _WHOLE // len(found) // 10 * 10))

    def frames() -> Iterator[Frame]:
        last = len(found) - 1
        for t, (board, (_, words)) in enumerate(zip(boards, found, strict=True)):
            yield Frame([board], f"step {t:,} of {last:,}", _LAST if t == last else pause, words)

    return Film(title(store), (f"row {row:,}",), colours, len(found), frames, theme=DARK)


def _indexed(pictures: U8) -> tuple[U8, U8]:
    """Return pictures (frame, channel, y, x) as places in a table of colours, and the table, uint8 (n, 3).

    Where there are too many colours, those that are nearly alike become one.
    """
    wide = np.moveaxis(pictures, 1, -1).astype(np.uint32)
    for lost in range(8):
        kept = wide >> lost << lost
        values, places = np.unique(kept[..., 0] << 16 | kept[..., 1] << 8 | kept[..., 2], return_inverse=True)
        if len(values) <= _MOST_COLOURS:
            break
    half = (1 << lost) >> 1
    table = np.stack([values >> 16, values >> 8 & 255, values & 255], axis=-1) + half
    return places.reshape(kept.shape[:-1]).astype(np.uint8), np.minimum(table, 255).astype(np.uint8)
