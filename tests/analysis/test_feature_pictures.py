"""Patches and maps of features, of boards and networks whose stream is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from simkit import models
from simkit.analysis import pictures
from simkit.analysis.stream import streams
from simkit.errors import ParameterError

W = 32


def network(padding="zeros", seed=1):
    torch.manual_seed(seed)
    net = models.architecture("res-cnn-cac", W=W, C=4, padding=padding).build(seed).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.3, 0.3)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
    return net


def boards(seed=0, n=6):
    return torch.from_numpy(np.random.default_rng(seed).integers(256, size=(n, W, W // 8), dtype=np.uint8))


def first(stream):
    """Return the first channel, which is a feature."""
    return stream[..., 0]


@pytest.mark.parametrize("padding", ["zeros", "circular"])
@pytest.mark.parametrize("point", [0, 1, 2])
def test_maps_are_those_of_the_strided_network_where_it_has_cells(padding, point):
    net, given = network(padding), boards()
    found = pictures.activation_maps(net, given, first, point)
    assert found.shape == (6, W, W)
    stride = 2 ** (point + 1)
    assert np.allclose(found[:, ::stride, ::stride], first(streams(net, given)[point]).numpy(), atol=1e-4)
    if padding == "circular":  # a board that is moved has a map that is moved
        cells = np.unpackbits(given.numpy(), axis=-1, bitorder="little")
        moved = torch.from_numpy(np.packbits(np.roll(cells, (3, 5), (1, 2)), axis=-1, bitorder="little"))
        again = pictures.activation_maps(net, moved, first, point)
        assert np.allclose(again, np.roll(found, (3, 5), (1, 2)), atol=1e-4)


@pytest.mark.parametrize("padding", ["zeros", "circular"])
@pytest.mark.parametrize("n_each", [1, 3])
def test_patches_are_the_most_active_places(padding, n_each):
    net, given = network(padding), boards(n=10)
    maps = first(streams(net, given)[1]).numpy()
    pairs = [(part, torch.zeros(len(part))) for part in given.split(4)]
    found = pictures.patches(net, pairs, first, 1, 5, side=7, n_each=n_each)
    places = []
    for board, values in enumerate(maps):
        own = sorted(((values[y, x], board, 4 * y, 4 * x) for y, x in np.ndindex(values.shape)), reverse=True)[:n_each]
        places += [place for place in own if place[0] > 0]
    places = sorted(places, reverse=True)[:5]
    assert len(places) == 5
    mine = list(zip(found.board, found.y, found.x, strict=True))
    assert mine == [(board, y, x) for _, board, y, x in places]
    assert np.allclose(found.activation, [value for value, *_ in places], atol=1e-4)
    cells = np.unpackbits(given.numpy(), axis=-1, bitorder="little")
    for patch, (board, y, x) in zip(found.cells, mine, strict=True):
        for dy, dx in np.ndindex(7, 7):
            at = y + dy - 3, x + dx - 3
            outside = padding == "zeros" and not (0 <= at[0] < W and 0 <= at[1] < W)
            assert patch[dy, dx] == (2 if outside else cells[board, at[0] % W, at[1] % W])


def test_a_feature_that_is_nowhere_active_has_no_patches():
    found = pictures.patches(network(), [(boards(), None)], lambda stream: -stream[..., 0].abs() - 1, 0, 5)
    assert found.cells.shape == (0, 33, 33)
    assert [len(column) for column in found] == [0] * 5


def test_a_picture_by_hand():
    drawn = pictures.picture(np.array([[0, 1, 2, 0]], np.uint8), np.array([[0, -1, 0, 9]], np.float32), 2.0)
    assert drawn.tolist() == [[[255, 255, 255], [40, 40, 40], [200, 200, 200], [227, 75, 75]]]
    assert drawn.dtype == np.uint8


def test_bad_input():
    net = network()
    with pytest.raises(ParameterError, match="points of the stream are 0 to 2; asked for 3"):
        pictures.activation_maps(net, boards(), first, 3)
    with pytest.raises(ParameterError, match="points of the stream are 0 to 2; asked for -1"):
        pictures.patches(net, [], first, -1, 5)
    with pytest.raises(ParameterError, match="odd side.*asked for side 8, 5 patches"):
        pictures.patches(net, [], first, 0, 5, side=8)
    with pytest.raises(ParameterError, match="asked for 1 of a network in train mode"):
        pictures.activation_maps(network().train(), boards(), first, 0)
    with pytest.raises(ParameterError, match="above 0; asked for 0"):
        pictures.picture(np.zeros((1, 1), np.uint8), np.zeros((1, 1), np.float32), 0)
