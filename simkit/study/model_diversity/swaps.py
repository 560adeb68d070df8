"""Networks with layers swapped or left out, beside the post's.

The expanded form computes every cell. If its maximum is over all of them, it is another function even with no layer
swapped, since the largest of 64 times as many values is larger: thresholds that were learnt do not fit it. So swaps are
measured with the maximum over the cells of the strided network, from which the swapped one then differs by the swap
alone, and beside it over all cells. The post does not say which of the two it took.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from simkit.analysis import swap
from simkit.recipe import Recipe
from simkit.schema import Field, Schema
from simkit.store import Store
from simkit.study.conduct import Need
from simkit.study.findings import Axes, Claim, Findings, Plot, Table, table
from simkit.study.model_diversity import Scale, populations
from simkit.study.model_diversity.post import published
from simkit.study.ranks import Correlation, median, share, spearman
from simkit.study.statistics import Estimate

F64 = npt.NDArray[np.float64]

#: column -> form of `simkit.analysis.swap.forms`, for three layers
FORMS = {
    "error": "as trained",
    "expanded": "expanded",
    "naive_swap": "naive swap of 1 and 2",
    "swap_12": "swap of 1 and 2, subgrid",
    "swap_12_full": "swap of 1 and 2",
    "swap_12_position": "swap of 1 and 2, dilation by position",
    "naive_swap_01": "naive swap of 0 and 1",
    "swap_01": "swap of 0 and 1, subgrid",
    "swap_01_full": "swap of 0 and 1",
}

#: a network is robust to a swap that leaves its error below this, in percent
ROBUST = 20.0

#: an error is near chance above this, in percent
_CHANCE = 40.0


def needs(scale: Scale) -> Mapping[str, Recipe | Need]:
    """Return the data sets of this question."""
    return populations.needs(scale)


def errors(survey: Store) -> dict[str, F64]:
    """Return column -> error of each network in percent: of the forms, and without each layer."""
    names = list(swap.forms(3))
    of_forms = 100 * survey["swap"][:].astype(np.float64)[:, :, 1]
    found = {column: of_forms[:, names.index(form)] for column, form in FORMS.items()}
    without = 100 * survey["ablation"][:].astype(np.float64)[:, :, 1]
    return {**found, **{f"without_{layer}": without[:, layer] for layer in range(3)}}


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what swaps and ablations do to the networks, at both stages."""
    stages = {"last": errors(stores["survey"]), "early": errors(stores["survey-early"])}
    claims = [claim for stage, found in stages.items() for claim in _claims(found, stage, scale)]
    correlations = {stage: _correlations(found, scale.seed) for stage, found in stages.items()}
    tables = {"errors": _errors(stages), "post": published(), "correlations": of_correlations(correlations)}
    swaps = {"x": "swap_12", "series": "stage"}
    plots = [
        Plot("swap of layers 1 and 2", "errors", swaps, Axes("error (%)", "networks"), "histogram"),
        Plot("swap of layers 0 and 1", "errors", {"x": "swap_01", "series": "stage"}, Axes("error (%)", "networks"),
             "histogram"),
        Plot("the post's, of layers 1 and 2", "post", {"x": "swap_12"}, Axes("error (%)", "networks"), "histogram"),
    ]  # fmt: skip
    notes = [
        f"errors are of {scale.some:,} test boards for swaps and of {scale.test:,} for ablations; early: the weights "
        f"at the first validation error of at most {100 * scale.early:g} %; networks that had none are left out there",
        "swaps are in the expanded form, each layer with its own dilation, and the maximum is over the cells of the "
        "strided network unless said otherwise; over all cells, it is another function with no layer swapped, too",
        "the post chose ten of its networks by their swap error, five from each end: their correlations are not those "
        "of a population",
    ]
    return Findings(tables, plots, claims, notes)


def _claims(of: Mapping[str, F64], stage: str, scale: Scale) -> list[Claim]:
    is_there = np.isfinite(of["error"])
    found = {name: values[is_there] for name, values in of.items()}
    seed, swapped = scale.seed, found["swap_12"]
    robust = swapped < ROBUST
    nearest = np.minimum(found["without_1"], found["without_2"])
    of_ablation = np.mean([found[f"without_{layer}"] for layer in range(3)], axis=0)
    at = f"{stage} weights"
    return [
        Claim("error as trained, median (%)", median(found["error"], seed), at=at),
        Claim("error in the expanded form, not swapped, median (%)", median(found["expanded"], seed), at=at),
        Claim("error with layers 1 and 2 swapped, median (%)", median(swapped, seed), at=at),
        Claim("error with layers 1 and 2 swapped, lowest (%)", Estimate(_least(swapped), math.nan), at=at),
        Claim("error with layers 1 and 2 swapped, maximum over all cells, median (%)",
              median(found["swap_12_full"], seed), at=at),
        Claim("error with layers 0 and 1 swapped, median (%)", median(found["swap_01"], seed), at=at),
        Claim("error with layers 0 and 1 swapped, maximum over all cells, median (%)",
              median(found["swap_01_full"], seed), at=at),
        Claim("share of networks with 10 to 40 % error when 1 and 2 are swapped: neither robust nor at chance",
              share((swapped > 10) & (swapped < _CHANCE)), within=(0.1, math.inf), at=at, is_theirs=True),
        Claim("share of networks for which the naive swap of 1 and 2 does worse than the expanded one",
              share(found["naive_swap"] > swapped), within=(0.5, math.inf), at=at, is_theirs=True),
        Claim(f"share of networks that the naive swap of 1 and 2 leaves below {_CHANCE:g} % error",
              share(found["naive_swap"] < _CHANCE), within=(0.05, math.inf), at=at, is_theirs=True),
        Claim("rank correlation of the swap error of 1 and 2 with the mean error of the three ablations",
              spearman(swapped, of_ablation, seed).estimate(), within=(0.0, math.inf), at=at, is_theirs=True),
        Claim(f"share of networks robust to the swap ({ROBUST:g} %) that it degrades less than leaving out 1 or 2 does",
              share(swapped[robust] < nearest[robust]), within=(0.5, math.inf), at=at, is_theirs=True),
    ]  # fmt: skip


def _least(values: F64) -> float:
    return float(values.min()) if values.size else math.nan


def _correlations(of: Mapping[str, F64], seed: int) -> dict[str, Correlation]:
    others = ("error", "naive_swap", "swap_12_full", "swap_01", "without_0", "without_1", "without_2")
    return {name: spearman(of["swap_12"], of[name], seed) for name in others}


def of_correlations(stages: Mapping[str, Mapping[str, Correlation]]) -> Table:
    """Return correlations with the swap error of layers 1 and 2, by stage, as a table."""
    names = tuple(dict.fromkeys(name for found in stages.values() for name in found))
    schema = Schema(
        stage=Field("int64", "which weights", labels=tuple(stages)),
        other=Field("int64", "what is correlated with the swap error of layers 1 and 2", labels=names),
        rho=Field("float64", "Spearman's rank correlation"),
        low=Field("float64", "lower end of the 95 % interval, by resampling networks"),
        high=Field("float64", "upper end of it"),
        p=Field("float64", "share of permutations with as strong a correlation"),
        networks=Field("int64", "networks"),
    )
    rows: list[tuple[object, ...]] = [
        (i, names.index(name), *correlation[:5])
        for i, found in enumerate(stages.values())
        for name, correlation in found.items()
    ]
    return table(schema, rows)


def _errors(stages: Mapping[str, Mapping[str, F64]]) -> Table:
    columns = list(next(iter(stages.values())))
    schema = Schema(
        stage=Field("int64", "which weights", labels=tuple(stages)),
        network=Field("int64", "row of the population"),
        **{name: Field("float64", FORMS.get(name, name.replace("_", " layer ")), unit="%") for name in columns},
    )
    rows: list[tuple[object, ...]] = [
        (i, network, *(found[name][network] for name in columns))
        for i, found in enumerate(stages.values())
        for network in range(len(found["error"]))
        if np.isfinite(found["error"][network])
    ]
    return table(schema, rows)
