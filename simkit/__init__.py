"""simkit: simulations and data sets with fully known causes, for interpretability research.

>>> import simkit
>>> batch = simkit.source("ca-ash", rules=("B3/S23",)).generate(seed=0, rows=range(100))
>>> boards = simkit.unpack(batch["ash"])          # uint8 (100, 128, 128)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simkit import learn as learn
    from simkit.ash.tally import census as census
    from simkit.errors import SimkitError as SimkitError
    from simkit.figures.preview import preview as preview
    from simkit.interchange import export as export
    from simkit.interchange.card import write as card
    from simkit.lattices import ising as ising
    from simkit.learn import models as models
    from simkit.learn.training import train as train
    from simkit.recipe import Recipe as Recipe
    from simkit.registry import source as source
    from simkit.run import generate as generate
    from simkit.schema import unpack as unpack
    from simkit.store import open_store as open  # noqa: A004 - simkit.open, as in zarr.open

__version__ = "0.1.0"

#: public name -> where it lives; imported when first used, so that `import simkit` costs nothing
_PUBLIC = {
    "Recipe": ("simkit.recipe", "Recipe"),
    "SimkitError": ("simkit.errors", "SimkitError"),
    "card": ("simkit.interchange.card", "write"),
    "census": ("simkit.ash.tally", "census"),
    "export": ("simkit.interchange", "export"),
    "generate": ("simkit.run", "generate"),
    "open": ("simkit.store", "open_store"),
    "preview": ("simkit.figures.preview", "preview"),
    "source": ("simkit.registry", "source"),
    "train": ("simkit.learn.training", "train"),
    "unpack": ("simkit.schema", "unpack"),
}

#: parts that are used by their name, as simkit.learn.batches -> module; imported when first used
_PARTS = {"ising": "simkit.lattices.ising", "learn": "simkit.learn", "models": "simkit.learn.models"}

__all__ = [
    "Recipe",
    "SimkitError",
    "card",
    "census",
    "export",
    "generate",
    "open",
    "preview",
    "source",
    "train",
    "unpack",
]


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return importlib.import_module(_PARTS[name])
    if name not in _PUBLIC:
        from simkit.errors import UnknownNameError

        raise AttributeError(str(UnknownNameError.of("attribute", name, [*_PUBLIC, *_PARTS], "simkit")))
    module, attribute = _PUBLIC[name]
    value = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, *_PARTS, "__version__"])
