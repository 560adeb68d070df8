"""Data cards: what a data set is, for people (Markdown, as Hugging Face shows it) and for programs (Croissant).

Made from recipe, schema and ledger alone. A licence is not given, since none is known.

Source: MLCommons, "Croissant Format Specification", version 1.0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simkit import recipe, registry
from simkit.contract import Source
from simkit.errors import RecipeError, StoreError, counted
from simkit.interchange import Written
from simkit.interchange.croissant import croissant
from simkit.interchange.files import Files
from simkit.interchange.selection import Selection
from simkit.schema import Field, Schema
from simkit.store import Store, open_store

README, CROISSANT = "README.md", "croissant.json"

#: what makes the data set again, once its recipe is in a file of this name
COMMAND = "simkit generate recipe.toml"


@dataclass(frozen=True)
class Card:
    """What there is to say of a data set, or of an export of some of its rows and fields.

    Parameters
    ----------
    schema : Schema
        The fields, as they are described.
    about : mapping
        Values of the recipe file, for its title and citation; empty if there is none.
    """

    store: Store
    schema: Schema
    rows: range
    about: Mapping[str, Any]

    @classmethod
    def of(cls, selection: Selection) -> Card:
        """Return the card of an export."""
        return cls(selection.store, selection.schema, selection.rows, _shipped(selection.store))

    @property
    def title(self) -> str:
        """The recipe file's, or what was made with which seed."""
        made = f"{self.store.recipe['source']} version {self.store.recipe['version']}, seed {self.store.recipe['seed']}"
        return str(self.about.get("title", made))

    @property
    def citation(self) -> str:
        """The recipe file's, or else that of the source, or ""."""
        source = self._source
        return str(self.about.get("citation", source.citation if source else ""))

    @property
    def facts(self) -> tuple[str, ...]:
        """What is known exactly of the rows: of the version that made them, if that is installed."""
        source = self._source
        return source.facts if source and source.version == self.store.recipe["version"] else ()

    @property
    def _source(self) -> type[Source] | None:
        name = self.store.recipe["source"]
        return registry.source_class(name) if name in registry.sources() else None

    @property
    def description(self) -> str:
        """What the source makes, if it is installed, and how many rows there are."""
        source, n_rows = self._source, self.store.layout.n_rows
        what = f"{source.title}. " if source else ""
        which = f"Rows {self.rows.start:,} to {self.rows.stop - 1:,} of " if len(self.rows) < n_rows else ""
        n_done = self.store.n_rows_done
        state = f" {n_done:,} of them are generated so far." if n_done < n_rows else ""
        count = counted(n_rows, "row")
        return f"{what[:1].upper()}{what[1:]}{which}{count}, each a function of recipe and row number.{state}"

    @property
    def digest(self) -> str | None:
        """The root digest of the whole data set, once it is finished."""
        return self.store.root_digest() if self.store.n_rows_done == self.store.layout.n_rows else None

    def markdown(self) -> bytes:
        """Return the card as README.md."""
        tags = json.dumps(["simkit", self.store.recipe["source"]])
        lines = ["---", f"pretty_name: {json.dumps(self.title)}", f"tags: {tags}", "---", f"# {self.title}", ""]
        lines += [
            self.description,
            "",
            "## Fields",
            "",
            "| field | dtype | axes | unit | meaning |",
            "|---|---|---|---|---|",
        ]
        lines += ["| " + " | ".join(_cells(name, field)) + " |" for name, field in self.schema.items()]
        for name, field in self.schema.items():
            for what, names in (("values 0, 1, ... of", field.labels), ("entries of", field.columns)):
                if names:
                    lines += ["", f"The {what} `{name}`: {', '.join(f'`{each}`' for each in names)}."]
        if self.facts:
            lines += ["", "## Known exactly", "", *(f"- {fact}" for fact in self.facts)]
        lines += ["", "## Recipe", "", "```toml", recipe.write(self.store.recipe).rstrip(), "```", ""]
        lines += [f"In a file `recipe.toml`, `{COMMAND}` makes the whole data set again, to the last byte."]
        if self.digest:
            lines += ["", f"Its digest, as `simkit info` shows it: `{self.digest}`."]
        versions = ", ".join(f"{name} {version}" for name, version in self.store.made["versions"].items())
        lines += ["", f"Made on the backend {self.store.made['backend']} with {versions}."]
        if self.citation:
            lines += ["", "## Citation", "", self.citation]
        return ("\n".join(lines) + "\n").encode()

    def croissant(self) -> bytes:
        """Return the card as Croissant 1.0, for a place in the folder of the data set."""
        origin = {"recipe": recipe.write(self.store.recipe), "command": COMMAND, "digest": self.digest}
        origin["known exactly"] = "\n".join(self.facts)
        about = {
            "name": self.title,
            "description": self.description,
            "version": f"{self.store.recipe['version']}.0.0",
            "citeAs": self.citation,
            "additionalProperty": [
                {"@type": "sc:PropertyValue", "name": name, "value": value} for name, value in origin.items() if value
            ],
        }
        values = croissant({name: value for name, value in about.items() if value}, self.schema)
        return (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode()


def write(
    store: Store | str | Path,
    out: str | Path | None = None,
    *,
    recipe_file: str | Path | None = None,
    replace: bool = False,
) -> Written:
    """Write the data card of a data set, README.md and croissant.json: ``simkit.card("x.zarr")``.

    Parameters
    ----------
    store : Store or path
        It need not be finished; the digest is told once it is.
    out : path, optional
        The folder to write to; the data set itself if not given.
    recipe_file : path, optional
        The recipe file that it was made by, for title and citation; those that come with simkit are found.
    replace : bool
        Whether files that hold something else, such as an older card, are replaced.

    Raises
    ------
    RecipeError
        If `recipe_file` is no recipe, or another one.
    StoreError
        If a file cannot be written, or something else is there and `replace` is not set.
    """
    store = store if isinstance(store, Store) else open_store(store)
    about = _shipped(store)
    if recipe_file is not None:
        about = recipe.load(Path(recipe_file))
        if not recipe.is_of(about, store.recipe):
            raise RecipeError(f"{store.path} was not made by the recipe {recipe_file}; `simkit info` shows its own")
    card = Card(store, store.schema, range(store.layout.n_rows), about)
    folder = StoreError.check_path(store.path if out is None else out)
    files = Files(folder, [README, CROISSANT], replace=replace)
    files.put(README, card.markdown())
    files.put(CROISSANT, card.croissant())
    return files.written()


def citation(store: Store) -> str:
    """Return where a data set comes from: the citation of a recipe that comes with simkit, or of its source, or ""."""
    return Card(store, store.schema, range(store.layout.n_rows), _shipped(store)).citation


def _shipped(store: Store) -> Mapping[str, Any]:
    """Return the values of the recipe that comes with simkit and that a data set was made by; {} if there is none."""
    for path in recipe.shipped().values():
        values = recipe.load(path)
        if recipe.is_of(values, store.recipe):
            return values
    return {}


def _cells(name: str, field: Field) -> list[str]:
    axes = [f"{dim} = {length}" for dim, length in zip(field.dims, field.shape, strict=True)]
    packed = f" ({field.bits} cells along {field.dims[-1]}, eight a byte, the lowest bit first)" if field.bits else ""
    return [f"`{name}`", field.dtype, ", ".join(axes), field.unit, f"{field.doc}{packed}".replace("|", "\\|")]
