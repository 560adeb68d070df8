"""ResCNN_CAC on bit-packed boards by tables: the same function of the weights, without its widest maps.

What a 3x3 convolution sees at a cell of a board is one of 512 neighbourhoods, or one of 4,608 where zeros are padded
(`simkit.kernels.neighbourhoods`). So the embedding is computed once for each neighbourhood that occurs; statistics of
a batch weigh each by how often it does, which is exact; and the first layer, the widest, is a sum of look-ups
(`simkit.kernels.table_convolution`), forward and backward. Everything else is torch's.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from simkit.errors import ParameterError
from simkit.kernels import neighbourhoods, table_convolution
from simkit.kernels.neighbourhoods.patterns import patches
from simkit.kernels.table_convolution import SLOPE, Grid, Parameters
from simkit.learn.models.boards import planes
from simkit.learn.models.residual import CAC_layer, ResCNN_CAC


class Codes(NamedTuple):
    """Boards as the neighbourhoods that their cells see, numbered among those that occur.

    Attributes
    ----------
    codes : uint16 (sample, y, x)
    seen : float32 (code, 18)
        What the embedding sees of each: channel, y, x.
    counts : float64 (code,)
        Cells that see it.
    background : int
        The code of the commonest.
    """

    codes: npt.NDArray[np.uint16]
    seen: torch.Tensor
    counts: torch.Tensor
    background: int


def encode(model: ResCNN_CAC, boards: torch.Tensor) -> Codes:
    """Return bit-packed boards, uint8 (sample, y, x_byte), as what the network's embedding sees of their cells."""
    if boards.dtype != torch.uint8 or boards.ndim != 3 or boards.shape[1:] != (model.W, -(-model.W // 8)):
        raise ParameterError(
            f"this network takes packed boards, uint8 (sample, {model.W}, {-(-model.W // 8)}); these are "
            f"{str(boards.dtype).removeprefix('torch.')} {tuple(boards.shape)}"
        )
    kernel = neighbourhoods.KERNEL.load("cpu")
    codes = kernel.codes(boards.contiguous().numpy(), model.W, model.padding)
    seen = _seen(model.padding)
    counts = table_convolution.KERNEL.load("cpu").count(codes, len(seen))
    present = np.flatnonzero(counts)
    number = np.zeros(len(seen), np.uint16)
    number[present] = np.arange(len(present))
    return Codes(
        np.take(number, codes),
        seen[torch.from_numpy(present)],
        torch.from_numpy(counts[present].astype(np.float64)),
        int(counts[present].argmax()) if len(present) else -1,
    )


def _seen(padding: str) -> torch.Tensor:
    """Return what the embedding sees of each neighbourhood, float32 (code, 18)."""
    return torch.from_numpy(patches(padding)).flatten(1)


def is_possible(model: nn.Module) -> bool:
    """Return whether a network can go by tables: a ResCNN_CAC of float32 on a processor."""
    weights = next(iter(model.parameters()))
    return isinstance(model, ResCNN_CAC) and weights.device.type == "cpu" and weights.dtype == torch.float32


def forward(model: ResCNN_CAC, boards: torch.Tensor) -> torch.Tensor:
    """Return the logits of bit-packed boards, as ``model(planes(boards, model.W))`` to rounding.

    In train mode running statistics are updated as torch does it. On a processor, in float32, it goes by tables;
    anywhere else by the plain network.

    Parameters
    ----------
    model : ResCNN_CAC
    boards : uint8 (sample, y, x_byte)
        Eight cells a byte, lowest bit first, as ``batches(channels="packed")`` gives them.

    Returns
    -------
    float32 (sample,) for two classes, (sample, n_classes) for more

    Raises
    ------
    ParameterError
        If the boards have another side than the network, or are not packed.
    """
    if not is_possible(model):
        return cast("torch.Tensor", model(planes(boards, model.W)))
    codes = encode(model, boards)
    stream = embedding(model, codes)
    return model.rest(layer(model, 0, codes, stream), 1)


def embedding(model: ResCNN_CAC, codes: Codes) -> torch.Tensor:
    """Return the residual stream before the first layer as a table, float32 (code, C)."""
    convolution, norm = cast("nn.Conv2d", model.embed[0]), cast("nn.BatchNorm2d", model.embed[1])
    table = functional.linear(codes.seen, convolution.weight.flatten(1), convolution.bias)
    return functional.leaky_relu(_normalised(table, codes.counts, norm), SLOPE)


def embedded(codes: Codes, stream: torch.Tensor, *, stride: int = 1) -> torch.Tensor:
    """Return a table of the residual stream as its cells, float32 (sample, C, y, x), channels last in memory."""
    numbers = torch.from_numpy(codes.codes[:, ::stride, ::stride].astype(np.int32))
    return functional.embedding(numbers, stream).permute(0, 3, 1, 2)


def layer(model: ResCNN_CAC, which: int, codes: Codes, stream: torch.Tensor, *, stride: int = 2,
          dilation: int = 1) -> torch.Tensor:  # fmt: skip
    """Return the residual stream after the first layer to be applied, whichever of the network's it is.

    Parameters
    ----------
    which : int
        The layer, 0..d-1.
    stream : float32 (code, C)
        Before it; see `embedding`.
    stride, dilation : int
        Of its 3x3 convolution; it is padded by its dilation, and its input is subsampled by its stride.

    Returns
    -------
    float32 (sample, C, y, x), channels last in memory
    """
    of = cast("CAC_layer", model.layers[which]).seq
    spatial, mixing = cast("nn.Conv2d", of[1]), cast("nn.Conv2d", of[3])
    normalised = _normalised(stream, codes.counts, cast("nn.BatchNorm2d", of[0]))
    n_hidden, n_channels = spatial.weight.shape[:2]
    taps = normalised @ spatial.weight.permute(2, 3, 1, 0).reshape(9, n_channels, n_hidden)
    grid = Grid(stride, dilation, model.padding == "circular", codes.background)
    mix = mixing.weight.flatten(1).T
    out: torch.Tensor = _Lookups.apply(codes.codes, grid, stream, taps, spatial.bias, mix, mixing.bias)  # type: ignore[no-untyped-call]
    return out.permute(0, 3, 1, 2)


def _normalised(table: torch.Tensor, counts: torch.Tensor, norm: nn.BatchNorm2d) -> torch.Tensor:
    """Return a table as `norm` would normalise cells of which there are `counts` of each row."""
    rows = table.double()
    running_mean, running_variance = norm.running_mean, norm.running_var
    if running_mean is None or running_variance is None or norm.momentum is None:
        raise ParameterError("tables are for a BatchNorm with running statistics and a momentum")
    mean, variance = running_mean.double(), running_variance.double()
    if norm.training:
        n = counts.sum()
        mean = counts @ rows / n
        variance = counts @ (rows - mean).square() / n
        with torch.no_grad():
            running_mean.lerp_(mean.float(), norm.momentum)
            running_variance.lerp_((variance * (n / (n - 1))).float(), norm.momentum)
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked.add_(1)
    scale = (variance + norm.eps).rsqrt() * norm.weight
    return ((rows - mean) * scale + norm.bias).float()


class _Lookups(torch.autograd.Function):
    """`simkit.kernels.table_convolution` with its gradient."""

    @staticmethod
    def forward(ctx: Any, codes: npt.NDArray[np.uint16], grid: Grid, *given: torch.Tensor) -> torch.Tensor:
        ctx.codes, ctx.grid = codes, grid
        given = tuple(each.contiguous() for each in given)
        ctx.save_for_backward(*given)
        out = table_convolution.KERNEL.load("cpu").forward(codes, _arrays(given), grid)
        return torch.from_numpy(out)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        given = _arrays(ctx.saved_tensors)
        kernel = table_convolution.KERNEL.load("cpu")
        found = kernel.backward(ctx.codes, given, ctx.grid, gradient.contiguous().numpy())
        return None, None, *map(torch.from_numpy, found)


def _arrays(given: tuple[torch.Tensor, ...]) -> Parameters:
    """Return what both functions of the kernel take."""
    return Parameters(*(each.detach().numpy() for each in given))
