"""Draws films: boards side by side that change, and below them a plot that grows, or a bar."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from simkit.errors import ParameterError
from simkit.figures.encoders import Mp4, encoder_of
from simkit.figures.legend import draw_legend
from simkit.figures.picture import Colour, Curves, Film, Frame
from simkit.figures.screen import screen
from simkit.figures.sheet import GAP, folder_of, scale
from simkit.store.disk import told

#: pixels that boards are scaled to together, the most that boards of many cells have, the least width, the heights of
#: the plot and of the lines of writing
_SIDE, _MOST, _WIDTH, _PLOT, _LINE = 560, 640, 470, 110, 18

#: colours of the curves (Okabe and Ito's orange and sky blue) and of the exact one, of frames and of the bar's ground
_CURVES: tuple[Colour, ...] = ((230, 159, 0), (86, 180, 233))
_EXACT: Colour = (166, 174, 190)
_EDGE: Colour = (84, 88, 97)

#: greys for writing
_N_GREYS = 16

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def check_film(out: Path, size: tuple[int, int] | None = None) -> None:
    """Raise ParameterError unless a film may have that name and size, LibraryError if its encoder is not installed."""
    if encoder_of(out) is Mp4 and size and (size[0] % 2 or size[1] % 2):
        even = "x".join(str(side + side % 2) for side in size)
        raise ParameterError(
            f"an .mp4 has an even number of pixels a side; this is {size[0]}x{size[1]}: take {even}, or a .gif or .apng"
        )


def draw_film(
    film: Film, out: Path, *, progress: Callable[[float], None] = lambda _: None
) -> tuple[int, int, int, float]:
    """Draw a film as GIF, APNG or MP4, by the end of the name `out`; in memory there is one frame.

    The file is written whole or not at all.

    Returns
    -------
    width, height, n_frames, seconds : int, int, int, float
        Of the film.

    Raises
    ------
    ParameterError
        If `out` does not end in .gif, .png, .apng or .mp4, or an .mp4 is to have an odd number of pixels a side.
    LibraryError
        If it ends in .mp4, and `av` is not installed.
    StoreError
        If it cannot be written.
    """
    check_film(out, film.size)
    palette = _palette(film)
    pictures = screen(film, palette) if film.size else _pictures(film, palette)
    make, folder, what = encoder_of(out), folder_of(out), f"write {out}"
    with told(what, is_kept=False):
        draft = tempfile.TemporaryFile(dir=out.parent)  # noqa: SIM115 - closed by the block that follows
    try:
        encoder = make(draft, np.array(palette.getpalette(), np.uint8).reshape(-1, 3))
        for image, milliseconds in pictures:
            pixels = np.asarray(image)
            if make is Mp4:
                pixels = np.pad(pixels, [(0, side % 2) for side in pixels.shape], mode="edge")
            with told(what, is_kept=False):
                encoder.add(pixels, milliseconds)
            progress(1)
        with told(what, is_kept=False):
            encoder.finish()
            draft.seek(0)
            with folder.writing(out.name) as write:
                while part := draft.read(2**20):
                    write(part)
    finally:
        with told(what, is_kept=False):  # closing writes what is buffered, for which a full disk still has no space
            draft.close()
    height, width = pixels.shape
    return width, height, encoder.n_frames, encoder.milliseconds / 1000


def _pictures(film: Film, palette: Image.Image) -> Iterator[tuple[Image.Image, int]]:
    """Yield the pictures of a film, and for how many milliseconds each is shown."""
    points: list[Frame] = []
    for frame in film.frames():
        points.append(frame._replace(boards=[]))
        yield _picture(film, frame, points, palette), frame.milliseconds


def _palette(film: Film) -> Image.Image:
    """Return an image with the palette of all frames: cells, greys for writing, and curves."""
    greys = np.linspace(film.theme.sheet, film.theme.title, _N_GREYS).round().astype(np.uint8)
    table = np.concatenate((film.colours, greys, np.array([*_CURVES, _EXACT, _EDGE], np.uint8)))
    image = Image.new("P", (1, 1))
    image.putpalette(table.ravel().tolist())
    return image


def _picture(film: Film, frame: Frame, points: list[Frame], palette: Image.Image) -> Image.Image:
    theme, n = film.theme, len(frame.boards)
    side = (_SIDE - (n - 1) * GAP) // n
    panels = [Image.fromarray(film.colours[scale(board, side, max(side, _MOST // n))]) for board in frame.boards]
    width, height = panels[0].size
    full = max(_WIDTH, n * (width + GAP) - GAP)
    top = GAP + 2 * _LINE + 8
    below = top + height
    keys = film.keys(frame.boards[0])
    legend = draw_legend(keys, theme, full) if keys else None
    under = 2 * _LINE + (_PLOT + 2 * _LINE if film.curves else 0) + (legend.height + 4 if legend else 0)
    image = Image.new("RGB", (full + 2 * GAP, below + under + GAP), theme.sheet)
    draw = ImageDraw.Draw(image)
    small, large = ImageFont.load_default(size=12), ImageFont.load_default(size=15)
    draw.text((GAP, GAP - 3), film.title, theme.title, large)
    left = GAP + (full - n * (width + GAP) + GAP) // 2
    for i, panel in enumerate(panels):
        x = left + i * (width + GAP)
        draw.text((x, GAP + _LINE + 4), film.names[i], theme.text, small)
        image.paste(panel, (x, top))
    draw.text((GAP, below + 10), frame.caption, theme.title, small)
    draw.text((GAP + full, below + 10), frame.note, theme.text, small, anchor="ra")
    if film.curves:
        _plot(draw, film, film.curves, points, (GAP, below + 2 * _LINE, full, _PLOT), small)
    else:
        done = (len(points) - 1) / max(1, film.n_frames - 1)
        draw.rectangle((GAP, below + 4, GAP + full - 1, below + 6), fill=_EDGE)
        draw.rectangle((GAP, below + 4, GAP + round(done * (full - 1)), below + 6), fill=_CURVES[0])
    if legend:
        image.paste(legend, (GAP, image.height - GAP - legend.height + 2))
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


def _plot(
    draw: ImageDraw.ImageDraw,
    film: Film,
    curves: Curves,
    points: list[Frame],
    box: tuple[int, int, int, int],
    font: _Font,
) -> None:
    """Draw the curves so far into a box (left, top, width, height), with the words of the axes."""
    left, top, width, height = box
    (x_words, x0, x1, labels), (y_words, y0, y1, _) = curves.x_axis, curves.y_axis
    first, last = labels or (f"{x0:,g}", f"{x1:,g}")
    theme = film.theme

    def at(x: float, y: float) -> tuple[int, int]:
        across, up = (min(1.0, max(0.0, share)) for share in ((x - x0) / (x1 - x0), (y - y0) / (y1 - y0)))
        return left + round(across * (width - 1)), top + height - 1 - round(up * (height - 1))

    draw.rectangle((left, top, left + width - 1, top + height - 1), outline=_EDGE, fill=theme.sheet)
    if curves.exact:
        draw.line([at(x, y) for x, y in curves.exact], _EXACT)
    for i, colour in zip(range(len(points[0].ys)), _CURVES, strict=False):
        places = [at(point.x, point.ys[i]) for point in points if np.isfinite(point.x)]
        if curves.exact:  # measured points need not come in the order of x
            for x, y in places:
                draw.rectangle((x - 1, y - 1, x + 1, y + 1), fill=colour)
        else:
            draw.line(places, colour, 2)
        for x, y in places[-1:]:
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)
    under = top + height + 2
    draw.text((left, under), first, theme.text, font)
    draw.text((left + width // 2, under), x_words, theme.text, font, anchor="ma")
    draw.text((left + width, under), last, theme.text, font, anchor="ra")
    draw.text((left + 5, top + 3), f"{y1:g}  {y_words}", theme.text, font)
    x = left + width - 6
    inks = _CURVES if not curves.exact else (_CURVES[0], _EXACT)
    for name, colour in reversed(list(zip(curves.names, inks, strict=True))):
        x -= round(font.getlength(name))
        draw.text((x, top + 3), name, theme.title, font)
        x -= 16
        draw.rectangle((x, top + 8, x + 11, top + 11), fill=colour)
        x -= 12
