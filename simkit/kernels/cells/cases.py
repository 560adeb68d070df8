"""Argument sets of `cells`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product

import numpy as np

from simkit.kernels.cases import Call
from simkit.kernels.cells import Form

#: heights and widths: of whole bytes and words, and of neither
_SIZES = ((64, 64), (16, 24), (7, 13), (1, 1))


def expand(n: int, n_planes: int, height: int, width: int, form: Form, seed: int = 0) -> Call:
    """Return a call that expands `n` of some boards, in all orientations by turns, and about half of them shifted."""
    random = np.random.default_rng(seed)
    drawn = random.integers(0, 2, (n, n_planes, height, width), np.uint8)
    boards = np.packbits(drawn, axis=-1, bitorder="little")
    places = random.integers(0, n, n)
    orientation = ((np.arange(n) + random.integers(8)) % (8 if height == width else 4)).astype(np.uint8)
    shift = (random.integers(0, [height, width], (n, 2)) * random.integers(0, 2, (n, 1))).astype(np.int32)
    out = np.full(form.shape(n, n_planes, height, width), 9, form.dtype)
    return Call("expand", (boards, places, width, orientation, shift, form, out))


CASES: Mapping[str, Callable[[], Call]] = {
    f"{height}x{width}, {dtype}{', onehot' * onehot}{', channels last' * last}": partial(
        expand, 9, 2, height, width, Form(onehot, last, dtype)
    )
    for (height, width), onehot, last, dtype in product(_SIZES, (False, True), (False, True), ("uint8", "float32"))
}
