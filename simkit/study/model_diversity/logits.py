"""What the logit is a function of: how many objects there are, and what pasting and cutting them does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from simkit.analysis.edits import THINGS
from simkit.analysis.interventions import CUT_NUMBERS, NUMBERS
from simkit.analysis.logits import CLASSIFIERS, FEATURES, SETS
from simkit.recipe import Recipe
from simkit.schema import Field, Schema
from simkit.store import Store
from simkit.study.conduct import Need
from simkit.study.findings import Axes, Claim, Findings, Plot, Table, table
from simkit.study.model_diversity import Scale, populations
from simkit.study.model_diversity.swaps import errors
from simkit.study.ranks import median, share, spearman

F64 = npt.NDArray[np.float64]

_LIGHTS = [THINGS.index(f"traffic light, phase {phase}") for phase in range(2)]
_FARM, _BLOCK = THINGS.index("honey farm"), THINGS.index("block")

#: networks whose changes are shown at each alignment: by how much they depend on it
_SHOWN = {"least": 0.0, "most": 1.0}


def needs(scale: Scale) -> Mapping[str, Recipe | Need]:
    """Return the data sets of this question."""
    return populations.needs_of_logits(scale)


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the logit follows, at both stages."""
    stages = {stage: stores[f"logits-{stage}"] for stage in ("last", "early")}
    has_pastes = all("paste" in survey.schema for survey in stages.values())
    swaps = {"last": errors(stores["survey"])["swap_12"], "early": errors(stores["survey-early"])["swap_12"]}
    claims: list[Claim] = []
    for stage, survey in stages.items():
        claims += _of_counts(survey, stage, scale.seed)
        if has_pastes:
            claims += _of_pastes(survey, swaps[stage], stage, scale.seed)
    tables = {"networks": _networks(stages)}
    plots = [
        Plot("logit on numbers of objects", "networks",
             {"x": "r2_of_all", "series": "stage"}, Axes("R2", "networks"), "histogram"),
    ]  # fmt: skip
    notes = [f"regressions are on the counts of {scale.test:,} test boards; class 1, of positive logits, is HighLife"]
    if has_pastes:
        tables |= {"things": _things(stages), "alignments": _alignments(stages["last"])}
        plots += [
            Plot("things pasted", "things",
                 {"x": "thing", "y": "change", "error": "error", "series": "stage"},
                 Axes("thing", "change of the logit, median"), "bars"),
            *(Plot(f"traffic light pasted: {which} dependent", "alignments",
                   {"x": "x", "y": "y", "z": "change"}, Axes("x modulo 8", "y modulo 8"), "heat map",
                   rows=("which", which)) for which in _SHOWN),
        ]  # fmt: skip
    else:
        notes.append(f"boards of {scale.side} cells have no room in which things could be pasted at all alignments")
    return Findings(tables, plots, claims, notes)


def dependence(survey: Store) -> F64:
    """Return by how much the change by a traffic light depends on its alignment, (network,).

    That is the standard deviation of its means over alignments, both phases in quadratic mean, without what boards
    alone would give it, over the absolute change.
    """
    paste = survey["paste"][:].astype(np.float64)[:, _LIGHTS]
    mean, spread, noise = (paste[..., NUMBERS.index(n)] for n in ("mean", "spread of means", "noise of means"))
    own = np.sqrt((spread**2 - noise**2).clip(0).mean(axis=1))
    change = np.abs(mean.mean(axis=1))
    found: F64 = np.divide(own, change, out=np.full_like(own, np.nan), where=change > 0)
    return found


def _of_counts(survey: Store, stage: str, seed: int) -> list[Claim]:
    r2, wrong = (survey[name][:].astype(np.float64) for name in ("logit_r2", "logit_errors"))
    network, _, counts = (100 * wrong[:, i] for i in range(len(CLASSIFIERS)))
    density = survey["logit_density_correlation"][:].astype(np.float64)
    at = f"{stage} weights"
    return [
        Claim("variance of the logit told by counts of traffic lights, honey farms and objects, R2, median",
              median(r2[:, len(SETS) - 1], seed), within=(0.5, np.inf), at=at, is_theirs=True),
        Claim("the same by traffic lights and objects", median(r2[:, SETS.index(FEATURES[::2])], seed), at=at),
        Claim("the same by traffic lights alone", median(r2[:, 0], seed), at=at),
        Claim("correlation of the logit with traffic lights per object, median", median(density[:, 0], seed),
              within=(-np.inf, -0.5), at=at, is_theirs=True),
        Claim("correlation of the logit with honey farms per object, median", median(density[:, 1], seed), at=at),
        Claim("error of a classifier of these counts, median (%)", median(counts, seed), at=at),
        Claim("error of a classifier of these counts - error of the network, median (percentage points)",
              median(counts - network, seed), at=at),
    ]  # fmt: skip


def _of_pastes(survey: Store, swap_error: F64, stage: str, seed: int) -> list[Claim]:
    change = survey["paste"][:].astype(np.float64)[..., NUMBERS.index("mean")]
    there = change[np.isfinite(change).all(axis=1)]
    light = there[:, _LIGHTS].mean(axis=1)
    phases = np.abs(np.diff(there[:, _LIGHTS], axis=1)[:, 0]) / np.abs(light)
    depends, at = dependence(survey), f"{stage} weights"
    return [
        Claim("change of the logit by a traffic light that is pasted, median", median(light, seed),
              within=(-np.inf, 0.0), at=at, is_theirs=True),
        Claim("change of the logit by a honey farm that is pasted, median", median(there[:, _FARM], seed), at=at),
        Claim("change of the logit by a block that is pasted, median", median(there[:, _BLOCK], seed), at=at),
        Claim("change of the logit by a traffic light that is cut out, median", median(_by_cuts(survey), seed), at=at),
        Claim("share of networks whose logit a traffic light changes more than a block does",
              share(np.abs(light) > np.abs(there[:, _BLOCK])), within=(0.5, np.inf), at=at, is_theirs=True),
        Claim("share of networks whose logit a honey farm changes to the same side as a traffic light",
              share(light * there[:, _FARM] > 0), within=(0.5, np.inf), at=at, is_theirs=True),
        Claim("difference of the changes by the phases of a traffic light, over their mean, median",
              median(phases, seed), within=(-np.inf, 0.5), at=at, is_theirs=True),
        Claim("standard deviation of the change by a traffic light over its alignments, over its mean, median",
              median(depends, seed), within=(-np.inf, 0.5), at=at, is_theirs=True),
        Claim("rank correlation of the swap error of layers 1 and 2 with this dependence on alignment",
              spearman(swap_error, depends, seed).estimate(), at=at),
    ]  # fmt: skip


def _by_cuts(survey: Store) -> F64:
    """Return the mean change of the logit by cuts of traffic lights, of both phases; nan where nothing was cut."""
    cut = survey["cut"][:].astype(np.float64)
    n = np.nan_to_num(cut[..., CUT_NUMBERS.index("n")])
    total = (n * np.nan_to_num(cut[..., CUT_NUMBERS.index("mean")])).sum(axis=1)
    found: F64 = np.divide(total, n.sum(axis=1), out=np.full_like(total, np.nan), where=n.sum(axis=1) > 0)
    return found


def _networks(stages: Mapping[str, Store]) -> Table:
    of_sets = ["r2_of_" + "_and_".join(name.split()[-1] for name in names) for names in SETS[:-1]] + ["r2_of_all"]
    schema = Schema(
        stage=Field("int64", "which weights", labels=tuple(stages)),
        network=Field("int64", "row of the population"),
        network_error=Field("float64", "of the network on the boards of the regression", unit="%"),
        counts_error=Field("float64", "of a logistic regression of the rule on counts of objects", unit="%"),
        **{
            name: Field("float64", f"R2 of the logit on the numbers of {', '.join(names)}")
            for name, names in zip(of_sets, SETS, strict=True)
        },
    )
    rows: list[tuple[object, ...]] = []
    for i, survey in enumerate(stages.values()):
        r2, wrong = (survey[name][:].astype(np.float64) for name in ("logit_r2", "logit_errors"))
        rows += [(i, n, 100 * wrong[n, 0], 100 * wrong[n, 2], *r2[n]) for n in range(len(r2))]
    return table(schema, rows)


def _things(stages: Mapping[str, Store]) -> Table:
    schema = Schema(
        stage=Field("int64", "which weights", labels=tuple(stages)),
        thing=Field("int64", "what was pasted", labels=THINGS),
        change=Field("float64", "of the logit, median over networks"),
        error=Field("float64", "standard error of that"),
    )
    rows: list[tuple[object, ...]] = []
    for i, survey in enumerate(stages.values()):
        change = survey["paste"][:].astype(np.float64)[..., NUMBERS.index("mean")]
        rows += [(i, thing, *median(change[:, thing], 0)[:2]) for thing in range(len(THINGS))]
    return table(schema, rows)


def _alignments(survey: Store) -> Table:
    """Return the changes by a traffic light at each alignment, of the networks that depend on it least and most."""
    depends = dependence(survey)
    order = np.argsort(depends)[: int(np.isfinite(depends).sum())]
    changes = survey["paste_alignment"][:].astype(np.float64)[:, _LIGHTS].mean(axis=1)
    schema = Schema(
        which=Field("int64", "of all networks, by how much they depend on alignment", labels=tuple(_SHOWN)),
        network=Field("int64", "row of the population; -1: there is none"),
        y=Field("int64", "of the centre, modulo 8"),
        x=Field("int64", "of the centre, modulo 8"),
        change=Field("float64", "of the logit, mean over boards and both phases"),
    )
    rows: list[tuple[object, ...]] = []
    for i, quantile in enumerate(_SHOWN.values()):
        network = int(order[round(quantile * (len(order) - 1))]) if len(order) else -1
        rows += [(i, network, y, x, changes[network, y, x]) for y, x in np.ndindex(changes.shape[1:])]
    return table(schema, rows)
