"""Images and small tasks as they were published, or as one would write them first.

Each function takes a number of rows and a generator of random numbers, makes that many rows, and returns the last one
or all of them. Nothing here uses simkit.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

Way = Callable[[int, np.random.Generator], Any]

_SIDE = 28


def discs_matplotlib(n: int, random: np.random.Generator) -> Any:
    """Draw six circles on a figure of 64 x 64 pixels, and read its canvas."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Circle

    image = None
    for _ in range(n):
        figure = Figure(figsize=(0.64, 0.64), dpi=100)
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.axis("off")
        for colour, centre in zip("rrbbgg", random.uniform(0.05, 0.95, (6, 2)), strict=True):
            axes.add_patch(Circle(centre, 0.05, color=colour))
        canvas.draw()
        image = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    return image


def discs_pillow(n: int, random: np.random.Generator) -> Any:
    """Draw six ellipses at four times the size, and shrink the picture, which makes their edges soft."""
    from PIL import Image, ImageDraw

    image = None
    for _ in range(n):
        large = Image.new("RGB", (256, 256), "white")
        draw = ImageDraw.Draw(large)
        for colour, (x, y) in zip(
            ("red", "red", "blue", "blue", "green", "green"), random.uniform(0.05, 0.95, (6, 2)) * 256, strict=True
        ):
            draw.ellipse((x - 12.8, y - 12.8, x + 12.8, y + 12.8), fill=colour)
        image = np.asarray(large.reduce(4))
    return image


def halves_skimage(n: int, random: np.random.Generator) -> Any:
    """Shrink as many images as there are rows to half their width with anti-aliasing, and put pairs side by side."""
    from skimage.transform import resize

    shrunk = resize(_pool(random, n), (n, _SIDE, _SIDE // 2), anti_aliasing=True)
    shrunk = np.round(shrunk * 255 / np.max(shrunk))
    images = np.empty((n, _SIDE, _SIDE), np.uint8)
    for image, pair in zip(images, random.integers(0, n, (n, 2)), strict=True):
        image[:] = np.hstack(shrunk[pair])
    return images


def stack_numpy(n: int, random: np.random.Generator) -> Any:
    """Put two images into the channels of one."""
    images = _pool(random)
    return np.stack([np.stack((images[i], images[j])) for i, j in random.integers(0, len(images), (n, 2))])


def mixture_numpy(n: int, random: np.random.Generator) -> Any:
    """Put two sets one after the other, and shuffle them."""
    both = np.concatenate([_pool(random, n // 2), lines_numpy(n - n // 2, random)])
    return both[random.permutation(len(both))]


def lines_numpy(n: int, random: np.random.Generator) -> Any:
    """Whiten 1 to 10 columns of each image."""
    images = np.zeros((n, _SIDE, _SIDE), np.uint8)
    for image in images:
        image[:, random.choice(_SIDE, random.integers(1, 11), replace=False)] = 255
    return images


def lines_pillow(n: int, random: np.random.Generator) -> Any:
    """Draw 1 to 10 lines on each image."""
    from PIL import Image, ImageDraw

    image = None
    for _ in range(n):
        picture = Image.new("L", (_SIDE, _SIDE))
        draw = ImageDraw.Draw(picture)
        for x in random.choice(_SIDE, random.integers(1, 11), replace=False).tolist():
            draw.line((x, 0, x, _SIDE), fill=255)
        image = np.asarray(picture)
    return image


def digits_pillow(n: int, random: np.random.Generator) -> Any:
    """Set a digit in Pillow's own font, and turn, shear and scale it at random."""
    from PIL import Image, ImageDraw, ImageFont

    font, image = ImageFont.load_default(size=26), None
    for _ in range(n):
        picture = Image.new("L", (_SIDE, _SIDE))
        ImageDraw.Draw(picture).text((14, 14), str(random.integers(10)), 255, font, anchor="mm")
        a, b, c, d = (np.eye(2) + random.normal(0, 0.15, (2, 2))).ravel()
        affine = (a, b, 14 - 14 * (a + b), c, d, 14 - 14 * (c + d))
        image = np.asarray(picture.transform(picture.size, Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR))
    return image


def random_numpy(n: int, random: np.random.Generator) -> Any:
    """Uniform bytes, and labels."""
    return random.integers(0, 256, (n, _SIDE, _SIDE), np.uint8), random.integers(0, 10, n)


def polynomials_numpy(n: int, random: np.random.Generator) -> Any:
    """All sums of nine monomials of two normal numbers, as one product of matrices."""
    x, y = random.normal(size=(2, n))
    monomials = np.stack([x**i * y**j for i in range(3) for j in range(3)], 1)
    return (monomials @ np.array(list(itertools.product((0, 1), repeat=9))).T).astype(np.float32)


def noise_numpy(n: int, random: np.random.Generator) -> Any:
    """Two frames of clipped normal numbers."""
    return np.clip(random.normal(0.5, 1, (n, 2, 3, 64, 64)), 0, 1).astype(np.float32)


def bits_python(n: int, random: np.random.Generator) -> Any:
    """Inputs of 16 bits from their numbers, and bits of a table."""
    table = random.integers(0, 2, 2**16)
    numbers = random.integers(0, 2**16, n)
    inputs = np.array([[number >> k & 1 for k in range(16)] for number in numbers.tolist()], np.float32)
    return inputs, table[numbers]


def xor_numpy(n: int, random: np.random.Generator) -> Any:
    """Fuzzy XOR of two uniform numbers, by whole arrays."""
    a, b = random.random((2, n))
    return np.minimum(np.maximum(a, b), 1 - np.minimum(a, b)).astype(np.float32)


def features_torch(n: int, random: np.random.Generator) -> Any:
    """Twenty sparse features, normalised, by torch."""
    import torch

    torch.set_num_threads(1)
    drawn = torch.rand(n, 20, generator=torch.Generator().manual_seed(int(random.integers(2**31))))
    found = torch.where(drawn <= 0.1, drawn, torch.zeros(()))
    return found / found.norm(dim=1, keepdim=True).clamp_min(1e-12)


def _pool(random: np.random.Generator, n: int = 1000) -> np.ndarray:
    return random.integers(0, 256, (n, _SIDE, _SIDE), np.uint8)


#: source -> name of a way -> what makes rows so, and how many in a tenth of a second, about
WAYS: dict[str, dict[str, tuple[Way, int]]] = {
    "digits": {"Pillow, a font's digits": (digits_pillow, 1000)},
    "halves": {"scikit-image": (halves_skimage, 2000)},
    "stack": {"NumPy, by pairs": (stack_numpy, 5000)},
    "lines": {"NumPy, by images": (lines_numpy, 2000), "Pillow": (lines_pillow, 1000)},
    "mixture": {"NumPy": (mixture_numpy, 2000)},
    "random-labels": {"NumPy": (random_numpy, 20_000)},
    "polynomials": {"NumPy": (polynomials_numpy, 20_000)},
    "dots": {"matplotlib": (discs_matplotlib, 5), "Pillow, four times as large": (discs_pillow, 300)},
    "noise": {"NumPy": (noise_numpy, 200)},
    "bits": {"Python": (bits_python, 10_000)},
    "fuzzy-xor": {"NumPy": (xor_numpy, 100_000)},
    "sparse-features": {"torch": (features_torch, 20_000)},
}

#: source -> why the published way is not measured
ABSENT = {
    "platformer": "procgen's CoinRun has no wheel for Python 3.11 and later",
    "maze": "procgen's Heist has no wheel for Python 3.11 and later",
}
