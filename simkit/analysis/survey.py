"""Surveys: all measures of each network of a population, a row a network."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, cast, final

import numpy as np

from simkit.analysis.boards import Rows
from simkit.analysis.measure import Measure, Sample
from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.errors import ParameterError, StoreError, UnknownNameError
from simkit.kernels import philox
from simkit.learn.models import ResCNN_CAC, unflatten
from simkit.learn.training.settings import TEST, TRAIN, Settings
from simkit.learn.training.source import Training, single_thread
from simkit.registry import parse
from simkit.schema import Batch, Schema
from simkit.store import Store, open_store

#: name of a measure -> "module:attribute" in this package, imported when a survey has it
MEASURES = {
    "swaps": "swap:MEASURE",
    "ablations": "ablation:MEASURE",
    "spectra": "spectra:MEASURE",
    "autoencoders": "features:MEASURE",
    "probes": "probes:MEASURE",
    "logits": "logits:MEASURE",
    "interventions": "interventions:MEASURE",
}

#: measures of all networks; the others are of two classes, and of boards with room for what is pasted
USUAL = ("swaps", "ablations", "spectra", "autoencoders", "probes")


@dataclass(frozen=True)
class Amount(Settings):
    """How many rows a survey uses."""

    n_train: int = param(2000, "rows of the train split from which dictionaries and probes are learnt")
    n_test: int = param(1000, "rows of the test split on which errors are measured")
    n_some: int = param(512, "rows of the test split for what takes long, such as full grids")

    def validate(self) -> None:
        """Raise ParameterError if a number is out of its range."""
        for name in ("n_train", "n_test", "n_some"):
            ParameterError.check_integer(name, getattr(self, name), 1, 2**40)


@final
@dataclass(frozen=True)
class Survey(Source):
    """Measures of networks: row ``i`` is of network ``i`` of a population, at one of the stages that were kept.

    What is random in it is drawn from (seed, i). Rows of a network whose stage was not reached, or
    whose weights are not finite, are nan, and -1 where numbers are whole.

    Attributes
    ----------
    networks : dict
        The spec and seed of the population, as its recipe has them but for the number of networks.
    stage : int
        Of the weights.
    measures : tuple of str
    amount : Amount
    place : Path or None
        Where the population is; no parameter. Its data set is beside it.
    """

    name: ClassVar[str] = "survey"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "measures of the networks of a population"
    tiny: ClassVar[dict[str, object]] = {}
    kernels: ClassVar = (philox.KERNEL,)
    block_rows: ClassVar[int] = 1

    networks: dict[str, Any]
    stage: int = -1
    measures: tuple[str, ...] = USUAL
    amount: Amount = field(default_factory=Amount)
    place: Path | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "measures", tuple(self.measures))
        for name in self.measures:
            UnknownNameError.check("measure", name, MEASURES)

    @classmethod
    def of(
        cls, population: Store, stage: int = -1, measures: tuple[str, ...] = (), amount: Amount | None = None
    ) -> Survey:
        """Return the survey of a finished population; StoreError if a data set is none."""
        if population.recipe["source"] != Training.name:
            raise StoreError(f"{population.path} holds {population.recipe['source']} and no networks that were trained")
        networks = {name: value for name, value in population.recipe.items() if name != "n"}
        return cls(networks, stage, measures or USUAL, amount or Amount(), Path(population.path))

    def parameters(self) -> dict[str, Any]:
        """Return the parameters as plain JSON and TOML values."""
        return {
            "networks": self.networks,
            "stage": self.stage,
            "measures": list(self.measures),
            "amount": self.amount.plain(),
        }

    @classmethod
    def build(cls, parameters: Mapping[str, Any]) -> Survey:
        """Return what `parameters` gave."""
        known = ("networks", "stage", "measures", "amount")
        for name in parameters:
            UnknownNameError.check("parameter", name, known, cls.name)
        given = {name: value for name, value in parameters.items() if name != "amount"}
        return cls(**given, amount=Amount.of(parameters.get("amount", {})))

    def schema(self) -> Schema:
        """Return the fields of all measures."""
        model = cast("ResCNN_CAC", self._training().architecture.build(0))
        fields = {name: each for measure in self._measures() for name, each in measure.schema(model).items()}
        return Schema(**fields)

    def beside(self, folder: Path) -> Survey:
        """Return the same, whose population is looked for in a folder."""
        for path in sorted(folder.glob("*.zarr")):
            try:
                store = open_store(path)
            except StoreError:  # a data set of somebody else's, and so none that is looked for
                continue
            if {name: value for name, value in store.recipe.items() if name != "n"} == self.networks:
                return replace(self, place=path)
        raise StoreError(f"the population of networks that the survey is of is not in {folder}; put it there")

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        """Measure networks, one after another, in this thread."""
        del on
        if self.place is None:
            raise ParameterError("a survey needs to be told where its networks are: beside(folder)")
        population, training = open_store(self.place), self._training()
        data = training.beside(self.place.parent).opened()
        schema = self.schema()
        batch = schema.empty(len(rows))
        for i, row in enumerate(rows):
            weights = population["weights"][population.check_row(row)][self.stage]
            if not np.isfinite(weights).all():
                found: Mapping[str, Any] = {
                    name: np.full(each.shape, np.nan if np.dtype(each.dtype).kind == "f" else -1)
                    for name, each in schema.items()
                }
            else:
                model = cast("ResCNN_CAC", unflatten(training.architecture, weights))
                found = self._measured(model, data, training, seed, row)
            for name, values in found.items():
                batch[name][i] = values
        return batch

    def _measured(self, model: ResCNN_CAC, data: Store, training: Training, seed: int, row: int) -> dict[str, Any]:
        names, amount = (training.data.inputs, training.data.classes), self.amount
        sample = Sample(
            Rows(data, TRAIN, amount.n_train, *names, training.data.splits),
            Rows(data, TEST, amount.n_test, *names, training.data.splits),
            Rows(data, TEST, amount.n_some, *names, training.data.splits),
        )
        mine = training.model_seeds(seed, range(row, row + 1))[0]
        found: dict[str, Any] = {}
        with single_thread():
            for measure in self._measures():
                found |= measure.run(model, sample, mine)
        return found

    def _training(self) -> Training:
        return cast("Training", parse(self.networks))

    def _measures(self) -> list[Measure]:
        found = []
        for name in self.measures:
            module, _, attribute = MEASURES[name].partition(":")
            found.append(getattr(importlib.import_module(f"simkit.analysis.{module}"), attribute))
        return found
