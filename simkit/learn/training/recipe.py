"""Recipes of training: a population of networks as a few lines of TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simkit.contract import MAX_ROWS, check_seed
from simkit.errors import ParameterError, RecipeError, UnknownNameError, show
from simkit.learn.models import Architecture
from simkit.learn.training.settings import Course, Data, Optimiser
from simkit.learn.training.source import Training, architecture_of
from simkit.recipe import Recipe
from simkit.store import Store, open_store

#: keys of a file: tables and others
_TABLES = ("architecture", "data", "optimiser", "course")
_OTHERS = ("models", "seed", "title", "citation")

#: keys of the table of data: which data set, and what of it
_WHICH = ("recipe", "store", "n", "seed", "parameters", "digest")
_WHAT = ("inputs", "classes", "augment", "splits")

#: keys that are texts, or lists of them
_TEXTS: Mapping[str, type] = {
    "recipe": str, "store": str, "digest": str, "inputs": str, "classes": str, "augment": list,
}  # fmt: skip


@dataclass(frozen=True)
class Population:
    """Networks to be trained, before their data set is there.

    Attributes
    ----------
    architecture : Architecture
    data : Recipe or Path
        What makes the data set, or where it is.
    what : mapping
        The other values of the table of data; see `settings.Data`.
    optimiser : Optimiser
    course : Course
    models, seed : int
    name : str
        Of the data set, and of the store of networks if none is given.
    """

    architecture: Architecture
    data: Recipe | Path
    what: Mapping[str, Any]
    optimiser: Optimiser
    course: Course
    models: int = 1
    seed: int = 0
    name: str = "models"
    data_name: str = "data"

    def __post_init__(self) -> None:
        ParameterError.check_integer("the number of models", self.models, 1, MAX_ROWS - 1)
        check_seed(self.seed)

    def training(self, store: Store) -> Training:
        """Return the source whose rows are these networks, now that their data set is there."""
        data = Data(recipe=store.recipe, digest=store.root_digest(), **self.what)
        return Training(self.architecture, data, self.optimiser, self.course)


def read(path: str | Path) -> Population:
    """Return the population that a recipe file describes.

    Raises
    ------
    RecipeError
        If there is no such file, or it is not TOML, or lacks a table.
    UnknownNameError, ParameterError
        If it has a key or a name that there is none of, or a value is out of its range.
    """
    path = Path(path)
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RecipeError(f"cannot read the recipe {path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"the recipe {path} is not TOML: {error}") from None
    for key in values:
        UnknownNameError.check("key", key, (*_TABLES, *_OTHERS), f"a recipe of training (here {path})")
    for key in ("architecture", "data"):
        if not isinstance(values.get(key), Mapping):
            raise RecipeError(f"the recipe {path} lacks the table [{key}]; {_HINT[key]}")
    data, what, name = _data(values["data"], path)
    return Population(
        architecture_of(values["architecture"]),
        data,
        what,
        Optimiser.of(values.get("optimiser", {})),
        Course.of(values.get("course", {})),
        values.get("models", 1),
        values.get("seed", 0),
        path.stem,
        name,
    )


_HINT = {
    "architecture": 'it names what is trained, as name = "res-cnn-cac" (simkit models lists them)',
    "data": 'it says what networks learn from, as recipe = "ca-ash-2rules" with n = 60_000, or store = "x.zarr"',
}


def _data(table: Mapping[str, Any], path: Path) -> tuple[Recipe | Path, dict[str, Any], str]:
    """Return what makes the data set or where it is, what is learnt of it, and its name."""
    for key in table:
        UnknownNameError.check("key", key, (*_WHICH, *_WHAT), f"the table data of {path}")
    what = {key: table[key] for key in _WHAT if key in table}
    for key, kind in _TEXTS.items():
        if not isinstance(table.get(key, kind()), kind):
            shown = "a text" if kind is str else "a list of texts"
            raise ParameterError(f"the table data of {path}: {show(key)} takes {shown}; this is {show(table[key])}")
    if ("recipe" in table) == ("store" in table):
        raise RecipeError(f"the table data of {path} names a recipe or a store, one of the two")
    if "store" in table:
        if more := [key for key in ("n", "seed", "parameters") if key in table]:
            raise RecipeError(f"a store has the rows it has; the table data of {path} has {', '.join(more)} beside it")
        place = path.parent / table["store"]
        if "digest" in table and open_store(place).root_digest() != table["digest"]:
            raise RecipeError(
                f"{place} has digest {open_store(place).root_digest()}, and {path} says {table['digest']}"
            )
        return place, what, place.stem
    given = table["recipe"]
    beside = path.parent / given
    found = beside if given.endswith(".toml") and beside.exists() else given
    recipe = Recipe.of(found, n=table.get("n"), seed=table.get("seed"), parameters=table.get("parameters", {}))
    if "digest" in table:
        recipe = Recipe(recipe.source, recipe.seed, recipe.n, table["digest"])
    return recipe, what, Path(given).stem
