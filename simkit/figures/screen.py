"""Draws films of a given size: one board as wide as the picture, and a strip below it with words and a plot."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from simkit.figures.picture import Axis, Colour, Curves, Film, Frame, room

#: the curve, what of it is over, and where the film is
_CURVE: Colour = (166, 174, 190)
_POINT: Colour = (230, 159, 0)
_EDGE: Colour = (84, 88, 97)

_Box = tuple[int, int, int, int]


def screen(film: Film, palette: Image.Image) -> Iterator[tuple[Image.Image, int]]:
    """Yield the pictures of a film that has a size, and for how many milliseconds each is shown.

    What a picture costs does not grow with the number of frames: the curve is drawn once.
    """
    width, height = film.size or (0, 0)
    board_height, _ = room((width, height))
    deep = height - board_height
    theme, gap = film.theme, max(4, deep // 8)
    small, large = (ImageFont.load_default(size=max(9, round(deep * share))) for share in (0.2, 0.24))
    ground = Image.new("RGB", (width, deep), theme.sheet)
    draw = ImageDraw.Draw(ground)
    box = (width - round(0.42 * width), gap, width - gap, deep - gap)
    draw.text((gap, gap), film.title, theme.title, large)
    if film.curves:
        _plot(draw, film.curves, box, theme.text, ImageFont.load_default(size=max(8, round(deep * 0.14))))
    for frame in film.frames():
        strip = ground.copy()
        draw = ImageDraw.Draw(strip)
        draw.text((gap, gap + round(deep * 0.32)), frame.caption, theme.title, small)
        draw.text((gap, gap + round(deep * 0.58)), frame.note, theme.text, small)
        if film.curves and np.isfinite(frame.x):
            x, y = _at(film.curves, box, frame.x, frame.ys[0])
            draw.line((x, box[1] + 1, x, box[3] - 1), _EDGE)
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), _POINT)
        words = np.asarray(strip.quantize(palette=palette, dither=Image.Dither.NONE))
        yield _image(np.vstack((_fitted(frame, (board_height, width)), words)), palette), frame.milliseconds


def _image(pixels: np.ndarray, palette: Image.Image) -> Image.Image:
    image = Image.fromarray(pixels)
    image.putpalette(palette.getpalette() or [])
    return image


def _fitted(frame: Frame, shape: tuple[int, int]) -> np.ndarray:
    """Return the board of a frame in the middle of a shape, on colour 0; small ones are enlarged."""
    board = frame.boards[0]
    grow = max(1, min(side // length for side, length in zip(shape, board.shape, strict=True)))
    board = board.repeat(grow, axis=0).repeat(grow, axis=1)[: shape[0], : shape[1]]
    if board.shape == shape:
        return board
    whole = np.zeros(shape, np.uint8)
    y, x = ((side - length) // 2 for side, length in zip(shape, board.shape, strict=True))
    whole[y : y + board.shape[0], x : x + board.shape[1]] = board
    return whole


def _at(curves: Curves, box: _Box, x: float, y: float) -> tuple[int, int]:
    """Return the pixel of a point; one beyond the axes is at their end, and none is at the bottom."""

    def share(axis: Axis, value: float) -> float:
        found = (value - axis.first) / (axis.last - axis.first)
        return min(1.0, max(0.0, found)) if np.isfinite(found) else 0.0

    left, top, right, bottom = box
    return (
        left + round(share(curves.x_axis, x) * (right - left - 1)),
        bottom - 1 - round(share(curves.y_axis, y) * (bottom - top - 1)),
    )


def _plot(
    draw: ImageDraw.ImageDraw,
    curves: Curves,
    box: _Box,
    ink: Colour,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    """Draw the whole curve into a box (left, top, right, bottom), 0 as a line, and the words of the y axis."""
    draw.rectangle(box, outline=_EDGE)
    _, zero = _at(curves, box, 0, 0)
    draw.line((box[0], zero, box[2], zero), _EDGE)
    places = [_at(curves, box, x, y) for x, y in curves.exact if np.isfinite(y)]
    if len(places) > 1:
        draw.line(places, _CURVE)
    draw.text((box[0] + 5, box[1] + 2), curves.y_axis.words, ink, font)
