"""Bit-packed boards as the cells that a network reads, turned and shifted on the torus on the way.

Every backend module has one function.

``expand(boards, places, width, orientation, shift, form, out)``
    Write the cells of each plane of board ``places[i]`` into ``out[i]``. `out` is ``(sample, channel, y, x)``, or
    ``(sample, y, x, channel)`` for a form with ``channels_last``. Plane ``p`` is channel ``p`` (1 = alive) or, for a
    form with ``onehot``, the channels ``2 p`` (1 = dead) and ``2 p + 1`` (1 = alive).

    The planes of sample ``i`` are first put in ``orientation[i]`` - transposed if ``o & 4``, then mirrored left-right
    if ``o & 1``, then upside down if ``o & 2`` - and then shifted cyclically by ``shift[i]``, so many rows down and
    columns to the right.

Arguments: `boards` uint8 of shape (board, plane, y, x_byte), eight cells a byte, lowest bit first; `places` int64 of
shape (sample,), 0 <= place < board; `width` in cells;
`orientation` uint8 of shape (sample,), 0..7, below 4 unless boards are square; `shift` int32 of shape (sample, 2),
0 <= shift < (height, width); `form` a `Form`; `out` a contiguous array of the form's dtype and shape.
"""

from __future__ import annotations

from typing import NamedTuple

from simkit.backends import Kernel

KERNEL = Kernel("cells", ("cpu", "reference"))


class Form(NamedTuple):
    """How cells are laid out."""

    #: two channels a plane, dead and alive, instead of one
    onehot: bool
    #: the channel is the last axis instead of the one after ``sample``
    channels_last: bool
    #: ``"uint8"`` or ``"float32"``
    dtype: str

    def shape(self, n: int, n_planes: int, height: int, width: int) -> tuple[int, int, int, int]:
        """Return the shape of the cells of `n` boards."""
        n_channels = 2 * n_planes if self.onehot else n_planes
        return (n, height, width, n_channels) if self.channels_last else (n, n_channels, height, width)
