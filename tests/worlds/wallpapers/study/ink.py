"""The ink of wallpapers of both symmetries."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

import simkit
from simkit.schema import Field, Schema
from simkit.store import Store
from simkit.study.findings import Axes, Claim, Findings, Plot, Table
from simkit.study.statistics import over_runs

from . import Scale


def needs(scale: Scale) -> dict[str, simkit.Recipe]:
    """Return the data sets."""
    return {"papers": simkit.Recipe(simkit.source("wallpaper", n_tiles=2), scale.seed, scale.papers)}


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return the part of cells that are ink, of each symmetry."""
    store = stores["papers"]
    ink = np.bitwise_count(store["board"][:]).mean(axis=(1, 2)) / 8
    symmetry, names = store["symmetry"][:], store.schema["symmetry"].labels
    found = [over_runs(ink[symmetry == i]) for i in range(2)]
    means = Table(
        Schema(symmetry=Field("int64", "of the paper", labels=names), ink=Field("float64", "part of the cells that are ink"),
               error=Field("float64", "standard error of ink")),
        {"symmetry": np.arange(2), "ink": np.array([one.mean for one in found]), "error": np.array([one.error for one in found])},
    )  # fmt: skip
    papers = Table(
        Schema(symmetry=Field("int64", "of the paper", labels=names), ink=Field("float64", "part of the cells that are ink"),
               board=Field("uint8", "1 = ink", ("y", "x"), (16, 16))),
        {"symmetry": symmetry.astype(np.int64), "ink": ink, "board": simkit.unpack(store["board"][:], 16)},
    )  # fmt: skip
    parts = Axes("ink (part of cells)", "papers")
    plots = [
        Plot("mean", "means", {"x": "symmetry", "y": "ink", "error": "error"}, Axes("symmetry", parts.x), "bars"),
        Plot("all", "papers", {"x": "ink", "series": "symmetry"}, parts, "histogram"),
        Plot(
            "plain ones",
            "papers",
            {"image": "board", "caption": "symmetry"},
            Axes("", ""),
            "pictures",
            ("symmetry", "plain"),
        ),
    ]
    claims = [Claim(f"ink (part of cells), {name}", one, 0.5) for name, one in zip(names, found, strict=True)]
    return Findings({"means": means, "papers": papers}, plots, claims, [f"{scale.papers:,} papers"])
