"""What figures of features show: the patches that activate them most, and their activation all over a board.

They are arrays; `simkit.figures` draws.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from simkit.analysis.boards import Pairs
from simkit.analysis.stream import streams
from simkit.errors import ParameterError
from simkit.learn.models import ResCNN_CAC
from simkit.learn.models.expanded import full_streams

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

#: a feature: vectors of cells of the stream, float32 (sample, y, x, C) -> its activation, float32 (sample, y, x)
Feature = Callable[[torch.Tensor], torch.Tensor]


class Patches(NamedTuple):
    """Places of boards, the most active first."""

    #: float32 (patch,): the activation
    activation: F32
    #: int64 (patch,): number of the board among all
    board: npt.NDArray[np.int64]
    #: int64 (patch,): the cell of the board over which the cell of the stream lies
    y: npt.NDArray[np.int64]
    x: npt.NDArray[np.int64]
    #: uint8 (patch, side, side): cells around it, 0 dead, 1 alive, 2 beside a board that is no torus to the network
    cells: U8


def patches(model: ResCNN_CAC, batches: Pairs, feature: Feature, point: int, n: int, side: int = 33,
            n_each: int = 1) -> Patches:  # fmt: skip
    """Return the places at which a feature is most active in the network as it is, the strided one.

    Parameters
    ----------
    model : ResCNN_CAC
        In evaluation mode.
    batches : iterable of (boards, classes)
    feature : callable
        See `Feature`.
    point : int
        The layer behind which the stream is, as of `simkit.analysis.stream.points`.
    n : int
        Patches at most; places where the feature is not above 0 are none.
    side : int
        Of a patch, in cells; odd, so that the place is in its middle.
    n_each : int
        Patches of one board at most: a board has one kind of thing at many places.

    Raises
    ------
    ParameterError
        If there is no such point, a number is below 1, or `side` is even.
    """
    if not 0 <= point < model.d:
        raise ParameterError(f"points of the stream are 0 to {model.d - 1}; asked for {point}")
    if side < 1 or side % 2 == 0 or n < 1 or n_each < 1:
        raise ParameterError(
            f"patches have an odd side, and there is at least one, of each board too; asked for side {side}, {n} "
            f"patches, {n_each} of each board"
        )
    stride = 2 ** (point + 1)
    best = np.zeros((0, 4), np.float64)
    cut: U8 = np.zeros((0, side, side), np.uint8)
    n_before = 0
    for boards, _ in batches:
        values = feature(streams(model, boards)[point]).detach().cpu().numpy()
        flat = values.reshape(len(values), -1)
        places = np.argsort(-flat, axis=1, kind="stable")[:, :n_each]
        board = np.repeat(np.arange(len(values)), places.shape[1])
        y, x = (axis * stride for axis in np.divmod(places.ravel(), values.shape[2]))
        own = np.stack([flat[board, places.ravel()], board + n_before, y, x], axis=1)
        chosen = np.flatnonzero(own[:, 0] > 0)
        chosen = chosen[np.argsort(-own[chosen, 0], kind="stable")[:n]]
        cells = np.unpackbits(boards.numpy(), axis=-1, count=model.W, bitorder="little")
        new = [
            _around(cells[board[i]], int(y[i]), int(x[i]), side, is_torus=model.padding == "circular") for i in chosen
        ]
        best = np.concatenate([best, own[chosen]])
        cut = np.concatenate([cut, np.array(new, np.uint8).reshape(-1, side, side)])
        order = np.argsort(-best[:, 0], kind="stable")[:n]
        best, cut = best[order], cut[order]
        n_before += len(values)
    board, y, x = best[:, 1:].astype(np.int64).T
    return Patches(best[:, 0].astype(np.float32), board, y, x, cut)


def activation_maps(model: ResCNN_CAC, boards: torch.Tensor, feature: Feature, point: int) -> F32:
    """Return the activation of a feature over each cell of boards, in the expanded form of the network.

    Parameters
    ----------
    model : ResCNN_CAC
        In evaluation mode.
    boards : uint8 (sample, y, x_byte)
    feature : callable
        See `Feature`.
    point : int
        The layer behind which the stream is.

    Returns
    -------
    float32 (sample, y, x)
        On every ``2 ** (point + 1)``-th cell along both axes it is that of the strided network.

    Raises
    ------
    ParameterError
        If there is no such point.
    """
    if not 0 <= point < model.d:
        raise ParameterError(f"points of the stream are 0 to {model.d - 1}; asked for {point}")
    stream = full_streams(model, boards, point + 1)[-1].permute(0, 2, 3, 1)
    found: F32 = feature(stream).detach().cpu().numpy()
    return found


def _around(cells: U8, y: int, x: int, side: int, *, is_torus: bool) -> U8:
    """Return the square of `side` cells around one, uint8 (side, side); 2 is beside a board that is no torus."""
    half = side // 2
    ys, xs = np.arange(y - half, y + half + 1), np.arange(x - half, x + half + 1)
    height, width = cells.shape
    found = cells[np.ix_(ys % height, xs % width)]
    if not is_torus:
        inside = np.ix_((ys >= 0) & (ys < height), (xs >= 0) & (xs < width))
        padded = np.full_like(found, 2)
        padded[inside] = found[inside]
        return padded
    return found


def picture(cells: U8, activation: F32, ceiling: float) -> U8:
    """Return cells with the activation above them as a picture, uint8 (y, x, 3).

    Parameters
    ----------
    cells : uint8 (y, x)
        0 dead, 1 alive, 2 beside the board.
    activation : float32 (y, x)
        Red on all cells: none at 0 and below, full at `ceiling` and above.
    ceiling : float
        Above 0.
    """
    if not ceiling > 0:
        raise ParameterError(f"the activation that is drawn in full is above 0; asked for {ceiling}")
    ink = np.array([[255, 255, 255], [40, 40, 40], [200, 200, 200]], np.float32)[cells]
    share = np.clip(activation / ceiling, 0, 1)[..., None] * np.float32(0.8)
    drawn = ink * (1 - share) + np.array([220, 30, 30], np.float32) * share
    rounded: U8 = np.rint(drawn).astype(np.uint8)
    return rounded
