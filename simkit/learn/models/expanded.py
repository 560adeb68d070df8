"""ResCNN_CAC with its layers in any order, left out, or on the full grid: the expanded form, ablations and swaps.

The strided network halves its grid with each layer. Its expanded form keeps every cell: layer ``i`` has stride 1 and
dilation ``2**i``, and looks at the same cells of the board as before. On every ``2**d``-th cell the two are equal,
whatever the order of their layers would be; only ``extract``, which takes the maximum over cells, sees more of them
where it is given the full grid. Exploring AI Model Diversity, blog post, 2026-03-05.

Only cells that the result depends on are computed: where the maximum is over every ``2**d``-th cell, no layer works on
a finer grid than its successors ask for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import gcd
from typing import Literal, NamedTuple, cast

import torch
from torch import nn
from torch.nn import functional

from simkit.errors import ParameterError, show
from simkit.learn.models import tables
from simkit.learn.models.boards import planes
from simkit.learn.models.residual import CAC_layer, ResCNN_CAC

#: which cells the maximum is over: all of the board, or every 2**d-th of every 2**d-th row, as in the strided network
Pool = Literal["full", "subgrid"]

#: what a layer keeps when it is moved: its own dilation, or that of the place where it is put
Follows = Literal["layer", "position"]


class Form(NamedTuple):
    """The network with its layers in some order.

    Attributes
    ----------
    order : tuple of int
        Numbers of the layers as they are applied; () for their own order.
    dilation_follows : "layer" or "position"
    pool : "full" or "subgrid"
    without : tuple of int
        Layers whose branch is left out, so that the stream goes past them.
    """

    order: tuple[int, ...] = ()
    dilation_follows: Follows = "layer"
    pool: Pool = "full"
    without: tuple[int, ...] = ()


def forward(model: ResCNN_CAC, boards: torch.Tensor, form: Form) -> torch.Tensor:
    """Return logits of bit-packed boards, uint8 (sample, y, x_byte), in another form; see `Form`.

    Raises
    ------
    ParameterError
        If the form is none of the network's, or the network is in train mode: statistics of batches are of the form
        that was trained.
    """
    if model.training:
        raise ParameterError("another form of a network is for evaluation; call its eval() before")
    order = _order(model, form)
    dilations = [2**which if form.dilation_follows == "layer" else 2**place for place, which in enumerate(order)]
    strides = _grids(model, dilations, 1 if form.pool == "full" else 2**model.d)
    if tables.is_possible(model):
        codes = tables.encode(model, boards)
        stream, first = tables.embedding(model, codes), order[0]
        if first in form.without:
            x = tables.embedded(codes, stream, stride=strides[1])
        else:
            x = tables.layer(model, first, codes, stream, stride=strides[1], dilation=dilations[0])
        n_done = 1
    else:
        x, n_done = model.embed(planes(boards, model.W)), 0
    for place in range(n_done, model.d):
        fine, coarse = strides[place], strides[place + 1]
        is_left_out = order[place] in form.without
        layer = None if is_left_out else cast("CAC_layer", model.layers[order[place]])
        x = _applied(x, layer, coarse // fine, dilations[place] // fine, is_torus=model.padding == "circular")
    return model.rest(x, model.d)


def full_streams(model: ResCNN_CAC, boards: torch.Tensor, n_layers: int) -> list[torch.Tensor]:
    """Return the residual stream behind each of the first layers in the expanded form, at every cell of the board.

    Parameters
    ----------
    model : ResCNN_CAC
        In evaluation mode.
    boards : uint8 (sample, y, x_byte)
    n_layers : int
        How many layers are applied, 0..d.

    Returns
    -------
    list of float32 (sample, C, y, x)
        Behind layer ``i``, at every ``2 ** (i + 1)``-th cell along both axes, it is that of the strided network.

    Raises
    ------
    ParameterError
        If the network is in train mode, or has fewer layers.
    """
    if model.training or not 0 <= n_layers <= model.d:
        raise ParameterError(
            f"the expanded form has {model.d} layers, and is for evaluation; asked for {show(n_layers)} of a network "
            f"in {'train' if model.training else 'evaluation'} mode"
        )
    found = []
    with torch.no_grad():
        if tables.is_possible(model):
            codes = tables.encode(model, boards)
            x = tables.embedded(codes, tables.embedding(model, codes))
        else:
            x = model.embed(planes(boards, model.W))
        for i in range(n_layers):
            layer = cast("CAC_layer", model.layers[i])
            x = _applied(x, layer, 1, 2**i, is_torus=model.padding == "circular")
            found.append(x)
    return found


def swapped(d: int, first: int) -> tuple[int, ...]:
    """Return the order of `d` layers in which `first` and the next one have changed places."""
    if not 0 <= first < d - 1:
        raise ParameterError(f"layer {first} has no next one to be swapped with; there are {d} layers")
    order = list(range(d))
    order[first : first + 2] = first + 1, first
    return tuple(order)


def strided(
    model: ResCNN_CAC, boards: torch.Tensor, order: Sequence[int], without: Collection[int] = ()
) -> torch.Tensor:
    """Return logits of the strided network with its modules in another order: the naive swap.

    A layer that is moved then sees cells at other displacements than those that it was trained for.
    """
    form = Form(tuple(order), "position", "subgrid", tuple(without))
    return forward(model, boards, form)


def _order(model: ResCNN_CAC, form: Form) -> tuple[int, ...]:
    order = form.order or tuple(range(model.d))
    if sorted(order) != list(range(model.d)):
        raise ParameterError(f"an order has each of the layers 0 to {model.d - 1} once; this is {show(list(order))}")
    if form.dilation_follows not in ("layer", "position") or form.pool not in ("full", "subgrid"):
        raise ParameterError(
            f"dilation follows layer or position, and the maximum is over full or subgrid; asked for "
            f"{show(form.dilation_follows)} and {show(form.pool)}"
        )
    if not set(form.without) <= set(order):
        raise ParameterError(f"layers are 0 to {model.d - 1}; asked to leave out {show(list(form.without))}")
    return order


def _grids(model: ResCNN_CAC, dilations: Sequence[int], last: int) -> list[int]:
    """Return the stride of the grid before each layer, and behind the last: as coarse as what follows allows."""
    strides = [last]
    for dilation in reversed(dilations):
        strides.insert(0, gcd(strides[0], dilation))
    if model.padding == "circular" and any(model.W % stride for stride in strides):
        raise ParameterError(
            f"on a torus of side {model.W} a subgrid of every {last}th cell does not close; choose pool='full', or a "
            "side that is a multiple"
        )
    strides[0] = 1  # the board
    return strides


def _applied(x: torch.Tensor, layer: CAC_layer | None, stride: int, dilation: int, *, is_torus: bool) -> torch.Tensor:
    """Return the stream behind a layer with another stride and dilation, or with no branch where there is none."""
    own = x[:, :, ::stride, ::stride]
    if layer is None:
        return own
    norm, convolution, leaky, mixing = layer.seq[0], cast("nn.Conv2d", layer.seq[1]), layer.seq[2], layer.seq[3]
    around = norm(x)
    padding = dilation
    if is_torus:
        around, padding = _wrapped(around, dilation), 0
    hidden = functional.conv2d(around, convolution.weight, convolution.bias, stride, padding, dilation)
    result: torch.Tensor = own + mixing(leaky(hidden))
    return result


def _wrapped(x: torch.Tensor, by: int) -> torch.Tensor:
    """Return a torus with so many of its cells beside each edge, however small it is."""
    for axis in (2, 3):
        places = torch.arange(-by, x.shape[axis] + by, device=x.device) % x.shape[axis]
        x = x.index_select(axis, places)
    return x
