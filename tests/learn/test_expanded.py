"""The expanded form, swaps and ablations of ResCNN_CAC against their definition on the full grid, in float64."""

from __future__ import annotations

import copy
from itertools import permutations

import pytest
import torch
from test_tables import boards, near, networks

from simkit import models
from simkit.errors import ParameterError
from simkit.learn.models import tables
from simkit.learn.models.expanded import Form, forward, full_streams, strided, swapped

SHAPES = {
    "published": {"W": 32, "C": 16},
    "torus": {"W": 16, "C": 5, "padding": "circular"},
    "odd side, wide inside": {"W": 19, "C": 4, "r": 2},
}


def full_grid(net, packed, form):
    """The definition: every layer of stride 1 on the full grid."""
    net = copy.deepcopy(net).double()
    x = net.embed(models.planes(packed, net.W).double())
    order = form.order or tuple(range(net.d))
    for place, which in enumerate(order):
        if which in form.without:
            continue
        norm, convolution, leaky, mixing = net.layers[which].seq
        dilation = 2 ** (which if form.dilation_follows == "layer" else place)
        mode = "circular" if net.padding == "circular" else "constant"
        around = torch.nn.functional.pad(norm(x), [dilation] * 4, mode=mode)
        x = x + mixing(
            leaky(torch.nn.functional.conv2d(around, convolution.weight, convolution.bias, dilation=dilation))
        )
    if form.pool == "subgrid":
        x = x[:, :, :: 2**net.d, :: 2**net.d]
    return net.rest(x, net.d)


@pytest.mark.parametrize("follows", ["layer", "position"])
@pytest.mark.parametrize("pool", ["full", "subgrid"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_form_is_what_it_is_on_the_full_grid(shape, pool, follows):
    _, net, _ = networks(False, **SHAPES[shape])
    packed = boards(net.W)
    with torch.no_grad():
        for order in permutations(range(3)):
            for without in ((), (order[0],), (order[1],), (order[0], order[2])):
                form = Form(order, follows, pool, without)
                assert near([forward(net, packed, form)], [full_grid(net, packed, form)], 2e-5), form


@pytest.mark.parametrize("shape", SHAPES)
def test_in_their_own_order_on_the_subgrid_it_is_the_network(shape):
    _, net, _ = networks(False, **SHAPES[shape])
    packed = boards(net.W)
    with torch.no_grad():
        own = forward(net, packed, Form(pool="subgrid"))
        assert torch.equal(own, models.architecture("res-cnn-cac", **SHAPES[shape]).outputs(net, cells(packed, net.W)))
        assert near([own], [net(models.planes(packed, net.W))], 2e-5)
        assert not near([own], [forward(net, packed, Form())], 1e-3)  # the maximum is over more cells


@pytest.mark.parametrize("d", [1, 2, 4])
def test_other_depths_are_what_they_are_on_the_full_grid(d):
    _, net, _ = networks(False, W=21, C=4, d=d)
    packed = boards(21)
    with torch.no_grad():
        for order in list(permutations(range(d)))[::5]:
            for follows in ("layer", "position"):
                for pool in ("full", "subgrid"):
                    form = Form(order, follows, pool)
                    assert near([forward(net, packed, form)], [full_grid(net, packed, form)], 2e-5), form


@pytest.mark.parametrize("shape", ["published", "torus"])
def test_every_second_cell_of_the_full_grid_is_the_strided_stream(shape):
    _, net, _ = networks(False, **SHAPES[shape])
    packed = boards(net.W)
    with torch.no_grad():
        x = net.embed(models.planes(packed, net.W))
        found = full_streams(net, packed, 3)
        for i, layer in enumerate(net.layers):
            x = x[:, :, ::2, ::2] + layer(x)
            assert near([found[i][:, :, :: 2 ** (i + 1), :: 2 ** (i + 1)]], [x], 2e-5)
            assert not near([found[i][:, :, 1 :: 2 ** (i + 1), :: 2 ** (i + 1)]], [x], 1e-2)


def cells(packed, width):
    return models.planes(packed, width)[:, 1:].to(torch.uint8)


def test_without_tables_it_is_the_same(monkeypatch):
    _, net, _ = networks(False, W=16, C=8)
    packed, form = boards(16), Form((1, 0, 2), "layer", "subgrid")
    with torch.no_grad():
        found = forward(net, packed, form)
        monkeypatch.setattr(tables, "encode", None)
        with pytest.raises(TypeError):
            forward(net, packed, form)
        monkeypatch.setattr(tables, "is_possible", lambda model: False)
        assert near([forward(net, packed, form)], [found], 2e-5)


def test_the_naive_swap_moves_the_modules():
    _, net, moved = networks(False, W=32, C=8)
    moved.layers[1], moved.layers[2] = moved.layers[2], moved.layers[1]
    packed = boards(32)
    with torch.no_grad():
        assert near([strided(net, packed, (0, 2, 1))], [moved(models.planes(packed, 32))], 2e-5)


def test_an_ablated_network_skips_the_layer():
    _, net, _ = networks(False, W=32, C=8)
    packed = boards(32)
    with torch.no_grad():
        x = net.embed(models.planes(packed, 32))[:, :, ::8, ::8]
        assert near([strided(net, packed, (0, 1, 2), without=(0, 1, 2))], [net.rest(x, 3)], 2e-5)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (Form((0, 1)), r"each of the layers 0 to 2 once; this is \[0, 1\]"),
        (Form((0, 1, 1)), "once"),
        (Form(without=(3,)), "asked to leave out"),
        (Form(pool="half"), "asked for 'layer' and 'half'"),
        (Form(dilation_follows="me"), "asked for 'me'"),
    ],
)
def test_forms_that_there_are_not_are_refused(form, words):
    _, net, _ = networks(False, W=16, C=4)
    with pytest.raises(ParameterError, match=words):
        forward(net, boards(16), form)


def test_a_torus_that_does_not_close_and_a_network_in_train_mode_are_refused():
    _, net, _ = networks(False, W=20, C=4, padding="circular")
    with pytest.raises(ParameterError, match="torus of side 20 a subgrid of every 8th cell does not close"):
        forward(net, boards(20), Form(pool="subgrid"))
    with pytest.raises(ParameterError, match="eval"):
        forward(net.train(), boards(20), Form())
    with pytest.raises(ParameterError, match="no next one"):
        swapped(3, 2)
