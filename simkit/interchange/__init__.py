"""Data sets as files of other programs' formats, and patterns of other programs.

A format is one entry of FORMATS, or of the ``formats`` of a world. It names a function

``write(selection, out, *, replace, progress) -> Written``
    Write the rows of a `Selection` to the path `out`, with `Files`: every file whole or not at all, read and written
    part by part. The same selection gives the same bytes, whenever and wherever. ``progress(n_rows)`` is called now and
    then, with fractions of rows where a file holds one field of all rows.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from simkit import registry
from simkit.errors import ParameterError, StoreError, UnknownNameError, needed_for, show

if TYPE_CHECKING:
    from simkit.store import Store


class Format(NamedTuple):
    """A format that rows can be written in."""

    #: a line for ``simkit export --help``
    about: str
    #: of a file's name, with the dot; "" if it is a folder
    suffix: str
    #: "package.module:function", see above
    write: str
    #: whether it holds the fields of a data set; else single boards
    has_fields: bool = True
    #: library that must be installed
    needs: str | None = None


#: formats of all data sets, by name
FORMATS = {
    "npz": Format("One file for numpy.load, with one array per field.", ".npz", "simkit.interchange.npz:write"),
    "idx": Format("A folder of files like those of MNIST, one per field.", "", "simkit.interchange.idx:write"),
    "webdataset": Format(
        "A folder of tar files for webdataset: a sample is FIELD.npy for arrays, FIELD.cls for classes and json.",
        "",
        "simkit.interchange.webdataset:write",
    ),
    "parquet": Format(
        "One file for pyarrow, polars, duckdb; needs pyarrow.",
        ".parquet",
        "simkit.interchange.parquet:write",
        needs="pyarrow",
    ),
    "hf": Format(
        "A folder for datasets.load_from_disk of Hugging Face; needs pyarrow.",
        "",
        "simkit.interchange.hf:write",
        needs="pyarrow",
    ),
}


def formats() -> dict[str, Format]:
    """Return name -> format, those of the worlds first."""
    return {**{name: registry.load(reference) for name, reference in registry.listed("formats").items()}, **FORMATS}


def default(store: Store) -> str:
    """Return the format that is taken if none is named: the first of the world of a data set, or npz."""
    return next(iter(registry.listed("formats", store.recipe["source"])), "npz")


class Written(NamedTuple):
    """What an export did."""

    n_files: int
    #: of these, files that were there already with the same bytes
    n_same: int
    #: sentences that a user of the files should read
    notes: tuple[str, ...] = ()


def export(
    store: Store | str | Path,
    to: str,
    out: str | Path,
    *,
    rows: range | None = None,
    fields: Sequence[str] | None = None,
    packed: bool = False,
    replace: bool = False,
    progress: Callable[[float], None] = lambda n_rows: None,
) -> Written:
    """Write a data set in another format: ``simkit.export("x.zarr", "npz", "x.npz")``.

    Parameters
    ----------
    store : Store or path
    to : str
        A name in `formats()`.
    out : path
        The file or folder to write.
    rows : range, optional
        All of them if not given.
    fields : sequence of str, optional
        All of them if not given; they stand in the order of the data set.
    packed : bool
        Whether bit-packed boards stay packed, eight cells per byte; else they become one byte per cell, 0 or 1.
    replace : bool
        Whether files that hold something else are replaced.
    progress : callable
        Called now and then with the rows, or parts of rows, that were written since.

    Raises
    ------
    UnknownNameError
        If there is no such format or field.
    ParameterError
        If there are no such rows, or the format does not take what is given.
    LibraryError
        If the library that the format needs is not installed.
    StoreError
        If rows are not generated yet, a file cannot be written, or something else is there and `replace` is not set.
    """
    from simkit.interchange.selection import Selection
    from simkit.store import Store, open_store

    known = formats()
    UnknownNameError.check("format", to, known)
    entry = known[to]
    ParameterError.check_bool("packed", packed)
    if fields is not None and not isinstance(fields, (list, tuple)):
        raise ParameterError(f"fields is a list of names; this is {show(fields)}")
    if not entry.has_fields and (fields is not None or packed):
        raise ParameterError(f"{to} writes whole boards; it takes no choice of fields, and no packed boards")
    if entry.needs:
        with needed_for(f"format {to}"):
            importlib.import_module(entry.needs)
    if not isinstance(store, Store):
        store = open_store(store)
    selection = Selection(
        store,
        range(store.layout.n_rows) if rows is None else rows,
        None if fields is None else tuple(fields),
        packed,
    )
    written: Written = registry.load(entry.write)(
        selection, StoreError.check_path(out), replace=replace, progress=progress
    )
    return written
