"""What features of autoencoders look at: the patches that activate them most, and their activation over a board.

Of the network that a swap of the last layers degrades least, and of that which it degrades most; each with the three
features at L1 that are the best detectors of traffic lights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
import numpy.typing as npt
import torch

from simkit.analysis.boards import Rows
from simkit.analysis.dictionary import Dictionary
from simkit.analysis.features import SCORES
from simkit.analysis.objects import KINDS
from simkit.analysis.pictures import Feature, activation_maps, patches, picture
from simkit.analysis.sae import dictionaries
from simkit.learn.models import ResCNN_CAC, load
from simkit.learn.training.settings import TEST
from simkit.recipe import Recipe
from simkit.schema import Field, Schema
from simkit.store import Store
from simkit.study.conduct import Need
from simkit.study.findings import Axes, Claim, Findings, Plot, table
from simkit.study.model_diversity import Scale, populations
from simkit.study.model_diversity.swaps import errors
from simkit.study.statistics import Estimate

#: the layer behind which the stream is, the features of a network, and the patches of a feature
_POINT, _N_FEATURES, _N_PATCHES = 1, 3, 6

#: side of a patch in cells
_SIDE = 33

#: the constellation whose number chooses the board that is drawn whole
_LIGHTS = "traffic light"


def needs(scale: Scale) -> Mapping[str, Recipe | Need]:
    """Return the data sets of this question."""
    return populations.needs(scale, early=False)


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return pictures of the features of two networks."""
    survey, networks = stores["survey"], stores["networks"]
    swapped = errors(survey)["swap_12"]
    rows = Rows(stores["boards"], TEST, scale.some)
    chosen = [int(np.nanargmin(swapped)), int(np.nanargmax(swapped))]
    names = [f"network {row}: {swapped[row]:.1f} % error with layers 1 and 2 swapped" for row in chosen]
    whole = _richest(rows)
    of_patches: list[tuple[int, str, npt.NDArray[np.uint8]]] = []
    of_maps: list[tuple[str, npt.NDArray[np.uint8]]] = []
    claims = []
    for i, row in enumerate(chosen):
        model = cast("ResCNN_CAC", load(networks, row))
        dictionary = dictionaries({name: survey[name][row] for name in survey})[_POINT]
        scores = survey["feature_score"][row][_POINT]
        for feature in _detectors(scores):
            activation = _feature(dictionary, feature)
            best = patches(model, rows, activation, _POINT, _N_PATCHES, _SIDE)
            for value, cells in zip(best.activation, best.cells, strict=True):
                drawn = picture(cells, np.zeros(cells.shape, np.float32), 1.0)
                of_patches.append((i, f"{feature}: {value:.1f}", drawn))
            found = activation_maps(model, whole[1], activation, _POINT)[0]
            board = np.unpackbits(whole[1][0].numpy(), axis=-1, count=rows.width, bitorder="little")
            drawn = picture(board, found, max(float(found.max()), 1e-6))
            of_maps.append((f"network {row}, feature {feature}", drawn))
            precision, recall = scores[feature, KINDS.index(_LIGHTS), :2]
            at = f"network {row}, feature {feature}"
            claims += [
                Claim(f"{SCORES[0]} of the feature for traffic lights", _plain(precision), at=at),
                Claim(f"{SCORES[1]} of the feature for traffic lights", _plain(recall), at=at),
            ]
    captions = Schema(
        network=Field("int64", "which network", labels=tuple(names)),
        caption=Field("int64", "feature and its activation", labels=tuple(text for _, text, _ in of_patches)),
        image=Field(
            "uint8",
            "cells around the place: black alive, grey beside the board",
            ("y", "x", "channel"),
            (_SIDE, _SIDE, 3),
        ),
    )
    maps = Schema(
        caption=Field("int64", "network and feature", labels=tuple(text for text, _ in of_maps)),
        image=Field("uint8", "cells, and in red where the feature is active", ("y", "x", "channel"),
                    (rows.width, rows.width, 3)),
    )  # fmt: skip
    tables = {
        "patches": table(captions, [(i, n, image) for n, (i, _, image) in enumerate(of_patches)]),
        "maps": table(maps, [(n, image) for n, (_, image) in enumerate(of_maps)]),
    }
    parts = {"image": "image", "caption": "caption"}
    plots = [
        *(Plot(name, "patches", parts, Axes("", ""), "pictures", rows=("network", name))
          for i, name in enumerate(names) if any(which == i for which, *_ in of_patches)),
        Plot("activation over a board, in the expanded form", "maps", parts, Axes("", ""), "pictures"),
    ]  # fmt: skip
    notes = [
        f"features are those at L{_POINT} with the largest harmonic mean of precision and recall for traffic lights",
        "over each patch stand feature and activation; patches are the places where one is most active, of "
        f"{scale.some:,} test boards, one place of a board at most",
        f"the board that is drawn whole, {whole[0]}, has the most traffic lights of these",
    ]
    return Findings(tables, plots, claims, notes)


def _plain(value: float) -> Estimate:
    return Estimate(float(value), float("nan"))


def _detectors(scores: npt.NDArray[np.float32]) -> list[int]:
    """Return the features with the largest harmonic mean of precision and recall for traffic lights."""
    precision, recall = scores[:, KINDS.index(_LIGHTS), 0], scores[:, KINDS.index(_LIGHTS), 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = 2 * precision * recall / (precision + recall)
    order = np.argsort(-np.nan_to_num(mean), kind="stable")
    return [int(feature) for feature in order[:_N_FEATURES]]


def _feature(dictionary: Dictionary, number: int) -> Feature:
    """Return what a feature is of vectors of the stream: its value where it is kept, else zero."""

    def activation(x: torch.Tensor) -> torch.Tensor:
        values, features = dictionary.encode(x)
        return torch.where(features == number, values, 0).sum(dim=-1)

    return activation


def _richest(rows: Rows) -> tuple[int, torch.Tensor]:
    """Return the number of the board with the most traffic lights, among the rows, and the board."""
    names = rows.schema["constellations"].columns
    counts = rows.field("constellations")[:, names.index(_LIGHTS.replace(" ", "-"))]
    number = int(np.argmax(counts))
    boards = torch.cat([boards for boards, _ in rows])
    return number, boards[number : number + 1]
