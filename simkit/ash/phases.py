"""Boards with the generation that follows, as channels for a network."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError
from simkit.kernels import life
from simkit.schema import Batch, Schema

U8 = npt.NDArray[np.uint8]


class Phases:
    """Alive now and alive a generation later, each board under its own rule.

    See `simkit.learn.streaming.channels.Channels`.
    """

    about: ClassVar[str] = "two channels, alive now and alive a generation later"
    needs: ClassVar[tuple[str, ...]] = ("rule",)

    def __init__(self, schema: Schema, name: str) -> None:
        if "rule" not in schema or not schema["rule"].labels:
            raise ParameterError("channels='phases' needs a field 'rule' whose labels are rulestrings; there is none")
        self._width = schema[name].bits or 0
        self._rules = tuple(life.Rule.parse(label) for label in schema["rule"].labels)

    def planes(self, boards: U8, beside: Batch) -> U8:
        step, which = life.KERNEL.load("cpu").step, beside["rule"]
        both = np.stack((boards, boards), axis=1)
        for index in np.unique(which):
            chosen = which == index
            both[chosen, 1] = step(boards[chosen], self._width, self._rules[index], 1)
        return both
