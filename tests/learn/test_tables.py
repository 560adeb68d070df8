"""The path by tables against the plain network in float64: logits, loss, gradients, running statistics, the same training."""

from __future__ import annotations

import copy

import pytest
import torch

from simkit import models, source
from simkit.errors import ParameterError
from simkit.learn.models import tables

N = 6


def networks(train=True, **parameters):
    """Two equal networks whose weights and running statistics are not those of a beginning."""
    architecture = models.architecture("res-cnn-cac", **parameters)
    one = architecture.build(5)
    generator = torch.Generator().manual_seed(6)
    with torch.no_grad():
        for values in one.state_dict().values():
            if values.is_floating_point():
                values.add_(0.1 * torch.rand(values.shape, generator=generator))
    return architecture, one.train(train), copy.deepcopy(one).train(train)


def boards(side, soup=False):
    if soup:  # every neighbourhood occurs
        drawn = torch.randint(0, 256, (N, side, -(-side // 8)), generator=torch.Generator().manual_seed(1))
        mask = 2 ** (side % 8 or 8) - 1
        drawn[:, :, -1] &= mask
        return drawn.to(torch.uint8)
    made = source("ca-ash", census="none", max_steps=200, size=(side, side)).generate(0, N)
    return torch.from_numpy(made["ash"])


def near(found, wanted, share=1e-4):
    """Whether arrays differ by no more than a share of the largest value of all of them.

    The plain network in float32 is as far from that in float64 as 6e-5.
    """
    scale = max(float(w.detach().abs().max()) for w in wanted)
    return all(float((f - w).detach().abs().max()) <= share * scale for f, w in zip(found, wanted, strict=True))


SHAPES = {
    "published": {"W": 32, "C": 16},
    "torus": {"W": 32, "C": 16, "padding": "circular"},
    "wide inside": {"W": 16, "C": 8, "r": 3, "d": 2},
    "odd side, few channels": {"W": 19, "C": 5, "d": 1},
    "odd torus": {"W": 21, "C": 3, "r": 2, "d": 2, "padding": "circular"},
    "four classes": {"W": 24, "C": 16, "n_classes": 4},
}


@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("soup", [True, False], ids=["soup", "ash"])
@pytest.mark.parametrize("shape", SHAPES)
def test_tables_are_the_plain_network(shape, soup, train):
    architecture, by_tables, plain = networks(train, **SHAPES[shape])
    packed, plain = boards(by_tables.W, soup), plain.double()
    classes = torch.arange(N) % architecture.n_classes
    found, wanted = tables.forward(by_tables, packed), plain(models.planes(packed, plain.W).double())
    assert found.shape == wanted.shape
    assert near([found], [wanted], 2e-5)
    architecture.loss(found, classes).backward()
    architecture.loss(wanted, classes).backward()
    gradients = [[p.grad for p in each.parameters()] for each in (by_tables, plain)]
    assert near(*gradients)
    # variances of a batch differ from unbiased ones by 1 / 1536 to 1 / 6144
    assert near(*([b for b in each.buffers() if b.is_floating_point()] for each in (by_tables, plain)), 6e-6)
    counters = [[int(b) for b in each.buffers() if not b.is_floating_point()] for each in (by_tables, plain)]
    assert counters[0] == counters[1] == [int(train)] * (by_tables.d + 1)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2, 4])
@pytest.mark.parametrize("padding", ["zeros", "circular"])
def test_a_layer_at_any_stride_and_dilation_is_a_convolution(stride, dilation, padding):
    _, net, plain = networks(False, W=16, C=8, d=2, padding=padding)
    packed = boards(16)
    codes = tables.encode(net, packed)
    found = tables.layer(net, 1, codes, tables.embedding(net, codes), stride=stride, dilation=dilation)
    stream = plain.embed(models.planes(packed, 16))
    assert near([tables.embedded(codes, tables.embedding(net, codes))], [stream])
    norm, convolution, leaky, mixing = plain.layers[1].seq
    mode = "constant" if padding == "zeros" else "circular"
    around = torch.nn.functional.pad(norm(stream), [dilation] * 4, mode=mode)
    hidden = torch.nn.functional.conv2d(around, convolution.weight, convolution.bias, stride=stride, dilation=dilation)
    assert near([found], [stream[:, :, ::stride, ::stride] + mixing(leaky(hidden))])


def test_training_by_tables_stays_beside_the_plain_one():
    architecture, *both = networks(True, W=16, C=8)
    packed, classes = boards(16), torch.arange(N) % 2
    losses = []
    for net, forward in zip(both, (tables.forward, lambda net, packed: net(models.planes(packed, 16))), strict=True):
        optimiser = torch.optim.SGD(net.parameters(), lr=0.05)
        losses.append([])
        for _ in range(20):
            optimiser.zero_grad()
            loss = architecture.loss(forward(net, packed), classes)
            loss.backward()
            optimiser.step()
            losses[-1].append(float(loss.detach()))
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    assert losses[0][-1] < losses[0][0]


def test_other_dtypes_go_by_the_plain_network():
    _, net, plain = networks(False, W=16, C=8)
    packed = boards(16)
    assert tables.is_possible(net)
    assert not tables.is_possible(net.double())
    with pytest.raises(RuntimeError, match="double"):  # planes are of float32: the plain network says so
        tables.forward(net, packed)
    assert torch.isfinite(tables.forward(plain, packed)).all()


@pytest.mark.parametrize("shape", [(2, 16, 3), (2, 15, 2), (16, 2)])
def test_boards_of_another_size_are_refused(shape):
    _, net, _ = networks(False, W=16, C=4)
    with pytest.raises(ParameterError, match=r"takes packed boards, uint8 \(sample, 16, 2\); these are uint8"):
        tables.forward(net, torch.zeros(shape, dtype=torch.uint8))


def test_planes_are_no_packed_boards():
    _, net, _ = networks(False, W=16, C=4)
    with pytest.raises(ParameterError, match="these are float32"):
        tables.forward(net, torch.zeros(2, 16, 2))
