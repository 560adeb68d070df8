"""Architectures of networks: frozen values of plain parameters, each of which builds a module.

>>> from simkit import models
>>> net = models.architecture("res-cnn-cac", C=8).build(seed=1)
>>> net = models.load("models.zarr", 3)                       # a trained one, row 3
"""

from __future__ import annotations

import importlib
from typing import Any

from simkit.errors import UnknownNameError, needed_for

with needed_for("simkit.models"):
    from simkit.learn.models.architecture import Architecture as Architecture
    from simkit.learn.models.architecture import flatten as flatten
    from simkit.learn.models.architecture import unflatten as unflatten
    from simkit.learn.models.boards import packed as packed
    from simkit.learn.models.boards import planes as planes
    from simkit.learn.models.residual import ResCNN_CAC as ResCNN_CAC
    from simkit.learn.models.stored import load as load
    from simkit.learn.models.tables import forward as forward

#: name of an architecture -> its module in this package and its class there
ARCHITECTURES = {"res-cnn-cac": ("res_cnn_cac", "ResCNNCAC")}


def architecture(name: str, /, **parameters: Any) -> Architecture:
    """Return the architecture called `name` with `parameters`, e.g. ``architecture("res-cnn-cac", W=64, C=16)``.

    Raises
    ------
    UnknownNameError
        If there is no such architecture or no such parameter.
    ParameterError
        If a parameter has the wrong kind or is out of range.
    """
    UnknownNameError.check("architecture", name, ARCHITECTURES)
    module, attribute = ARCHITECTURES[name]
    cls: type[Architecture] = getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
    return cls.of(parameters)
