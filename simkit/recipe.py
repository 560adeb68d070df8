"""Recipes: a data set as a few lines of TOML. A recipe is data: nothing in it is evaluated."""

from __future__ import annotations

import json
import numbers
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any

from simkit import registry
from simkit.contract import MAX_ROWS, Source, Spec, check_seed
from simkit.errors import ParameterError, RecipeError, UnknownNameError, show

#: what the package index calls simkit; the plain name belongs to another project there
_DISTRIBUTION = "simkit-interp"

#: keys of a recipe file: needed, and free to be left out
_NEEDED = ("source", "version", "n")
_OPTIONAL = ("seed", "parameters", "title", "citation", "digest")


@dataclass(frozen=True)
class Recipe:
    """Everything that determines a data set.

    Parameters
    ----------
    source : Source
    seed : int, 0..2**64-1
    n : int
        Rows, at least 1.
    digest : str or None
        The root digest that the finished data set must have, where it is known.
    """

    source: Source
    seed: int
    n: int
    digest: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", check_seed(self.seed))
        if not isinstance(self.source, Source):
            raise ParameterError(f"a recipe needs a source, simkit.source(NAME); this is {show(self.source)}")
        if isinstance(self.n, bool) or not isinstance(self.n, numbers.Integral) or not 1 <= self.n < MAX_ROWS:
            raise ParameterError(f"n is the number of rows, a whole number from 1 to 2**63 - 1; this is {show(self.n)}")
        object.__setattr__(self, "n", int(self.n))

    @classmethod
    def of(
        cls,
        what: Recipe | Source | str | Path,
        *,
        n: int | None = None,
        seed: int | None = None,
        parameters: Mapping[str, Any] = MappingProxyType({}),
    ) -> Recipe:
        """Return the recipe that a source or recipe means, or the name or file of one, with what is changed in it.

        Raises
        ------
        UnknownNameError, RecipeError
            If there is no such source or recipe.
        ParameterError
            If `n` is not given and no recipe says it, or if anything is out of its range.
        """
        digest = None
        if isinstance(what, Recipe):
            values, digest = what.spec(), what.digest
        elif isinstance(what, Source):
            values = what.spec()
        elif not isinstance(what, (str, Path)):
            raise ParameterError(f"a data set is made of a source, a recipe, or the name of one; this is {show(what)}")
        elif (path := find(str(what))) is not None:
            values = dict(load(path))
            digest = values.get("digest")
        else:
            UnknownNameError.check("source or recipe", what, [*registry.sources(), *shipped()])
            values = {"source": what, "version": registry.source_class(str(what)).version, "parameters": {}}
        if isinstance(what, (Recipe, Source)):  # need not be a source that has a name here
            given = what.source if isinstance(what, Recipe) else what
            source = type(given).build({**given.parameters(), **parameters}) if parameters else given
        else:
            source = registry.parse({**values, "parameters": {**values["parameters"], **parameters}})
        is_changed = n is not None or seed is not None or bool(parameters)
        n = values.get("n") if n is None else n
        if n is None:
            raise ParameterError(f"say how many rows of {source.name} to make, such as n=1_000_000")
        return cls(source, values.get("seed", 0) if seed is None else seed, n, None if is_changed else digest)

    def spec(self) -> Spec:
        """Return the recipe as plain values, as the attribute ``recipe`` of a data set holds it."""
        return {**self.source.spec(), "seed": self.seed, "n": self.n}

    @classmethod
    def parse(cls, spec: Mapping[str, Any]) -> Recipe:
        """Return the recipe that ``spec()`` gave."""
        source = registry.parse(spec)
        for key in ("seed", "n"):
            if key not in spec:
                raise RecipeError(f"the spec of a recipe has seed and n beside its source; this is {show(spec)}")
        return cls(source, spec["seed"], spec["n"])


def load(path: Path) -> Mapping[str, Any]:
    """Read a recipe file into its plain values.

    Raises
    ------
    RecipeError
        If it is not TOML, lacks a key, or has one that recipes do not have.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RecipeError(f"cannot read the recipe {path}: {error.strerror}") from None
    except ValueError as error:  # an integer of more digits than Python takes is one, too
        raise RecipeError(f"the recipe {path} is not TOML: {error}") from None
    except RecursionError:
        raise RecipeError(f"the recipe {path} is nested too deep; a recipe has one table, [parameters]") from None
    for key in values:
        if key not in _NEEDED + _OPTIONAL:
            raise UnknownNameError.of("key", key, _NEEDED + _OPTIONAL, f"a recipe (here {path})")
    for key in _NEEDED:
        if key not in values:
            raise RecipeError(f"the recipe {path} lacks {show(key)}; it needs {', '.join(_NEEDED)}")
    for key, kind in (("source", str), ("title", str), ("citation", str), ("digest", str), ("parameters", dict)):
        if not isinstance(values.get(key, kind()), kind):
            raise RecipeError(f"in the recipe {path} {show(key)} has to be a {'table' if kind is dict else 'text'}")
    return {"seed": 0, "parameters": {}, **values}


def shipped() -> dict[str, Path]:
    """Return name -> path of the recipes that come with simkit (the folder ``datasets`` of its repository)."""
    beside = Path(__file__).parent.parent / "datasets"
    if (beside.parent / "pyproject.toml").is_file():
        paths = list(beside.glob("*.toml"))
    else:
        try:
            files = metadata.files(_DISTRIBUTION) or []
        except metadata.PackageNotFoundError:  # on a path and not installed: no recipes come with that
            files = []
        paths = [Path(str(file.locate())) for file in files if file.match("share/simkit/datasets/*.toml")]
    return {path.stem: path.resolve() for path in sorted(paths)}


def is_of(values: Mapping[str, Any], spec: Mapping[str, Any]) -> bool:
    """Say whether the values of a recipe file are those that a data set was made by, however many rows it has."""
    if any(values[key] != spec[key] for key in ("source", "version", "seed")):
        return False
    return bool(registry.parse(values).parameters() == spec["parameters"])


def write(spec: Mapping[str, Any]) -> str:
    """Return the recipe of a data set as the text of a recipe file."""

    def lines(values: Mapping[str, Any]) -> list[str]:
        # JSON's texts, numbers and lists are TOML's too.
        return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]

    plain = {name: value for name, value in spec.items() if name != "parameters"}
    return "\n".join([*lines(plain), "", "[parameters]", *lines(spec["parameters"]), ""])


def find(text: str) -> Path | None:
    """Return the recipe file that `text` means, or None if it is not written like one.

    That is a path that ends in ``.toml``, or the name of a shipped recipe, also as ``datasets/NAME.toml``.
    """
    path = Path(text)
    if text.endswith(".toml"):
        if os.path.exists(path):  # noqa: PTH110 - False, not an error, for a path that cannot be looked at
            return path
        if path.parent in (Path(), Path("datasets")) and path.stem in shipped():
            return shipped()[path.stem]
        raise RecipeError(f"there is no recipe {text}; simkit comes with {', '.join(shipped()) or 'none'}")
    return shipped().get(text)
