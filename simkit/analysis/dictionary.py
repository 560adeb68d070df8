"""Sparse autoencoders that keep the k largest features of a vector, one for each of several sets of vectors.

A vector x is encoded as ``W_e (x - b_d) + b_e``, of which the `k` largest are kept and negative ones are set to zero;
it is decoded as ``W_d z + b_d``, where the rows of ``W_d`` have length one. With k = 1 it is a quantiser by directions.
Gao et al., Scaling and evaluating sparse autoencoders, 2024; dead units are drawn anew as in Bricken et al., Towards
Monosemanticity, 2023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np
import torch

from simkit.errors import ParameterError

#: vectors that are encoded at once
_AT_ONCE = 1 << 15


@dataclass(frozen=True)
class Training:
    """How an autoencoder is trained: Adam, whose rate falls evenly to 0, on the mean squared error.

    Parameters
    ----------
    n_features, k : int
        Units, and how many of them are kept for a vector.
    steps, batch_size : int
    lr : float
        At the first step, for vectors that are scaled to a variance of one.
    resample : int
        Steps after which units that were never kept meanwhile start anew, at vectors that are badly decoded; not in
        the last quarter of the steps.
    """

    n_features: int = 64
    k: int = 1
    steps: int = 750
    batch_size: int = 1024
    lr: float = 5e-3
    resample: int = 50

    def __post_init__(self) -> None:
        for name, most in (("n_features", 2**15), ("k", self.n_features), ("steps", 10**7), ("batch_size", 2**20)):
            ParameterError.check_integer(f"{name} of a sparse autoencoder", getattr(self, name), 1, most)


class Dictionary(NamedTuple):
    """A trained autoencoder of vectors of C numbers.

    Attributes
    ----------
    encoder : float32 (feature, C)
    encoder_bias : float32 (feature,)
    decoder : float32 (feature, C)
        Each of length one.
    bias : float32 (C,)
    k : int
    """

    encoder: torch.Tensor
    encoder_bias: torch.Tensor
    decoder: torch.Tensor
    bias: torch.Tensor
    k: int

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the `k` largest features of vectors (..., C): their values, 0 or above, and their numbers, int64."""
        offset = self.encoder_bias - self.encoder @ self.bias
        parts = torch.split(x.reshape(-1, x.shape[-1]), _AT_ONCE)
        found = [torch.addmm(offset, part, self.encoder.T).topk(self.k, dim=1) for part in parts]
        shape = (*x.shape[:-1], self.k)
        values, features = (torch.cat(each).reshape(shape) for each in zip(*found, strict=True))
        return values.relu(), features

    def decode(self, values: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """Return the vectors (..., C) of what `encode` returns."""
        x = self.bias + values[..., :1] * self.decoder[features[..., 0]]
        for i in range(1, self.k):
            x += values[..., i : i + 1] * self.decoder[features[..., i]]
        return x


def train(vectors: torch.Tensor, training: Training, seed: int) -> list[Dictionary]:
    """Return an autoencoder for each set of vectors, all trained in the same steps.

    Parameters
    ----------
    vectors : float32 (set, vector, C)
    training : Training
    seed : int

    Raises
    ------
    ParameterError
        If there are fewer vectors than features.
    """
    n_sets, n, _ = vectors.shape
    if n < training.n_features:
        raise ParameterError(
            f"{training.n_features:,} features cannot be learnt from {n:,} vectors; take more boards or fewer features"
        )
    rng = np.random.Generator(np.random.Philox(seed))
    mean = vectors.mean(1, keepdim=True)
    scale = (vectors - mean).square().mean((1, 2), keepdim=True).sqrt().clamp_min(1e-20)
    x = vectors / scale
    bias = (mean / scale).clone()
    decoder = torch.stack([_directions(x[i], bias[i], bias[i], training.n_features, rng) for i in range(n_sets)])
    weights = [decoder.clone(), torch.zeros(n_sets, 1, training.n_features), decoder, bias]
    _descend(x, weights, training, rng)
    encoder, encoder_bias, decoder, bias = (each.detach() for each in weights)
    return [
        Dictionary(encoder[i], encoder_bias[i, 0] * scale[i, 0], decoder[i], bias[i, 0] * scale[i, 0], training.k)
        for i in range(n_sets)
    ]


def _descend(x: torch.Tensor, weights: list[torch.Tensor], training: Training, rng: np.random.Generator) -> None:
    """Train in place: encoder, its bias, decoder, bias, each with a leading axis of sets."""
    n_sets, n, _ = x.shape
    encoder, encoder_bias, decoder, bias = weights
    for each in weights:
        each.requires_grad_()
    optimiser = torch.optim.Adam(weights, lr=training.lr, foreach=True)
    is_used = torch.zeros(n_sets, training.n_features, dtype=torch.bool)
    for step in range(training.steps):
        batch = x[:, torch.from_numpy(rng.integers(n, size=training.batch_size))]
        pre = torch.baddbmm(encoder_bias, batch - bias, encoder.mT)
        values, features = pre.topk(training.k, dim=2)
        z = torch.zeros_like(pre).scatter(2, features, values.relu())
        loss = (torch.baddbmm(bias, z, decoder) - batch).square().mean((1, 2)).sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            gradient = cast("torch.Tensor", decoder.grad)
            gradient -= (gradient * decoder).sum(2, keepdim=True) * decoder  # along a unit's own direction
            optimiser.param_groups[0]["lr"] = training.lr * (1 - step / training.steps)
            optimiser.step()
            decoder /= decoder.norm(dim=2, keepdim=True)
            is_used |= (z.detach() > 0).any(1)
            if (step + 1) % training.resample == 0 and step < 0.75 * training.steps:
                decoded = torch.baddbmm(bias, z, decoder)
                for i in range(n_sets):
                    dead = torch.nonzero(~is_used[i])[:, 0]
                    decoder[i, dead] = _directions(batch[i], decoded[i], bias[i], len(dead), rng)
                    encoder[i, dead], encoder_bias[i, 0, dead] = decoder[i, dead], 0.0
                    _forget(optimiser, (encoder, decoder), i, dead)
                is_used.zero_()


def _directions(
    x: torch.Tensor, decoded: torch.Tensor, origin: torch.Tensor, n: int, rng: np.random.Generator
) -> torch.Tensor:
    """Return `n` directions from the origin to vectors, drawn with the weights of their squared errors."""
    errors = (x - decoded).square().sum(1).double().numpy() + 1e-30
    chosen = torch.from_numpy(rng.choice(len(x), size=n, p=errors / errors.sum()))
    away = x[chosen] - origin
    found: torch.Tensor = away / away.norm(dim=1, keepdim=True).clamp_min(1e-20)
    lost = found.norm(dim=1) < 0.5  # a vector at the origin itself has no direction
    found[lost] = x.shape[1] ** -0.5
    return found


def _forget(optimiser: torch.optim.Adam, weights: tuple[torch.Tensor, ...], which: int, dead: torch.Tensor) -> None:
    """Let the optimiser start anew with some units."""
    for each in weights:
        for name in ("exp_avg", "exp_avg_sq"):
            optimiser.state[each][name][which, dead] = 0.0
