"""A data set as a folder that ``datasets.load_from_disk`` of Hugging Face opens, with its data card.

data-00000-of-00003.arrow   Arrow stream files
dataset_info.json           features: ClassLabel for classes, Array2D to Array5D for boards and the like
state.json                  the names of the Arrow files; written last, so that a folder that opens is whole
README.md                   the data card
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from simkit.errors import ParameterError
from simkit.interchange import Written
from simkit.interchange.card import README, Card
from simkit.interchange.files import Files
from simkit.interchange.selection import Selection
from simkit.schema import Array, Field

#: decoded bytes of an Arrow file at most, about
_FILE_BYTES = 2**29

#: axes of a field at most: there is Array2D to Array5D
_MAX_AXES = 5


def write(selection: Selection, out: Path, *, replace: bool, progress: Callable[[float], None]) -> Written:
    """Write a data set for Hugging Face's `datasets`; see the package's docstring.

    Raises
    ------
    ParameterError
        If a field has more than five axes.
    """
    schema, rows = selection.schema, selection.rows
    alien = [name for name, field in schema.items() if len(field.shape) > _MAX_AXES]
    if alien:
        raise ParameterError(
            f"datasets has arrays of {_MAX_AXES} axes at most, and {', '.join(alien)} more; choose others with --fields"
        )
    features = {name: _feature(field) for name, field in schema.items()}
    columns = pa.schema(
        [_column(name, field) for name, field in schema.items()],
        {"huggingface": json.dumps({"info": {"features": features}})},
    )
    step = max(1, _FILE_BYTES // schema.row_nbytes)
    parts = [range(start, min(start + step, rows.stop)) for start in range(rows.start, rows.stop, step)]
    names = [f"data-{i:05d}-of-{len(parts):05d}.arrow" for i in range(len(parts))]
    files = Files(out, {README, "dataset_info.json", "state.json", *names}, replace=replace, alone=True)
    for name, part in zip(names, parts, strict=True):
        with files.open(name) as file, pa.ipc.new_stream(file, columns) as stream:
            for block, batch in selection.of(part).batches():
                arrays = [_array(batch[name], field) for name, field in schema.items()]
                stream.write_batch(pa.RecordBatch.from_arrays(arrays, schema=columns))
                progress(len(block))
    card = Card.of(selection)
    files.put(README, card.markdown())
    info = {"citation": card.citation, "description": card.description}
    files.put("dataset_info.json", _json({**info, "features": features, "homepage": "", "license": ""}))
    files.put("state.json", _json(_state(selection, names)))
    return files.written()


def _state(selection: Selection, names: list[str]) -> dict[str, Any]:
    chosen = [selection.store.recipe, selection.rows.start, selection.rows.stop, list(selection.schema)]
    fingerprint = hashlib.sha256(json.dumps([*chosen, selection.packed], sort_keys=True).encode()).hexdigest()[:16]
    return {
        "_data_files": [{"filename": name} for name in names],
        "_fingerprint": fingerprint,
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": None,
    }


def _json(values: dict[str, Any]) -> bytes:
    return (json.dumps(values, indent=2) + "\n").encode()


def _feature(field: Field) -> dict[str, Any]:
    """Return what `datasets` calls a feature."""
    if len(field.shape) > 1:
        return {"shape": list(field.shape), "dtype": field.dtype, "_type": f"Array{len(field.shape)}D"}
    if field.shape:
        return {"feature": {"dtype": field.dtype, "_type": "Value"}, "length": field.shape[0], "_type": "Sequence"}
    if field.labels:
        return {"names": list(field.labels), "_type": "ClassLabel"}
    return {"dtype": field.dtype, "_type": "Value"}


def _column(name: str, field: Field) -> pa.Field:
    """Return the column of a field; one of several axes is marked with the extension type that `datasets` registers."""
    value = pa.from_numpy_dtype(np.dtype(field.dtype))
    if len(field.shape) > 1:
        kind = f"datasets.features.features.Array{len(field.shape)}DExtensionType"
        about = {"ARROW:extension:name": kind, "ARROW:extension:metadata": json.dumps([field.shape, field.dtype])}
        for _ in field.shape:
            value = pa.list_(value)
        return pa.field(name, value, metadata=about)
    if field.shape:
        return pa.field(name, pa.list_(value, field.shape[0]))
    return pa.field(name, pa.int64() if field.labels else value)


def _array(values: Array, field: Field) -> pa.Array:
    if field.labels and not field.shape:
        return pa.array(values.astype(np.int64))
    array = pa.array(values.reshape(-1))
    if len(field.shape) == 1:
        return pa.FixedSizeListArray.from_arrays(array, field.shape[0])
    for length in reversed(field.shape):
        array = pa.ListArray.from_arrays(np.arange(0, len(array) + 1, length, dtype=np.int32), array)
    return array
