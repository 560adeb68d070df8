"""What each cell of a board sees: its 3x3 neighbourhood as one number, of which there are few.

A network's first convolution of 3x3 cells is then a look-up in a table with a row for each number.

Every backend module has one function.

``codes(boards, width, padding) -> uint16 (sample, y, x)``
    Return the code of each cell: bit ``k = 3 (dy + 1) + (dx + 1)`` is the cell dy rows below and dx columns to the
    right, 1 = alive, so that bit 4 is the cell itself.

    With padding ``"circular"`` the board is a torus, and codes are below 512. With ``"zeros"`` cells beside the board
    are neither dead nor alive. Their bits are 0, and 512 times the number of the cell's place among `PLACES` is added,
    which says where the board ends; codes are below 4,608.

Arguments: `boards` uint8 of shape (sample, y, x_byte), eight cells a byte, lowest bit first, spare bits of any value;
`width` in cells; `padding` one of `PADDINGS`. A side is 1 cell or more on a torus, and 3 or more
with ``"zeros"``, so that no cell is at two opposite edges. Anything else is refused.
"""

from __future__ import annotations

from typing import Any

from simkit.backends import Kernel
from simkit.errors import ParameterError, UnknownNameError, show

KERNEL = Kernel("neighbourhoods", ("cuda", "cpu", "reference"))

#: what is beside a board -> how many cells a side of it has at least
PADDINGS = {"zeros": 3, "circular": 1}

#: patterns of 3x3 cells
N_PATTERNS = 512

#: where a cell of a board is that ends: the numbers of places
PLACES = (
    "interior",
    "top left",
    "top",
    "top right",
    "left",
    "right",
    "bottom left",
    "bottom",
    "bottom right",
)


def n_codes(padding: str) -> int:
    """Return how many codes there are: 4,608 with ``"zeros"``, 512 with ``"circular"``."""
    UnknownNameError.check("padding", padding, PADDINGS)
    return N_PATTERNS * (len(PLACES) if padding == "zeros" else 1)


def check(boards: Any, width: int, padding: str) -> None:
    """Raise the error unless boards are as the package's docstring says."""
    UnknownNameError.check("padding", padding, PADDINGS)
    if boards.ndim != 3 or boards.dtype != "uint8":
        raise ParameterError(
            f"boards are uint8 of the shape (sample, y, x_byte); these are {boards.dtype} of the shape {boards.shape}"
        )
    n_bytes = boards.shape[2]
    least = max(PADDINGS[padding], 8 * n_bytes - 7)
    ParameterError.check_integer(f"the width of boards of {n_bytes} bytes a row", width, least, 8 * n_bytes)
    ParameterError.check_integer(
        f"the height of boards with padding {show(padding)}", boards.shape[1], PADDINGS[padding], 2**31 - 1
    )
