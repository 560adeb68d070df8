"""Boards as cells in Numba. Nothing here holds the GIL.

Bound: the bytes of the result. Boards whose rows are whole bytes are turned and shifted as bits, and eight bits become
eight cells in one instruction or a few, which are written out at once. Others go cell by cell through a buffer that
stays in the first cache.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from simkit.kernels.cells import Form
from simkit.kernels.compiling import stamped


@nb.njit(nogil=True, cache=True)
@stamped
def _unpack(board, width, is_mirrored, is_upside_down, cells):
    height = board.shape[0]
    n_bytes = width // 8
    for y in range(height):
        bits, row = board[y], cells[height - 1 - y if is_upside_down else y]
        if is_mirrored:
            for x in range(n_bytes * 8, width):
                row[width - 1 - x] = (bits[n_bytes] >> (x % 8)) & 1
            whole = row[width - 8 * n_bytes :]
            for byte in range(n_bytes):
                for k in range(8):
                    whole[8 * byte + k] = (bits[n_bytes - 1 - byte] >> (7 - k)) & 1
        else:
            for byte in range(n_bytes):
                for k in range(8):
                    row[8 * byte + k] = (bits[byte] >> k) & 1
            for x in range(n_bytes * 8, width):
                row[x] = (bits[n_bytes] >> (x % 8)) & 1


@nb.njit(nogil=True, cache=True)
@stamped
def _transpose(cells):
    """Swap y and x, a square of 16 cells at a time, so that reads and writes stay in the first cache."""
    side = cells.shape[0]
    for top in range(0, side, 16):
        for left in range(0, side, 16):
            for y in range(top, min(top + 16, side)):
                for x in range(max(left, y + 1), min(left + 16, side)):
                    cells[y, x], cells[x, y] = cells[x, y], cells[y, x]


@nb.njit(nogil=True, cache=True)
@stamped
def _copy(source, is_inverted, target):
    """Write cells, or what they are not, into `target`; a loop over views, which becomes vector instructions."""
    one = np.uint8(1)
    if is_inverted:
        for x in range(source.shape[0]):
            target[x] = np.uint8(source[x] ^ one)
    else:
        for x in range(source.shape[0]):
            target[x] = source[x]


@nb.njit(nogil=True, cache=True)
@stamped
def _copy_shifted(row, right, is_inverted, target):
    width = row.shape[0]
    if right:
        _copy(row[: width - right], is_inverted, target[right:])
        _copy(row[width - right :], is_inverted, target[:right])
    else:
        _copy(row, is_inverted, target)


#: bytes with their bits in reverse
_REVERSED = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1), axis=1, bitorder="little")[:, 0]


def _cells(context: Any, builder: Any, array: Any, byte: Any) -> Any:
    """Return the eight bits of a byte, lowest first, as a vector of ones and zeros of the array's type."""
    kind = ir.VectorType(context.get_data_type(array.dtype), 8)
    one, zero = (ir.Constant(kind, [kind.element(value)] * 8) for value in (1, 0))
    return builder.select(builder.bitcast(byte, ir.VectorType(ir.IntType(1), 8)), one, zero)


def _put(context: Any, builder: Any, array_type: Any, array: Any, index: Any, vector: Any) -> None:
    data = context.make_array(array_type)(context, builder, array).data
    place = builder.bitcast(builder.gep(data, [index]), vector.type.as_pointer())
    builder.store(vector, place, align=array_type.dtype.bitwidth // 8)


@intrinsic
def _store(_context: Any, target: Any, index: Any, byte: Any) -> Any:
    """Write eight cells into ``target[index : index + 8]``."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, place, bits = arguments
        cells = _cells(context, builder, signature.args[0], bits)
        _put(context, builder, signature.args[0], array, place, cells)
        return context.get_dummy_value()

    return types.void(target, types.intp, types.uint8), code


@intrinsic
def _store_pairs(_context: Any, target: Any, index: Any, byte: Any, other: Any) -> Any:
    """Write eight cells of each of two bytes in turn into ``target[index : index + 16]``."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, place, *bits = arguments
        first, second = (_cells(context, builder, signature.args[0], each) for each in bits)
        turn = ir.Constant(ir.VectorType(ir.IntType(32), 16), [i // 2 + 8 * (i % 2) for i in range(16)])
        _put(context, builder, signature.args[0], array, place, builder.shuffle_vector(first, second, turn))
        return context.get_dummy_value()

    return types.void(target, types.intp, types.uint8, types.uint8), code


@nb.njit(nogil=True, cache=True)
@stamped
def _transposed(board, turned):
    """Swap y and x, eight by eight bits at a time in one word (H. S. Warren, "Hacker's Delight", section 7-3)."""
    for top in range(board.shape[1]):
        for left in range(board.shape[1]):
            word = np.uint64(0)
            for k in range(8):
                word |= np.uint64(board[8 * top + k, left]) << np.uint64(8 * k)
            for by, mask in ((7, 0x00AA00AA00AA00AA), (14, 0x0000CCCC0000CCCC), (28, 0x00000000F0F0F0F0)):
                swap = (word ^ (word >> np.uint64(by))) & np.uint64(mask)
                word ^= swap ^ (swap << np.uint64(by))
            for k in range(8):
                turned[8 * left + k, top] = np.uint8((word >> np.uint64(8 * k)) & np.uint64(0xFF))


@nb.njit(nogil=True, cache=True)
@stamped
def _turn(board, turn, down, right, spare, turned):
    """Write a board of whole bytes into `turned`, in its orientation and shifted; `spare` is as large."""
    if turn & 4:
        _transposed(board, spare)
        board = spare
    height, n_bytes = board.shape
    by = np.uint32(right % 8)
    for y in range(height):
        from_y = y - down if y >= down else y - down + height
        if turn & 2:
            from_y = height - 1 - from_y
        place = (n_bytes - right // 8) % n_bytes  # of the byte whose bits begin the row
        before = np.uint32(0)
        for x in range(-1, n_bytes):
            at = place - 1 if x < 0 else place + x
            at += n_bytes if at < 0 else (-n_bytes if at >= n_bytes else 0)
            bits = np.uint32(_REVERSED[board[from_y, n_bytes - 1 - at]] if turn & 1 else board[from_y, at])
            if x >= 0:
                turned[y, x] = np.uint8((bits << by | before >> (np.uint32(8) - by)) & np.uint32(0xFF))
            before = bits


@nb.njit(nogil=True, cache=True)
@stamped
def _expand_bytes(boards, places, orientation, shift, onehot, channels_last, out):
    """Write boards of whole bytes into `out`, which is flat; board ``i`` is number ``places[i]``."""
    n_planes, height, n_bytes = boards.shape[1:]
    whole = np.uint8(0xFF)
    turned, spare = np.empty((2, n_planes, height, n_bytes), np.uint8)
    at = 0
    for i in range(places.shape[0]):
        planes = boards[places[i]]
        if orientation[i] | shift[i, 0] | shift[i, 1]:
            for plane in range(n_planes):
                _turn(planes[plane], orientation[i], shift[i, 0], shift[i, 1], spare[plane], turned[plane])
            planes = turned
        if channels_last and (onehot or n_planes == 2):
            for y in range(height):
                for x in range(n_bytes):
                    first = planes[0, y, x]
                    _store_pairs(  # type: ignore[call-arg]
                        out, at, np.uint8(first ^ whole) if onehot else first, first if onehot else planes[1, y, x]
                    )
                    at += 16
            continue
        for plane in range(n_planes):
            for flipped in range(0xFF if onehot else 0, -1, -0xFF):
                for y in range(height):
                    for x in range(n_bytes):
                        _store(out, at, np.uint8(planes[plane, y, x] ^ np.uint8(flipped)))  # type: ignore[call-arg]
                        at += 8


@nb.njit(nogil=True, cache=True)
@stamped
def _expand_cells(boards, places, width, orientation, shift, onehot, channels_last, out):
    """Write boards of any width, cell by cell."""
    height = boards.shape[2]
    cells = np.empty((height, width), np.uint8)
    n_states = 2 if onehot else 1
    for i in range(places.shape[0]):
        turn, down, right = orientation[i], shift[i, 0], shift[i, 1]
        for plane in range(boards.shape[1]):
            # mirrored left-right after a transposition is upside down before it
            left_right, upside_down = turn & 1, turn & 2
            if turn & 4:
                left_right, upside_down = upside_down, left_right
            _unpack(boards[places[i], plane], width, left_right != 0, upside_down != 0, cells)
            if turn & 4:
                _transpose(cells)
            for y in range(height):
                row = cells[y - down if y >= down else y - down + height]
                for state in range(n_states):
                    channel, is_inverted = n_states * plane + state, onehot and state == 0
                    if channels_last:
                        _copy_shifted(row, right, is_inverted, out[i, y, :, channel])
                    else:
                        _copy_shifted(row, right, is_inverted, out[i, channel, y])


def expand(
    boards: npt.NDArray[np.uint8],
    places: npt.NDArray[np.int64],
    width: int,
    orientation: npt.NDArray[np.uint8],
    shift: npt.NDArray[np.int32],
    form: Form,
    out: npt.NDArray[Any],
) -> None:
    """Write the cells of boards; see the package's docstring."""
    n_channels = boards.shape[1] * (2 if form.onehot else 1)
    if width % 8 or (form.channels_last and n_channels > 2):
        _expand_cells(boards, places, width, orientation, shift, form.onehot, form.channels_last, out)
    else:
        flat = out.view()
        flat.shape = (-1,)  # an error if `out` is not contiguous
        _expand_bytes(boards, places, orientation, shift, form.onehot, form.channels_last, flat)
