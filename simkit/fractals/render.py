"""Pictures of scenes: many samples for each pixel, in bands of rows that threads share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels, n_processors
from simkit.errors import ParameterError
from simkit.fractals import palettes
from simkit.fractals.palettes import Exposure
from simkit.fractals.scene import Scene
from simkit.fractals.view import MAX_PIXELS, MAX_SIDE
from simkit.kernels.escape import CLASSES

U8 = npt.NDArray[np.uint8]

#: samples along a pixel's side at most
MAX_SUPERSAMPLE = 16

#: samples of a band, which is so many whole rows of pixels; it decides on the last bits of where samples are
_BAND = 2**18

#: pixels of the longer side of the small picture that an exposure is taken from
_SMALL = 96

#: pairs of places whose values are put in order, until place 4 has the median of nine (A. Paeth, Graphics Gems, 1990)
_EXCHANGES = (
    (1, 2), (4, 5), (7, 8), (0, 1), (3, 4), (6, 7), (1, 2), (4, 5), (7, 8), (0, 3),
    (5, 8), (4, 7), (3, 6), (1, 4), (2, 5), (4, 7), (4, 2), (6, 4), (4, 2),
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """How a picture looks.

    Attributes
    ----------
    palette : str
    supersample : int
        Samples along a pixel's side, whose mean in linear light is the colour of the pixel.
    is_median : bool
        Whether each channel becomes the median of 3 x 3 pixels, which removes dust.
    exposure : Exposure, optional
        Which counts are dark and which are bright; taken from a small picture of the same view if not given.
    """

    palette: str = palettes.DEFAULT
    supersample: int = 1
    is_median: bool = False
    exposure: Exposure | None = None

    def __post_init__(self) -> None:
        palettes.palette(self.palette)
        ParameterError.check_integer("a number of samples along a pixel's side", self.supersample, 1, MAX_SUPERSAMPLE)


class Picture(NamedTuple):
    """A picture, and what is in it."""

    #: uint8 (y, x, 3), sRGB
    pixels: U8
    #: int64 (class,): samples of each of `simkit.kernels.escape.CLASSES`
    n_samples: npt.NDArray[np.int64]
    exposure: Exposure

    @property
    def shares(self) -> str:
        """What became of the samples, such as "31.2 % converged, 68.8 % escaped"."""
        shares = 100 * self.n_samples / self.n_samples.sum()
        found = [(share, name) for share, name in zip(shares.tolist(), CLASSES, strict=True) if share]
        return ", ".join(f"{share:.1f} % {name}" for share, name in sorted(found, reverse=True))


def render(
    scene: Scene,
    look: Look,
    on: Kernels,
    n_threads: int | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> Picture:
    """Compute a picture of a scene, whose shape is that of the picture.

    Parameters
    ----------
    scene : Scene
    look : Look
    on : Kernels
        With `escape`.
    n_threads : int, optional
        As many as there are processors if not given; the picture does not depend on it.
    progress : callable
        Called with the share that has been done since the last time.

    Raises
    ------
    ParameterError
        If the samples are more than are computed.
    """
    n, (height, width) = look.supersample, scene.shape
    if max(scene.shape) * n > MAX_SIDE or height * width * n * n > MAX_PIXELS:
        raise ParameterError(
            f"a picture of {width:,} x {height:,} pixels of {n} x {n} samples has {width * n:,} x {height * n:,} "
            f"samples; at most {MAX_SIDE:,} a side and {MAX_PIXELS:,} in all are computed: make it smaller"
        )
    exposure = look.exposure or _exposure(scene, on)
    fine = replace(scene, shape=(height * n, width * n), _orbits={})
    colours = palettes.table(look.palette, exposure, scene.max_iterations + 1)
    pixels = np.empty((height, width, 3), np.uint8)

    def draw(band: range) -> tuple[int, npt.NDArray[np.int64]]:
        classes, counts = fine.compute(on, range(band.start * n, band.stop * n))
        pixels[band.start : band.stop] = _mean(colours, classes, counts, n)
        return len(band), np.bincount(classes.reshape(-1), minlength=len(CLASSES)).astype(np.int64)

    n_samples = np.zeros(len(CLASSES), np.int64)
    with ThreadPoolExecutor(n_threads or n_processors()) as pool:
        try:
            for n_rows, found in pool.map(draw, list(_bands(height, width * n * n))):
                n_samples += found
                progress(n_rows / height)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return Picture(median(pixels) if look.is_median else pixels, n_samples, exposure)


def _bands(height: int, n_samples: int) -> Iterator[range]:
    """Give ranges of rows, each of `n_samples` samples."""
    step = max(1, _BAND // n_samples)
    for start in range(0, height, step):
        yield range(start, min(start + step, height))


def _exposure(scene: Scene, on: Kernels) -> Exposure:
    """Return the exposure of a small picture of the same view."""
    shrink = min(1.0, _SMALL / max(scene.shape))
    shape = max(1, round(scene.shape[0] * shrink)), max(1, round(scene.shape[1] * shrink))
    return palettes.exposure(*replace(scene, shape=shape, _orbits={}).compute(on))


def _mean(colours: npt.NDArray[np.float32], classes: U8, counts: npt.NDArray[np.int32], n: int) -> U8:
    """Return the colours of pixels of n x n samples: uint8 (y, x, 3)."""
    if n == 1:
        return palettes.looked_up(palettes.encoded(colours), classes, counts)
    places = palettes.places(classes, counts, colours.shape[1])
    light = np.zeros((len(classes) // n, classes.shape[1] // n, 3), np.float32)
    flat = colours.reshape(-1, 3)
    for i in range(n):
        for j in range(n):
            light += flat.take(places[i::n, j::n], axis=0)
    light *= np.float32(1 / n**2)
    return palettes.encoded(light)


def median(pixels: U8) -> U8:
    """Return the median of 3 x 3 pixels, channel by channel: uint8 (y, x, 3); at the edge, pixels stand twice."""
    padded = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    found = np.empty_like(pixels)
    for rows in _bands(*pixels.shape[:2]):
        band, width = padded[rows.start : rows.stop + 2], pixels.shape[1]
        nine = [band[i : i + len(rows), j : j + width].copy() for i in range(3) for j in range(3)]
        for low, high in _EXCHANGES:
            nine[low], nine[high] = np.minimum(nine[low], nine[high]), np.maximum(nine[low], nine[high])
        found[rows.start : rows.stop] = nine[4]
    return found
