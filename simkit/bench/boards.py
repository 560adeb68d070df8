"""The boards that streaming is measured with."""

from __future__ import annotations

from simkit import registry
from simkit.contract import Source
from simkit.errors import ParameterError


def boards_to_classify() -> tuple[Source, str, str]:
    """Return the first source with bit-packed boards and a class, and the names of both fields.

    Raises
    ------
    ParameterError
        If no source is like that.
    """
    for name in registry.sources():
        source = registry.source(name)
        schema = source.schema()
        boards = [key for key, field in schema.items() if field.bits and len(field.shape) == 2]
        classes = [key for key, field in schema.items() if field.labels and not field.shape]
        if boards and classes:
            return source, boards[0], classes[0]
    raise ParameterError("no source has bit-packed boards and a class of each; name a data set to stream")
