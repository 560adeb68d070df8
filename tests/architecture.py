"""Who may import whom, read from the syntax trees. ``python tests/architecture.py`` draws it for docs/design.md.

A test looks at all modules, of which there are hundreds, and names all faults.
"""

from __future__ import annotations

import ast
import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from drawing import Drawing

from simkit import registry
from simkit.schema import Field

ROOT = Path(__file__).parent.parent
DRAWING = ROOT / "docs" / "imports.svg"
PACKAGES = {"simkit": ROOT / "simkit", "simkit_cli": ROOT / "cli" / "simkit_cli"}

#: part of simkit -> parts that it may import
MAY_IMPORT = {
    "errors": set(),
    "tables": {"errors"},
    "schema": {"errors", "tables"},
    "backends": {"errors"},
    "kernels": {"errors", "backends"},
    "split": {"errors", "kernels"},
    "contract": {"errors", "tables", "schema", "backends"},
    "registry": {"errors", "contract"},
    "recipe": {"errors", "contract", "registry"},
    "store": {"errors", "tables", "schema"},
    "run": {"", "errors", "schema", "backends", "contract", "recipe", "store"},  # "": the version that stores record
    "figures": {"errors", "schema", "backends", "store", "registry"},
    "learn": {
        "",  # the version that stores record
        "errors",
        "tables",
        "schema",
        "backends",
        "kernels",
        "split",
        "contract",
        "registry",
        "recipe",
        "store",
        "run",
    },
    "analysis": {"errors", "schema", "backends", "kernels", "split", "contract", "registry", "store", "learn"},
    "interchange": {"errors", "schema", "contract", "registry", "recipe", "store", "kernels"},
    "testing": {"errors", "schema", "backends", "contract", "registry", "interchange"},
    "bench": {"errors", "schema", "backends", "kernels", "contract", "registry", "recipe", "run", "store", "learn"},
    "viewer": {"errors", "backends", "registry", "figures"},
    "study": {
        "errors",
        "schema",
        "backends",
        "kernels",
        "store",
        "contract",
        "registry",
        "recipe",
        "run",
        "lattices",
        "ash",
        "learn",
        "analysis",
    },
}

#: package of a world; one rule holds for all of them
WORLDS = {"ash", "lattices", "fractals", "images"}

#: what a world may import besides itself: no other world, and nothing that asks for it
OF_A_WORLD = {
    "errors",
    "tables",
    "schema",
    "backends",
    "kernels",
    "split",
    "contract",
    "registry",
    "recipe",
    "run",
    "store",
}
MODULES_OF_A_WORLD = {
    "simkit.figures.picture",
    "simkit.figures.pixels",
    "simkit.interchange",
    "simkit.interchange.files",
    "simkit.interchange.rle",
    "simkit.interchange.selection",
    "simkit.bench.gpu",
    "simkit.bench.rate",
    "simkit.viewer.tiles",
}

#: what hands out single names of worlds that users type often, as `simkit.census`
NAMES_WORLDS = {"simkit"}

#: command that is of one world -> this world
COMMANDS_OF_A_WORLD = {"census": "ash", "baseline": "ash", "lattice": "lattices", "fractal": "fractals"}

#: library -> where it may be imported, as prefixes of module names
OWNERS = {
    # simkit.bench uses libraries as others would, beside the parts that own them
    "zarr": ("simkit.store", "simkit.bench"),
    "numcodecs": ("simkit.store", "simkit.bench"),
    "google_crc32c": ("simkit.store",),
    "fsspec": ("simkit.store.objects",),
    "numba": ("simkit.kernels",),
    "llvmlite": ("simkit.kernels",),
    "sklearn": ("simkit.analysis", "simkit.ash.baseline", "simkit.images.digits"),
    "threadpoolctl": ("simkit.analysis", "simkit.ash.baseline"),
    "pyarrow": ("simkit.interchange",),
    "PIL": ("simkit.figures",),
    "dask": ("simkit.run.dask",),
    "distributed": ("simkit.run.dask",),
    "cloudpickle": ("simkit.run.dask",),
    "click": ("simkit_cli",),
    "rich": ("simkit_cli",),
    "matplotlib": ("simkit.figures",),
    "av": ("simkit.figures",),
    # `backends` hands batches over, and imports it only when asked to
    "torch": ("simkit.learn", "simkit.analysis", "simkit.study", "simkit.bench", "simkit.backends"),
    "litdata": ("simkit.bench.peers",),
    "streaming": ("simkit.bench.peers",),
    "webdataset": ("simkit.bench.peers",),
    "starlette": ("simkit.viewer",),
    "uvicorn": ("simkit.viewer.server",),
    "cupy": ("simkit.kernels.cuda",),
}


def modules() -> dict[str, Path]:
    found = {}
    for package, folder in PACKAGES.items():
        for path in folder.rglob("*.py"):
            parts = [package, *path.relative_to(folder).with_suffix("").parts]
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


@cache
def nodes(path: Path) -> list[ast.AST]:
    """Return all nodes of a file's syntax tree, the whole first."""
    return list(ast.walk(ast.parse(path.read_text("utf-8"))))


@cache
def imports(path: Path) -> frozenset[str]:
    """Return the full names that a file imports anywhere, ``from a import b`` as a.b."""
    names: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def none(faults: Iterable[str]) -> None:
    """Fail if there are faults, with all of them."""
    found = sorted(faults)
    if found:
        pytest.fail("\n".join(found))


def part_of(name: str) -> str:
    """Return the part of simkit that a full name belongs to, "" for the package itself."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


def test_parts_import_only_what_they_may():
    def faults() -> Iterator[str]:
        for module, path in MODULES.items():
            part = part_of(module)
            if not module.startswith("simkit."):
                continue
            if part not in {*MAY_IMPORT, *WORLDS}:
                yield f"{module}: say in MAY_IMPORT what the new part {part!r} may import"
                continue
            may = OF_A_WORLD if part in WORLDS else MAY_IMPORT[part]
            for name in imports(path):
                if name.startswith("simkit_cli"):
                    yield f"{module} imports the command line"
                elif name.split(".")[0] == "simkit":
                    other = part_of(name)
                    is_open = part in WORLDS and any(f"{name}.".startswith(f"{open_}.") for open_ in MODULES_OF_A_WORLD)
                    if not (other == part or other in may or is_open):
                        yield f"{module} must not import {name}"

    none(faults())


OUTSIDE = [name for name in MODULES if part_of(name) not in {*WORLDS, "study"}]
COMMAND_LINE = [name for name in MODULES if name.startswith("simkit_cli")]
PREFIXES_OF_WORLDS = tuple(f"simkit.{world}." for world in WORLDS)


@cache
def words_of_the_engine() -> set[str]:
    """Return names of fields' properties, kernels, their functions and files: a source of such a name is not meant."""
    paths = [path for path in MODULES.values() if path.name == "reference.py" and path.parents[1].name == "kernels"]
    trees = [nodes(path)[0] for path in paths]
    defined = {node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)}
    files = {file.stem for path in paths for file in path.parent.glob("*.cu")}
    return defined | files | {path.parent.name for path in paths} | {field.name for field in dataclasses.fields(Field)}


def test_nothing_outside_a_world_dispatches_on_its_names():
    """Names of sources, formats and channels stand in examples alone; the registry knows who has them."""
    names = {name for kind in ("sources", "formats", "channels") for name in registry.listed(kind)}
    names -= words_of_the_engine()

    def faults() -> Iterator[str]:
        for module in OUTSIDE:
            texts = {node.value for node in nodes(MODULES[module]) if isinstance(node, ast.Constant)}
            if names & texts:
                yield f"{module} names {', '.join(names & texts)}"
            if module not in {"simkit.registry", *NAMES_WORLDS}:
                named = {text for text in map(str, texts) if f"{text}.".startswith(PREFIXES_OF_WORLDS)}
                if named:
                    yield f"{module} names {', '.join(named)}"

    none(faults())


def test_nothing_outside_a_world_asks_for_its_views_or_benchmarks():
    """They are words that have other meanings, too, so that what counts is whether anything depends on them."""
    kinds = ("views", "tiles", "bench", "bench_cuda")
    names = {name for kind in kinds for name in registry.listed(kind)} - {"sheet", "bits"}
    asks = {"describe", "preview", "measure", "load", "listed"}

    def tested(node: ast.AST) -> set[object]:
        """Return the constants that a node compares with, or asks for."""
        if isinstance(node, (ast.Compare, ast.match_case)):
            return {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in asks:
            given = [*node.args, *(word.value for word in node.keywords)]
            return {argument.value for argument in given if isinstance(argument, ast.Constant)}
        return set()

    def faults() -> Iterator[str]:
        for module in OUTSIDE:
            if part_of(module) != "kernels":
                found = names & {value for node in nodes(MODULES[module]) for value in tested(node)}
                if found:
                    yield f"{module} depends on {', '.join(found)}"

    none(faults())


def test_commands_that_are_of_one_world_are_listed():
    """All others know worlds by the registry."""

    def faults() -> Iterator[str]:
        for module in COMMAND_LINE:
            worlds = {part_of(name) for name in imports(MODULES[module]) if name.startswith("simkit.")} & WORLDS
            command = module.removeprefix("simkit_cli.commands.").split(".")[0]
            if not worlds <= {COMMANDS_OF_A_WORLD.get(command)}:
                yield f"{module} imports {', '.join(worlds)}"

    none(faults())


def drawing() -> str:
    """Return the drawing of the tables: all worlds are one box, and the version that stores record is none."""
    world = f"a world: {', '.join(sorted(WORLDS))}"
    imports = {part: {world if other in WORLDS else other for other in may} - {""} for part, may in MAY_IMPORT.items()}
    modules = [name.removeprefix("simkit.") for name in MODULES_OF_A_WORLD]
    return Drawing({**imports, world: OF_A_WORLD}, world, modules).svg()


def test_the_drawing_is_that_of_the_tables():
    assert DRAWING.read_text("utf-8") == drawing(), "python tests/architecture.py draws it anew"


def test_worlds_are_those_of_the_registry():
    assert {f"simkit.{world}" for world in WORLDS} == set(registry.WORLDS)


@pytest.mark.parametrize("world", sorted(WORLDS))
def test_the_manifest_of_a_world_loads_nothing_else(world):
    names = imports(ROOT / "simkit" / world / "__init__.py")
    assert names <= {"__future__.annotations", "simkit.registry.World"}


def at_the_top(module: str) -> Iterator[str]:
    """Yield the names of the modules that a module imports when it is imported."""
    for node in nodes(MODULES[module])[0].body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_package_itself_imports_nothing_when_it_is_imported():
    assert set(at_the_top("simkit")) <= {"__future__", "importlib", "typing"}


def test_libraries_have_one_owner():
    none(
        f"{module} must not import {name}"
        for module, path in MODULES.items()
        for name in imports(path)
        if not module.startswith(OWNERS.get(name.split(".")[0], ""))
    )


def test_commands_load_nothing_heavy_at_the_top():
    light = {"simkit.errors", "simkit.tables"}
    none(
        f"{module} imports {name} at the top"
        for module in COMMAND_LINE
        for name in at_the_top(module)
        if name.split(".")[0] in {"rich", "numpy"} or (name.startswith("simkit.") and name not in light)
    )


def test_options_that_commands_share_are_stated_once():
    """What `simkit_cli.options` adds, no command adds by itself; `bench` has other backends, as it measures them."""

    def options(module: str) -> set[str]:
        calls = [
            node
            for node in nodes(MODULES[module])
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "click.option"
        ]
        return {arg.value for call in calls for arg in call.args if isinstance(arg, ast.Constant)}

    shared = options("simkit_cli.options") - {"--backend"}
    assert "--force" in shared
    none(
        f"{module} states an option again that `options` has"
        for module in COMMAND_LINE
        if module.startswith("simkit_cli.commands") and shared & options(module)
    )


def test_no_assert_and_no_bare_except_in_the_library():
    none(
        f"{module}:{node.lineno}: {'assert' if isinstance(node, ast.Assert) else 'bare except'}"
        for module, path in MODULES.items()
        for node in nodes(path)
        if isinstance(node, ast.Assert) or (isinstance(node, ast.ExceptHandler) and node.type is None)
    )


def test_messages_show_values_by_show():
    """A value's own repr may be of any length or fail, and then the message that refuses the value fails with it."""
    none(
        f"{module}:{node.lineno}: {{...!r}}; write {{show(...)}} of simkit.errors"
        for module in set(MODULES) - {"simkit", "simkit.errors"}
        for node in nodes(MODULES[module])
        if isinstance(node, ast.FormattedValue) and node.conversion != -1
    )


def test_kernels_have_a_reference_and_cases():
    kernels = {name.split(".")[2] for name in MODULES if name.startswith("simkit.kernels.") and name.count(".") > 2}
    files = [ROOT / "simkit" / "kernels" / kernel / name for kernel in kernels for name in ("reference.py", "cases.py")]
    none(f"there is no {file}" for file in files if not file.is_file())


def test_a_source_is_handed_its_kernels():
    """It names no backend, and loads no kernel by itself."""
    none(
        f"{module}.{node.name} has `on`, and asks for a backend besides"
        for module, path in MODULES.items()
        if part_of(module) in WORLDS
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef) and "on" in {argument.arg for argument in node.args.args}
        if {"KERNEL", "backend"} & {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
    )


def test_no_name_hides_a_module_of_the_store():
    """``simkit.store.verify`` is a function; a module of that name could only be imported by its full name, and not used."""
    names = {name.rpartition(".")[2] for name in MODULES if name.startswith("simkit.store.")}
    given = {name for name in imports(MODULES["simkit.store"]) if name.startswith("simkit.store.")}
    assert not names & {name.rpartition(".")[2] for name in given}


def test_no_circles():
    """Wherever a module imports another, for types too; the package itself only hands out names when they are used."""
    others = {name: path for name, path in MODULES.items() if name != "simkit"}
    graph = {}
    for module, path in others.items():
        found = {name if name in others else name.rpartition(".")[0] for name in imports(path)}
        graph[module] = {name for name in found if name in others and name != module}
    TopologicalSorter(graph).prepare()  # raises CycleError with the modules of a circle


def test_test_files_have_names_of_their_own():
    """Pytest imports them by their names alone: two of one name cannot be collected together."""
    seen = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, n in seen.items() if n > 1] == []


def test_files_are_short():
    long = {name: n for name, path in MODULES.items() if (n := len(path.read_text("utf-8").splitlines())) > 400}
    assert not long, f"past 400 lines a file must argue for itself: {long}"


def test_no_names_that_say_nothing():
    empty = {"utils", "util", "helpers", "common", "manager", "base", "misc"}
    assert not [name for name in MODULES if empty & set(name.split("."))]


if __name__ == "__main__":
    DRAWING.write_text(drawing(), "utf-8")
