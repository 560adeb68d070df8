"""ResCNN_CAC: a residual network whose layers, each of stride 2, can be taken out, swapped and put on the full grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, cast, final

import torch
from torch import nn
from torch.nn import functional

from simkit.contract import param
from simkit.errors import ParameterError
from simkit.learn.models.architecture import Architecture
from simkit.learn.models.boards import packed

#: how the edges of boards are padded, as torch calls it
Padding = Literal["zeros", "circular"]
PADDINGS: tuple[Padding, ...] = ("zeros", "circular")


@final
@dataclass(frozen=True)
class ResCNNCAC(Architecture):
    """The network of the post, for boards of W x W cells as two channels, dead and alive."""

    name: ClassVar[str] = "res-cnn-cac"
    title: ClassVar[str] = "residual network of strided layers for boards of automata"
    citation: ClassVar[str] = "Exploring AI Model Diversity, blog post, 2026-03-05"
    dtype: ClassVar[torch.dtype] = torch.uint8
    form_names: ClassVar[tuple[str, ...]] = ("swap",)

    W: int = param(128, "side of the boards in cells, 8..4096")
    C: int = param(16, "channels of the residual stream, 1..1024")
    r: int = param(1, "channels inside a layer, and of the last one, in multiples of C, 1..64")
    d: int = param(3, "residual layers, 1..8")
    n_classes: int = param(2, "classes, 2..256; two have one output, the logit of the second")
    padding: str = param("zeros", "what is beside the board: zeros, or circular for a torus")

    def __post_init__(self) -> None:
        for name, low, high in (("W", 8, 4096), ("C", 1, 1024), ("r", 1, 64), ("d", 1, 8), ("n_classes", 2, 256)):
            self.check_integer(name, low, high)
        if self.padding not in PADDINGS:
            self.refuse("padding", " or ".join(PADDINGS), self.padding)

    def module(self) -> ResCNN_CAC:
        """Return the network, whose weights torch draws."""
        padding: Padding = "circular" if self.padding == "circular" else "zeros"
        return ResCNN_CAC(self.W, self.C, self.r, self.d, self.n_classes, padding)

    def loss(self, outputs: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        """Return the mean binary cross-entropy of logits, or the cross-entropy of more than two classes."""
        if self.n_classes == 2:
            return functional.binary_cross_entropy_with_logits(outputs, classes.to(outputs.dtype))
        return functional.cross_entropy(outputs, classes)

    def outputs(self, module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        """Return the logits of boards of cells, uint8 (sample, 1, y, x), by tables where that is possible."""
        from simkit.learn.models import tables  # which knows the network

        return tables.forward(cast("ResCNN_CAC", module), packed(inputs))

    def forms(self, module: nn.Module, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the logits of the expanded form whose last two layers are swapped, each with its own dilation.

        The maximum is over the cells of the strided network, so that the two differ by the swap alone. Networks of one
        layer have nothing to be swapped: theirs are their own.
        """
        from simkit.learn.models.expanded import Form, forward, swapped

        net = cast("ResCNN_CAC", module)
        order = swapped(net, self.d - 2) if self.d > 1 else (0,)
        return {"swap": forward(net, packed(inputs), Form(order, "layer", "subgrid"))}

    def predicted(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return the class numbers; of two classes the second one where the logit is above 0."""
        return (outputs > 0).long() if self.n_classes == 2 else outputs.argmax(dim=1)


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
