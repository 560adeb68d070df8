"""Croissant 1.0: a data set as JSON-LD.

Source: MLCommons, "Croissant Format Specification", version 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from simkit.schema import Field, Schema

#: terms of Croissant's own
_TERMS = (
    "citeAs",
    "column",
    "equivalentProperty",
    "extract",
    "field",
    "fileProperty",
    "fileObject",
    "fileSet",
    "format",
    "includes",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "path",
    "recordSet",
    "references",
    "regex",
    "repeated",
    "replace",
    "samplingRate",
    "separator",
    "source",
    "subField",
    "transform",
)

#: prefixes and terms, as the specification gives them
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    **{term: f"cr:{term}" for term in _TERMS},
}

#: kind of a NumPy dtype -> type of schema.org
_TYPES = {"b": "sc:Boolean", "i": "sc:Integer", "u": "sc:Integer", "f": "sc:Float"}


def croissant(about: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return the JSON-LD of a data set in whose folder it is to lie.

    Parameters
    ----------
    about : mapping
        Properties of the data set, such as ``name`` and ``description``.
    """
    classes = [_classes(name, field) for name, field in schema.items() if field.labels]
    samples = {
        "@type": "cr:RecordSet",
        "@id": "samples",
        "name": "samples",
        "field": [_field(name, field) for name, field in schema.items()],
    }
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        **about,
        "distribution": [
            {
                "@type": "cr:FileSet",
                "@id": "zarr",
                "name": "zarr",
                "description": "A Zarr v3 group; each field is an array of it, with the axis sample before its own.",
                "encodingFormat": "application/vnd.zarr",
                "includes": ["zarr.json", *(f"{name}/*" for name in schema)],
            }
        ],
        "recordSet": [*classes, samples],
    }


def _field(name: str, field: Field) -> dict[str, Any]:
    axes = ", ".join(f"{dim} = {length}" for dim, length in zip(field.dims, field.shape, strict=True))
    parts = [
        field.doc,
        f"dtype {field.dtype}",
        f"axes {axes}" if axes else "",
        f"unit {field.unit}" if field.unit else "",
    ]
    parts += [f"{field.bits} cells along {field.dims[-1]}, eight a byte, the lowest bit first"] if field.bits else []
    parts += [f"entries {', '.join(field.columns)}"] if field.columns else []
    described: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"samples/{name}",
        "name": name,
        "description": "; ".join(part for part in parts if part),
        "dataType": _TYPES[np.dtype(field.dtype).kind],
        "source": {"fileSet": {"@id": "zarr"}, "extract": {"column": name}},
    }
    if field.shape:
        described["repeated"] = True
    if field.labels:
        described["references"] = {"field": {"@id": f"{name}-classes/value"}}
    return described


def _classes(name: str, field: Field) -> dict[str, Any]:
    """Return the record set of a field's classes: value and name."""
    of = f"{name}-classes"
    return {
        "@type": "cr:RecordSet",
        "@id": of,
        "name": of,
        "description": f"What the values of {name} mean.",
        "dataType": "sc:Enumeration",
        "key": {"@id": f"{of}/value"},
        "field": [
            {"@type": "cr:Field", "@id": f"{of}/{part}", "name": part, "dataType": kind}
            for part, kind in (("value", "sc:Integer"), ("name", "sc:Text"))
        ],
        "data": [{f"{of}/value": i, f"{of}/name": label} for i, label in enumerate(field.labels)],
    }
