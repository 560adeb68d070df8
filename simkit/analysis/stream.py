"""The residual stream of a network behind each of its layers, as vectors of cells."""

from __future__ import annotations

import numpy as np
import torch

from simkit.analysis.boards import Pairs
from simkit.errors import ParameterError
from simkit.learn.models import ResCNN_CAC, tables
from simkit.learn.models.boards import planes


def points(model: ResCNN_CAC) -> tuple[str, ...]:
    """Return the names of the points of the stream: ``L0`` is behind layer 0, what it adds included."""
    return tuple(f"L{layer}" for layer in range(model.d))


def streams(model: ResCNN_CAC, boards: torch.Tensor) -> list[torch.Tensor]:
    """Return the stream at each of `points`, float32 (sample, y, x, C).

    Cell (y, x) of ``Li`` lies over cell (y, x) * 2 ** (i + 1) of the board.

    Parameters
    ----------
    model : ResCNN_CAC
        In evaluation mode.
    boards : uint8 (sample, y, x_byte)

    Raises
    ------
    ParameterError
        If the network is in train mode, or its stream is not finite.
    """
    if model.training:
        raise ParameterError("the stream is that of a network in evaluation; call its eval() before")
    with torch.no_grad():
        if tables.is_possible(model):
            codes = tables.encode(model, boards)
            found = [tables.layer(model, 0, codes, tables.embedding(model, codes))]
        else:
            x = model.embed(planes(boards, model.W))
            found = [x[:, :, ::2, ::2] + model.layers[0](x)]
        for layer in list(model.layers)[1:]:
            found.append(found[-1][:, :, ::2, ::2] + layer(found[-1]))
    if not bool(torch.isfinite(found[-1]).all()):
        raise ParameterError("the stream of this network is not finite; its training went wrong (see nan_step)")
    return [x.permute(0, 2, 3, 1).contiguous() for x in found]


def rest(model: ResCNN_CAC, point: int, stream: torch.Tensor) -> torch.Tensor:
    """Return the logits if the stream at a point were `stream`, float32 (sample, y, x, C)."""
    with torch.no_grad():
        return model.rest(stream.permute(0, 3, 1, 2), point + 1)


def vectors(model: ResCNN_CAC, batches: Pairs, seed: int, n_cells: int) -> torch.Tensor:
    """Return vectors of cells of the stream, drawn evenly from all cells.

    Parameters
    ----------
    model : ResCNN_CAC
    batches : iterable of (boards, classes)
    seed : int
    n_cells : int
        Cells of each board at each point, with replacement.

    Returns
    -------
    float32 (point, vector, C)
    """
    rng = np.random.Generator(np.random.Philox(seed))
    drawn: list[list[torch.Tensor]] = [[] for _ in range(model.d)]
    for boards, _ in batches:
        for chosen, x in zip(drawn, streams(model, boards), strict=True):
            cells = x.flatten(1, 2)
            places = torch.from_numpy(rng.integers(cells.shape[1], size=(len(cells), n_cells)))
            chosen.append(torch.take_along_dim(cells, places[..., None], 1).flatten(0, 1))
    if not drawn[0]:
        raise ParameterError("there are no boards to learn from")
    return torch.stack([torch.cat(chosen) for chosen in drawn])
