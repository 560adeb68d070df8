"""Pictures in two tones, from texts and from PNG files, fitted to a square board."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from simkit.errors import ParameterError, show

Ink = npt.NDArray[np.bool_]

#: parts of the board that a text takes up at most, across and down
_WIDE, _HIGH = 0.92, 0.6

#: characters of a text at most: more could not be read
MAX_TEXT = 200

#: pixels of a picture at most; each takes some 16 bytes while it is read
MAX_PIXELS = 2**24


def of_text(text: str, side: int) -> Ink:
    """Return a text, of one line or several, cut out of a band of ink that covers half of the board: bool (y, x).

    It is set in Pillow's built-in font, as large as fits.
    """
    text = text.replace("\\n", "\n").strip()
    if not text or len(text) > MAX_TEXT:
        raise ParameterError(f"a text has 1 to {MAX_TEXT} characters; this has {len(text)}")
    canvas = ImageDraw.Draw(Image.new("L", (1, 1)))
    for size in range(side, 5, -1):
        font = ImageFont.load_default(size=size)
        left, top, right, bottom = canvas.multiline_textbbox((0, 0), text, font, align="center")
        if right - left <= _WIDE * side and bottom - top <= _HIGH * side:
            break
    else:
        raise ParameterError(f"the text does not fit on {side}x{side} cells; take a shorter one, or a larger --size")
    image = Image.new("L", (side, side))
    place = (side - right - left) / 2, (side - bottom - top) / 2
    ImageDraw.Draw(image).multiline_text(place, text, 255, font, align="center")
    letters = np.asarray(image) >= 128
    if not letters.any():
        raise ParameterError(f"the text {show(text)} has nothing to draw in Pillow's built-in font")
    height = min(side, max(round(bottom - top) + side // 8, -(-(side * side // 2 + int(letters.sum())) // side)))
    first = (side - height) // 2
    band = np.zeros((side, side), bool)
    band[first : first + height] = True
    return band & ~letters


def of_picture(path: Path, side: int) -> Ink:
    """Return a PNG picture as ink (its dark part) on paper: bool (y, x).

    It is laid on white, made grey, scaled to fit into the board whole with its proportions, and put in the middle on
    paper. Dark is what is below the threshold that separates its tones best (N. Otsu, IEEE Trans. SMC 9 (1979) 62).
    """
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=["PNG"]) as opened:
            if opened.width * opened.height > MAX_PIXELS:  # known from the first bytes, before any pixel is decoded
                raise ParameterError(
                    f"the picture {path} has {opened.width:,} x {opened.height:,} pixels; at most {MAX_PIXELS:,} are "
                    "read: make it smaller"
                )
            picture = opened.convert("RGBA")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
        why = "there is no such file" if not path.exists() else f"it is not a PNG picture that can be read ({error})"
        raise ParameterError(f"cannot read the picture {path}: {why}; name a PNG file") from None
    white = Image.new("RGBA", picture.size, "white")
    grey = Image.alpha_composite(white, picture).convert("L")
    scale = side / max(grey.size)
    width, height = (max(1, round(length * scale)) for length in grey.size)
    # small pictures keep their pixels, large ones are filtered
    filter_ = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
    tones = np.asarray(grey.resize((width, height), filter_))
    if tones.min() == tones.max():
        raise ParameterError(f"the picture {path} has one tone only; take one with dark and light parts")
    ink = np.zeros((side, side), bool)
    top, left = (side - height) // 2, (side - width) // 2
    ink[top : top + height, left : left + width] = tones <= _threshold(tones)
    return ink


def _threshold(tones: npt.NDArray[np.uint8]) -> int:
    """Return the tone up to which pixels are dark: where the variance between dark and light is largest."""
    counts = np.bincount(tones.reshape(-1), minlength=256).astype(np.float64)
    n_dark, sum_dark = np.cumsum(counts)[:-1], np.cumsum(counts * np.arange(256))[:-1]
    n_light, sum_light = counts.sum() - n_dark, (counts * np.arange(256)).sum() - sum_dark
    means = sum_dark / np.maximum(n_dark, 1) - sum_light / np.maximum(n_light, 1)
    return int((n_dark * n_light * means**2).argmax())
