"""A trained network, read from its row."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from simkit.errors import StoreError, show
from simkit.learn.models.architecture import Architecture, unflatten
from simkit.store import Store, open_store


def architecture_of(store: Store) -> Architecture:
    """Return the architecture of the networks of a data set; StoreError if it holds none."""
    from simkit.learn.models import architecture

    spec = store.recipe["parameters"].get("architecture")
    if "weights" not in store or not isinstance(spec, dict) or "name" not in spec:
        raise StoreError(
            f"{store.path} holds {show(store.recipe['source'])} and no trained networks; `simkit train` makes these"
        )
    return architecture(spec["name"], **{name: value for name, value in spec.items() if name != "name"})


def load(store: Store | str | Path, row: int, stage: int = -1) -> nn.Module:
    """Return the trained network of a row, in evaluation mode.

    Parameters
    ----------
    store : Store, path or address
        That `simkit train` made.
    row : int
        The network.
    stage : int
        Which of the weights that were kept: the last ones, or earlier ones (see the field ``step``).

    Raises
    ------
    StoreError
        If the data set holds no networks, is not finished at `row`, or has no such stage.
    ParameterError
        If there is no such row, or the weights are of another architecture.
    """
    store = store if isinstance(store, Store) else open_store(store)
    architecture = architecture_of(store)
    weights = store["weights"][store.check_row(row)]
    if not -len(weights) <= stage < len(weights):
        raise StoreError(f"asked for stage {stage} of row {row} of {store.path}, which has {len(weights)}")
    return unflatten(architecture, weights[stage])
