"""Sparse autoencoders on planted directions, and spliced into networks, against what they are by definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from simkit import models
from simkit.analysis import sae
from simkit.analysis.dictionary import Dictionary, Training, train
from simkit.analysis.stream import points, rest, streams, vectors
from simkit.errors import ParameterError
from simkit.learn.models.boards import planes
from simkit.schema import check

FEW = Training(n_features=12, steps=300, batch_size=512, resample=40)
LONG = Training(n_features=12, steps=800, batch_size=512)


def planted(n, n_directions, offset=0.5, seed=0):
    """Return multiples of unit directions, one a vector, beside an offset; and the directions."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(n_directions, 16))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    x = rng.uniform(1, 3, (n, 1)) * directions[rng.integers(n_directions, size=n)] + offset
    return torch.from_numpy(x.astype(np.float32)), directions


def net_and_boards(n_classes=2, **parameters):
    net = models.architecture("res-cnn-cac", W=16, C=6, n_classes=n_classes, **parameters).build(3).eval()
    rng = np.random.default_rng(1)
    boards = torch.from_numpy(np.packbits(rng.random((40, 16, 16)) < 0.2, axis=-1, bitorder="little"))
    classes = torch.from_numpy(rng.integers(n_classes, size=40))
    return net, [(boards[:25], classes[:25]), (boards[25:], classes[25:])]


def kept(dictionary, x):
    decoded = dictionary.decode(*dictionary.encode(x))
    return float(1 - (decoded - x).square().sum() / (x - x.mean(0)).square().sum())


def test_planted_directions_are_learnt_whatever_their_scale():
    x, directions = planted(8_000, 10)
    for one, scale in zip(train(torch.stack([x, 1000 * x]), LONG, 0), (1, 1000), strict=True):
        assert (directions @ one.decoder.numpy().T).max(1).min() > 0.99
        assert one.decoder.norm(dim=1).numpy() == pytest.approx(1, abs=1e-5)
        assert kept(one, scale * x) > 0.99
        values, features = one.encode(scale * x)
        assert values.shape == features.shape == (8_000, 1)
        planted_in = ((x - 0.5).numpy() @ directions.T).argmax(1)
        best = (directions @ one.decoder.numpy().T).argmax(1)
        assert np.mean(features[:, 0].numpy() == best[planted_in]) > 0.95


def test_units_that_are_never_kept_start_anew():
    x, directions = planted(8_000, 10)
    x[200:] = 0.5  # nearly all vectors are the same, as on boards of ash
    without = Training(n_features=12, steps=300, resample=10**6)
    scores = {
        training.resample: np.mean(
            [(directions @ train(x[None], training, seed)[0].decoder.numpy().T).max(1) > 0.99 for seed in range(2)]
        )
        for training in (FEW, without)
    }
    assert scores[40] > scores[10**6]


def test_all_features_kept_give_any_vector_back():
    x = torch.randn(5_000, 4, generator=torch.Generator().manual_seed(0))
    wide = train(x[None], Training(n_features=16, k=16, steps=600), 0)[0]
    assert kept(wide, x) > 0.97
    assert kept(train(x[None], Training(n_features=16, k=1, steps=600), 0)[0], x) < 0.9


def test_the_largest_are_kept_and_negative_ones_are_none():
    one = Dictionary(torch.eye(4), torch.tensor([0.0, 0, 0, 1]), torch.eye(4), torch.ones(4), 2)
    values, features = one.encode(torch.tensor([[4.0, 1, 3, -5], [0.0, -1, 0.5, -6]]))
    assert features[0].tolist() == [0, 2]
    assert values.tolist() == [[3, 2], [0, 0]]
    assert one.decode(values, features).tolist() == [[4, 1, 3, 1], [1, 1, 1, 1]]


def test_the_same_seed_gives_the_same_autoencoder():
    x, _ = planted(2_000, 10)
    first, again, other = (train(x[None], Training(8, steps=20), seed)[0].decoder for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("parameters", [{}, {"padding": "circular"}, {"d": 2, "r": 2}])
def test_streams_are_those_of_the_plain_network(parameters):
    net, batches = net_and_boards(**parameters)
    boards = batches[0][0]
    found = streams(net, boards)
    with torch.no_grad():
        x = net.embed(planes(boards, 16))
        logits = net(planes(boards, 16))
        for i, layer in enumerate(net.layers):
            x = x[:, :, ::2, ::2] + layer(x)
            assert torch.allclose(found[i].permute(0, 3, 1, 2), x, atol=1e-4)
            assert torch.allclose(rest(net, i, found[i]), logits, atol=1e-4)
    assert points(net) == tuple(f"L{i}" for i in range(len(found)))


def test_vectors_are_drawn_from_all_cells():
    net, batches = net_and_boards()
    found = vectors(net, batches, 0, 200)
    assert found.shape == (3, 40 * 200, 6)
    for i, x in enumerate(streams(net, torch.cat([boards for boards, _ in batches]))):
        cells = {tuple(cell) for cell in x[7].reshape(-1, 6).tolist()}
        drawn = {tuple(cell) for cell in found[i, 1400:1600].tolist()}
        assert len(drawn & cells) >= 0.99 * len(drawn) > 0.6 * min(len(cells), 200)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_an_autoencoder_in_a_network_is_measured_as_it_is_defined(n_classes):
    net, batches = net_and_boards(n_classes)
    found = sae.autoencoders(net, batches, batches, 4, FEW)
    check(sae.schema(net, FEW), {name: values[None] for name, values in found.items()}, 1)
    boards, classes = (torch.cat(parts) for parts in zip(*batches, strict=True))
    architecture = models.architecture("res-cnn-cac", W=16, C=6, n_classes=n_classes)
    for i, (one, x) in enumerate(zip(sae.dictionaries(found), streams(net, boards), strict=True)):
        values, features = one.encode(x)
        logits = rest(net, i, one.decode(values, features))
        loss, error, variance, n_dead = found["sae"][i]
        use = np.bincount(features[values > 0].numpy(), minlength=12) / x[..., 0].numel()
        assert loss == pytest.approx(float(architecture.loss(logits, classes)), rel=1e-4)
        assert error == pytest.approx(float((architecture.predicted(logits) != classes).double().mean()))
        assert variance == pytest.approx(kept(one, x.reshape(-1, 6)), abs=1e-4)
        assert n_dead == (use == 0).sum()
        assert found["sae_use"][i] == pytest.approx(use, abs=1e-6)
    perfect = sae.autoencoders(net, batches, batches, 4, Training(n_features=24, k=24, steps=300, batch_size=256))
    with torch.no_grad():
        own = float(architecture.loss(net(planes(boards, 16)), classes))
    assert perfect["sae"][:, 0] == pytest.approx(own, abs=0.02)


def test_what_cannot_be_done_is_said():
    net, batches = net_and_boards()
    with pytest.raises(ParameterError, match="n_features of a sparse autoencoder is a whole number"):
        Training(n_features=0)
    with pytest.raises(ParameterError, match="k of a sparse autoencoder is a whole number from 1 to 4"):
        Training(n_features=4, k=5)
    with pytest.raises(ParameterError, match="6,000 features cannot be learnt from 5,120 vectors"):
        sae.autoencoders(net, batches, batches, 0, Training(n_features=6000))
    with pytest.raises(ParameterError, match="no boards to learn from"):
        sae.autoencoders(net, [], batches)
    with torch.no_grad():
        net.layers[0].seq[1].bias.fill_(torch.nan)
    with pytest.raises(ParameterError, match="not finite"):
        sae.autoencoders(net, batches, batches)
    with pytest.raises(ParameterError, match="eval"):
        streams(net.train(), batches[0][0])
