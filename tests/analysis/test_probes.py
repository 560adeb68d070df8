"""Linear probes on planted directions and counts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from simkit import models
from simkit.analysis import probes
from simkit.analysis.stream import streams
from simkit.errors import ParameterError
from simkit.schema import check


@pytest.fixture(scope="module")
def net():
    return models.architecture("res-cnn-cac", W=16, C=6).build(3).eval()


def boards_of(n, seed):
    rng = np.random.default_rng(seed)
    cells = rng.random((n, 16, 16)) < rng.uniform(0.05, 0.4, (n, 1, 1))
    return torch.from_numpy(np.packbits(cells, axis=-1, bitorder="little"))


def batched(boards, classes):
    return [(boards[i : i + 50], classes[i : i + 50]) for i in range(0, len(boards), 50)]


@pytest.mark.parametrize("pooling", [0, 1])
@pytest.mark.parametrize("point", [0, 2])
def test_a_planted_direction_is_read(net, point, pooling):
    direction = torch.tensor([1.0, -2, 0.5, 0, 1, 0])
    both = boards_of(600, 0)
    x = streams(net, both)[point]
    pooled = x.mean((1, 2)) if pooling == 0 else x.amax((1, 2))
    score = (pooled - pooled.mean(0)) / pooled.std(0).clamp_min(1e-6) @ direction
    pairs = [batched(both[half], (score[half] > 0).long()) for half in (slice(300), slice(300, 600))]
    found = probes.probes(net, *pairs)
    check(probes.schema(net), {name: values[None] for name, values in found.items()}, 1)
    assert found["probe_error"][point, pooling] <= 0.06
    read = pooled @ torch.from_numpy(found["probe_direction"][point, pooling, 0])
    assert np.corrcoef(read, score)[0, 1] > 0.97
    said = (read + found["probe_bias"][point, pooling, 0] > 0).long()
    assert float((said == (score > 0)).double().mean()) > 0.95


def test_errors_are_of_the_boards_to_test_on(net):
    boards, others = boards_of(200, 0), boards_of(200, 1)
    x = streams(net, boards)[2].mean((1, 2))[:, 0]
    y = streams(net, others)[2].mean((1, 2))[:, 0]
    classes = (x > x.median()).long()
    wrong = (y <= x.median()).long()
    found = probes.probes(net, batched(boards, classes), batched(others, wrong))
    assert found["probe_error"][2, 0] > 0.9


def test_several_classes_have_a_direction_each(net):
    three = models.architecture("res-cnn-cac", W=16, C=6, n_classes=3).build(3).eval()
    boards = boards_of(300, 0)
    x = streams(three, boards)[1].mean((1, 2))[:, 0].numpy()
    classes = torch.from_numpy(np.searchsorted(np.quantile(x, [1 / 3, 2 / 3]), x))
    found = probes.probes(three, batched(boards, classes), batched(boards, classes))
    check(probes.schema(three), {name: values[None] for name, values in found.items()}, 1)
    assert found["probe_direction"].shape == (3, 2, 3, 6)
    assert found["probe_error"][1, 0] < 0.1
    with pytest.raises(ParameterError, match="none of class 2"):
        probes.probes(three, batched(boards, classes.clamp(max=1)), batched(boards, classes))


def test_counts_are_read_where_they_are_linear(net):
    pairs, counts = [], []
    rng = np.random.default_rng(5)
    for seed in (0, 1):
        boards = boards_of(300, seed)
        x = streams(net, boards)[1].mean((1, 2))
        linear = np.round(200 * (x[:, 2] - 3 * x[:, 4]).numpy()).astype(int)
        linear -= linear.min()
        table = np.stack([linear, rng.integers(5, size=300), np.full(300, 7)], 1)
        table[::10] = -1  # not censused
        pairs.append(batched(boards, torch.from_numpy(rng.integers(2, size=300))))
        counts.append(table)
    named = probes.Counts(("linear", "noise", "constant"), *counts)
    found = probes.probes(net, *pairs, counts=named)
    check(probes.schema(net, named.names), {name: values[None] for name, values in found.items()}, 1)
    r2 = found["probe_r2"]
    assert r2[1, 0, 0] > 0.9
    assert (r2[:, :, 1] < 0.1).all()
    assert np.isnan(r2[:, :, 2]).all()
    with pytest.raises(ParameterError, match="counts of objects are of 10 boards, and there are 300"):
        probes.probes(net, *pairs, counts=named._replace(learn=counts[0][:10]))
    with pytest.raises(ParameterError, match="0 are censused"):
        probes.probes(net, *pairs, counts=named._replace(test=counts[1] * 0 - 1))


def test_cosines_are_of_all_pairs():
    found = probes.cosines(np.array([[1.0, 0], [0, 2], [-3, 0], [1, 1], [0, 0]]))
    assert found[:4, :4] == pytest.approx(
        np.array(
            [[1, 0, -1, 0.5**0.5], [0, 1, 0, 0.5**0.5], [-1, 0, 1, -(0.5**0.5)], [0.5**0.5, 0.5**0.5, -(0.5**0.5), 1]]
        )
    )
    assert np.isnan(found[4]).all()
    with pytest.raises(ParameterError, match="direction, C"):
        probes.cosines(np.zeros(3))
