"""A data set as IDX files, those of MNIST: one a field, ``ash-idx3-ubyte``, ``rule-idx1-ubyte``.

Two zero bytes, the number of a type, the number of axes, the length of each axis as a 32-bit integer, then the values
in C order; all big-endian.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", "file formats".
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from simkit.errors import ParameterError
from simkit.interchange import Written
from simkit.interchange.card import README, Card
from simkit.interchange.files import Files
from simkit.interchange.selection import Selection
from simkit.schema import Field

#: dtype -> number and name of the type
_TYPES = {
    "bool": (0x08, "ubyte"),
    "uint8": (0x08, "ubyte"),
    "int8": (0x09, "byte"),
    "int16": (0x0B, "short"),
    "int32": (0x0C, "int"),
    "float32": (0x0D, "float"),
    "float64": (0x0E, "double"),
}


def write(selection: Selection, out: Path, *, replace: bool, progress: Callable[[float], None]) -> Written:
    """Write a folder of IDX files and a data card; see the package's docstring.

    Raises
    ------
    ParameterError
        If a field's dtype is none of IDX, or there are 2**32 rows or more.
    """
    schema = selection.schema
    alien = [f"{name} ({field.dtype})" for name, field in schema.items() if field.dtype not in _TYPES]
    if alien:
        raise ParameterError(
            f"IDX files hold {', '.join(_TYPES)}, and not {', '.join(alien)}; choose others with --fields"
        )
    if len(selection.rows) >= 2**32:
        raise ParameterError(f"IDX files hold less than 2**32 rows; these are {len(selection.rows):,}: choose some")
    names = {name: f"{name}-idx{1 + len(field.shape)}-{_TYPES[field.dtype][1]}" for name, field in schema.items()}
    files = Files(out, {README, *names.values()}, replace=replace, alone=True)
    for name, field in schema.items():
        with files.open(names[name]) as file:
            file.write(_header(field, len(selection.rows)))
            for rows, batch in selection.batches(name):
                file.write(batch[name].astype(np.dtype(field.dtype).newbyteorder(">")).tobytes())
                progress(len(rows) * field.nbytes / schema.row_nbytes)
    files.put(README, Card.of(selection).markdown())
    cells = [name for name in schema if selection.store.schema[name].bits and not selection.packed]
    return files.written(*(f"{name} holds 0 and 1, not 0 and 255 as images do" for name in cells))


def _header(field: Field, n_rows: int) -> bytes:
    shape = (n_rows, *field.shape)
    return bytes([0, 0, _TYPES[field.dtype][0], len(shape)]) + np.array(shape, ">u4").tobytes()
