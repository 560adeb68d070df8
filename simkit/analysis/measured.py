"""Loss and error of outputs over batches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from simkit.analysis.boards import Pairs
from simkit.errors import ParameterError
from simkit.learn.models import ResCNN_CAC

#: outputs of boards, under several names
Outputs = Callable[[torch.Tensor], dict[str, torch.Tensor]]


def losses_and_errors(model: ResCNN_CAC, batches: Pairs, outputs: Outputs) -> dict[str, npt.NDArray[np.float32]]:
    """Return name -> float32 (2,): the mean loss and the share of wrong classes over all batches.

    Parameters
    ----------
    model : ResCNN_CAC
        In evaluation mode, whose classes are meant.
    batches : iterable of (boards, classes)
    outputs : callable
        Boards -> outputs under some names, the same for each batch.

    Raises
    ------
    ParameterError
        If there are no boards, or a class is none of the network's.
    """
    sums: dict[str, npt.NDArray[np.float64]] = {}
    n = 0
    with torch.no_grad():
        for boards, classes in batches:
            _check(model, classes)
            for name, logits in outputs(boards).items():
                if model.n_classes == 2:
                    loss = functional.binary_cross_entropy_with_logits(
                        logits, classes.to(logits.dtype), reduction="sum"
                    )
                    wrong = (logits > 0).long() != classes
                else:
                    loss = functional.cross_entropy(logits, classes, reduction="sum")
                    wrong = logits.argmax(dim=1) != classes
                sums[name] = sums.get(name, np.zeros(2)) + np.array([float(loss), float(wrong.sum())])
            n += len(classes)
    if n == 0:
        raise ParameterError("there are no boards on which losses and errors could be measured")
    return {name: (total / n).astype(np.float32) for name, total in sums.items()}


def _check(model: ResCNN_CAC, classes: torch.Tensor) -> None:
    """Raise ParameterError unless all classes are the network's: a loss of two classes would take any number."""
    if len(classes) and not 0 <= int(classes.min()) <= int(classes.max()) < model.n_classes:
        raise ParameterError(
            f"this network tells classes 0 to {model.n_classes - 1}; these boards have classes {int(classes.min())} to "
            f"{int(classes.max())}"
        )
