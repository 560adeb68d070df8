"""Training: populations of networks as rows, a pure function of (recipe, seed, row) on one kind of machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
import torch

from simkit.backends import Kernels
from simkit.contract import Source
from simkit.errors import ParameterError, StoreError, UnknownNameError, show
from simkit.kernels import philox
from simkit.learn.models import Architecture, architecture
from simkit.learn.training.checkpoints import Checkpoints
from simkit.learn.training.loop import Regime, Run
from simkit.learn.training.settings import Course, Data, Optimiser
from simkit.schema import Batch, Field, Schema
from simkit.store import Store, open_store

#: stream of Philox that seeds of networks are drawn from
_STREAM = 2**30 + 15

#: parameters that are tables -> what reads them
_TABLES: Mapping[str, Any] = {"data": Data, "optimiser": Optimiser, "course": Course}


@final
@dataclass(frozen=True)
class Training(Source):
    """Networks of one architecture, trained on one data set: row ``i`` has its own seed, drawn from Philox(seed, i).

    The same bits come out on the same kind of machine with the same torch, however many networks are trained side by
    side, since each is computed by one thread. Other processors round in other orders.

    Attributes
    ----------
    architecture : Architecture
    data : Data
    optimiser : Optimiser
    course : Course
    place : Path or None
        Where the data set is: no parameter, since it may be moved.
    checkpoints : Checkpoints or None
        Where the state of unfinished networks is kept; no parameter.
    """

    name: ClassVar[str] = "training"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "networks, trained on a data set"
    tiny: ClassVar[dict[str, object]] = {}
    kernels: ClassVar = (philox.KERNEL,)
    block_rows: ClassVar[int] = 1

    architecture: Architecture
    data: Data
    optimiser: Optimiser = field(default_factory=Optimiser)
    course: Course = field(default_factory=Course)
    place: Path | None = field(default=None, compare=False)
    checkpoints: Checkpoints | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.course.batch_size > self.data.recipe["n"]:
            raise ParameterError(
                f"a batch of {self.course.batch_size:,} samples is more than the data set's {self.data.recipe['n']:,}"
            )

    def parameters(self) -> dict[str, Any]:
        """Return the parameters as plain JSON and TOML values, table by table."""
        tables = {name: getattr(self, name).plain() for name in _TABLES}
        return {"architecture": self.architecture.spec(), **tables}

    @classmethod
    def build(cls, parameters: Mapping[str, Any]) -> Training:
        """Return what `parameters` gave."""
        for name in parameters:
            UnknownNameError.check("parameter", name, ["architecture", *_TABLES], cls.name)
        for name in ("architecture", "data"):
            if name not in parameters:
                raise ParameterError(f"training needs the table {show(name)}")
        return cls(
            architecture_of(parameters["architecture"]),
            **{name: kind.of(parameters[name]) for name, kind in _TABLES.items() if name in parameters},
        )

    def schema(self) -> Schema:
        """Return the fields of a network."""
        course, n_weights = self.course, self.architecture.n_weights
        n_stages, n_times = len(course.stages) + 1, len(course.measured_at())
        names = self.regime.metric_names()
        stages = [f"validation error at or below {error:g}" for error in course.stages]
        return Schema(
            weights=Field(
                "float32",
                "weights and running statistics, as simkit.models.flatten gives them; nan: the stage was not reached; "
                f"stages: {', '.join([*stages, 'last'])}",
                ("stage", "weight"),
                (n_stages, n_weights),
            ),
            step=Field("int32", "step that the weights are from; -1: not reached", ("stage",), (n_stages,)),
            train_loss=Field("float32", "mean loss of the batch of a step", ("t",), (course.steps,)),
            metrics=Field(
                "float32",
                "of the first validation rows, in evaluation mode; a form of the network stands before its figures",
                ("t_measured", "metric"),
                (n_times, len(names)),
                columns=names,
            ),
            metric_step=Field("int32", "steps after which was measured", ("t_measured",), (n_times,)),
            test_loss=Field("float32", "mean loss of all test rows, in evaluation mode"),
            test_error=Field("float32", "share of all test rows that are given the wrong class"),
            nan_step=Field("int32", "first step whose loss is not finite, at which training ended; -1: there is none"),
            model_seed=Field(
                "uint64", "seed of the initial weights, and of the order of the data where each has its own"
            ),
        )

    @property
    def regime(self) -> Regime:
        """What its networks have in common."""
        return Regime(self.architecture, self.data, self.optimiser, self.course)

    def at(self, place: Path | None, checkpoints: Checkpoints | None = None) -> Training:
        """Return the same, told where its data set is and where it may keep the state of unfinished networks."""
        return replace(self, place=place, checkpoints=checkpoints)

    def beside(self, folder: Path) -> Training:
        """Return the same, whose data set is looked for in a folder and in its folder ``data``."""
        for path in sorted([*folder.glob("*.zarr"), *folder.glob("data/*.zarr")]):
            try:
                store = open_store(path)
            except StoreError:  # a data set of somebody else's, and so none that is looked for
                continue
            if (
                store.recipe == self.data.recipe
                and not store.n_rows - store.n_rows_done
                and store.root_digest() == self.data.digest
            ):
                return self.at(path)
        raise StoreError(
            f"the data set that the networks learnt from is not in {folder}: {self.data.recipe['n']:,} rows of "
            f"{self.data.recipe['source']} with digest {self.data.digest}; put it there"
        )

    def opened(self) -> Store:
        """Return the data set; the error if nobody said where it is, or it is another one."""
        if self.place is None:
            raise ParameterError("training needs to be told where its data set is: at(path)")
        store = open_store(self.place)
        self.data.check(store, self.architecture)
        return store

    def model_seeds(self, seed: int, rows: range) -> list[int]:
        """Return the seeds of networks."""
        numbers = np.arange(rows.start, rows.stop, dtype=np.uint64)
        words = philox.KERNEL.load("cpu").words(seed, numbers, _STREAM, 2).astype(np.uint64)
        return [int(high) << 32 | int(low) for high, low in words]

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        """Train networks, one after another, in this thread."""
        del on
        return self.trained(seed, rows, lambda row, step: None)

    def trained(self, seed: int, rows: range, tell: Callable[[int, int], None]) -> Batch:
        """Train networks in this thread; `tell` is called with the row and its number of steps as they are made."""
        batch = self.schema().empty(len(rows))
        store = self.opened()
        for i, (row, model_seed) in enumerate(zip(rows, self.model_seeds(seed, rows), strict=True)):
            order_seed = model_seed if self.course.order == "each" else self.model_seeds(seed, range(1))[0]
            with single_thread():
                run = Run(self.regime, store, model_seed, order_seed)
                run.finish(self.checkpoints, row, lambda step, row=row: tell(row, step))  # type: ignore[misc]
                results = run.results()
            for name, values in results.items():
                batch[name][i] = values
        return batch


def architecture_of(values: Any) -> Architecture:
    """Return the architecture of a table with its name; the error if it has none."""
    if not isinstance(values, Mapping) or not isinstance(values.get("name"), str):
        raise ParameterError(f'architecture is a table with a name, such as "res-cnn-cac"; this is {show(values)}')
    return architecture(values["name"], **{name: value for name, value in values.items() if name != "name"})


@contextmanager
def single_thread() -> Iterator[None]:
    """Let torch compute with this thread alone, so that sums have one order whatever the machine's processors."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
