"""Linear probes of the stream: for the rule, and for numbers of objects; how alike their directions are."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from simkit.analysis.probes import OBJECTS, POOLINGS, cosines
from simkit.recipe import Recipe
from simkit.schema import Field, Schema
from simkit.store import Store
from simkit.study.conduct import Need
from simkit.study.findings import Axes, Claim, Findings, Plot, Table, table
from simkit.study.model_diversity import Scale, populations
from simkit.study.model_diversity.autoencoders import WEAK
from simkit.study.model_diversity.post import published
from simkit.study.model_diversity.swaps import errors, of_correlations
from simkit.study.ranks import median, share, spearman
from simkit.study.statistics import Estimate, jackknifed

F64 = npt.NDArray[np.float64]

_POINTS = ("L0", "L1", "L2")

#: errors of the post's ten networks at each point in percent: the ranges of its table, widened to whole numbers,
#: without a lower end where it says that they are good
_POST = ((10.0, 19.0), (-np.inf, 19.0), (-np.inf, 6.0))

#: networks of the matrix of cosines, so that it can be read
_SHOWN = 32


def needs(scale: Scale) -> Mapping[str, Recipe | Need]:
    """Return the data sets of this question."""
    return populations.needs(scale)


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what linear probes read, at both stages."""
    stages = {"last": stores["survey"], "early": stores["survey-early"]}
    claims, correlations = [], {}
    for stage, survey in stages.items():
        error = 100 * survey["probe_error"][:].astype(np.float64)
        mean, most = error[:, :, POOLINGS.index("mean")], error[:, :, POOLINGS.index("max")]
        at, seed = f"{stage} weights", scale.seed
        for point, within in enumerate(_POST):
            claims.append(
                Claim(f"error of a probe of the mean at L{point}, median (%)", median(mean[:, point], seed),
                      within=scale.published(within), at=at, is_theirs=True)
            )  # fmt: skip
        is_there = np.isfinite(mean[:, 0])
        claims += [
            Claim("error of a probe at L0 - at L2, median (percentage points)", median(mean[:, 0] - mean[:, 2], seed),
                  within=(0.0, np.inf), at=at, is_theirs=True),
            Claim("share of networks whose best probe of the maximum is worse than the best of the mean",
                  share((most.min(axis=1) > mean.min(axis=1))[is_there]), within=(0.5, math.inf), at=at,
                  is_theirs=True),
            Claim("error of a probe of the maximum at L2, median (%)", median(most[:, 2], seed), at=at),
        ]  # fmt: skip
        of = errors(survey)
        correlations[stage] = {
            f"probe of the mean at {point}": spearman(of["swap_12"], mean[:, i], seed)
            for i, point in enumerate(_POINTS)
        }
        claims.append(
            Claim("rank correlation of the swap error of layers 1 and 2 with the error of a probe at L1",
                  correlations[stage]["probe of the mean at L1"].estimate(), within=WEAK, at=at, is_theirs=True)
        )  # fmt: skip
        claims += _of_cosines(survey, at)
    tables = {
        "errors": _errors(stages),
        "counts": _counts(stages["last"]),
        "cosines": _cosines(stages["last"]),
        "post": published(),
        "correlations": of_correlations(correlations),
    }
    bars = {"x": "object", "y": "r2", "series": "point"}
    plots = [
        Plot("error of probes of the mean", "errors", {"x": "mean", "series": "point"}, Axes("error (%)", "networks"),
             "histogram", rows=("stage", "last")),
        Plot("numbers of objects read by probes of the mean", "counts", bars, Axes("object", "R2, median"), "bars"),
        Plot("cosines of directions at L2", "cosines", {"x": "network", "y": "other", "z": "cosine"},
             Axes("network", "network"), "heat map", rows=("point", "L2")),
    ]  # fmt: skip
    notes = [
        *populations.sides(scale),
        f"probes are learnt from {scale.learn:,} training boards and tested on {scale.test:,} test boards; channels of "
        "different networks are not the same, so that a cosine between two of them says something only in so far as "
        "their channels are",
    ]
    return Findings(tables, plots, claims, notes)


def _directions(survey: Store) -> F64:
    """Return the directions of probes of the mean, (network, point, C), of those networks that there are."""
    found = survey["probe_direction"][:].astype(np.float64)[:, :, POOLINGS.index("mean"), 0]
    there: F64 = found[np.isfinite(found).all(axis=(1, 2))]
    return there


def _of_cosines(survey: Store, at: str) -> list[Claim]:
    """Return how many pairs of networks have directions with a positive cosine, point by point."""
    directions = _directions(survey)
    claims = []
    for point, name in enumerate(_POINTS):
        found = cosines(directions[:, point])
        claims.append(
            Claim(f"share of pairs of networks whose directions at {name} have a positive cosine",
                  _of_pairs(found > 0), within=(0.5, math.inf), at=at, is_theirs=True)
        )  # fmt: skip
    return claims


def _of_pairs(is_so: npt.NDArray[np.bool_]) -> Estimate:
    """Return the share of pairs (network, network), symmetric, with its error: by leaving out one network at a time."""
    n = len(is_so)
    if n < 3:
        return Estimate(math.nan, math.nan, 0.0, n)
    among = is_so & ~np.eye(n, dtype=np.bool_)
    whole, each = int(among.sum()), 2 * among.sum(axis=1)
    without = (whole - each) / ((n - 1) * (n - 2))
    return jackknifed(whole / (n * (n - 1)), without)


def _errors(stages: Mapping[str, Store]) -> Table:
    schema = Schema(
        stage=Field("int64", "which weights", labels=tuple(stages)),
        network=Field("int64", "row of the population"),
        point=Field("int64", "where the stream is read", labels=_POINTS),
        mean=Field("float64", "error of a probe of the mean over cells", unit="%"),
        max=Field("float64", "error of a probe of the maximum over cells", unit="%"),
    )
    rows: list[tuple[object, ...]] = []
    for i, survey in enumerate(stages.values()):
        for network, error in enumerate(100 * survey["probe_error"][:].astype(np.float64)):
            if np.isfinite(error).all():
                rows += [(i, network, point, *error[point]) for point in range(3)]
    return table(schema, rows)


def _counts(survey: Store) -> Table:
    """Return how well numbers of objects are read, median over networks."""
    r2 = survey["probe_r2"][:].astype(np.float64)[:, :, POOLINGS.index("mean")]
    names = tuple(re.sub(r"^xs\d+_", "", name) for name in OBJECTS)
    schema = Schema(
        object=Field("int64", "what is counted", labels=names),
        point=Field("int64", "where the stream is read", labels=_POINTS),
        r2=Field("float64", "R2 on unseen boards of a ridge regression of the number, median over networks"),
    )
    rows: list[tuple[object, ...]] = []
    for point in range(3):
        for i in range(len(names)):
            values = r2[:, point, i]
            values = values[np.isfinite(values)]
            if values.size:
                rows.append((i, point, max(-1.0, float(np.median(values)))))
    return table(schema, rows)


def _cosines(survey: Store) -> Table:
    directions = _directions(survey)[:_SHOWN]
    schema = Schema(
        point=Field("int64", "where the stream is read", labels=_POINTS),
        network=Field("int64", "row of the population, of those that there are"),
        other=Field("int64", "another row"),
        cosine=Field("float64", "of the directions of their probes"),
    )
    rows: list[tuple[object, ...]] = [
        (point, i, j, value) for point in range(3) for (i, j), value in np.ndenumerate(cosines(directions[:, point]))
    ]
    return table(schema, rows)
