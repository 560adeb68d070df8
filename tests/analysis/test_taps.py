"""Taps against what the network does without them."""

from __future__ import annotations

import pytest
import torch

from simkit import models
from simkit.analysis.taps import record, replace
from simkit.errors import UnknownNameError


@pytest.fixture
def net():
    return models.architecture("res-cnn-cac", W=16, C=4).build(1).eval()


@pytest.fixture
def planes():
    return torch.rand(3, 2, 16, 16, generator=torch.Generator().manual_seed(2))


def hooks(net):
    return sum(len(module._forward_hooks) for module in net.modules())


def test_what_is_recorded_is_what_the_modules_give(net, planes):
    with torch.no_grad(), record(net, "embed", "layers.1") as seen:
        assert seen == {}
        wanted = net(planes)
        x = net.embed(planes)
        assert torch.equal(seen["embed"], x)
        x = x[:, :, ::2, ::2] + net.layers[0](x)
        assert torch.equal(seen["layers.1"], net.layers[1](x))
    assert hooks(net) == 0
    with torch.no_grad():
        assert torch.equal(net(planes), wanted)


def test_what_is_replaced_is_gone_on_with(net, planes):
    with torch.no_grad():
        with replace(net, "layers.2", torch.zeros_like):
            found = net(planes)
        x = net.embed(planes)
        for layer in net.layers[:2]:
            x = x[:, :, ::2, ::2] + layer(x)
        assert torch.equal(found, net.rest(x[:, :, ::2, ::2], 3))
        assert not torch.equal(found, net(planes))
    assert hooks(net) == 0


def test_nothing_is_left_behind_by_an_error(net, planes):
    def fail(output):
        raise ValueError

    with pytest.raises(ValueError), replace(net, "embed", fail):  # noqa: PT012
        assert hooks(net) == 1
        net(planes)
    assert hooks(net) == 0
    with pytest.raises(RuntimeError), record(net, "embed"):
        raise RuntimeError
    assert hooks(net) == 0


def test_modules_that_there_are_not_are_named(net):
    with (
        pytest.raises(UnknownNameError, match="this ResCNN_CAC has no module 'layer.1'; did you mean 'layers.1'"),
        record(net, "layer.1"),
    ):
        pass
    with pytest.raises(UnknownNameError), replace(net, "head", torch.zeros_like):
        pass
    assert hooks(net) == 0
