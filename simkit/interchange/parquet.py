"""A data set as one Parquet file.

A field without axes is a plain column, one with axes a list of fixed length, or lists of lists. What the schema says of
a field stands in the metadata of its column, the recipe in those of the file, under ``simkit``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from simkit.interchange import Written
from simkit.interchange.files import Files
from simkit.interchange.selection import Selection
from simkit.schema import Array, Field

#: decoded bytes of a row group at most: encoding it takes some thirty times as much memory
_GROUP_BYTES = 2**22


def write(selection: Selection, out: Path, *, replace: bool, progress: Callable[[float], None]) -> Written:
    """Write a Parquet file of row groups, compressed with zstd; see the package's docstring."""
    files = Files(out.parent, [out.name], replace=replace)
    schema = selection.schema
    origin = {"recipe": selection.store.recipe, "rows": [selection.rows.start, selection.rows.stop]}
    columns = pa.schema(
        [pa.field(name, _type(field), False, _about(field)) for name, field in schema.items()],
        {"simkit": json.dumps(origin)},
    )
    n_rows = max(1, _GROUP_BYTES // schema.row_nbytes)
    with files.open(out.name) as file, parquet.ParquetWriter(file, columns, compression="zstd") as writer:
        for rows, batch in selection.batches(n_rows=n_rows):
            arrays = [_array(batch[name], field) for name, field in schema.items()]
            writer.write_table(pa.Table.from_arrays(arrays, schema=columns), row_group_size=n_rows)
            progress(len(rows))
    return files.written()


def _type(field: Field) -> pa.DataType:
    kind = pa.from_numpy_dtype(np.dtype(field.dtype))
    for length in reversed(field.shape):
        kind = pa.list_(kind, length)
    return kind


def _array(values: Array, field: Field) -> pa.Array:
    array = pa.array(values.reshape(-1))
    for length in reversed(field.shape):
        array = pa.FixedSizeListArray.from_arrays(array, length)
    return array


def _about(field: Field) -> dict[str, str]:
    about = {"doc": field.doc, "unit": field.unit, "dims": json.dumps(field.dims)}
    about |= {"labels": json.dumps(field.labels)} if field.labels else {}
    about |= {"columns": json.dumps(field.columns)} if field.columns else {}
    return about | ({"bits": str(field.bits)} if field.bits is not None else {})
