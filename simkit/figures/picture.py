"""Pictures as plain descriptions: worlds make them, and the other files of this folder draw them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError
from simkit.schema import Field

if TYPE_CHECKING:
    from simkit.store import Store

U8 = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]


class Theme(NamedTuple):
    """Colours of a picture."""

    title: Colour
    text: Colour
    sheet: Colour
    #: dead cells
    paper: Colour


LIGHT = Theme((24, 32, 56), (70, 76, 92), (232, 234, 240), (255, 255, 255))
#: for cells in many colours, which stand out on it
DARK = Theme((236, 240, 248), (166, 174, 190), (13, 16, 23), (25, 30, 41))

#: colours of the boards by the value of the first field of classes (Okabe and Ito, readable without colour vision)
CLASS_INKS: tuple[Colour, ...] = (
    (0, 60, 110), (170, 60, 0), (0, 100, 75), (140, 60, 110), (120, 95, 0), (40, 110, 160), (60, 60, 60),
)  # fmt: skip


class Key(NamedTuple):
    """What colours stand for: an entry of a legend."""

    words: str
    #: uint8 (n, 3)
    colours: U8
    #: uint8 (y, x), a pattern to show in the first of the colours, instead of swatches of all
    cells: U8 | None = None
    #: written below the words of a pattern
    note: str = ""


class Panel(NamedTuple):
    """A board of a sheet."""

    #: uint8 (y, x): places in `colours`; or (y, x, 3): the colours themselves
    cells: U8
    #: uint8 (n, 3); of no use to a board of colours
    colours: U8
    #: written below it, the first on a line of its own if need be
    captions: Sequence[str]
    #: how a board that is too large is reduced: to the largest of neighbouring cells, or to every second one and so on
    is_thinned: bool = False


@dataclass(frozen=True)
class Sheet:
    """Boards in a grid, with a title and a legend above them.

    Attributes
    ----------
    title : str
    panels : sequence of Panel
    keys : sequence of Key
        The legend; either all of them show patterns or none does.
    theme : Theme
    side : int
        Pixels that a board is scaled to, up or down.
    columns : int
        Boards in a line; 0 for about as many as there are lines.
    letters : int
        Pixels of the height of captions' letters; more for a sheet that is shown smaller than it is.
    """

    title: str
    panels: Sequence[Panel]
    keys: Sequence[Key] = ()
    theme: Theme = LIGHT
    side: int = 256
    columns: int = 0
    letters: int = 11


class Axis(NamedTuple):
    """What an axis of a plot stands for, and the values at its two ends; NaN for one that the points decide."""

    words: str
    first: float
    last: float
    #: what is written at the ends, if not the values
    labels: tuple[str, str] | None = None


class Curves(NamedTuple):
    """A plot that grows as a film goes on."""

    x_axis: Axis
    y_axis: Axis
    #: names of the curves, whose points the frames bring, and of `exact`
    names: tuple[str, ...]
    #: (x, y) of a curve to compare with, which is there from the beginning
    exact: tuple[tuple[float, float], ...] = ()


class Curve(NamedTuple):
    """Points that are joined."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]


@dataclass(frozen=True)
class Plot:
    """Curves, and below them boards of moments that matter.

    Attributes
    ----------
    x_axis, y_axis : Axis
    curves : sequence of Curve
        One or two.
    sheet : Sheet
        Up to ten boards with a caption each, the legend of their colours, and the title of it all.
    linear_within : float
        Where the x axis is linear, on both sides of 0; it is logarithmic beyond.
    """

    x_axis: Axis
    y_axis: Axis
    curves: Sequence[Curve]
    sheet: Sheet
    linear_within: float


class Frame(NamedTuple):
    """What a film shows for a while."""

    #: uint8 (y, x) each: places in the film's colours
    boards: list[U8]
    #: below the boards, at the left and at the right
    caption: str
    milliseconds: int
    note: str = ""
    #: where this frame is in the plot: x, and one y for each curve
    x: float = nan
    ys: Sequence[float] = ()


def no_keys(board: U8) -> Sequence[Key]:
    """Return no legend."""
    del board
    return ()


@dataclass(frozen=True)
class Film:
    """Boards that change, side by side, with a plot below them, or a bar that tells how far it is.

    Attributes
    ----------
    title : str
    names : sequence of str
        Above each board.
    colours : uint8 (n, 3)
        At most 200.
    n_frames : int
    frames : callable
        Makes the frames, computed when they are asked for.
    keys : callable
        Returns the legend of the first board of a frame.
    theme : Theme
    curves : Curves or None
    size : (int, int) or None
        Width and height of the picture, in pixels. The one board then has the shape `room(size)`, and below it is a
        strip with the caption beside the plot, whose `exact` curve is there from the beginning, with a point on it.
    """

    title: str
    names: Sequence[str]
    colours: U8
    n_frames: int
    frames: Callable[[], Iterator[Frame]]
    keys: Callable[[U8], Sequence[Key]] = no_keys
    theme: Theme = DARK
    curves: Curves | None = None
    size: tuple[int, int] | None = None


#: pixels a side of a film of a given size
MIN_SIDE, MAX_SIDE = 128, 4096


def room(size: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of the board of a film whose picture has this width and height.

    Raises
    ------
    ParameterError
        If a film cannot have that size.
    """
    width, height = size
    if not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE):
        raise ParameterError(f"a film has {MIN_SIDE} to {MAX_SIDE:,} pixels a side; this is {width:,}x{height:,}")
    return height - max(40, round(0.09 * height)), width


def title(store: Store) -> str:
    """Return what stands above a picture of a store."""
    return f"{store.name}: {store.recipe['source']}, seed {store.recipe['seed']}"


def captions(store: Store, rows: Sequence[int]) -> list[list[str]]:
    """Return what stands below the panel of each row: its number and its scalar fields, classes first."""
    scalars = {key: field for key, field in store.schema.items() if not field.dims}
    values = {key: store[key][list(rows)] for key in scalars}
    names = sorted(scalars, key=lambda key: not scalars[key].labels)
    return [
        [f"row {row:,}", *(_caption(key, scalars[key], values[key][i]) for key in names)] for i, row in enumerate(rows)
    ]


def _caption(name: str, field: Field, value: np.generic) -> str:
    if field.labels:
        return field.class_name(int(value))
    return f"{name} {value:,.6g}" if isinstance(value, np.floating) else f"{name} {value:,}"
