"""Writes the reference before the site is built: commands from click, sources from the registry, the API from modules.

Nothing here names a command, a source or a world, so that what is added to simkit is added to these pages.
"""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import simkit_cli.main
from simkit_cli.commands.sources.catalogue import description
from simkit_cli.commands.sources.sample import sampled
from sphinx.application import Sphinx

import simkit
from simkit import recipe, registry
from simkit.contract import Source, documented
from simkit.errors import StoreError
from simkit.figures.picture import Sheet
from simkit.figures.preview import describe, views
from simkit.figures.sheet import draw_sheet

#: rows of a source's picture
N_ROWS = 6

#: modules whose public names the page of the API shows, beside those of `simkit` itself, with a title each
MODULES = {
    "simkit.learn": "Training",
    "simkit.learn.models": "Architectures and trained networks",
    "simkit.learn.training": "Populations of networks",
    "simkit.analysis.swap": "Layers swapped",
    "simkit.analysis.ablation": "Layers left out",
    "simkit.analysis.spectra": "Spectra of weights",
    "simkit.analysis.sae": "Autoencoders of the stream",
    "simkit.analysis.features": "Features against objects",
    "simkit.analysis.probes": "Linear probes",
    "simkit.analysis.objects": "Objects on boards",
    "simkit.analysis.logits": "Logits against counts of objects",
    "simkit.analysis.interventions": "Objects pasted and cut",
    "simkit.analysis.pictures": "What features look at",
    "simkit.analysis.survey": "Surveys of populations",
    "simkit.analysis.taps": "Taps",
    "simkit.split": "Rows for training, validation and testing",
    "simkit.store": "Data sets on disk",
    "simkit.contract": "Sources",
    "simkit.schema": "Schemas",
    "simkit.registry": "Worlds and the registry",
    "simkit.figures.picture": "Descriptions of pictures",
    "simkit.testing": "Tests for sources of other packages",
    "simkit.interchange.rle": "RLE files",
    "simkit.ash.ca_ash": "Ash",
    "simkit.ash.census": "Tables of objects in ash",
    "simkit.lattices.ising": "Exact results of the Ising model",
    "simkit.study.findings": "What a study finds",
    "simkit.study.statistics": "Statistics",
    "simkit.errors": "Errors",
}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = ([cell.replace("|", r"\|") for cell in line] for line in (head, ["---"] * len(head), *rows))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def plain(text: str) -> str:
    """Return a text that Markdown shows as it is, but for what stands between single backticks."""
    parts = text.split("`")
    for mark in "\\*_<[":
        parts[::2] = [part.replace(mark, f"\\{mark}") for part in parts[::2]]
    return "`".join(parts)


def commands() -> str:
    """Return the page of all commands."""
    sections = (section for name, command in tree(simkit_cli.main.main, "simkit") for section in manual(name, command))
    head = "# Commands\n\nWritten from the command line itself; `simkit COMMAND --help` prints the same.\n"
    return "\n".join([head, *sections])


def tree(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Yield name and command of everything below a group."""
    context = click.Context(command, info_name=name)
    for part in command.list_commands(context) if isinstance(command, click.Group) else ():
        child = command.get_command(context, part)
        if child is not None and not child.hidden:
            yield f"{name} {part}", child
            yield from tree(child, f"{name} {part}")


def manual(name: str, command: click.Command) -> Iterator[str]:
    """Yield the usage, the help and the options of a command."""
    context = click.Context(command, info_name=name)
    yield f"{'#' * name.count(' ')}# {name}\n"
    yield f"```text\n{' '.join([name, *command.collect_usage_pieces(context)])}\n```\n"
    for paragraph in inspect.cleandoc(command.help or "").split("\f")[0].split("\n\n"):
        as_set = paragraph.startswith("\b\n")  # click's mark of lines that stay as they are
        yield f"```text\n{paragraph[2:]}\n```\n" if as_set else f"{plain(paragraph)}\n"
    records = [record for option in command.get_params(context) if (record := option.get_help_record(context))]
    if records:
        yield table(("option", "meaning"), [(f"`{usage}`", plain(meaning)) for usage, meaning in records])


def catalogue(pages: Path) -> str:
    """Write a page for each source, with its picture, and return the page that lists them by world."""
    text = (
        "# Sources\n\nEvery source that is installed, and the recipes that come with simkit, as `simkit sources` lists "
        "them. Each page has a picture of rows, parameters, fields, what is known exactly, and where the data come "
        "from.\n"
    )
    recipes = {name: recipe.load(path) for name, path in recipe.shipped().items()}
    for package, world in registry.worlds().items():
        classes = [registry.source_class(name) for name in sorted(world.sources)]
        title = world.title[0].upper() + world.title[1:]
        rows = [(f"[`{cls.name}`](sources/{cls.name}.md)", str(cls.version), plain(cls.title)) for cls in classes]
        if rows:
            text += f"\n## {title}\n\nPackage `{package}`.\n\n{table(('source', 'version', 'what a row is'), rows)}"
        made = [(name, values) for name, values in recipes.items() if values["source"] in world.sources]
        if made:
            listed = [(f"`{name}`", f"{each['n']:,}", plain(each.get("title", ""))) for name, each in made]
            text += f"\n{table(('recipe', 'rows', 'what it is'), listed)}"
        for cls in classes:
            of_it = [(name, values) for name, values in made if values["source"] == cls.name]
            (pages / f"{cls.name}.md").write_text(page_of(cls, pages, of_it), "utf-8")
    names = "\n".join(f"sources/{name}" for world in registry.worlds().values() for name in sorted(world.sources))
    return f"{text}\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"


def page_of(cls: type[Source], pages: Path, recipes: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Return the page of a source: what it is, pictures of rows, parameters, fields, facts, citation, recipes."""
    source = cls.build({})
    parts = [
        f"# {cls.name}\n",
        f"Version {cls.version}: {plain(cls.title)}.\n",
        *(f"{plain(paragraph)}\n" for paragraph in description(cls)),
        f"```sh\nsimkit generate {cls.name} --n {N_ROWS}\n```\n",
    ]
    parts += [f"![The view {view} of {N_ROWS} rows](pictures/{name})\n" for view, name in pictures(source, pages)]
    parts += [f"Note: {plain(note)}\n" for note in source.notes()]
    parts += ["## Parameters\n", "Set with `--set NAME=VALUE`, or as keywords of `simkit.source`.\n"]
    parameters = [
        (f"`{name}`", f"`{kind}`", f"`{written(value)}`", plain(doc)) for name, kind, value, doc in documented(cls)
    ]
    parts += [table(("parameter", "kind", "default", "meaning"), parameters)]
    parts += [
        "## Fields\n",
        f"With the default parameters; {source.schema().row_nbytes:,} bytes per row before compression.\n",
    ]
    fields = [
        (f"`{name}`", f"`{field.dtype}`", field.axes, plain(field.unit), plain(field.meaning))
        for name, field in source.schema().items()
    ]
    parts += [table(("field", "dtype", "axes", "unit", "meaning"), fields)]
    if cls.facts:
        parts += ["## Known exactly\n", *(f"- {plain(fact)}" for fact in cls.facts), ""]
    if cls.citation:
        parts += ["## Citation\n", f"{plain(cls.citation)}\n"]
    if recipes:
        listed = [(f"`{name}`", f"{each['n']:,}", plain(each.get("title", ""))) for name, each in recipes]
        parts += [
            "## Recipes\n",
            "`simkit generate NAME` makes them.\n",
            table(("recipe", "rows", "what it is"), listed),
        ]
    return "\n".join(parts)


def pictures(source: Source, pages: Path) -> Iterator[tuple[str, str]]:
    """Draw each view of the first rows that is a sheet; yield the view and the name of its file."""
    folder = pages / "pictures"
    folder.mkdir(exist_ok=True)
    n_rows = min(N_ROWS, source.n_rows())
    with sampled(source, n_rows, "auto") as store:
        for view in views(store):
            try:
                found = describe(store, [0], view, "auto")
            except StoreError:  # a view of other sources of its world
                continue
            if isinstance(found, Sheet):  # a film shows one row, and no sheet of it
                sheet = describe(store, range(n_rows), view, "auto")
                draw_sheet(sheet).save(folder / f"{source.name}-{view}.png")
                yield view, f"{source.name}-{view}.png"


def written(value: Any) -> str:
    """Return a default as it is written in Python."""
    return repr(value)


def api() -> str:
    """Return the page of the public names, for autodoc to fill."""
    parts = ["# Python API\n", "```{eval-rst}", ".. currentmodule:: simkit", ""]
    for name in simkit.__all__:
        kind = "autoclass" if inspect.isclass(getattr(simkit, name)) else "autofunction"
        parts += [f".. {kind}:: simkit.{name}", "   :members:" if kind == "autoclass" else "", ""]
    parts += ["```\n"]
    for module, title in MODULES.items():
        parts += [
            f"## {title}\n",
            "```{eval-rst}",
            f".. automodule:: {module}",
            "   :members:",
            "   :no-index:",
            "```\n",
        ]
    return "\n".join(parts)


def write(app: Sphinx) -> None:
    """Write the pages of the reference into ``generated``."""
    pages = Path(app.srcdir) / "generated"
    shutil.rmtree(pages / "sources", ignore_errors=True)
    (pages / "sources").mkdir(parents=True)
    for name, text in (("commands", commands()), ("sources", catalogue(pages / "sources")), ("api", api())):
        path = pages / f"{name}.md"
        if not path.is_file() or path.read_text("utf-8") != text:  # what has not changed is not read anew
            path.write_text(text, "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True}
