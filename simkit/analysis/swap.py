"""Layers in another order: the naive swap of the strided network, and swaps in the expanded form.

Two layers that are neighbours change places. In the strided network a moved layer sees cells at other displacements
than those that it was trained for (the naive swap). In the expanded form it keeps its own, if its dilation goes along.
Exploring AI Model Diversity, blog post, 2026-03-05.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from simkit.analysis.boards import Pairs
from simkit.analysis.measure import Measure
from simkit.analysis.measured import losses_and_errors
from simkit.learn.models import ResCNN_CAC
from simkit.learn.models.expanded import Form, forward, swapped
from simkit.schema import Field, Schema

_OWN = "as trained"

#: what is measured of each form
MEASURES = ("loss", "error")


def forms(d: int) -> Mapping[str, Form]:
    """Return name -> form of a network of `d` layers: itself, itself expanded, and each swap of neighbours."""
    found = {_OWN: Form(pool="subgrid"), "expanded": Form()}
    for first in range(d - 1):
        order = swapped(d, first)
        pair = f"{first} and {first + 1}"
        found[f"naive swap of {pair}"] = Form(order, "position", "subgrid")
        found[f"swap of {pair}"] = Form(order, "layer", "full")
        found[f"swap of {pair}, subgrid"] = Form(order, "layer", "subgrid")
        found[f"swap of {pair}, dilation by position"] = Form(order, "position", "full")
    return found


def schema(model: ResCNN_CAC) -> Schema:
    """Return the schema of what `swaps` gives."""
    names = tuple(forms(model.d))
    doc = "mean loss, and share of wrong classes, of forms: " + "; ".join(names)
    return Schema(swap=Field("float32", doc, ("form", "measure"), (len(names), 2), columns=MEASURES))


def swaps(model: ResCNN_CAC, batches: Pairs, seed: int = 0) -> dict[str, npt.NDArray[np.float32]]:
    """Return loss and error of a network with layers swapped.

    Parameters
    ----------
    model : ResCNN_CAC
        In evaluation mode.
    batches : iterable of (boards, classes)
        See `simkit.analysis.boards.Rows`.
    seed : int
        Not used: nothing is drawn.

    Returns
    -------
    dict
        ``swap``, float32 (form, 2): loss and error of `forms`, in their order.
    """
    del seed
    named = forms(model.d)

    def outputs(boards: torch.Tensor) -> dict[str, torch.Tensor]:
        return {name: forward(model, boards, form) for name, form in named.items()}

    found = losses_and_errors(model, batches, outputs)
    return {"swap": np.stack([found[name] for name in named])}


MEASURE = Measure(schema, lambda model, sample, seed: swaps(model, sample.some, seed))
