"""digits: written digits with their classes, by a simulated pen or from a set of real ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import ClassVar, final

import numpy as np

from simkit.backends import AUTO, Kernels
from simkit.contract import MAX_ROWS, Source, param
from simkit.errors import UnknownNameError, needed_for, show
from simkit.images import mnist
from simkit.images.glyphs import N_POINTS, STYLES
from simkit.images.handwriting import FIRST_STREAMS, N_BENDS, N_PRESSURES, Hand, write
from simkit.images.scaling import scaled
from simkit.kernels import philox, raster
from simkit.schema import Array, Batch, Field, Schema

#: where digits come from
ORIGINS = ("procedural", "sklearn", "mnist", "fashion-mnist", "idx")

#: origins that are files
_OF_FILES = ("mnist", "fashion-mnist", "idx")

#: digits of scikit-learn, and the value of their brightest pixels
N_SKLEARN, _FULL_SKLEARN = 1797, 16

#: parameter -> its greatest value, and the least size; the least values of the others are 0
_LIMITS: Mapping[str, float] = {
    "size": 1024, "slant": 1, "rotation": 45, "stretch": 0.9, "shift": 0.5, "bend": 1, "wobble": 0.3, "pressure": 0.9,
    "noise": 255,
}  # fmt: skip
_LEAST_SIZE = 7


@final
@dataclass(frozen=True)
class Digits(Source):
    """Digits, bright on dark.

    Procedural ones are a stand-in for a set such as MNIST: strokes of a pen through points of one of several styles,
    which are off by chance, bent, stretched, turned and slanted; then they are brought to a size, and their centre of
    mass to the middle, as MNIST's are. Those of scikit-learn are real ones, of 8x8 pixels; row i is the i-th of them,
    whatever the seed. So are those of MNIST, Fashion-MNIST and other sets, which are IDX files in a folder of yours:
    they are read when rows are made, and a data set made of them needs them no more.
    """

    name: ClassVar[str] = "digits"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "written digits: by a simulated pen with all its factors, or real ones"
    tiny: ClassVar[dict[str, object]] = {"size": 12, "noise": 9}
    kernels: ClassVar = (philox.KERNEL, raster.KERNEL)
    block_rows: ClassVar[int] = 2048
    citation: ClassVar[str] = (
        "E. Alpaydin, C. Kaynak, Optical recognition of handwritten digits, UCI Machine Learning Repository, 1998 "
        "(origin sklearn: its part for tests); Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning "
        "applied to document recognition, Proceedings of the IEEE 86, 1998, 2278 (origin mnist); H. Xiao, K. Rasul, "
        "R. Vollgraf, Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms, 2017, "
        "arXiv:1708.07747"
    )
    facts: ClassVar[tuple[str, ...]] = (
        "Labels of procedural digits are independent and uniform over 0..9.",
        "The larger side of the box around the lines of a procedural digit is `scale` sides of the picture.",
        "The centre of mass of its lines is the middle of the picture, moved by `shift`.",
        "Its picture is the lines through `points`, as wide as `width` and `pressure` say, and noise up to `noise`.",
        "Of scikit-learn's digits 178, 182, 177, 183, 181, 182, 181, 179, 174 and 180 are of the classes 0 to 9.",
        "A 3-NN that learnt from 5,000 procedural digits, once they are brought to the form of scikit-learn's (see the "
        "page of image sets), tells more than 85 % of these real ones.",
    )

    origin: str = param("procedural", "where digits come from: " + ", ".join(ORIGINS))
    size: int = param(28, "pixels of a side of the picture, 7..1024; images of sets are scaled to it")
    part: str = param("train", "train or test; of scikit-learn's digits there is one part, train")
    folder: str = param("", "mnist, fashion-mnist, idx: the folder of the files, such as train-images-idx3-ubyte.gz")
    sha256: str = param("", "idx: SHA-256 of the unpacked file of images followed by that of labels")
    slant: float = param(0.3, "procedural: how far the top is to the right of the bottom, per height, at most, 0..1")
    rotation: float = param(8.0, "procedural: degrees by which digits are turned at most, 0..45")
    stretch: float = param(0.25, "procedural: by how much they are wider or narrower at most, 0..0.9")
    scale: tuple[float, ...] = param((0.66, 0.74), "procedural: least and greatest size, in sides, 0.1..1")
    shift: float = param(0.02, "procedural: how far they are off the middle at most, along x and y, in sides, 0..0.5")
    bend: float = param(0.4, "procedural: how much they are bent at most, 0..1")
    wobble: float = param(0.08, "procedural: how far points are off at most, in heights of a digit, 0..0.3")
    width: tuple[float, ...] = param((0.07, 0.13), "procedural: least and greatest width of lines, in sides, 0.01..0.3")
    pressure: float = param(0.25, "procedural: share by which the width changes along the lines at most, 0..0.9")
    noise: int = param(0, "procedural: greatest amplitude of noise, 0..255; each digit has its own")

    def validate(self) -> None:
        UnknownNameError.check("origin", self.origin, ORIGINS, self.name)
        UnknownNameError.check("part", self.part, FIRST_STREAMS, self.name)
        if self.origin == "sklearn" and self.part != "train":
            self.refuse("part", "train with the origin sklearn, whose digits are one part", show(self.part))
        if self.origin in _OF_FILES and not self.folder:
            self.refuse("folder", f"the folder where the files of {self.origin} are", show(self.folder))
        if self.origin not in _OF_FILES and self.folder:
            self.refuse("folder", f"nothing with the origin {self.origin}, which reads no files", show(self.folder))
        object.__setattr__(self, "sha256", self.sha256.lower())
        if self.sha256 and (self.origin != "idx" or not re.fullmatch("[0-9a-f]{64}", self.sha256)):
            self.refuse(
                "sha256", "64 hexadecimal digits with the origin idx, and nothing with others", show(self.sha256)
            )
        for name, most in _LIMITS.items():
            least = _LEAST_SIZE if name == "size" else 0
            if not least <= getattr(self, name) <= most:
                self.refuse(name, f"{least} to {most:,}", getattr(self, name))
        for name, lowest, highest in (("scale", 0.1, 1.0), ("width", 0.01, 0.3)):
            pair = getattr(self, name)
            if len(pair) != 2 or not lowest <= pair[0] <= pair[1] <= highest:
                self.refuse(name, f"two numbers from {lowest} to {highest:g}, the lesser one first", pair)

    def n_rows(self) -> int:
        if self.origin == "idx":
            return len(self._images()[1])
        if self.origin in _OF_FILES:
            return mnist.N_ROWS[self.part]
        return N_SKLEARN if self.origin == "sklearn" else MAX_ROWS

    def load(self, backend: str | Kernels = AUTO) -> Kernels:
        """Return the kernels; read the files, so that what is wrong with them is said at the start."""
        if self.origin in _OF_FILES:
            self._images()
        return super().load(backend)

    def _images(self) -> tuple[Array, Array]:
        """Return all images and labels of files."""
        return mnist.images(self.origin, str(Path(self.folder).absolute()), self.part, self.sha256)

    def notes(self) -> list[str]:
        if self.origin == "procedural":
            return [
                "these digits are drawn by a program and stand in for real ones; --set origin=sklearn has real ones"
            ]
        return ["rows are the images in the order of their set; the seed changes nothing"]

    def schema(self) -> Schema:
        shown = {
            "image": Field(
                "uint8",
                "the digit, or what else there is, bright on dark",
                ("y", "x"),
                (self.size, self.size),
                full=255,
            ),
            "label": Field("uint8", "which digit it is", labels=tuple("0123456789")),
        }
        if self.origin == "fashion-mnist":
            shown["label"] = Field("uint8", "what it is", labels=mnist.CLOTHES)
        if self.origin != "procedural":
            return Schema(**shown, index=Field("uint32", "place of the image in its set"))
        return Schema(
            **shown,
            style=Field("uint8", "how it is written", labels=tuple(f"{digit} {style}" for digit, style, *_ in STYLES)),
            slant=Field("float32", "how far its top is to the right of its bottom, per height"),
            rotation=Field("float32", "angle by which it is turned, clockwise", unit="degrees"),
            stretch=Field("float32", "its width, in those of its style"),
            scale=Field("float32", "the larger side of the box around its lines", unit="sides"),
            shift=Field("float32", "where its centre of mass is, from the middle", ("axis",), (2,), "sides",
                        columns=("x", "y")),
            width=Field("float32", "width of its lines", unit="sides"),
            pressure=Field("float32", "width at places from the first line to the last, in widths of its lines",
                           ("place",), (N_PRESSURES,)),
            bend=Field("float32", "what is added to x (of x y, y y, x x) and y (of x y, x x, y y)", ("term",),
                       (N_BENDS,), columns=("x_xy", "x_yy", "x_xx", "y_xy", "y_xx", "y_yy")),
            points=Field("float32", "points that the lines go through, first to last, the last repeated",
                         ("point", "axis"), (N_POINTS - 2, 2), "pixels", columns=("x", "y")),
            noise=Field("uint8", "amplitude of the noise"),
        )  # fmt: skip

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        index = np.arange(rows.start, rows.stop, dtype=np.uint64)
        if self.origin == "procedural":
            return write(
                Hand(**{each.name: getattr(self, each.name) for each in fields(Hand)}), self.part, seed, index, on
            )
        images, labels, full = (*_sklearn(), _FULL_SKLEARN) if self.origin == "sklearn" else (*self._images(), 255)
        return {
            "image": scaled(images[index], self.size, full),
            "label": labels[index],
            "index": index.astype(np.uint32),
        }


@cache
def _sklearn() -> tuple[Array, Array]:
    """Return the images, uint8 (image, 8, 8), 0..16, and classes of scikit-learn's digits."""
    with needed_for("the origin sklearn"):
        from sklearn.datasets import load_digits

    found = load_digits()
    return found.images.astype(np.uint8), found.target.astype(np.uint8)
