"""The list of sources: name -> "module:Class", one line a source.

Other packages add theirs with the entry point group ``simkit.sources``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from simkit.contract import Source
from simkit.errors import ParameterError, RecipeError, SimkitError, UnknownNameError, show

BUILT_IN = {
    "ca-ash": "simkit.ash.ca_ash:CaAsh",
    "heat-conduction": "simkit.lattices.heat_conduction:HeatConduction",
    "hpp": "simkit.lattices.hpp:Hpp",
    "hpp-ising": "simkit.lattices.hpp_ising:HppIsing",
    "ising-creutz": "simkit.lattices.ising_creutz:IsingCreutz",
    "ising-metropolis": "simkit.lattices.ising_metropolis:IsingMetropolis",
    "ising-q2r": "simkit.lattices.ising_q2r:IsingQ2r",
}


def sources() -> dict[str, str]:
    """Return name -> "module:Class" of every source, the built-in ones first."""
    found = dict(BUILT_IN)
    for entry in sorted(entry_points(group="simkit.sources"), key=lambda entry: entry.name):
        if entry.name in found:
            raise SimkitError(f"two sources are called {show(entry.name)}: {found[entry.name]} and {entry.value}")
        found[entry.name] = entry.value
    return found


def source_class(name: str) -> type[Source]:
    """Return the class of the source called `name`."""
    known = sources()
    UnknownNameError.check("source", name, known)
    module, _, attribute = known[name].partition(":")
    cls: type[Source] = getattr(importlib.import_module(module), attribute)
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
