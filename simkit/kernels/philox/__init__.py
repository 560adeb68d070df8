"""Philox4x32-10: counter-based random numbers, a pure function of (seed, row, stream, position).

Every backend module has two functions.

``words(seed, rows, stream, n_words) -> uint32, shape (row, n_words)``
    Word ``i`` of a row is output ``i % 4`` of the block with

    * key      ``(seed mod 2**32, seed >> 32)``
    * counter  ``(i // 4, row mod 2**32, row >> 32, stream)``

``bits(seed, rows, stream, n_words, threshold) -> uint32, shape (row, n_words)``
    Independent bits that are 1 with probability ``threshold / 2**32`` exactly, 32 to a word. Each bit compares an
    integer, given one binary digit at a time, with `threshold`: digit ``j`` (31 = the highest) of the bits in
    word ``i`` is word ``(31 - j) * 4 * ceil(n_words / 4) + i`` of the row. Digits below the lowest set bit of
    `threshold` decide nothing and are not drawn, so that a fair bit costs one random bit.

Arguments: `seed` 0..2**64-1; `rows` uint64 of shape (row,); `stream` 0..2**32-1, one for each use that must be
independent of the others; `n_words` up to 2**27; `threshold` 0..2**32.

Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011).
"""

from __future__ import annotations

from simkit.backends import Kernel

KERNEL = Kernel("philox", ("cuda", "cpu", "reference"))

#: multipliers and key increments of the paper (table 2 and section 4)
MULTIPLIER_0, MULTIPLIER_1 = 0xD2511F53, 0xCD9E8D57
WEYL_0, WEYL_1 = 0x9E3779B9, 0xBB67AE85
N_ROUNDS = 10

#: binary digits of a threshold
N_DIGITS = 32
