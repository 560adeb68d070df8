"""Field, Schema and check(): the datum that crosses module borders."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError, SchemaError, UnknownNameError, show
from simkit.tables import as_html

Array = npt.NDArray[Any]
Batch = dict[str, Array]

#: names of fields become names of folders and files; the letters are those that every file system and Zarr take
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")

#: what a data set holds beside its fields
_RESERVED = ("ledger", "zarr.json")


#: axes of fields of pixels, without their leading ``sample`` axis
PICTURES = (("y", "x"), ("channel", "y", "x"))


@dataclass(frozen=True)
class Field:
    """One named array of a batch, described without its leading ``sample`` axis.

    Parameters
    ----------
    dtype : str
        NumPy dtype name, e.g. ``"uint8"``.
    doc : str
        One line: meaning, range, special values.
    dims : tuple of str
        Names of the axes after ``sample``.
    shape : tuple of int
        Lengths of those axes.
    unit : str
        Unit of the values, ``""`` where there is none.
    atol : float
        How far a backend may be from the reference; 0 is bit for bit.
    bits : int or None
        For a bit-packed field: the number of cells along the last axis. Eight cells per byte, the first cell
        in the lowest bit (little bit order), the spare bits of the last byte 0.
    labels : tuple of str
        For a field of classes: the names of the values 0, 1, 2, ...
    columns : tuple of str
        The names of the entries along the last axis, where they have any.
    full : int or None
        For a field of pixels: the value of full brightness. Its axes are (y, x), or (channel, y, x).
    """

    dtype: str
    doc: str
    dims: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    unit: str = ""
    atol: float = 0.0
    bits: int | None = None
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    full: int | None = None

    def __post_init__(self) -> None:
        if len(self.dims) != len(self.shape):
            raise SchemaError(f"dims {show(self.dims)} and shape {show(self.shape)} differ in length")
        if self.columns and (len(self.columns),) != self.shape[-1:]:
            raise SchemaError(f"{len(self.columns)} columns are named on the last axis of the shape {show(self.shape)}")
        if self.bits is not None and (self.dtype != "uint8" or self.shape[-1:] != (-(-self.bits // 8),)):
            raise SchemaError(f"{self.bits} packed bits need uint8 and {-(-self.bits // 8)} bytes on the last axis")
        if self.labels and np.dtype(self.dtype).kind not in "biu":
            raise SchemaError(f"names of classes belong to whole numbers; these are {self.dtype}")
        if self.full is not None and (self.dtype != "uint8" or self.dims not in PICTURES or not 1 <= self.full <= 255):
            raise SchemaError(
                "pixels are uint8, with the axes (y, x) or (channel, y, x) and full brightness 1 to 255; these are "
                f"{self.dtype}, with the axes ({', '.join(self.dims)}) and {show(self.full)}"
            )

    @property
    def axes(self) -> str:
        """The axes and their lengths, as "sample, y 64, x_byte 8"."""
        return ", ".join(["sample", *(f"{dim} {length}" for dim, length in zip(self.dims, self.shape, strict=True))])

    @property
    def meaning(self) -> str:
        """What the field is, with the names of its classes, the packing of its cells and what is full brightness."""
        named = [f"{i} = {label}" if label != str(i) else label for i, label in enumerate(self.labels)]
        labels = f": {', '.join(named)}" if named else ""
        packing = f"; {self.bits} cells along {self.dims[-1]}, eight per byte, lowest bit first" if self.bits else ""
        light = f"; {self.full} = full brightness" if self.full else ""
        return self.doc + labels + packing + light

    def class_name(self, number: int) -> str:
        """Return the name of a class; SchemaError if it has none, as may be in what a stranger has written."""
        if not 0 <= number < len(self.labels):
            raise SchemaError(
                f"a value is {number:,}, and the classes that have names are 0 to {len(self.labels) - 1:,} "
                f"({self.doc}); `simkit verify` says what is wrong with the data set"
            )
        return self.labels[number]

    @property
    def nbytes(self) -> int:
        """Bytes of one row."""
        return int(np.dtype(self.dtype).itemsize) * math.prod(self.shape)

    def empty(self, n_rows: int) -> Array:
        """An uninitialised array for `n_rows` rows; ParameterError if there is no memory for it."""
        try:
            return np.empty((n_rows, *self.shape), self.dtype)
        except (MemoryError, ValueError):
            raise ParameterError(
                f"{n_rows:,} rows of {self.nbytes:,} bytes do not fit into memory; take fewer at a time"
            ) from None


class Schema(Mapping[str, Field]):
    """An ordered mapping of field name to Field.

    Raises
    ------
    SchemaError
        If a name cannot be that of a folder and of exported files. It has 1 to 64 characters, each of them an ASCII
        letter, a digit, ``_``, ``-`` or ``.`` (not the first), and is neither ``ledger`` nor ``zarr.json``.
    """

    def __init__(self, /, **fields: Field) -> None:
        for name in fields:
            if not _NAME.fullmatch(name) or name.lower() in _RESERVED:
                raise SchemaError(
                    f"{show(name)} is not a name for a field: it needs 1 to 64 of A-Z, a-z, 0-9, '_', '-' and '.', "
                    f"not '.' first, and {' and '.join(_RESERVED)} are taken"
                )
        self._fields = fields

    def __getitem__(self, name: str) -> Field:
        UnknownNameError.check("field", name, self._fields)
        return self._fields[name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Schema({', '.join(self)})"

    def _repr_html_(self) -> str:
        fields = [(name, field.dtype, field.axes, field.unit, field.meaning) for name, field in self.items()]
        title = f"Fields, {self.row_nbytes:,} bytes per row before compression"
        return as_html(title, ("field", "dtype", "axes", "unit", "meaning"), fields)

    @property
    def row_nbytes(self) -> int:
        """Bytes of one row over all fields."""
        return sum(field.nbytes for field in self.values())

    def empty(self, n_rows: int) -> Batch:
        """An uninitialised batch of `n_rows` rows."""
        return {name: field.empty(n_rows) for name, field in self.items()}


def check(schema: Schema, batch: Mapping[str, Array], n_rows: int) -> None:
    """Raise SchemaError unless `batch` is exactly `n_rows` rows of `schema`."""
    if list(batch) != list(schema):
        raise SchemaError(f"fields {list(batch)} where the schema says {list(schema)}")
    for name, field in schema.items():
        array = batch[name]
        if str(array.dtype) != field.dtype:
            raise SchemaError(f"field {show(name)} has dtype {array.dtype} where the schema says {field.dtype}")
        if array.shape != (n_rows, *field.shape):
            raise SchemaError(f"field {show(name)} has shape {array.shape}, the schema says {(n_rows, *field.shape)}")


def unpack(boards: npt.NDArray[np.uint8], width: int | None = None) -> npt.NDArray[np.uint8]:
    """Unpack bit-packed boards into one byte per cell.

    Parameters
    ----------
    boards : uint8, shape (..., y, x_byte)
        As the field ``ash`` holds them: eight cells per byte, lowest bit first.
    width : int, optional
        Cells along x; all the bits if it is not given (right for widths that are multiples of 8).

    Returns
    -------
    uint8, shape (..., y, x), values 0 (dead) and 1 (alive)

    Raises
    ------
    ParameterError
        If `boards` is not uint8 or holds fewer than `width` cells along x.
    """
    boards = np.asarray(boards)
    if boards.dtype != np.uint8 or boards.ndim < 1:
        raise ParameterError(f"unpack takes packed uint8 boards; this is {boards.dtype} of shape {boards.shape}")
    if width is not None:
        width = ParameterError.check_integer(
            f"the width of boards with {boards.shape[-1]:,} bytes per row", width, 1, 8 * boards.shape[-1]
        )
    return np.unpackbits(boards, axis=-1, count=width, bitorder="little")
