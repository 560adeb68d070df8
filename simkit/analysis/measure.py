"""Measure: what is measured of a network, as surveys call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from simkit.analysis.boards import Rows
from simkit.learn.models import ResCNN_CAC
from simkit.schema import Schema


class Sample(NamedTuple):
    """Rows of the data set that a survey uses.

    Attributes
    ----------
    train, test, some : Rows
        Of the train split, of the test split, and a part of the latter, for what takes long.
    """

    train: Rows
    test: Rows
    some: Rows


class Measure(NamedTuple):
    """What is measured of a network.

    Attributes
    ----------
    schema : callable
        model -> Schema; fields of all measures have different names.
    run : callable
        (model, sample, seed) -> arrays as the schema says, without the axis of samples.
    """

    schema: Callable[[ResCNN_CAC], Schema]
    run: Callable[[ResCNN_CAC, Sample, int], Mapping[str, Any]]
