"""A strided convolution of an image of few different vectors, as look-ups in tables, with what follows it cell by cell.

An image whose cells hold numbers ``code`` of vectors ``stream[code]`` (C values) goes through a 3x3 convolution to R
channels, LeakyReLU, a 1x1 convolution back to C channels, and is added to its own cells at the stride. The 3x3
convolution is nine tables: ``taps[k][code]`` is what a vector contributes through tap ``k = 3 (dy + 1) + (dx + 1)``.
Every backend module has three functions.

``forward(codes, parameters, grid) -> float32 (sample, y, x, C)``
    With ``Y = grid.stride * y`` and ``X = grid.stride * x``::

        hidden   = bias + sum over k of taps[k][codes[Y + dilation dy, X + dilation dx]]
        out[y,x] = stream[codes[Y, X]] + mixed_bias + leaky(hidden) @ mix

    Cells beside the image contribute nothing, or on a torus are those of the other edge.

``backward(codes, parameters, grid, gradient) -> Parameters``
    The gradients of ``sum(out * gradient)``, of the same shapes and dtypes.

``count(codes, n_codes) -> int64 (n_codes,)``
    How many cells hold each code.

Arguments: `codes` uint16 (sample, y, x); all else float32. Sums over cells are of float32, those of the code
`background`, which most cells and all of their neighbours may hold, of float64: backends agree to rounding.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernel

KERNEL = Kernel("table_convolution", ("cpu", "reference"), rtol=3e-5)

#: slope of LeakyReLU below zero
SLOPE = 0.01

F32 = npt.NDArray[np.float32]


class Parameters(NamedTuple):
    """Tables of the codes, and what does not depend on them; or the gradients of a sum in all of these."""

    #: (code, C)
    stream: F32
    #: (9, code, R)
    taps: F32
    #: (R,)
    bias: F32
    #: (R, C)
    mix: F32
    #: (C,)
    mixed_bias: F32


class Grid(NamedTuple):
    """Which cells are computed, and from which neighbours."""

    stride: int = 2
    dilation: int = 1
    is_torus: bool = False
    #: a code that is common, -1 for none: cells that have it throughout their neighbourhood are computed once
    background: int = -1

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """Return the sides of the result."""
        return -(-height // self.stride), -(-width // self.stride)
