"""The list of worlds, and the sources, views, formats, channels and benchmarks that they have.

A world is a package about one kind of data, whose ``WORLD`` names what it has. Other packages add theirs with the entry
point group ``simkit.worlds``, whose values are names of packages.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from simkit.contract import Source
from simkit.errors import ParameterError, RecipeError, SimkitError, UnknownNameError, show


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
        Functions ``(store, rows, backend)`` that return a `simkit.figures.picture.Sheet` of rows, or a Film. One that
        is called "sheet" replaces the sheet that all data sets with boards have.
    formats
        Of `simkit.interchange.Format`: what rows can be exported to besides the formats of all data sets.
    channels
        Classes as `simkit.learn.channels.Channels`: what boards become as tensors besides the channels of all boards.
    bench
        Functions ``(tiny)`` that return a `simkit.bench.Rate`.
    """

    title: str
    sources: Mapping[str, str]
    views: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    bench: Mapping[str, str] = field(default_factory=dict)


#: packages of the worlds that come with simkit
WORLDS = ("simkit.ash", "simkit.lattices")


@cache
def worlds() -> dict[str, World]:
    """Return package -> world, those of simkit first.

    Raises
    ------
    SimkitError
        If a package that says so has no world, or if two sources have one name.
    """
    others = sorted(entry.value for entry in entry_points(group="simkit.worlds"))
    found: dict[str, World] = {}
    of: dict[str, str] = {}
    for package in (*WORLDS, *others):
        world = getattr(importlib.import_module(package), "WORLD", None)
        if not isinstance(world, World):
            raise SimkitError(f"the package {package} is listed as a world of simkit and has no WORLD")
        found[package] = world
        for name in world.sources:
            if of.setdefault(name, package) != package:
                raise SimkitError(f"two sources are called {show(name)}: of {of[name]} and of {package}")
    return found


def listed(kind: str) -> dict[str, str]:
    """Return name -> "package.module:attribute" of what all worlds have of a kind, such as "sources" or "bench"."""
    return {
        name: f"{package}.{reference}"
        for package, world in worlds().items()
        for name, reference in getattr(world, kind).items()
    }


def load(reference: str) -> Any:
    """Return what "package.module:attribute" names."""
    module, _, attribute = reference.partition(":")
    return getattr(importlib.import_module(module), attribute)


def sources() -> dict[str, str]:
    """Return name -> "package.module:Class" of every source."""
    return listed("sources")


def views(source: str) -> dict[str, str]:
    """Return name -> "package.module:function" of the views of the world of a source; none if it is not installed."""
    return {
        name: f"{package}.{reference}"
        for package, world in worlds().items()
        if source in world.sources
        for name, reference in world.views.items()
    }


def source_class(name: str) -> type[Source]:
    """Return the class of the source called `name`."""
    known = sources()
    UnknownNameError.check("source", name, known)
    cls: type[Source] = load(known[name])
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
    cls = source_class(spec["source"])
    if not isinstance(spec["parameters"], Mapping):
        raise ParameterError(f"parameters are a table of name = value; this is {show(spec['parameters'])}")
    if type(spec["version"]) is not int or spec["version"] != cls.version:
        raise RecipeError(
            f"asked for version {show(spec['version'])} of {cls.name}; this simkit has version {cls.version}, whose "
            "samples differ: install the simkit that wrote it, or generate anew"
        )
    return cls.build(spec["parameters"])
