"""Pools of digits, from which sets of composed images draw: made once in a process, and kept while they are in use."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from simkit.backends import AUTO, Kernels
from simkit.contract import Source, param
from simkit.errors import ParameterError
from simkit.images.digits import Digits
from simkit.schema import Array

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]

#: digits of a pool at most, and pools that a process keeps: together no more than 400 MB
MAX_POOL, _MAX_KEPT = 250_000, 2

#: digits of which none of ten classes is missing where classes are drawn: but for one seed in 10**13
_LEAST_OF_ALL = 320

#: classes of digits, and pixels of a side
N_CLASSES, SIDE = 10, 28

#: what a pool's images become before they are kept: uint8 (image, y, x) to uint8 of the same shape
Form = Callable[[U8], U8]


@dataclass(frozen=True, eq=False)
class Pool:
    """Digits, by their places and by their classes.

    Attributes
    ----------
    images : uint8 (image, y, x)
    labels : uint8 (image,)
    by_class : int64 (image,)
        Places of the images of class 0, in their order, then those of class 1, and so on.
    starts : int64 (11,)
        Where each class begins there, and where the last one ends.
    """

    images: U8
    labels: U8
    by_class: I64
    starts: I64

    @classmethod
    def of(cls, images: U8, labels: U8) -> Pool:
        """Return the pool of some images."""
        by_class = np.argsort(labels, kind="stable")
        starts = np.searchsorted(labels[by_class], np.arange(N_CLASSES + 1))
        for array in (images, labels, by_class, starts):
            array.flags.writeable = False
        return cls(images, labels, by_class, starts)

    @property
    def sizes(self) -> I64:
        """How many images each class has."""
        return np.diff(self.starts)


@dataclass(frozen=True)
class Pooled(Source):
    """What sets share whose images are composed of digits: the parameters of the pool that these are drawn from."""

    origin: str = param("procedural", "where the digits come from: the origin of the source digits")
    part: str = param("train", "train or test: the part of the source digits")
    folder: str = param("", "mnist, fashion-mnist, idx: the folder of the files, as that of the source digits")
    sha256: str = param("", "idx: the SHA-256 of the source digits")
    pool: int = param(60_000, f"digits to draw from: the first so many rows of the source digits, 1..{MAX_POOL:,}")

    def validate(self) -> None:
        digits = self.digits()  # refuses what is wrong
        object.__setattr__(self, "sha256", digits.sha256)
        self._check_pool(MAX_POOL if self.origin == "idx" else digits.n_rows())

    def load(self, backend: str | Kernels = AUTO) -> Kernels:
        """Return the kernels; read the files of digits, so that what is wrong with them is said at the start."""
        digits = self.digits()
        digits.load(backend)
        self._check_pool(digits.n_rows())
        return super().load(backend)

    def needs(self) -> range:
        """Return the classes of which a pool must have some."""
        return range(0)

    def _check_pool(self, n: int) -> None:
        is_chance = bool(self.needs()) and self.origin == "procedural"
        least, most = _LEAST_OF_ALL if is_chance else 1, min(n, MAX_POOL)
        if not least <= self.pool <= most:
            why = ", so that no class is missing" if is_chance else ""
            there = f", as many as there are with origin={self.origin} and part={self.part}" if n < MAX_POOL else ""
            self.refuse("pool", f"{least} to {most:,} digits{why}{there}", self.pool)

    def digits(self) -> Digits:
        """Return the source of the pool's digits."""
        mine = {field.name: getattr(self, field.name) for field in fields(Pooled) if field.name != "pool"}
        return Digits(size=SIDE, **mine)

    def drawn_from(self, seed: int, on: Kernels, form: Form | None = None) -> Pool:
        """Return the pool; ParameterError if it lacks one of the classes that are needed."""
        found, classes = pool(self.digits(), seed, self.pool, form, on), self.needs()
        for digit in classes:
            if not found.sizes[digit]:
                raise ParameterError(
                    f"{self.name} needs digits of each class from {classes[0]} to {classes[-1]}; the pool of "
                    f"{self.pool:,} has none of class {digit} with seed {seed}: take a larger one"
                )
        return found

    def notes(self) -> list[str]:
        return [note for note in self.digits().notes() if self.origin == "procedural"]


_kept: OrderedDict[tuple[Digits, int, int, Form | None], Pool] = OrderedDict()
_lock = threading.Lock()


def pool(digits: Digits, seed: int, n: int, form: Form | None, on: Kernels) -> Pool:
    """Return the first `n` digits as a pool, which is made once, also where several threads ask for it.

    A process keeps the pools that were asked for last.
    """
    key = digits, seed, n, form
    with _lock:
        if key not in _kept:
            images, labels = _made(digits, seed, n, on)
            _kept[key] = Pool.of(images if form is None else form(images), labels)
            if len(_kept) > _MAX_KEPT:
                _kept.popitem(last=False)
        _kept.move_to_end(key)
        return _kept[key]


def _made(digits: Digits, seed: int, n: int, on: Kernels) -> tuple[Array, Array]:
    images, labels = np.empty((n, SIDE, SIDE), np.uint8), np.empty(n, np.uint8)
    for start in range(0, n, digits.block_rows):
        rows = range(start, min(start + digits.block_rows, n))
        batch = digits.generate(seed, rows, backend=on)
        images[rows.start : rows.stop], labels[rows.start : rows.stop] = batch["image"], batch["label"]
    return images, labels
