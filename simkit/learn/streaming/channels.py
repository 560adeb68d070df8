"""What bit-packed boards become as channels of a tensor: a table that worlds extend."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from simkit import registry
from simkit.errors import SchemaError, show
from simkit.schema import Batch, Schema

U8 = npt.NDArray[np.uint8]

#: kinds that all boards have: name -> meaning
CHANNELS = {
    "onehot": "two channels, dead and alive",
    "cells": "one channel, 1 = alive",
    "packed": "left as it is: uint8, eight cells a byte",
}


class Channels(Protocol):
    """What a class has that a world lists among its ``channels``; one is made for each field of boards."""

    #: the meaning of the channels, in a line
    about: str
    #: names of the fields that are read beside the boards
    needs: tuple[str, ...]

    def __init__(self, schema: Schema, name: str) -> None:
        """Prepare for boards of the field `name`; ParameterError if the data have not what they need."""

    def planes(self, boards: U8, beside: Batch) -> U8:
        """Return the planes of boards, each of which becomes a channel of cells.

        Parameters
        ----------
        boards : uint8 (sample, y, x_byte)
        beside : dict
            Arrays of the fields in `needs`, of the same rows.

        Returns
        -------
        uint8 (sample, plane, y, x_byte)
            Bit-packed as the boards are. They are computed in several threads at once.
        """


def known() -> dict[str, str]:
    """Return name -> meaning of the kinds of all boards, and name -> "package.module:Class" of those of worlds."""
    return {**CHANNELS, **registry.listed("channels")}


def make(name: str, schema: Schema, fields: Iterable[str]) -> dict[str, Channels]:
    """Return field -> what makes its planes; nothing for the kinds of all boards."""
    return {} if name in CHANNELS else {field: registry.load(known()[name])(schema, field) for field in fields}


def check(planes: U8, boards: U8) -> U8:
    """Return planes as one block of memory; SchemaError unless they are planes of the boards."""
    n, *shape = boards.shape
    if not isinstance(planes, np.ndarray) or planes.dtype != np.uint8 or planes.ndim != 4:
        raise SchemaError(f"channels are made of uint8 planes (sample, plane, y, x_byte); these are {show(planes)}")
    if planes.shape != (n, planes.shape[1], *shape):
        raise SchemaError(f"boards of the shape {boards.shape} have no planes of the shape {planes.shape}")
    return np.ascontiguousarray(planes)
