"""The architecture ResCNN_CAC: its parameters, its loss, and the forms of it that are measured in training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, cast, final

import torch
from torch import nn
from torch.nn import functional

from simkit.contract import param
from simkit.errors import ParameterError
from simkit.learn.models import tables
from simkit.learn.models.architecture import Architecture
from simkit.learn.models.boards import packed
from simkit.learn.models.expanded import Form, forward, swapped
from simkit.learn.models.residual import PADDINGS, Padding, ResCNN_CAC
from simkit.schema import Field


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

    def check(self, inputs: Field, classes: Field) -> None:
        """Raise ParameterError unless inputs are bit-packed boards of W x W cells, and classes as many as it has."""
        if inputs.bits != self.W or inputs.shape != (self.W, -(-self.W // 8)):
            raise ParameterError(
                f"{self.name} with W = {self.W} learns from bit-packed boards of {self.W}x{self.W} cells; this field "
                f"has the axes {inputs.axes}" + (f", {inputs.bits} cells along the last" if inputs.bits else "")
            )
        n = len(classes.labels)
        if not 1 <= n <= self.n_classes:
            raise ParameterError(
                f"{self.name} tells {self.n_classes} classes, and this field names {n}: "
                + (f"say n_classes = {n}" if n else "take a field whose classes have names")
            )

    def loss(self, outputs: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        """Return the mean binary cross-entropy of logits, or the cross-entropy of more than two classes."""
        if self.n_classes == 2:
            return functional.binary_cross_entropy_with_logits(outputs, classes.to(outputs.dtype))
        return functional.cross_entropy(outputs, classes)

    def outputs(self, module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        """Return the logits of boards of cells, uint8 (sample, 1, y, x), by tables where that is possible."""
        return tables.forward(cast("ResCNN_CAC", module), packed(inputs))

    def forms(self, module: nn.Module, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the logits of the expanded form whose last two layers are swapped, each with its own dilation.

        The maximum is over the cells of the strided network, so that the two differ by the swap alone. Networks of one
        layer have nothing to be swapped: theirs are their own.
        """
        net = cast("ResCNN_CAC", module)
        order = swapped(self.d, self.d - 2) if self.d > 1 else (0,)
        return {"swap": forward(net, packed(inputs), Form(order, "layer", "subgrid"))}

    def predicted(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return the class numbers; of two classes the second one where the logit is above 0."""
        return (outputs > 0).long() if self.n_classes == 2 else outputs.argmax(dim=1)
