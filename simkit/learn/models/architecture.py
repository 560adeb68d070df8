"""Architecture: plain parameters of a network that build it, and say what its outputs mean."""

from __future__ import annotations

import dataclasses
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from simkit.errors import ParameterError, UnknownNameError, show
from simkit.schema import Field

F32 = npt.NDArray[np.float32]

#: whoever builds a network has the random numbers of torch, which a process has once
_DRAWING = threading.Lock()


@dataclass(frozen=True)
class Architecture(ABC):
    """A kind of network. Concrete classes are frozen dataclasses of plain parameters, declared by `contract.param`."""

    #: as in a recipe of training
    name: ClassVar[str]
    #: one line
    title: ClassVar[str]
    #: author, title, year, where
    citation: ClassVar[str] = ""
    #: of boards as its inputs; see `simkit.learn.batches`
    dtype: ClassVar[torch.dtype] = torch.float32
    #: names of other forms of the network that are measured beside it while it is trained; see `forms`
    form_names: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Architecture:
        """Make an architecture from parameters by their names; UnknownNameError if it has no such parameter."""
        known = [field.name for field in dataclasses.fields(cls)]
        for name in parameters:
            UnknownNameError.check("parameter", name, known, cls.name)
        return cls(**parameters)

    @abstractmethod
    def module(self) -> nn.Module:
        """Return a network, whose weights torch draws."""

    @abstractmethod
    def loss(self, outputs: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        """Return the mean loss of outputs (sample, ...) against int64 class numbers (sample,), as a scalar."""

    def outputs(self, module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        """Return the outputs of a network for inputs as they come from batches; differentiable."""
        result: torch.Tensor = module(inputs)
        return result

    def forms(self, module: nn.Module, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the outputs of other forms of a network in evaluation mode, one for each of `form_names`."""
        del module, inputs
        return {}

    @abstractmethod
    def predicted(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return the class numbers, int64 (sample,), that outputs mean."""

    def check(self, inputs: Field, classes: Field) -> None:  # noqa: B027 - most take whatever there is
        """Raise ParameterError unless networks can learn from a field of inputs and one of class numbers."""

    def build(self, seed: int) -> nn.Module:
        """Return a network in train mode whose initial weights are torch's, drawn from `seed` (0..2**64-1)."""
        with _DRAWING, torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.module()

    def spec(self) -> dict[str, Any]:
        """Return the name and all parameters, as plain values."""
        return {"name": self.name, **dataclasses.asdict(self)}

    @property
    def n_parameters(self) -> int:
        """Numbers that are trained."""
        with torch.device("meta"):
            return sum(parameter.numel() for parameter in self.module().parameters())

    @property
    def n_weights(self) -> int:
        """Numbers that `flatten` gives: those that are trained, and running statistics."""
        with torch.device("meta"):
            return sum(values.numel() for values in _kept(self.module()).values())

    def check_integer(self, name: str, low: int, high: int) -> None:
        """Raise ParameterError unless the parameter `name` is a whole number from `low` to `high`."""
        ParameterError.check_integer(f"{self.name}: {name}", getattr(self, name), low, high)

    def refuse(self, name: str, takes: str, found: object) -> None:
        """Raise the ParameterError that the parameter `name` takes something else than was found."""
        raise ParameterError(f"{self.name}: parameter {show(name)} takes {takes}; this is {show(found)}")


def _kept(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return what makes a network out: its parameters and running statistics, by name, without counters."""
    return {name: values for name, values in module.state_dict().items() if values.is_floating_point()}


def flatten(module: nn.Module) -> F32:
    """Return the weights and running statistics of a network, float32 (weight,), in the order of ``state_dict``."""
    parts = [values.detach().reshape(-1).to("cpu", torch.float32) for values in _kept(module).values()]
    return torch.cat(parts).numpy()


def unflatten(architecture: Architecture, weights: npt.ArrayLike) -> nn.Module:
    """Return the network, in evaluation mode, that has these weights.

    Raises
    ------
    ParameterError
        If they are not as many as a network of the architecture has.
    """
    given = torch.from_numpy(np.array(weights, np.float32).reshape(-1))
    module = architecture.build(0)
    kept = _kept(module)
    n = sum(values.numel() for values in kept.values())
    if given.numel() != n:
        raise ParameterError(
            f"a network {architecture.name} of {show(dataclasses.asdict(architecture))} has {n:,} weights; these are "
            f"{given.numel():,}, so they are of another architecture"
        )
    for values, part in zip(
        kept.values(), torch.split(given, [values.numel() for values in kept.values()]), strict=True
    ):
        values.copy_(part.reshape(values.shape))
    return module.eval()
