"""The tiles: a wall that is papered without end, to look at in a browser; see `simkit.viewer.tiles.Tiles`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from math import floor
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError, show
from simkit.viewer.tiles import OF_THE_VIEW, Choice, Count, Numbers

INKS: Mapping[str, tuple[int, int, int]] = {"blue": (30, 60, 140), "red": (150, 40, 30)}


class Asked(NamedTuple):
    """A part of the wall."""

    x: Decimal
    y: Decimal
    width: Decimal
    n: int
    ink: str
    slant: tuple[float, float]


class Wall:
    """Squares in two colours, in rows that lean; a pixel has the colour of its middle, at any depth."""

    title = "A wall"
    controls: ClassVar = (
        Numbers("slant", "Slant", ("rows x", "columns y"), -1, 1),
        Count("n", "Squares", 1, 4096),
        Choice("ink", "Ink", {"blue": "blue ink", "red": "red ink"}),
    )
    presets: ClassVar = {
        "plain": {"slant": "0,0", "n": "4", "ink": "blue", "x": "0", "y": "0", "width": "4"},
        "leaning": {"slant": "0.5,0", "n": "8", "ink": "red", "x": "1", "y": "2.5", "width": "4"},
    }
    narrowest, widest = "1e-30", "100"

    def __init__(self, backend: str) -> None:
        self.backend = backend

    def read(self, values: Mapping[str, str]) -> Asked:
        try:
            x, y, width = (Decimal(values[name]) for name in OF_THE_VIEW)
            n, slant = int(values["n"]), tuple(float(number) for number in values["slant"].split(","))
        except (InvalidOperation, ValueError):
            raise ParameterError(f"a wall takes numbers; these are {show(dict(values))}") from None
        if not (0 < width <= 100 and abs(x) < 1000 and abs(y) < 1000 and 1 <= n <= 4096 and len(slant) == 2):
            raise ParameterError(f"there is no such part of the wall: {show(dict(values))}")
        return Asked(x, y, width, n, values["ink"], slant)

    def rows(self, asked: Asked, shape: tuple[int, int], rows: range) -> npt.NDArray[np.uint8]:
        height, width = shape
        pixel = asked.width / width
        across = [floor(asked.x + pixel * (j - width // 2)) % 2 for j in range(width)]
        down = [asked.y - pixel * (i - height // 2) for i in rows]
        lean = Decimal(asked.slant[0])
        is_ink = np.add.outer([(floor(y) + floor(lean * y)) % 2 for y in down], across) % 2 == 1
        return np.where(is_ink[..., None], np.array(INKS[asked.ink], np.uint8), np.uint8(240))

    def cost(self, asked: Asked) -> int:
        return asked.n

    def facts(self, asked: Asked) -> Mapping[str, str]:
        return {"Ink": asked.ink, "Squares": str(asked.n)}
