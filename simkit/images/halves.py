"""halves: two digits side by side, each as wide as half the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from simkit.backends import Kernels
from simkit.images.pairs import FACTS, Pairs
from simkit.images.pool import SIDE, U8
from simkit.images.thesis import CITATION
from simkit.schema import Batch, Field, Schema

_HALF = SIDE // 2

#: images that are shrunk at a time
_AT_ONCE = 256

#: scikit-image blurs by a Gaussian of standard deviation 1/2 before it halves a width; its weights at 0, 1 and 2 pixels
_WEIGHTS = 0.7865707258873422, 0.10645077197359151, 0.00026386508273735414


@final
@dataclass(frozen=True)
class Halves(Pairs):
    """Two digits side by side, each shrunk to 28 x 14 pixels.

    With profile=text the pixels are means of two neighbours, rounded half up. With profile=code they are those that
    scikit-image 0.15 makes, which blurs first; the brightest of the whole pool is 255.

    Profiles differ in what is drawn, too. With profile=text, that is a class for each half, in kind=diff never the same
    for both, and then a digit of the class. With profile=code and kind=diff, it is two digits of the whole pool; with
    kind=same, row i has digit i of the pool at the left, over and over, and at the right one of the first so many of
    its class as the smallest class has.
    """

    name: ClassVar[str] = "halves"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "two digits side by side, of one class or to be added"
    tiny: ClassVar[dict[str, object]] = {"pool": 400, "profile": "code"}
    sample: ClassVar[dict[str, object]] = {"pool": 320}
    citation: ClassVar[str] = f"{CITATION}, section 3.3.1"
    facts: ClassVar[tuple[str, ...]] = FACTS

    def schema(self) -> Schema:
        return Schema(
            image=Field("uint8", "two digits side by side", ("y", "x"), (SIDE, SIDE), full=255),
            **self.factors("half", ("left", "right")),
        )

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        pool, places, factors = self.draw(seed, rows, on, text if self.profile == "text" else code)
        images, right = pool.images[places[:, 0]], pool.images[places[:, 1]]
        # what is black at the right of one image is where the right half of it goes: 14 bytes on
        images.reshape(-1).view(np.uint16)[_HALF // 2 :] |= right.reshape(-1).view(np.uint16)[: -_HALF // 2]
        return {"image": images, **factors}


def text(images: U8) -> U8:
    """Return images at half their width, each pixel the mean of two, rounded half up; black at the right of that."""
    found = np.zeros_like(images)
    for part in _parts(len(images)):
        wide = images[part].astype(np.uint16)
        found[part, :, :_HALF] = (wide[:, :, ::2] + wide[:, :, 1::2] + 1) >> 1
    return found


def code(images: U8) -> U8:
    """Return images at half their width as ``round(255 x / max(x))`` of what scikit-image 0.15 makes of all of them.

    That is ``x = skimage.transform.resize(images, (n, 28, 14))``. It blurs bytes to bytes, whose fractions are lost,
    and takes means of two of them as parts of 1. Each operation is one of IEEE 754, in the order in which it is done
    there.
    """
    pairs = _blurred(images).view("<u2")
    first, second = np.arange(2**16) & 255, np.arange(2**16) >> 8
    shares = first * (1 / 255) * 0.5 + second * (1 / 255) * 0.5
    greatest = shares[np.bincount(pairs.reshape(-1), minlength=2**16) > 0].max()
    bytes_of = np.rint(shares * 255 / (greatest or 1)).clip(0, 255).astype(np.uint8)  # clipped where no pair is
    found = np.zeros_like(images)
    found[:, :, :_HALF] = bytes_of[pairs]
    return found


def _blurred(images: U8) -> U8:
    """Return images blurred along x."""
    found = np.empty_like(images)
    for part in _parts(len(images)):
        wide = np.pad(images[part], ((0, 0), (0, 0), (2, 2)), mode="reflect").astype(np.float64)
        far, near, middle, near_too, far_too = (wide[:, :, k : k + SIDE] for k in range(5))
        found[part] = middle * _WEIGHTS[0] + (far + far_too) * _WEIGHTS[2] + (near + near_too) * _WEIGHTS[1]
    return found


def _parts(n: int) -> list[slice]:
    return [slice(start, start + _AT_ONCE) for start in range(0, n, _AT_ONCE)]
