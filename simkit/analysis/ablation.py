"""Layers left out: what a network does whose stream goes past one of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from simkit.analysis.boards import Pairs
from simkit.analysis.measure import Measure
from simkit.analysis.measured import losses_and_errors
from simkit.analysis.swap import MEASURES
from simkit.learn.models import ResCNN_CAC
from simkit.learn.models.expanded import Form, forward
from simkit.schema import Field, Schema


def schema(model: ResCNN_CAC) -> Schema:
    """Return the schema of what `ablations` gives."""
    doc = "mean loss, and share of wrong classes, of the strided network without the branch of a layer"
    return Schema(ablation=Field("float32", doc, ("layer", "measure"), (model.d, 2), columns=MEASURES))


def ablations(model: ResCNN_CAC, batches: Pairs, seed: int = 0) -> dict[str, npt.NDArray[np.float32]]:
    """Return loss and error of a network without each of its layers: nothing is added to the subsampled stream.

    Parameters
    ----------
    model : ResCNN_CAC
        In evaluation mode.
    batches : iterable of (boards, classes)
    seed : int
        Not used: nothing is drawn.

    Returns
    -------
    dict
        ``ablation``, float32 (layer, 2): loss and error.
    """
    del seed

    def outputs(boards: torch.Tensor) -> dict[str, torch.Tensor]:
        return {str(layer): forward(model, boards, Form(pool="subgrid", without=(layer,))) for layer in range(model.d)}

    found = losses_and_errors(model, batches, outputs)
    return {"ablation": np.stack([found[str(layer)] for layer in range(model.d)])}


MEASURE = Measure(schema, lambda model, sample, seed: ablations(model, sample.test, seed))
