"""The Metropolis algorithm for Ising spins on a torus, one checkerboard colour a step, with Philox's random numbers.

Every backend module has one function.

``run(cells, n_steps, *, acceptance, seed, row, every=1, start=0) -> Trace``
    Spins `n_steps` later, and their census at the times ``start``, ``start + every``, ... Step t of all time is the
    turn of the spins with y + x + t even: one with u unsatisfied bonds of four flips if u is 2 or more, with
    probability exp(-2 beta) if u is 1, and exp(-4 beta) if it is 0.

    * cells: uint8 (y, x), 0 or 1; sides multiples of 16
    * acceptance: uint32 (interval,), ``2**32 exp(-2 beta)``, rounded, below 2**32; number k is that of the steps from
      ``k * every`` up to ``(k + 1) * every``, counted from time 0
    * seed, row: 0..2**64-1, of the random numbers
    * start: the time of `cells`, a multiple of `every`

Both probabilities are exact fractions: ``a / 2**32`` and ``a**2 / 2**64`` of an acceptance a. So flips to and fro are
in detailed balance, without any rounding, at ``beta = (32 ln 2 - ln a) / 2``.

Random numbers
--------------
A random integer r of 64 binary digits is compared with ``2**32 a`` or ``a**2``; the spin flips if r is below. Spins lie
as `Lanes` says, 64 to a word. Digits ``63 - 2 k`` and ``62 - 2 k`` of the integers of word p are block ``32 p + k`` of
the Philox of (seed, row) in stream ``t + 1``, the digit of the word's bit 0 in the lowest place of two outputs, which
form 64 bits, the upper half first. Digits are drawn from the highest
down only until each comparison is decided.

Sources: N. Metropolis et al., J. Chem. Phys. 21 (1953) 1087; for whole words of spins L. Jacobs, C. Rebbi, J. Comput.
Phys. 41 (1981) 203.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernel

KERNEL = Kernel("metropolis", ("cuda", "cpu", "reference"))

#: what a census counts: up spins, unsatisfied bonds, and spins with u = 0..4 unsatisfied bonds
QUANTITIES = ("up", "unsatisfied", "u0", "u1", "u2", "u3", "u4")

#: both sides are multiples of it
SIDE = 16

#: pairs of binary digits of a random number; stream of Philox in step 0
N_PAIRS, FIRST_STREAM = 32, 1


class Trace(NamedTuple):
    """What became of spins."""

    #: uint8 (y, x): the spins at the end
    cells: npt.NDArray[np.uint8]
    #: int64 (sample, quantity): the census, as QUANTITIES says
    census: npt.NDArray[np.int64]


class Lanes(NamedTuple):
    """How spins lie in words: 8 times 8 parts of the torus, of `height` times `width` spins, a bit of a word each.

    Bit ``8 i + j`` of a word is the spin at (y + i height, x + j width), y and x being those of the word in a part. So
    all bits of a word are of one colour, and neighbours are whole words, rotated at the edges of a part. Word
    ``y * width / 2 + x // 2`` of a colour c has y + x + c even.
    """

    height: int
    width: int

    @property
    def n_words(self) -> int:
        """Words of a colour."""
        return self.height * self.width // 2


def lanes(shape: tuple[int, ...]) -> Lanes:
    """Return how spins (y, x) lie in words."""
    return Lanes(shape[-2] // 8, shape[-1] // 8)


def to_words(cells: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Pack spins (y, x) into words of the two colours: uint64 (colour, word)."""
    at = lanes(cells.shape)
    parts = cells.reshape(8, at.height, 8, at.width).transpose(1, 3, 0, 2).reshape(at.height, at.width, 64)
    words = np.packbits(parts, axis=-1, bitorder="little").view("<u8")[..., 0].astype(np.uint64, copy=False)
    found = np.empty((2, at.height, at.width // 2), np.uint64)
    for colour in range(2):
        for parity in range(2):
            found[colour, parity::2] = words[parity::2, (parity + colour) % 2 :: 2]
    return found.reshape(2, at.n_words)


def to_cells(words: npt.NDArray[np.uint64], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Return the spins (y, x) that words (colour, word) hold: uint8."""
    at = lanes(shape)
    both = words.reshape(2, at.height, at.width // 2)
    whole = np.empty((at.height, at.width), "<u8")
    for colour in range(2):
        for parity in range(2):
            whole[parity::2, (parity + colour) % 2 :: 2] = both[colour, parity::2]
    bits = np.unpackbits(whole[..., None].view(np.uint8), axis=-1, bitorder="little")
    parts = bits.reshape(at.height, at.width, 8, 8).transpose(2, 0, 3, 1)
    return np.ascontiguousarray(parts.reshape(shape))
