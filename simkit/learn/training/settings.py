"""What determines a training run, as frozen values of plain parameters: data, optimiser, course."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch

from simkit.contract import MAX_ROWS, coerce, param
from simkit.errors import ParameterError, RecipeError, UnknownNameError, show
from simkit.learn.models import Architecture
from simkit.learn.streaming.options import SYMMETRY
from simkit.recipe import Recipe
from simkit.split import SPLITS, Split
from simkit.store import Store

#: parts of the split that training, measuring meanwhile and the last measurement use
TRAIN, VALIDATION, TEST = "train", "validation", "test"

SCHEDULES = ("constant", "one-cycle", "cosine")
OPTIMISERS = ("adam", "adamw", "sgd")
ORDERS = ("each", "same")

_Settings = TypeVar("_Settings", bound="Settings")


@dataclass(frozen=True)
class Settings:
    """A table of a recipe: fields that `contract.param` declares."""

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            if "doc" in each.metadata:
                value = coerce(
                    f"{type(self).__name__.lower()}: {show(each.name)}", str(each.type), getattr(self, each.name)
                )
                object.__setattr__(self, each.name, value)
        self.validate()

    def validate(self) -> None:
        """Raise ParameterError if the values make no sense."""

    @classmethod
    def of(cls: type[_Settings], values: Any) -> _Settings:
        """Return settings from a table; UnknownNameError for a key that it does not have."""
        name = cls.__name__.lower()
        if not isinstance(values, Mapping):
            raise ParameterError(f"{name} is a table of name = value; this is {show(values)}")
        known = [each.name for each in dataclasses.fields(cls)]
        for key in values:
            UnknownNameError.check("key", key, known, f"the table {name}")
        needed = [each.name for each in dataclasses.fields(cls) if _is_needed(each)]
        if missing := [key for key in needed if key not in values]:
            raise ParameterError(f"the table {name} lacks {', '.join(missing)}")
        return cls(**values)

    def plain(self) -> dict[str, Any]:
        """Return the values as JSON and TOML have them."""
        values = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _is_needed(each: dataclasses.Field[Any]) -> bool:
    return each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING


def choose(what: str, value: str, of: tuple[str, ...]) -> None:
    """Raise ParameterError unless a value is one of those that there are."""
    if value not in of:
        raise ParameterError(f"{what} is one of {', '.join(of)}; this is {show(value)}")


@dataclass(frozen=True)
class Data(Settings):
    """What networks learn from.

    Attributes
    ----------
    recipe : dict
        Of the data set, as its attribute ``recipe`` has it.
    digest : str
        Its root digest.
    splits : dict
        Name -> share; `TRAIN`, `VALIDATION` and `TEST` have to be among them.
    """

    recipe: dict[str, Any]
    digest: str
    inputs: str = param("ash", "the field that networks see")
    classes: str = param("rule", "the field of class numbers that they learn")
    augment: tuple[str, ...] = param(
        (), "symmetries of the torus under which boards are put: translate, rotate, reflect"
    )
    splits: dict[str, float] = field(default_factory=lambda: dict(SPLITS))

    def validate(self) -> None:
        """Raise the error if there is no such symmetry or split."""
        for name in self.augment:
            UnknownNameError.check("symmetry", name, SYMMETRY, "the torus")
        Split(None, self.splits)
        parts = (TRAIN, VALIDATION, TEST)
        for part in parts:
            UnknownNameError.check("split", part, self.splits, "the splits of a training recipe")
        # which rows a part has depends on its place among the parts, and equal recipes have to mean equal rows
        order = [*parts, *sorted(set(self.splits) - set(parts))]
        object.__setattr__(self, "splits", {part: self.splits[part] for part in order})

    def check(self, store: Store, architecture: Architecture) -> None:
        """Raise the error unless a data set is the one that is meant, and has the two fields."""
        for name in (self.inputs, self.classes):
            if name not in store:
                raise RecipeError(
                    f"the data set {store.path} has no field {show(name)}, which the recipe learns from; it has "
                    f"{', '.join(store)}"
                )
        if store.recipe != self.recipe or store.root_digest() != self.digest:
            raise RecipeError(
                f"{store.path} is another data set than the networks learn from: it has digest {store.root_digest()}, "
                f"and theirs has {self.digest}; name theirs, or train anew"
            )
        try:
            architecture.check(store.schema[self.inputs], store.schema[self.classes])
        except ParameterError as error:
            raise RecipeError(f"fields {self.inputs} and {self.classes} of {store.path}: {error}") from None

    def made_by(self) -> Recipe:
        """Return what generates the data set."""
        return Recipe.parse(self.recipe)


@dataclass(frozen=True)
class Optimiser(Settings):
    """How weights follow gradients, and at which rate over the run."""

    name: str = param("adam", "adam, adamw or sgd")
    lr: float = param(1e-3, "learning rate; of a schedule that changes it the highest")
    beta1: float = param(0.9, "of adam: how much of the mean gradient is kept at a step; of sgd: momentum")
    beta2: float = param(0.999, "of adam: how much of the mean square is kept")
    eps: float = param(1e-8, "of adam: added to the root of the mean square")
    weight_decay: float = param(0.0, "share of the weights that is added to their gradients (adamw: taken off)")
    schedule: str = param("constant", "constant, one-cycle (as OneCycleLR of torch) or cosine (to zero)")

    def validate(self) -> None:
        """Raise ParameterError if a number is out of its range or a name is none."""
        choose("the optimiser", self.name, OPTIMISERS)
        choose("the schedule", self.schedule, SCHEDULES)
        if not 0 < self.lr < 1e6 or not 0 <= self.beta1 < 1 or not 0 <= self.beta2 < 1:
            raise ParameterError(
                f"lr is above 0 and below 1e6, and beta1 and beta2 are from 0 to below 1; these are "
                f"{self.lr:g}, {self.beta1:g}, {self.beta2:g}"
            )
        if self.eps <= 0 or self.weight_decay < 0:
            raise ParameterError(
                f"eps is above 0 and weight_decay at least 0; these are {self.eps:g} and {self.weight_decay:g}"
            )

    def build(self, parameters: Any, steps: int) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
        """Return the optimiser of some parameters, and what sets its rate over so many steps."""
        optimiser: torch.optim.Optimizer
        betas = self.beta1, self.beta2
        match self.name:
            case "adam":
                optimiser = torch.optim.Adam(parameters, self.lr, betas, self.eps, self.weight_decay, foreach=False)
            case "adamw":
                optimiser = torch.optim.AdamW(parameters, self.lr, betas, self.eps, self.weight_decay, foreach=False)
            case _:
                optimiser = torch.optim.SGD(
                    parameters, self.lr, self.beta1, weight_decay=self.weight_decay, foreach=False
                )
        schedules = torch.optim.lr_scheduler
        match self.schedule:
            case "one-cycle":
                return optimiser, schedules.OneCycleLR(optimiser, self.lr, total_steps=steps + 1)
            case "cosine":
                return optimiser, schedules.CosineAnnealingLR(optimiser, steps)
            case _:
                return optimiser, schedules.ConstantLR(optimiser, 1.0)


@dataclass(frozen=True)
class Course(Settings):
    """How long networks are trained, on how many samples at a time, and what is measured and kept on the way."""

    steps: int = param(1000, "steps of the optimiser")
    batch_size: int = param(32, "samples of a step")
    order: str = param("each", "whether each network has its own order of the data, or all have the same: each, same")
    every: int = param(50, "steps between measurements on the validation rows")
    n_validation: int = param(512, "validation rows that are measured, the first of them")
    stages: tuple[float, ...] = param((), "validation errors at or below which weights are kept besides the last ones")

    def validate(self) -> None:
        """Raise ParameterError if a number is out of its range."""
        for name, high in (("steps", 10**9), ("batch_size", 10**6), ("every", 10**9), ("n_validation", MAX_ROWS - 1)):
            ParameterError.check_integer(name, getattr(self, name), 1, high)
        choose("order", self.order, ORDERS)
        if any(not 0 <= error <= 1 for error in self.stages) or list(self.stages) != sorted(self.stages, reverse=True):
            raise ParameterError(
                f"stages are errors from 0 to 1 in falling order, such as [0.05, 0.02]; these are {show(self.stages)}"
            )

    def measured_at(self) -> list[int]:
        """Return the numbers of steps after which is measured; the last is always among them."""
        return [*range(self.every, self.steps, self.every), self.steps]
