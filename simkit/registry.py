"""The list of worlds, and what they have: sources, views, formats, channels, tiles, benchmarks; the list of studies.

A world is a package about one kind of data, whose ``WORLD`` names what it has. Other packages add theirs with the entry
point group ``simkit.worlds``, whose values are names of packages. A study is a package of questions, which its
``STUDY`` names; the entry point group ``simkit.studies`` has names of studies and their packages.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from simkit.errors import ParameterError, RecipeError, SimkitError, UnknownNameError, WorldWarning, one_line, show

if TYPE_CHECKING:
    from simkit.contract import Source


@dataclass(frozen=True)
class World:
    """What a package has, name -> "module:attribute" within it: texts alone, so that nothing is loaded to list it.

    Attributes
    ----------
    title : str
        What its data are, in a few words.
    sources
        Classes derived from `simkit.contract.Source`.
    views
        Functions ``(store, rows, backend)`` that return a `simkit.figures.picture.Sheet` of the rows, or a Film of the
        first. One that is called "sheet" replaces the sheet that all data sets with boards have.
    formats
        Of `simkit.interchange.Format`: what rows can be exported to besides the formats of all data sets.
    channels
        Classes as `simkit.learn.streaming.channels.Channels`: what boards become as tensors besides the channels that
        all boards have.
    tiles
        Classes as `simkit.viewer.tiles.Tiles`: what the viewer shows in a browser.
    bench, bench_cuda
        Functions ``(tiny)`` that return a `simkit.bench.Rate`, of a processor and of a GPU.
    """

    title: str
    sources: Mapping[str, str]
    views: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    tiles: Mapping[str, str] = field(default_factory=dict)
    bench: Mapping[str, str] = field(default_factory=dict)
    bench_cuda: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Study:
    """Questions that a package asks of data, named so that none of them is loaded to list it.

    Attributes
    ----------
    package : str
        Its name, ``__name__`` in its ``__init__.py``.
    title : str
        What the questions are about, in a few words.
    questions : mapping of str to str
        Name -> title. The module of that name in the package has two functions: ``needs(scale)`` returns the recipes
        of the data sets, ``analyse(stores, scale)`` a `simkit.study.findings.Findings`.
    scales : mapping
        "tiny" (seconds to two minutes), "small" (under an hour on two cores) and "full" (the published size) -> how
        much is computed: values of one dataclass, whose fields are options of the command.
    """

    package: str
    title: str
    questions: Mapping[str, str]
    scales: Mapping[str, Any]


#: sources whose rows are no data but what is made of data, such as trained networks: they need files that are there,
#: and their values are the same bits on one kind of machine alone
DERIVED = {
    "training": "simkit.learn.training.source:Training",
    "survey": "simkit.analysis.survey:Survey",
}

#: packages of the worlds that come with simkit
WORLDS = ("simkit.ash", "simkit.lattices", "simkit.fractals", "simkit.images")

#: name -> package of the studies that come with simkit
STUDIES = {"thermo": "simkit.study.thermo", "model-diversity": "simkit.study.model_diversity"}

#: names of the scales of every study, in the order of their sizes
SCALES = ("tiny", "small", "full")

#: names that simkit has by itself, of kinds whose names are of all worlds together; a world has others
OWN: Mapping[str, frozenset[str]] = {
    "sources": frozenset(),
    "formats": frozenset({"npz", "idx", "webdataset", "parquet", "hf"}),
    "channels": frozenset({"onehot", "cells", "packed"}),
    "tiles": frozenset(),
    "bench": frozenset({"philox", "stream"}),
    "bench_cuda": frozenset({"philox"}),
}


@cache
def worlds() -> dict[str, World]:
    """Return package -> world, those of simkit first.

    A package that says it has a world, and has none that can be used, is left out with a WorldWarning of one line:
    what else is installed must not keep anybody from the data that have nothing to do with it.
    """
    packages = dict.fromkeys((*WORLDS, *sorted(entry.value for entry in entry_points(group="simkit.worlds"))))
    found: dict[str, World] = {}
    for package in packages:
        try:
            found[package] = _world(package, found)
        except Exception as error:
            if package in WORLDS:
                raise
            why = str(error) if isinstance(error, SimkitError) else f"{type(error).__name__}: {error}"
            warnings.warn(one_line(f"the world {package} is left out: {why}"), WorldWarning, stacklevel=2)
    return found


def _world(asked: str, others: Mapping[str, World]) -> World:
    """Return the world of a package; SimkitError if it has none, or has a name of another."""
    world = getattr(importlib.import_module(asked), "WORLD", None)
    if not isinstance(world, World):
        raise SimkitError(f"its WORLD is {show(world)}, and not a simkit.registry.World")
    for kind, own in OWN.items():
        taken = {
            **dict.fromkeys(own, "simkit"),
            **{name: of for of, has in others.items() for name in getattr(has, kind)},
        }
        for name in getattr(world, kind):
            if name in taken:
                raise SimkitError(f"it has {show(name)} among its {kind}, a name that {taken[name]} has")
    return world


@cache
def studies() -> dict[str, Study]:
    """Return name -> study, those of simkit first; one that cannot be used is left out with a WorldWarning."""
    found: dict[str, Study] = {}
    others = sorted((entry.name, entry.value) for entry in entry_points(group="simkit.studies"))
    for name, package in (*STUDIES.items(), *others):
        try:
            if name in found:
                raise SimkitError(f"{found[name].package} has that name")
            study = getattr(importlib.import_module(package), "STUDY", None)
            if not isinstance(study, Study):
                raise SimkitError(f"the STUDY of {package} is {show(study)}, and not a simkit.registry.Study")
            if tuple(study.scales) != SCALES or len({type(scale) for scale in study.scales.values()}) != 1:
                raise SimkitError(
                    f"the scales of {package} are not {', '.join(SCALES)}, in this order and of one class"
                )
            found[name] = study
        except Exception as error:
            if package in STUDIES.values():
                raise
            why = str(error) if isinstance(error, SimkitError) else f"{type(error).__name__}: {error}"
            warnings.warn(one_line(f"the study {name} is left out: {why}"), WorldWarning, stacklevel=2)
    return found


def study(name: str) -> Study:
    """Return the study called `name`; UnknownNameError if there is none."""
    UnknownNameError.check("study", name, studies())
    return studies()[name]


def listed(kind: str, source: str | None = None) -> dict[str, str]:
    """Return name -> "package.module:attribute" of what worlds have of a kind, such as "sources" or "bench".

    That of all worlds or, if a source is named, that of the world which has it: none if the source is not installed.
    """
    return {
        name: f"{package}.{reference}"
        for package, world in worlds().items()
        if source is None or source in world.sources
        for name, reference in getattr(world, kind).items()
    }


def load(reference: str) -> Any:
    """Return what "package.module:attribute" names.

    Raises
    ------
    SimkitError
        If a package that is no part of simkit has no such thing, or fails.
    """
    module, _, attribute = reference.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as error:
        if module.startswith("simkit."):
            raise
        raise SimkitError(f"{reference} cannot be loaded: {type(error).__name__}: {error}") from error


def sources() -> dict[str, str]:
    """Return name -> "package.module:Class" of every source."""
    return listed("sources")


def source_class(name: str) -> type[Source]:
    """Return the class of the source called `name`; UnknownNameError if there is none."""
    known = sources()
    UnknownNameError.check("source", name, known)
    return _class(name, known[name])


def _class(name: str, reference: str) -> type[Source]:
    """Return the class that is listed under a name; SimkitError if it is none of a source of that name."""
    from simkit.contract import Source

    cls = load(reference)
    if not (isinstance(cls, type) and issubclass(cls, Source) and getattr(cls, "name", None) == name):
        raise SimkitError(f"{reference} is listed as the source {show(name)}, and is not a class of that name")
    return cls


def source(name: str, **parameters: Any) -> Source:
    """Return the source called `name` with `parameters`, e.g. ``source("ca-ash", rules=("B3/S23",))``.

    Raises
    ------
    UnknownNameError
        If there is no such source or no such parameter.
    ParameterError
        If a parameter has the wrong kind or is out of range.
    """
    return source_class(name).build(parameters)


def parse(spec: Mapping[str, Any]) -> Source:
    """Return the source that ``source.spec()`` names.

    Raises
    ------
    RecipeError
        If the spec is of another version of the source than this one.
    """
    for key in ("source", "version", "parameters"):
        if not isinstance(spec, Mapping) or key not in spec:
            raise RecipeError(f"a spec is a mapping with source, version and parameters; this is {show(spec)}")
    name = spec["source"]
    is_derived = isinstance(name, str) and name in DERIVED
    cls = _class(name, DERIVED[name]) if is_derived else source_class(name)
    if not isinstance(spec["parameters"], Mapping):
        raise ParameterError(f"parameters are a table of name = value; this is {show(spec['parameters'])}")
    if type(spec["version"]) is not int or spec["version"] != cls.version:
        raise RecipeError(
            f"asked for version {show(spec['version'])} of {cls.name}; this simkit has version {cls.version}, whose "
            "samples differ: install the simkit that wrote it, or generate anew"
        )
    return cls.build(spec["parameters"])
