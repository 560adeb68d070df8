"""What codes stand for, as a network reads it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simkit.kernels.neighbourhoods import N_PATTERNS, n_codes


def patches(padding: str) -> npt.NDArray[np.float32]:
    """Return the neighbourhood of each code as the planes of a network.

    Parameters
    ----------
    padding : str
        One of `PADDINGS`.

    Returns
    -------
    numpy.ndarray
        float32 (code, channel, y, x) of 4,608 or 512 codes, channels dead and alive, 3x3 cells: one channel of each
        cell is 1, or none where it is beside the board. A convolution of the planes of a board is the product of its
        weights and these, at the code of each cell. Bits beside the board, which no code of a board has, do not count.
    """
    n_places = n_codes(padding) // N_PATTERNS
    bits = (np.arange(N_PATTERNS)[:, None, None] >> np.arange(9).reshape(3, 3)) & 1
    found = np.zeros((n_places, N_PATTERNS, 2, 3, 3), np.float32)
    found[:, :, 0], found[:, :, 1] = 1 - bits, bits
    for place, (rows, columns) in enumerate(_BESIDE[:n_places]):
        found[place, :, :, rows] = 0
        found[place, :, :, :, columns] = 0
    return found.reshape(-1, 2, 3, 3)


#: the rows and columns of a neighbourhood that are beside the board, for each of PLACES
_BESIDE: list[tuple[list[int], list[int]]] = [
    ([], []),
    ([0], [0]),
    ([0], []),
    ([0], [2]),
    ([], [0]),
    ([], [2]),
    ([2], [0]),
    ([2], []),
    ([2], [2]),
]
