"""A film of a board that settles."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from simkit.errors import ParameterError, show
from simkit.figures.sheet import CLASS_INKS, GAP, LIGHT, put, scale, title
from simkit.store import Store

U8 = npt.NDArray[np.uint8]

#: file name's end -> Pillow's name of the format
FORMATS = {".gif": "GIF", ".png": "PNG", ".apng": "PNG"}

#: pixels that a board is scaled to, the most that a board of many cells has, and the least width of the writing
_SIDE, _MOST, _WIDTH = 512, 640, 360

#: milliseconds: of the whole way to the ash; a frame at least and most; the soup, the first ash and the last frame
_WAY, _SHORTEST, _LONGEST, _SOUP, _ASH, _LAST = 9000, 40, 200, 600, 600, 1500

#: milliseconds of a whole cycle at least, and of its frames at most
_CYCLE, _CYCLE_FRAME = 1500, 300

#: the palette: a ramp for writing, then dead cells, live cells, and the bar's ground and its filled part
_RAMP, _PAPER, _INK, _TRACK, _BAR = 16, 16, 17, 18, 19


def check_film(out: Path) -> None:
    """Raise ParameterError unless `out` ends like a film's name."""
    if out.suffix.lower() not in FORMATS:
        raise ParameterError(
            f"a film is a .gif, or a .png that moves (APNG); {out} ends in {show(out.suffix or 'nothing')}"
        )


def draw_film(
    store: Store, row: int, generations: Sequence[int], boards: Iterable[U8], settle: int, period: int, out: Path
) -> tuple[int, int, float]:
    """Draw the boards of `row` at some generations as an animated GIF or PNG, by the end of the name `out`.

    Parameters
    ----------
    store : Store
    row : int
    generations : sequence of int, rising
    boards : iterable of uint8 (y, x), one a generation, taken one at a time
    settle, period : int
        As the store has them; the generations after `settle` are shown more slowly.
    out : Path

    Returns
    -------
    width, height, seconds : int, int, float
        Of the film.

    Raises
    ------
    ParameterError
        If `out` does not end in .gif or .png.
    StoreError
        If it cannot be written.
    """
    check_film(out)
    classes = next((key for key, field in store.schema.items() if field.labels and not field.dims), None)
    which = int(store[classes][row]) if classes else 0
    label = f" · {store.schema[classes].labels[which]}" if classes else ""
    ramp = np.linspace(LIGHT.sheet, LIGHT.title, _RAMP).round().astype(np.uint8)
    ink = CLASS_INKS[which % len(CLASS_INKS)]
    palette = [*ramp.ravel().tolist(), *LIGHT.paper, *ink, 210, 214, 224, *ink]
    durations = _durations(generations, settle, period)

    def frames() -> Iterator[Image.Image]:
        for i, (generation, board) in enumerate(zip(generations, boards, strict=True)):
            done = i / max(1, len(generations) - 1)
            lines = f"{title(store)}", f"row {row:,}{label}", _stage(generation, settle, period)
            frame = Image.fromarray(_frame(board, generation, lines, done))
            frame.putpalette(palette)
            yield frame

    first, *others = frames()
    data = io.BytesIO()
    first.save(data, FORMATS[out.suffix.lower()], save_all=True, append_images=others, duration=durations, loop=0)
    put(data.getvalue(), out)
    return *first.size, sum(durations) / 1000


def _stage(generation: int, settle: int, period: int) -> str:
    if not period:
        return "never settled"
    if generation < settle:
        return f"settles at {settle:,}"
    at = f" · {generation - settle:,} of {period:,}" if period > 1 else ""
    return f"ash · period {period:,}{at}"


def _durations(generations: Sequence[int], settle: int, period: int) -> list[int]:
    """Return the milliseconds of each frame, multiples of 10 as GIF has them."""
    n_way = sum(generation <= settle or not period for generation in generations)
    way = min(_LONGEST, max(_SHORTEST, _WAY // n_way))
    cycle = min(_CYCLE_FRAME, max(way, _CYCLE // max(1, len(generations) - n_way)))
    durations = [way if generation < settle or not period else cycle for generation in generations]
    durations[0] = max(durations[0], _SOUP)
    durations[n_way - 1] = max(durations[n_way - 1], _ASH)
    durations[-1] = _LAST
    return [duration // 10 * 10 for duration in durations]


def _frame(board: U8, generation: int, lines: tuple[str, str, str], done: float) -> U8:
    """Return a frame as indices in the palette."""
    picture = scale(board, _SIDE, _MOST)
    height, width = picture.shape
    full = max(width, _WIDTH)
    top, below = GAP + 40, 44
    writing = Image.new("L", (full + 2 * GAP, top + height + below))
    draw = ImageDraw.Draw(writing)
    small, large = ImageFont.load_default(size=12), ImageFont.load_default(size=18)
    right = GAP + full
    draw.text((GAP, GAP - 2), lines[0], 160, small)
    draw.text((GAP, GAP + 16), lines[1], 255, small)
    draw.text((GAP, top + height + 14), f"generation {generation:,}", 255, large)
    draw.text((right, top + height + 18), lines[2], 200, small, anchor="ra")
    frame: U8 = (np.asarray(writing).astype(np.uint16) * (_RAMP - 1) // 255).astype(np.uint8)
    left = GAP + (full - width) // 2
    frame[top : top + height, left : left + width] = np.where(picture != 0, _INK, _PAPER)
    frame[top + height + 5 : top + height + 8, GAP:right] = _TRACK
    frame[top + height + 5 : top + height + 8, GAP : GAP + round(done * full)] = _BAR
    return frame
