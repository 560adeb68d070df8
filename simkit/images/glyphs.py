"""How people write digits: the points that a pen passes, for several styles of each digit.

Set by hand, after the ways in which digits are taught and written. None of them is taken from a data set. Points are
``x,y`` in hundredths of a digit's height, y downwards. A pen goes through them along a smooth curve (Catmull-Rom),
turns sharply at ``!``, and is lifted at ``/``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

#: (digit, style, weight among the styles of the digit, points)
STYLES: tuple[tuple[int, str, int, str], ...] = (
    (0, "oval", 5, "34,1 10,18 4,52 14,88 36,99 58,84 64,48 54,14 34,1"),
    (0, "overlapping", 2, "46,8 22,4 6,30 6,66 24,96 48,92 63,62 60,24 40,3 22,12"),
    (0, "open", 1, "40,4 16,12 4,46 12,84 34,99 56,86 64,52 58,18 44,6"),
    (1, "bar", 3, "22,0 21,50 20,100"),
    (1, "flag", 6, "2,34 20,14! 33,0! 32,50 31,100"),
    (1, "long flag", 3, "0,62 22,30! 42,0! 41,50 40,100"),
    (1, "flag and foot", 4, "6,26! 26,0! 26,50 26,99 / 2,100 50,99"),
    (1, "hook and foot", 3, "14,10! 24,0! 22,50 20,94! 52,98"),
    (2, "plain", 5, "6,24 18,4 40,2 56,18 50,42 30,70 6,98! 36,97 66,97"),
    (2, "looped", 4, "8,20 24,2 46,4 54,24 44,52 24,84 10,96 4,86 18,80 40,94 64,92"),
    (2, "swan", 2, "4,26 14,6 36,0 54,16 50,44 32,72 10,95 26,88 46,97 66,90"),
    (2, "steep", 2, "10,14 26,1 42,12 42,40 34,70 14,97! 38,97 62,96"),
    (2, "flat top", 1, "4,10 28,2 52,6 56,24 40,56 8,96! 38,98 64,96"),
    (3, "round", 5, "6,14 24,1 48,6 52,28 40,43 22,48! 44,52 60,70 52,92 26,100 4,88"),
    (3, "flat top", 2, "6,4 32,3 56,4! 42,22 26,42! 48,46 60,68 50,92 26,100 2,90"),
    (3, "looped", 2, "6,16 26,1 50,10 48,32 28,48 20,44 30,42 52,56 58,78 38,99 4,92"),
    (4, "open", 5, "22,0 12,32 2,60! 32,60 66,57 / 48,28 46,62 44,100"),
    (4, "cup", 4, "10,4 6,28 8,48 28,54 48,44 / 56,8 50,40 46,70 42,100"),
    (4, "closed", 4, "46,100 46,50 46,0! 22,36 2,68! 34,68 68,66"),
    (4, "one stroke", 1, "22,2 10,30 6,54! 30,58 50,42 58,8! 52,52 46,100"),
    (5, "two strokes", 5, "12,4 10,22 8,42! 32,36 56,52 56,82 32,100 4,92 / 12,3 58,2"),
    (5, "one stroke", 4, "60,1 36,2 14,4! 10,24 8,44! 34,38 56,54 56,82 32,100 2,92"),
    (5, "smooth", 2, "58,4 30,2 14,14 14,36 36,46 54,62 52,86 28,100 2,94"),
    (6, "curved", 5, "50,2 26,18 8,48 6,80 26,100 52,90 56,68 36,54 12,66 8,80"),
    (6, "straight", 3, "40,0 22,26 8,56 6,84 26,100 50,88 52,66 32,56 12,70"),
    (6, "looped", 2, "46,2 22,20 6,52 6,82 24,100 48,94 56,74 40,58 20,66 14,86 26,92"),
    (7, "plain", 4, "2,6 30,5 60,4! 42,40 28,70 22,100"),
    (7, "crossed", 5, "4,6 32,5 60,4! 44,40 32,70 26,100 / 12,54 56,50"),
    (7, "hooked", 2, "4,20! 6,4! 34,5 60,4! 42,42 26,100"),
    (7, "hooked and crossed", 2, "4,20! 6,4! 34,5 60,4! 44,40 28,100 / 14,54 56,50"),
    (7, "curved", 3, "2,14 20,4 38,10 60,3! 46,34 32,64 26,100"),
    (8, "one stroke", 5, "52,12 32,1 10,14 14,36 36,50 56,70 50,93 28,100 6,88 8,68 30,50 52,32 52,12"),
    (8, "open", 2, "56,6 30,2 8,18 18,40 44,56 56,80 34,100 8,88 12,66 36,44 56,18"),
    (8, "two rings", 2, "34,46 14,36 14,8 40,1 52,22 34,46 / 34,46 8,64 16,97 48,97 58,66 34,46"),
    (9, "curved tail", 5, "54,12 30,1 8,18 10,40 32,48 52,32 56,8! 56,46 48,84 26,100 4,92"),
    (9, "straight tail", 4, "54,10 28,2 8,20 12,44 34,46 54,16! 52,56 48,100"),
    (9, "slanted tail", 2, "52,16 30,1 8,16 14,40 38,42 54,16 48,50 28,100"),
    (9, "long tail", 4, "46,12 28,1 10,10 12,32 30,40 46,28 48,6! 58,46 54,84 28,99 2,90"),
    (9, "round", 3, "52,20 34,1 10,12 8,36 30,48 50,34 54,14 56,52 46,88 24,99 6,88"),
)

#: points of a style at most, with those that are there twice
N_POINTS = 16


class Glyphs(NamedTuple):
    """The styles as arrays.

    Parameters
    ----------
    labels : int64 (style,)
        The digit.
    weights : int64 (style,)
    points : float64 (style, N_POINTS, 2)
        x and y in heights of a digit. A curve goes from point ``i + 1`` to ``i + 2``, and what direction it has there
        depends on points ``i`` and ``i + 3``. Ends and corners are there twice; what is left over repeats the last.
    is_drawn : bool (style, N_POINTS - 3)
        Whether the pen is down between points ``i + 1`` and ``i + 2``.
    same : int64 (style, N_POINTS)
        The number of the first point that is the same one.
    """

    labels: npt.NDArray[np.int64]
    weights: npt.NDArray[np.int64]
    points: npt.NDArray[np.float64]
    is_drawn: npt.NDArray[np.bool_]
    same: npt.NDArray[np.int64]


def _glyph(text: str) -> tuple[list[tuple[float, float]], list[bool], list[int]]:
    points: list[tuple[float, float]] = []
    same: list[int] = []
    drawn_after: set[int] = set()
    for stroke in text.split("/"):
        written = stroke.split()
        for i, word in enumerate(written):
            x, y = map(int, word.rstrip("!").split(","))
            is_end = i in (0, len(written) - 1)
            for copy in range(2 if is_end or word.endswith("!") else 1):
                same.append(len(points) - copy)
                points.append((x / 100, y / 100))
            if i < len(written) - 1:
                drawn_after.add(len(points) - 1)
    spans = [i + 1 in drawn_after for i in range(N_POINTS - 3)]
    if len(points) > N_POINTS:
        raise ValueError(text)
    left = N_POINTS - len(points)
    return points + points[-1:] * left, spans, same + same[-1:] * left


def glyphs() -> Glyphs:
    """Return the styles as arrays."""
    made = [_glyph(text) for _, _, _, text in STYLES]
    return Glyphs(
        np.array([label for label, _, _, _ in STYLES]),
        np.array([weight for _, _, weight, _ in STYLES]),
        np.array([points for points, _, _ in made]),
        np.array([spans for _, spans, _ in made]),
        np.array([same for _, _, same in made]),
    )
