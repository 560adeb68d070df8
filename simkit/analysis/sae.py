"""Sparse autoencoders spliced into networks: what is lost if a layer hands on no more than a few features of each cell.

At each point of the residual stream an autoencoder is trained on vectors of cells; then the stream there is replaced
by what it decodes, and the rest of the network runs on that. Exploring AI Model Diversity, blog post, 2026-03-05 (which
keeps one feature of a cell; how it was trained is not published).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from simkit.analysis.boards import Pairs
from simkit.analysis.dictionary import Dictionary, Training, train
from simkit.analysis.measured import losses_and_errors
from simkit.analysis.stream import points, rest, streams, vectors
from simkit.learn.models import ResCNN_CAC
from simkit.schema import Field, Schema

F32 = npt.NDArray[np.float32]

#: what is measured of each autoencoder on the boards that it is tested on
MEASURES = ("loss", "error", "explained variance", "dead features")

#: cells of each board that are learnt from, at each point
N_CELLS = 128


def schema(model: ResCNN_CAC, training: Training = Training()) -> Schema:  # noqa: B008 - frozen
    """Return the schema of what `autoencoders` gives."""
    named = ", ".join(points(model))
    shape = (model.d, training.n_features)
    axes = ("point", "feature")
    return Schema(
        sae=Field(
            "float32",
            "mean loss and share of wrong classes with the stream decoded at a point, share of its variance over all "
            f"cells that is kept, and number of features that no cell has; points: {named}",
            ("point", "measure"),
            (model.d, len(MEASURES)),
            columns=MEASURES,
        ),
        sae_use=Field("float32", "share of cells that have the feature", axes, shape),
        sae_encoder=Field("float32", "weights of the encoder", (*axes, "channel"), (*shape, model.C)),
        sae_encoder_bias=Field("float32", "added to what the encoder gives", axes, shape),
        sae_decoder=Field("float32", "directions of the features, each of length one", (*axes, "channel"),
                          (*shape, model.C)),
        sae_bias=Field("float32", "subtracted from vectors, and added to what is decoded", ("point", "channel"),
                       (model.d, model.C)),
    )  # fmt: skip


def autoencoders(model: ResCNN_CAC, learn: Pairs, test: Pairs, seed: int = 0,
                 training: Training = Training()) -> dict[str, F32]:  # fmt: skip  # noqa: B008 - frozen
    """Train an autoencoder at each point of a network's stream, and return what it keeps on other boards.

    Parameters
    ----------
    model : ResCNN_CAC
        In evaluation mode.
    learn : iterable of (boards, classes)
        Of each board `N_CELLS` cells are learnt from at each point, drawn evenly among all of them.
    test : iterable of (boards, classes)
        All their cells are decoded.
    seed : int
        Of the cells, the batches and the first directions.
    training : Training

    Returns
    -------
    dict
        ``sae`` float32 (point, 4), see `MEASURES`; ``sae_use``; and the autoencoders, see `dictionaries`.

    Raises
    ------
    ParameterError
        If the network is in train mode or its stream is not finite, or there are too few boards to learn from.
    """
    trained = train(vectors(model, learn, seed, N_CELLS), training, seed)
    uses = torch.zeros(model.d, training.n_features, dtype=torch.int64)
    sums = torch.zeros(model.d, 2, dtype=torch.float64)  # squared errors, squares of vectors
    totals = torch.zeros(model.d, model.C, dtype=torch.float64)
    n_cells = torch.zeros(model.d, dtype=torch.float64)

    def outputs(boards: torch.Tensor) -> dict[str, torch.Tensor]:
        logits = {}
        for i, (dictionary, x) in enumerate(zip(trained, streams(model, boards), strict=True)):
            values, features = dictionary.encode(x)
            decoded = dictionary.decode(values, features)
            uses[i] += torch.bincount(features[values > 0], minlength=training.n_features)
            sums[i] += torch.stack([(decoded - x).square().sum().double(), x.square().sum().double()])
            totals[i] += x.sum((0, 1, 2)).double()
            n_cells[i] += x.shape[:-1].numel()
            logits[points(model)[i]] = rest(model, i, decoded)
        return logits

    measured = losses_and_errors(model, test, outputs)
    variance = sums[:, 1] - totals.square().sum(1) / n_cells
    kept = 1 - sums[:, 0] / variance
    found = [[*measured[name], kept[i], (uses[i] == 0).sum()] for i, name in enumerate(points(model))]
    return {
        "sae": np.array(found, np.float32),
        "sae_use": (uses / n_cells[:, None]).float().numpy(),
        "sae_encoder": _stacked([one.encoder for one in trained]),
        "sae_encoder_bias": _stacked([one.encoder_bias for one in trained]),
        "sae_decoder": _stacked([one.decoder for one in trained]),
        "sae_bias": _stacked([one.bias for one in trained]),
    }


def dictionaries(found: Mapping[str, npt.NDArray[np.float32]], k: int = 1) -> list[Dictionary]:
    """Return the autoencoders among what `autoencoders` gave for a network, as they keep `k` features."""
    names = ("sae_encoder", "sae_encoder_bias", "sae_decoder", "sae_bias")
    encoder, encoder_bias, decoder, bias = (torch.from_numpy(np.array(found[name], np.float32)) for name in names)
    return [Dictionary(encoder[i], encoder_bias[i], decoder[i], bias[i], k) for i in range(len(bias))]


def _stacked(tensors: list[torch.Tensor]) -> F32:
    array: F32 = torch.stack(tensors).numpy()
    return array
