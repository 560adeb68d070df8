"""Spectra of the weights: how ill-conditioned the matrices are, and how their norms grow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np

from simkit.analysis import spectra
from simkit.learn.models import ResCNN_CAC, architecture
from simkit.recipe import Recipe
from simkit.schema import Field, Schema
from simkit.store import Store
from simkit.study.conduct import Need
from simkit.study.findings import Axes, Claim, Findings, Plot, table
from simkit.study.model_diversity import Scale, populations
from simkit.study.ranks import median, share

#: a matrix is ill-conditioned from this condition number on
_ILL = 100.0


def needs(scale: Scale) -> Mapping[str, Recipe | Need]:
    """Return the data sets of this question."""
    return populations.needs(scale)


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the weights say, at both stages."""
    model = cast("ResCNN_CAC", architecture("res-cnn-cac", W=scale.side, C=scale.channels).build(0))
    names = tuple(spectra.matrices(model))
    stages = {"last": stores["survey"], "early": stores["survey-early"]}
    schema = Schema(
        stage=Field("int64", "which weights", labels=tuple(stages)),
        network=Field("int64", "row of the population"),
        matrix=Field("int64", "layer of the network", labels=names),
        condition=Field("float64", "largest over smallest singular value"),
        stable_rank=Field("float64", "squared Frobenius norm over squared spectral norm"),
        norm=Field("float64", "Frobenius norm"),
    )
    rows: list[tuple[object, ...]] = []
    for i, survey in enumerate(stages.values()):
        numbers = survey["spectrum"][:].astype(np.float64)
        for network, of_network in enumerate(numbers):
            if np.isfinite(of_network[:, 2]).all():
                rows += [(i, network, j, *of_network[j, :3]) for j in range(len(names))]
    values = _values(stores["survey"], model)
    spectrum = Schema(
        matrix=Field("int64", "layer of the network", labels=names),
        rank=Field("int64", "number of the singular value, from 1 on"),
        value=Field("float64", "singular value over the largest, median over networks; last weights"),
    )
    tables = {"matrices": table(schema, rows), "spectra": table(spectrum, values)}
    last, early = (survey["spectrum"][:].astype(np.float64) for survey in stages.values())
    wide = [i for i, name in enumerate(names) if name.endswith(("seq.1", "seq.3"))]
    worst = last[:, wide, 0].max(axis=1)
    both = np.isfinite(early[:, 0, 2])
    growth = last[both][:, :, 2].mean(axis=1) / early[both][:, :, 2].mean(axis=1)
    claims = [
        Claim("largest condition number of a layer's matrices, median over networks", median(worst, scale.seed),
              within=(_ILL, np.inf), at="last weights", is_theirs=True),
        Claim("share of networks with more training whose mean Frobenius norm is larger", share(growth > 1),
              within=(0.5, np.inf), at="last beside early weights", is_theirs=True),
        Claim("mean Frobenius norm, last over early weights, median over networks", median(growth, scale.seed)),
    ]  # fmt: skip
    plots = [
        Plot("singular values", "spectra", {"x": "rank", "y": "value", "series": "matrix"},
             Axes("number of the singular value", "share of the largest", is_log_y=True)),
        Plot("condition numbers", "matrices", {"x": "condition", "series": "stage"},
             Axes("condition number", "matrices", is_log_y=True), "histogram"),
    ]  # fmt: skip
    return Findings(tables, plots, claims, [])


def _values(survey: Store, model: ResCNN_CAC) -> list[tuple[object, ...]]:
    """Return the median spectrum of each matrix."""
    found = survey["singular_values"][:].astype(np.float64)
    relative = found / found[:, :, :1]
    sizes = [min(matrix.shape) for matrix in spectra.matrices(model).values()]
    return [
        (i, rank + 1, np.nanmedian(relative[:, i, rank])) for i, n in enumerate(sizes) for rank in range(n) if n > 1
    ]
