"""ResCNN_CAC: a residual network whose layers, each of stride 2, can be taken out, swapped and put on the full grid."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from simkit.errors import ParameterError

#: how the edges of boards are padded, as torch calls it
Padding = Literal["zeros", "circular"]
PADDINGS: tuple[Padding, ...] = ("zeros", "circular")


class CAC_layer(nn.Module):  # noqa: N801 - as published
    """A residual layer: what is added to every second cell of every second row."""

    def __init__(self, C: int, r: int, padding: Padding = "zeros") -> None:  # noqa: N803
        super().__init__()
        self.seq = nn.Sequential(
            nn.BatchNorm2d(C),
            nn.Conv2d(C, r * C, kernel_size=3, padding=1, stride=2, padding_mode=padding),
            nn.LeakyReLU(),
            nn.Conv2d(r * C, C, kernel_size=1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (sample, C, y, x) to (sample, C, ceil(y / 2), ceil(x / 2))."""
        result: torch.Tensor = self.seq(x)
        return result


class ResCNN_CAC(nn.Module):  # noqa: N801 - as published
    """The network: `embed`, then `layers`, each added to its subsampled input, then `extract`.

    Parameters
    ----------
    W, C, r, d, n_classes, padding
        As in `ResCNNCAC`.
    """

    def __init__(self, W: int, C: int, r: int, d: int, n_classes: int = 2, padding: Padding = "zeros") -> None:  # noqa: N803
        super().__init__()
        self.W, self.C, self.r, self.d, self.n_classes, self.padding = W, C, r, d, n_classes, padding
        self.embed = nn.Sequential(
            nn.Conv2d(2, C, kernel_size=3, padding=1, padding_mode=padding), nn.BatchNorm2d(C), nn.LeakyReLU()
        )
        self.layers = nn.ModuleList([CAC_layer(C, r, padding) for _ in range(d)])
        self.extract = nn.Sequential(
            nn.Conv2d(C, r * C, kernel_size=1),
            nn.AdaptiveMaxPool2d(1),
            nn.LeakyReLU(),
            nn.Flatten(),
            nn.Linear(r * C, 1 if n_classes == 2 else n_classes),
        )

    def forward(self, boards: torch.Tensor) -> torch.Tensor:
        """Return logits.

        Parameters
        ----------
        boards : float (sample, 2, W, W)
            One where a cell is dead (channel 0) or alive (channel 1), zero elsewhere.

        Returns
        -------
        float (sample,) for two classes, (sample, n_classes) for more
        """
        if boards.ndim != 4 or boards.shape[1:] != (2, self.W, self.W):
            raise ParameterError(
                f"this network takes boards of the shape (sample, 2, {self.W}, {self.W}); these are "
                f"{tuple(boards.shape)}"
            )
        return self.rest(self.embed(boards), 0)

    def rest(self, x: torch.Tensor, first: int) -> torch.Tensor:
        """Return logits from the residual stream before layer `first` (d: before `extract`)."""
        for layer in list(self.layers)[first:]:
            x = x[:, :, ::2, ::2] + layer(x)
        outputs: torch.Tensor = self.extract(x)
        return outputs.squeeze(-1) if self.n_classes == 2 else outputs
