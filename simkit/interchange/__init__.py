"""Data sets as files of other programs' formats, and patterns of other programs.

A format is one entry of FORMATS: a file with a function

``export(selection, out, *, replace, progress) -> Written``
    Write the rows of a `Selection` to the path `out`, every file whole or not at all (`files.put` does so). A file that
    is there with the same bytes is left alone; with other bytes it is replaced if `replace`, else a StoreError is
    raised. ``progress(n_rows)`` is called now and then.
"""

from __future__ import annotations

from typing import NamedTuple


class Format(NamedTuple):
    """A format that rows can be written in."""

    #: a line for ``simkit export --help``
    about: str
    #: of a file's name, with the dot
    suffix: str
    #: module that has `export`
    module: str


FORMATS = {
    "rle": Format(
        "Text that Golly, LifeViewer and LifeWiki read, a file a row. PATH is the file if it ends in .rle, else "
        "a folder that gets row-000003.rle or soup-000003.rle and so on.",
        ".rle",
        "simkit.interchange.patterns",
    ),
}


class Written(NamedTuple):
    """What an export did."""

    n_files: int
    #: of these, files that were there already with the same bytes
    n_same: int
    #: sentences that a user of the files should read
    notes: tuple[str, ...] = ()
