"""Features of the autoencoders against the objects that are on the boards: traffic lights above all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from simkit.analysis.features import INFORMATION, SCORES, STATES
from simkit.analysis.objects import KINDS
from simkit.recipe import Recipe
from simkit.schema import Field, Schema
from simkit.store import Store
from simkit.study.conduct import Need
from simkit.study.findings import Axes, Claim, Findings, Plot, Table, table
from simkit.study.model_diversity import Scale, populations
from simkit.study.model_diversity.swaps import errors
from simkit.study.ranks import median, share, spearman

F64 = npt.NDArray[np.float64]

_POINTS = ("L0", "L1", "L2")
_LIGHT, _FARM = KINDS.index("traffic light"), KINDS.index("honey farm")

#: a feature is a detector of a kind from this harmonic mean of precision and recall on
_DETECTS = 0.5

#: share of the bits of an alignment from which on features are one for each, and up to which one is for all
_APART, _TOGETHER = 0.5, 0.2


def needs(scale: Scale) -> Mapping[str, Recipe | Need]:
    """Return the data sets of this question."""
    return populations.needs(scale)


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what features stand for, at both stages."""
    stages = {"last": stores["survey"], "early": stores["survey-early"]}
    best = {stage: detectors(survey) for stage, survey in stages.items()}
    known = {stage: told(survey) for stage, survey in stages.items()}
    claims = [
        claim
        for stage, survey in stages.items()
        for claim in _claims(best[stage], known[stage], errors(survey)["swap_12"], stage, scale.seed)
    ]
    tables = {"detectors": _detectors(best), "alignments": _alignments(known), "kinds": _kinds(best["last"])}
    told_by = {"x": "mod_4", "series": "stage"}
    plots = [
        Plot("best detector of each kind", "kinds", {"x": "kind", "y": "score", "series": "point"},
             Axes("kind of object", "precision and recall, harmonic mean"), "bars"),
        *(Plot(f"alignment of traffic lights at {point}", "alignments", told_by,
               Axes("share of its bits modulo 4, told by features", "networks"), "histogram",
               rows=("point", point)) for point in _POINTS[1:]),
    ]  # fmt: skip
    notes = [
        f"objects are those of {scale.some:,} test boards; a feature sees an object if any cell of the stream has it "
        "whose square of the board meets the object's box; bits that a feature tells of an alignment or a phase are "
        "less those by chance",
        "the post looked at two networks, with twice as many channels in a branch",
    ]
    return Findings(tables, plots, claims, notes)


def detectors(survey: Store) -> dict[str, F64]:
    """Return what the best detectors do, each (network, point, kind).

    Returns
    -------
    dict
        ``precision``, ``recall``, ``chance_precision``, ``chance_recall`` and ``score``, the harmonic mean of the first
        two; 0 if no feature sees any such object, nan if there is none, or no such network. ``farms``: recall of the
        detector of a kind for honey farms, less that by chance.
    """
    scores = survey["feature_score"][:].astype(np.float64)
    which = survey["detector"][:]
    is_one = (which >= 0)[..., None]
    places = np.maximum(which, 0)[:, :, None, :, None]
    found = np.take_along_axis(scores, places, axis=2)[:, :, 0]
    found = np.where(is_one, found, 0.0)
    n_places = survey["n_places"][:][:, None, :]
    found = np.where((n_places > 0)[..., None], found, np.nan)
    names = [name.replace(" ", "_") for name in SCORES]
    of = dict(zip(names, np.moveaxis(found, -1, 0), strict=True))
    both = of["precision"] + of["recall"]
    of["score"] = np.divide(2 * of["precision"] * of["recall"], both, out=np.where(np.isnan(both), np.nan, 0.0),
                            where=both > 0)  # fmt: skip
    farms = scores[..., _FARM, :]
    above = farms[..., SCORES.index("recall")] - farms[..., SCORES.index("chance recall")]
    of["farms"] = np.where(is_one[..., 0], np.take_along_axis(above, np.maximum(which, 0), axis=2), np.nan)
    return of


def told(survey: Store) -> dict[str, F64]:
    """Return what the strongest feature at a traffic light tells of its state, each (network, point).

    Returns
    -------
    dict
        State -> share of its bits, less that by chance, 0..1; ``features``: the effective number of such features.
    """
    bits = survey["state_information"][:].astype(np.float64)[:, :, _LIGHT]
    own, chance, entropy, features = (bits[..., INFORMATION.index(name)] for name in INFORMATION)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = (own - chance).clip(0) / (entropy - chance)
    shares = np.where(entropy > chance, shares, np.nan)
    named = {state.replace(" ", "_"): shares[..., i] for i, state in enumerate(STATES)}
    return {**named, "features": features[..., 0]}


def _claims(best: Mapping[str, F64], known: Mapping[str, F64], swap_error: F64, stage: str, seed: int) -> list[Claim]:
    at, claims = f"{stage} weights", []
    for point, name in list(enumerate(_POINTS))[1:]:
        score = best["score"][:, point]
        is_there = np.isfinite(score[:, _LIGHT])
        light = score[is_there][:, _LIGHT]
        others = np.nan_to_num(np.delete(score[is_there], [_LIGHT], axis=1)).max(axis=1)
        aligned = known["mod_4"][:, point]
        aligned = aligned[np.isfinite(aligned)]
        claims += [
            Claim(f"share of networks with a detector of traffic lights at {name}", share(light >= _DETECTS),
                  within=(0.5, np.inf), at=at, is_theirs=True),
            Claim(f"share of networks that detect traffic lights at {name} better than any other kind of object",
                  share(light > others), within=(0.5, np.inf), at=at, is_theirs=True),
            Claim(f"share of the bits of the phase of a traffic light that its feature at {name} tells, median",
                  median(known["phase"][:, point], seed), within=(-np.inf, 0.5), at=at, is_theirs=True),
            Claim(f"recall of honey farms by the detector of traffic lights at {name} - by chance, median",
                  median(best["farms"][:, point, _LIGHT], seed), within=(0.0, np.inf), at=at, is_theirs=True),
            Claim(f"share of the bits of a traffic light's alignment modulo 4 that its feature at {name} tells, median",
                  median(aligned, seed), at=at),
            Claim(f"share of networks with a feature for each alignment at {name} (more than {_APART:g} of its bits)",
                  share(aligned > _APART), within=(0.05, np.inf), at=at, is_theirs=True),
            Claim(f"share of networks with one feature for all alignments at {name} (less than {_TOGETHER:g})",
                  share(aligned < _TOGETHER), within=(0.05, np.inf), at=at, is_theirs=True),
        ]  # fmt: skip
    tie = spearman(swap_error, known["mod_4"][:, 1], seed)
    claims.append(
        Claim("rank correlation of the swap error of layers 1 and 2 with the share of the alignment's bits at L1",
              tie.estimate(), at=at)
    )  # fmt: skip
    return claims


def _detectors(stages: Mapping[str, Mapping[str, F64]]) -> Table:
    names = ("score", "precision", "recall", "chance_precision", "chance_recall")
    schema = Schema(
        stage=Field("int64", "which weights", labels=tuple(stages)),
        network=Field("int64", "row of the population"),
        point=Field("int64", "of the stream", labels=_POINTS),
        kind=Field("int64", "kind of object", labels=KINDS),
        **{
            name: Field("float64", f"of the best feature for it: {name.replace('_', ' ')}; nan without objects")
            for name in names
        },
    )
    rows: list[tuple[object, ...]] = []
    for i, of in enumerate(stages.values()):
        values = np.stack([of[name] for name in names], axis=-1)
        rows += [(i, *place, *values[place]) for place in np.ndindex(*values.shape[:-1])]
    return table(schema, rows)


def _alignments(stages: Mapping[str, Mapping[str, F64]]) -> Table:
    names = [name.replace(" ", "_") for name in STATES]
    schema = Schema(
        stage=Field("int64", "which weights", labels=tuple(stages)),
        network=Field("int64", "row of the population"),
        point=Field("int64", "of the stream", labels=_POINTS),
        **{
            name: Field(
                "float64",
                f"share of the bits of a traffic light's {state} that its strongest feature tells; nan without",
            )
            for name, state in zip(names, STATES, strict=True)
        },
        features=Field("float64", "effective number of features that are the strongest at a traffic light"),
    )
    rows: list[tuple[object, ...]] = []
    for i, of in enumerate(stages.values()):
        values = np.stack([of[name] for name in (*names, "features")], axis=-1)
        rows += [(i, *place, *values[place]) for place in np.ndindex(*values.shape[:-1])]
    return table(schema, rows)


def _kinds(best: Mapping[str, F64]) -> Table:
    """Return the median score over networks of the best detector of each kind."""
    schema = Schema(
        kind=Field("int64", "kind of object", labels=KINDS),
        point=Field("int64", "of the stream", labels=_POINTS),
        score=Field(
            "float64",
            "harmonic mean of precision and recall of its best feature, median over networks; nan without objects",
        ),
    )
    rows: list[tuple[object, ...]] = []
    for point, kind in np.ndindex(len(_POINTS), len(KINDS)):
        values = best["score"][:, point, kind]
        values = values[np.isfinite(values)]
        rows.append((kind, point, float(np.median(values)) if values.size else np.nan))
    return table(schema, rows)
