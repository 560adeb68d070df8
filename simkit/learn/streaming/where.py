"""Which rows of a data set are as `where` says: looked at once, and kept as a bit for each row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError, UnknownNameError, show
from simkit.schema import Array
from simkit.store.chunks import Chunks

Mask = npt.NDArray[np.bool_]

#: rows that a filter looks at at a time
_ROWS = 2**18

#: values that a filter can list, unless they are an array
_MAX_VALUES = 2**20

#: integers that a field can hold
_LEAST, _MOST = -(2**63), 2**64 - 1


def chosen(chunks: Chunks, where: Mapping[str, Any]) -> npt.NDArray[np.uint8] | None:
    """Return a bit for each row, whether it meets all of `where`, as NumPy's packbits packs them.

    None is all rows.

    Raises
    ------
    UnknownNameError, ParameterError
        If there is no such field or label, or what a field has to be makes no sense.
    """
    found = None
    for name, wanted in where.items():
        UnknownNameError.check("field", name, chunks.schema)
        bits = np.concatenate([np.packbits(mask) for mask in _masks(chunks, name, wanted)])
        found = bits if found is None else found & bits
    return found


def _masks(chunks: Chunks, name: str, wanted: Any) -> Iterator[Mask]:
    """Yield which rows of a field are as `wanted`: a value or label, several, or a function values -> mask."""
    if callable(wanted) and not isinstance(wanted, type):  # a function sees the whole field
        return (_said(name, values, wanted) for values in chunks.column(name, chunks.n_rows))
    field = chunks.schema[name]
    if field.shape:
        raise ParameterError(
            f"where: {show(name)} has several values a row; give a function that returns a mask of rows"
        )
    values = _listed(name, field.labels, wanted)
    return (np.isin(piece, values) for piece in chunks.column(name, _ROWS))


def _said(name: str, values: Array, function: Callable[[Array], Any]) -> Mask:
    try:
        mask = np.asarray(function(values))
    except Exception as error:
        raise ParameterError(
            f"where: the function for {show(name)} failed on its {len(values):,} values: "
            f"{type(error).__name__}: {error}"
        ) from error
    if mask.dtype != bool or mask.shape != (len(values),):
        raise ParameterError(
            f"where: the function for {show(name)} has to return a mask of {len(values):,} rows; "
            f"it returned {mask.dtype} of shape {mask.shape}"
        )
    return mask


def _listed(name: str, labels: Sequence[str], wanted: Any) -> Array:
    """Return a value, several, or labels as numbers."""
    if isinstance(wanted, np.ndarray) and wanted.ndim == 1 and wanted.dtype.kind in "biuf":
        return wanted
    one = isinstance(wanted, (str, Real, np.bool_))
    if isinstance(wanted, (bytes, Mapping, type)) or not (one or isinstance(wanted, Iterable)):
        raise ParameterError(f"where: {show(name)} has to be a value, several, or a function; this is {show(wanted)}")
    items = [wanted] if one else list(islice(wanted, _MAX_VALUES + 1))
    if len(items) > _MAX_VALUES:
        raise ParameterError(
            f"where: {show(wanted)} for {show(name)} lists more than {_MAX_VALUES:,} values; give an array of them, or "
            "a function such as lambda values: values > 3"
        )
    return np.array([_number(name, labels, item) for item in items])


def _number(name: str, labels: Sequence[str], item: Any) -> Any:
    if isinstance(item, str):
        UnknownNameError.check("class", item, labels, f"the field {name}")
        return labels.index(item)
    is_number = isinstance(item, (Real, np.bool_))
    if not is_number or (isinstance(item, Integral) and not _LEAST <= int(item) <= _MOST):
        raise ParameterError(f"where: {show(name)} has to be a label, or a number of 64 bits; this is {show(item)}")
    return item
