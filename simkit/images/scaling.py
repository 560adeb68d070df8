"""Square pictures at another size, by whole numbers: between pixels when they grow, by means when they shrink."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.schema import Array


def scaled(images: Array, size: int, full: int) -> npt.NDArray[np.uint8]:
    """Return pictures of another size.

    A pixel is a mean of those around its place, with weights that fall linearly to 0 at the distance of one pixel, of
    the larger of both kinds. So nothing is changed where the sizes are equal.

    Parameters
    ----------
    images : integers, shape (image, side, side)
    size : int
        The side of the new ones.
    full : int
        The value that becomes 255.

    Returns
    -------
    uint8, shape (image, size, size)
        Rounded to the nearest, half up.
    """
    side = images.shape[1]
    if side == size and full == 255:
        return images.astype(np.uint8, copy=False)
    weights = _weights(side, size)
    sums = weights.sum(axis=1)
    total = 2 * full * sums[:, None] * sums
    found = np.empty((len(images), size, size), np.uint8)
    for first in range(0, len(images), 256):  # so that the wide integers stay small
        part = slice(first, first + 256)
        means = weights @ images[part].astype(np.int64) @ weights.T
        found[part] = (510 * means + total // 2) // total
    return found


def _weights(side: int, size: int) -> npt.NDArray[np.int64]:
    """Return how much each old pixel counts for a new one, (new, old); lengths are in 1 / (2 side size) of a side."""
    new, old = np.arange(size)[:, None], np.arange(side)
    weights: npt.NDArray[np.int64] = np.maximum(
        0, 2 * max(size, side) - np.abs((2 * old + 1) * size - (2 * new + 1) * side)
    )
    return weights
