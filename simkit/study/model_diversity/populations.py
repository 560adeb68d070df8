"""The data sets, populations and surveys of the study."""

from __future__ import annotations

from collections.abc import Mapping

from simkit.analysis.survey import Amount
from simkit.learn.models import architecture
from simkit.learn.training import Course, Optimiser, Population
from simkit.recipe import Recipe
from simkit.study.conduct import Need
from simkit.study.model_diversity import PUBLISHED_SIDE, Scale
from simkit.study.networks import Networks, Surveyed

#: stages of the weights that are kept: name -> number
STAGES = {"early": 0, "last": 1}

#: most steps until a soup settles; boards of a torus of 128 cells take some thousand
_MAX_STEPS = 100_000

#: side of boards from which on some have an empty place that is large enough for things to be pasted at all alignments
_ROOM = 64


def sides(scale: Scale) -> list[str]:
    """Return a note on errors that cannot be compared with the post's, because boards have another side."""
    if scale.side == PUBLISHED_SIDE:
        return []
    return [
        f"boards have {scale.side} cells a side and the post's {PUBLISHED_SIDE}: its errors could not be tested at "
        "this size, and ours are reported alone"
    ]


def boards(scale: Scale, recipe: str) -> Recipe:
    """Return the boards of a task."""
    side = (scale.side, scale.side)
    return Recipe.of(recipe, n=scale.boards, seed=0, parameters={"size": side, "max_steps": _MAX_STEPS})


def population(scale: Scale, data: Recipe, models: int) -> Population:
    """Return networks as published; the post does not say how they were trained: rate and augmentation are ours."""
    n_classes = len(data.source.schema()["rule"].labels)
    return Population(
        architecture("res-cnn-cac", W=scale.side, C=scale.channels, n_classes=n_classes),
        data,
        {"augment": ("translate", "rotate", "reflect")},
        Optimiser(lr=4e-3, schedule="one-cycle"),
        Course(scale.steps, 32, "each", scale.every, scale.validation, (scale.early,)),
        models,
        scale.seed,
    )


def needs(scale: Scale, *, early: bool = True) -> Mapping[str, Recipe | Need]:
    """Return the two-rule task: its boards, the networks, and their surveys at both stages."""
    data = boards(scale, "ca-ash-2rules")
    amount = Amount(n_train=scale.learn, n_test=scale.test, n_some=scale.some)
    found: dict[str, Recipe | Need] = {
        "boards": data,
        "networks": Networks(population(scale, data, scale.networks), "boards"),
        "survey": Surveyed("networks", STAGES["last"], amount),
    }
    if early:
        found["survey-early"] = Surveyed("networks", STAGES["early"], amount)
    return found


def needs_of_logits(scale: Scale) -> Mapping[str, Recipe | Need]:
    """Return the two-rule task with surveys of logits at both stages, and of interventions where boards have room."""
    found = needs(scale)
    measures = ("logits", "interventions") if scale.side >= _ROOM else ("logits",)
    amount = Amount(n_train=scale.learn, n_test=scale.test, n_some=scale.some)
    surveys = {f"logits-{stage}": Surveyed("networks", i, amount, measures) for stage, i in STAGES.items()}
    return {**found, **surveys}


def needs_of_four_rules(scale: Scale) -> Mapping[str, Recipe | Need]:
    """Return the four-rule task: its boards, the networks, and the survey of their last weights."""
    data = boards(scale, "ca-ash-4rules")
    amount = Amount(n_train=scale.learn, n_test=scale.test, n_some=scale.some)
    return {
        "four-boards": data,
        "four-networks": Networks(population(scale, data, scale.four_rules), "four-boards"),
        "four-survey": Surveyed("four-networks", STAGES["last"], amount),
    }
