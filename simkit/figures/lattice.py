"""Films of the lattices: boards side by side, a plot that grows below them, and a legend."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from simkit.figures.film import FORMATS, check_film
from simkit.figures.legend import draw_legend
from simkit.figures.sheet import DARK, GAP, put
from simkit.lattices import colours
from simkit.lattices.films import Frame, Scene

U8 = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

#: pixels that boards are scaled to together, the least width, the heights of the plot and of the lines of writing
_SIDE, _WIDTH, _PLOT, _LINE = 560, 470, 110, 18

#: colours of the curves (Okabe and Ito's orange and sky blue, the first two of the legend of objects) and of the exact
_CURVES: tuple[Colour, ...] = ((230, 159, 0), (86, 180, 233))
_EXACT: Colour = (166, 174, 190)

#: greys for writing
_N_GREYS = 16


def draw_scene(
    scene: Scene, out: Path, *, progress: Callable[[float], None] = lambda _: None
) -> tuple[int, int, int, float]:
    """Draw a scene as an animated GIF or PNG, by the end of the name `out`.

    Returns
    -------
    width, height, n_frames, seconds : int, int, int, float
        Of the film.

    Raises
    ------
    ParameterError
        If `out` does not end in .gif or .png.
    StoreError
        If it cannot be written.
    """
    check_film(out)
    palette = _palette()
    durations: list[int] = []

    def pictures() -> Iterator[Image.Image]:
        points: list[Frame] = []
        for frame in scene.frames():
            points.append(frame._replace(boards=[]))
            durations.append(frame.milliseconds)
            yield _picture(scene, frame, points, palette)
            progress(1)

    first, *others = pictures()
    data = io.BytesIO()
    first.save(data, FORMATS[out.suffix.lower()], save_all=True, append_images=others, duration=durations, loop=0)
    put(data.getvalue(), out)
    return *first.size, len(durations), sum(durations) / 1000


def _palette() -> Image.Image:
    """Return an image with the palette of all frames: cells, greys for writing, and curves."""
    greys = np.linspace(DARK.sheet, DARK.title, _N_GREYS).round().astype(np.uint8)
    table = np.concatenate((colours.CELLS, greys, np.array([*_CURVES, _EXACT], np.uint8)))
    image = Image.new("P", (1, 1))
    image.putpalette(table.ravel().tolist())
    return image


def _picture(scene: Scene, frame: Frame, points: list[Frame], palette: Image.Image) -> Image.Image:
    height, width = frame.boards[0].shape
    grow = max(1, _SIDE // (len(frame.boards) * width + GAP))
    panels = [Image.fromarray(colours.CELLS[board.repeat(grow, 0).repeat(grow, 1)]) for board in frame.boards]
    full = max(_WIDTH, len(panels) * (width * grow + GAP) - GAP)
    below = GAP + _LINE + 8 + _LINE + height * grow
    image = Image.new("RGB", (full + 2 * GAP, below + 2 * _LINE + _PLOT + 3 * _LINE + GAP), DARK.sheet)
    draw = ImageDraw.Draw(image)
    small, large = ImageFont.load_default(size=12), ImageFont.load_default(size=15)
    draw.text((GAP, GAP - 3), scene.title, DARK.title, large)
    left = GAP + (full - len(panels) * (width * grow + GAP) + GAP) // 2
    for i, panel in enumerate(panels):
        x = left + i * (width * grow + GAP)
        draw.text((x, GAP + _LINE + 4), scene.names[i], DARK.text, small)
        image.paste(panel, (x, GAP + _LINE + 8 + _LINE))
    draw.text((GAP, below + 4), frame.caption, DARK.title, small)
    _plot(draw, scene, points, (GAP, below + 2 * _LINE, full, _PLOT), small)
    legend = draw_legend(colours.legend(frame.boards[0]), DARK.text, DARK.sheet)
    image.paste(legend, (GAP, image.height - GAP - legend.height + 2))
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


def _plot(
    draw: ImageDraw.ImageDraw,
    scene: Scene,
    points: list[Frame],
    box: tuple[int, int, int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    """Draw the curves so far into a box (left, top, width, height), with the words of the axes."""
    left, top, width, height = box
    (x_words, x0, x1, labels), (y_words, y0, y1, _) = scene.x_axis, scene.y_axis
    first, last = labels or (f"{x0:,g}", f"{x1:,g}")

    def at(x: float, y: float) -> tuple[int, int]:
        across, up = (min(1.0, max(0.0, share)) for share in ((x - x0) / (x1 - x0), (y - y0) / (y1 - y0)))
        return left + round(across * (width - 1)), top + height - 1 - round(up * (height - 1))

    draw.rectangle((left, top, left + width - 1, top + height - 1), outline=(84, 88, 97), fill=DARK.sheet)
    if scene.exact:
        draw.line([at(x, y) for x, y in scene.exact], _EXACT)
    for i, colour in zip(range(len(points[0].ys)), _CURVES, strict=False):
        places = [at(point.x, point.ys[i]) for point in points if np.isfinite(point.x)]
        if scene.exact:  # measured points need not come in the order of x
            for x, y in places:
                draw.rectangle((x - 1, y - 1, x + 1, y + 1), fill=colour)
        else:
            draw.line(places, colour, 2)
        for x, y in places[-1:]:
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)
    under = top + height + 2
    draw.text((left, under), first, DARK.text, font)
    draw.text((left + width // 2, under), x_words, DARK.text, font, anchor="ma")
    draw.text((left + width, under), last, DARK.text, font, anchor="ra")
    draw.text((left + 5, top + 3), f"{y1:g}  {y_words}", DARK.text, font)
    x = left + width - 6
    inks = _CURVES if not scene.exact else (_CURVES[0], _EXACT)
    for name, colour in reversed(list(zip(scene.curves, inks, strict=True))):
        x -= round(font.getlength(name))
        draw.text((x, top + 3), name, DARK.title, font)
        x -= 16
        draw.rectangle((x, top + 8, x + 11, top + 11), fill=colour)
        x -= 12
