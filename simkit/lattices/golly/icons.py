"""Icons of states, drawn at the three sizes that Golly asks for, as XPM pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simkit.lattices import colours
from simkit.lattices.golly import Glyph

U8 = npt.NDArray[np.uint8]

SIZES = (7, 15, 31)

_PACKET = (255, 200, 80)
_BAR, _NO_BAR = (255, 226, 130), (60, 60, 66)

#: characters of XPM colours
_LETTERS = ".ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def draw(glyph: Glyph, size: int) -> U8:
    """Draw an icon: packets as arrows to the sides, the phase as a dot, bits of energy as bars; uint8 (y, x, 3)."""
    picture = np.empty((size, size, 3), np.uint8)
    picture[:] = glyph.ground
    y, x = (np.indices((size, size)) - (size - 1) / 2) / (size / 2)
    for d, (ahead, aside) in enumerate(((-y, x), (x, y), (y, x), (-x, y))):
        if glyph.packets >> d & 1:
            picture[(ahead > 0.25) & (np.abs(aside) <= 1.0 - ahead)] = _PACKET
    for i, bar in enumerate(glyph.bars):
        left = -0.75 + 0.9 * i
        picture[(x > left) & (x < left + 0.6) & (y > 0.4) & (y < 0.8)] = _BAR if bar else _NO_BAR
    if glyph.phase:
        r, g, b = glyph.ground
        is_dark = r + g + b < 3 * 128
        picture[x**2 + (y + 0.3) ** 2 < 0.07] = colours.PINNED_WHITE if is_dark else (1, 1, 1)
    return picture


def icons(glyphs: Sequence[Glyph]) -> list[str]:
    """Return the lines of @ICONS for states 1, 2, ..."""
    lines: list[str] = []
    for size in SIZES:
        column = np.concatenate([draw(glyph, size) for glyph in glyphs])
        palette, index = np.unique(column.reshape(-1, 3), axis=0, return_inverse=True)
        letters = np.array(list(_LETTERS))[index.reshape(-1, size)]
        lines += ["XPM", f'"{size} {len(column)} {len(palette)} 1"']
        lines += [f'"{_LETTERS[i]} c #{r:02X}{g:02X}{b:02X}"' for i, (r, g, b) in enumerate(palette.tolist())]
        lines += [f'"{"".join(row)}"' for row in letters]
        lines.append("")
    return lines
