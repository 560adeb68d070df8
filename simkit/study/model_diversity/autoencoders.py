"""Networks whose stream is replaced by what a top-1 autoencoder keeps of it, beside the post's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from simkit.recipe import Recipe
from simkit.schema import Field, Schema
from simkit.store import Store
from simkit.study.conduct import Need
from simkit.study.findings import Axes, Claim, Findings, Plot, table
from simkit.study.model_diversity import Scale, populations
from simkit.study.model_diversity.post import published
from simkit.study.model_diversity.swaps import errors, of_correlations
from simkit.study.ranks import median, spearman

F64 = npt.NDArray[np.float64]

#: errors of the post's ten networks at each point in percent: the ranges of its table, widened to whole numbers,
#: without a lower end where it says that they are good
_POST = ((34.0, 50.0), (-np.inf, 6.0), (-np.inf, 3.0))

#: a correlation is weak between these
WEAK = (-0.35, 0.35)


def needs(scale: Scale) -> Mapping[str, Recipe | Need]:
    """Return the data sets of this question."""
    return populations.needs(scale)


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what is left of the networks at both stages."""
    stages = {"last": stores["survey"], "early": stores["survey-early"]}
    measures = stores["survey"].schema["sae"].columns
    found = {stage: survey["sae"][:].astype(np.float64) for stage, survey in stages.items()}
    schema = Schema(
        stage=Field("int64", "which weights", labels=tuple(stages)),
        network=Field("int64", "row of the population"),
        point=Field("int64", "where the stream is replaced: behind which layer", labels=("L0", "L1", "L2")),
        error=Field("float64", "with the stream replaced", unit="%"),
        kept=Field("float64", "share of the variance that is kept"),
        dead=Field("int64", "features that no cell has"),
    )
    error, kept, dead = (measures.index(name) for name in ("error", "explained variance", "dead features"))
    rows: list[tuple[object, ...]] = [
        (i, network, point, 100 * row[error], row[kept], row[dead])
        for i, values in enumerate(found.values())
        for network, of_network in enumerate(values)
        for point, row in enumerate(of_network)
        if np.isfinite(row[error])
    ]
    claims, correlations = [], {}
    for stage, values in found.items():
        of = errors(stages[stage])
        at = f"{stage} weights"
        for point, within in enumerate(_POST):
            claims.append(
                Claim(f"error with the stream replaced at L{point}, median (%)",
                      median(100 * values[:, point, error], scale.seed), within=scale.published(within), at=at,
                      is_theirs=True)
            )  # fmt: skip
        claims.append(
            Claim("error with the stream replaced at L0 - at L2, median (percentage points)",
                  median(100 * (values[:, 0, error] - values[:, 2, error]), scale.seed), within=(0.0, np.inf), at=at,
                  is_theirs=True)
        )  # fmt: skip
        correlations[stage] = {
            f"replaced at L{point}": spearman(of["swap_12"], values[:, point, error], scale.seed) for point in range(3)
        }
        claims.append(
            Claim("rank correlation of the swap error of layers 1 and 2 with the error at L1",
                  correlations[stage]["replaced at L1"].estimate(), within=WEAK, at=at, is_theirs=True)
        )  # fmt: skip
    tables = {"errors": table(schema, rows), "post": published(), "correlations": of_correlations(correlations)}
    points = [
        Plot(f"replaced at {point}", "errors", {"x": "error", "series": "stage"}, Axes("error (%)", "networks"),
             "histogram", rows=("point", point))
        for point in ("L0", "L1", "L2")
    ]  # fmt: skip
    notes = [
        *populations.sides(scale),
        f"each point of each network has an autoencoder of its own, learnt from cells of {scale.learn:,} training "
        f"boards, and each cell keeps one feature; errors are of {scale.test:,} test boards",
    ]
    return Findings(tables, points, claims, notes)
