"""The catalogue as text: all sources and recipes by world, and the page of one source."""

from __future__ import annotations

import inspect
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from simkit.errors import SimkitError
from simkit_cli import display

if TYPE_CHECKING:
    from simkit.contract import Source

#: characters of a line where there is no terminal, and of sentences; and of lists in a terminal that is wide
_WIDTH, _WIDEST = 100, 160

#: what a world has beside its sources -> where it is used
_OF_A_WORLD = {
    "views": "simkit preview --view",
    "formats": "simkit export --format",
    "channels": "simkit.learn.batches(channels=...)",
}


def width() -> int:
    """Return how many characters a line has: as many as the terminal, within limits."""
    return max(40, min(_WIDEST, shutil.get_terminal_size((_WIDTH, 24)).columns))


def text() -> str:
    """Return the catalogue: a line for each source, and one for each recipe."""
    from simkit.recipe import load, shipped
    from simkit.registry import listed, worlds

    recipes = {name: load(path) for name, path in shipped().items()}
    names, others = (max(map(len, each), default=0) for each in (listed("sources"), recipes))
    counts = {name: f"{values['n']:,}" for name, values in recipes.items()}
    digits = max(map(len, counts.values()), default=0)
    sources, made = [], []
    for world in worlds().values():
        if world.sources:
            sources += [heading(world.title), *(_of_source(name, names) for name in sorted(world.sources)), ""]
        of_it = {name: values for name, values in recipes.items() if values["source"] in world.sources}
        if of_it:
            lines = (
                _line(name, others, values.get("title", ""), counts[name].rjust(digits))
                for name, values in of_it.items()
            )
            made += [f"Recipes and their rows: {world.title}", *lines, ""]
    return "\n".join([*sources, *made, "next: simkit sources NAME"])


def page(cls: type[Source]) -> str:
    """Return what there is to know of a source, but for its sample."""
    from simkit.contract import documented
    from simkit.recipe import load, shipped
    from simkit.registry import listed

    schema = cls.build({}).schema()
    fields = [
        (name, field.dtype, f"({field.axes})", field.unit or "-", field.meaning) for name, field in schema.items()
    ]
    parts = [
        _wrapped(f"{cls.name}, version {cls.version}: {cls.title}"),
        *(f"\n{paragraph}" for paragraph in description(cls)),
        "\nParameters (--set NAME=VALUE)",
        _table([(name, kind, f"= {plain(default)}", doc) for name, kind, default, doc in documented(cls)]),
        "\nFields, with the default parameters",
        _table([("name", "dtype", "axes", "unit", "meaning"), *fields]),
        f"  {schema.row_nbytes:,} bytes per row before compression",
    ]
    if cls.facts:
        parts += ["\nKnown exactly", *(_wrapped(fact, "  - ", "    ") for fact in cls.facts)]
    if cls.citation:
        parts += ["\nCitation", _wrapped(cls.citation, "  ", "  ")]
    made = [name for name, path in shipped().items() if load(path)["source"] == cls.name]
    if made:
        parts += ["\nRecipes", _wrapped(", ".join(made), "  ", "  ")]
    has = [(kind, ", ".join(listed(kind, cls.name)) or "none", how) for kind, how in _OF_A_WORLD.items()]
    return "\n".join([*parts, "\nBeside what all data sets have", display.table_text(has)])


def heading(title: str) -> str:
    """Return a title with a capital letter."""
    return title[:1].upper() + title[1:]


def description(cls: type[Source]) -> Iterator[str]:
    """Yield the paragraphs of a source's docstring; none if it has none of its own."""
    written = inspect.cleandoc(cls.__doc__ or "").replace("``", "`")
    if written.startswith(f"{cls.__name__}("):  # what dataclasses write
        return
    for paragraph in filter(None, written.split("\n\n")):
        is_set = any(line[:1] in {" ", "-", "*", "|"} for line in paragraph.splitlines())
        yield paragraph if is_set else _wrapped(paragraph)


def shortened(words: str, most: int) -> str:
    """Return a text of one line, cut after a word if it has more than so many characters."""
    return textwrap.shorten(words, max(10, most), placeholder=" ...", break_on_hyphens=False)


def _of_source(name: str, longest: int) -> str:
    """Return the line of a source; of one that cannot be loaded, why, for the sake of the others."""
    from simkit.registry import source_class

    try:
        return _line(name, longest, source_class(name).title)
    except SimkitError as error:
        return f"  {name.ljust(longest)}  {error}"


def _line(name: str, longest: int, title: str, n_rows: str = "") -> str:
    begin = f"  {name.ljust(longest)}  " + (f"{n_rows}  " if n_rows else "")
    return (begin + shortened(title, width() - len(begin))).rstrip()


def _wrapped(words: str, first: str = "", others: str = "") -> str:
    return textwrap.fill(
        words, min(_WIDTH, width()), initial_indent=first, subsequent_indent=others, break_on_hyphens=False
    )


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells in aligned columns, the last one wrapped."""
    begin = 2 + sum(2 + max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)) if rows else 0
    lines = []
    for *cells, last in rows:
        first, *others = textwrap.wrap(last, max(30, width() - begin), break_on_hyphens=False) or [""]
        lines += [(*cells, first), *((*([""] * len(cells)), other) for other in others)]
    return display.table_text(lines)


def plain(value: object) -> str:
    """Return the value of a parameter as --set takes it."""
    if value == ():
        return "none"
    if isinstance(value, tuple):
        return ("x" if isinstance(value[0], int) else ",").join(map(str, value))
    return str(value)
