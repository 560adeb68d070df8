"""A data set as one ``.npz`` file: with one array per field, for ``numpy.load``."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from simkit.interchange import Written
from simkit.interchange.files import Files
from simkit.interchange.selection import Selection
from simkit.schema import Field


def write(selection: Selection, out: Path, *, replace: bool, progress: Callable[[float], None]) -> Written:
    """Write a file as ``numpy.savez`` does; see the package's docstring."""
    files = Files(out.parent, [out.name], replace=replace)
    schema = selection.schema
    with files.open(out.name) as file, zipfile.ZipFile(file, "w") as archive:
        for name, field in schema.items():
            member = zipfile.ZipInfo(f"{name}.npy")  # of the year 1980: the bytes do not depend on the time
            with archive.open(member, "w", force_zip64=True) as array:
                array.write(header(field, len(selection.rows)))
                for rows, batch in selection.batches(name):
                    array.write(batch[name].tobytes())
                    progress(len(rows) * field.nbytes / schema.row_nbytes)
    return files.written()


def header(field: Field, *n_rows: int) -> bytes:
    """Return what comes before the values in a ``.npy`` file of a row, or of so many."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file,
        {
            "descr": np.lib.format.dtype_to_descr(np.dtype(field.dtype)),
            "fortran_order": False,
            "shape": (*n_rows, *field.shape),
        },
    )
    return file.getvalue()
