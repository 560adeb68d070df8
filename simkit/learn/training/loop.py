"""One network in training: steps, measurements, and a state from which it goes on to the same bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import torch

from simkit.learn.models import Architecture, flatten
from simkit.learn.streaming.batches import Batches, batches
from simkit.learn.training.checkpoints import Checkpoints
from simkit.learn.training.settings import TEST, TRAIN, VALIDATION, Course, Data, Optimiser
from simkit.schema import Batch
from simkit.store import Store

#: samples of a batch of measurements
_MEASURED = 128


class Regime(NamedTuple):
    """What all networks of a population have in common; see `Training`."""

    architecture: Architecture
    data: Data
    optimiser: Optimiser
    course: Course

    def metric_names(self) -> tuple[str, ...]:
        """Return what is measured on the way: loss and error of the network, then those of its other forms."""
        forms = ("", *(f"{name}_" for name in self.architecture.form_names))
        return tuple(f"{form}{what}" for form in forms for what in ("loss", "error"))


class Run:
    """A network of a population, from its seed to its row.

    Parameters
    ----------
    regime : Regime
    store : Store
        The data set.
    model_seed, order_seed : int
        Of the initial weights, and of the order of the data.
    """

    def __init__(self, regime: Regime, store: Store, model_seed: int, order_seed: int) -> None:
        course = regime.course
        self._regime, self._store = regime, store
        self._architecture = regime.architecture
        self.model = self._architecture.build(model_seed).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimiser, self._schedule = regime.optimiser.build(self.model.parameters(), course.steps)
        augment = regime.data.augment
        self._batches = self._streamed(
            TRAIN, order_seed, shuffle=True, drop_last=True, batch_size=course.batch_size, augment=augment
        )
        self.step, self._nan_step, self._model_seed = 0, -1, model_seed
        self._stream: Iterator[dict[str, torch.Tensor]] | None = None
        n_stages, times = len(course.stages) + 1, course.measured_at()
        self._times = times
        self._losses = np.full(course.steps, np.nan, np.float32)
        self._metrics = np.full((len(times), len(regime.metric_names())), np.nan, np.float32)
        self._weights = np.full((n_stages, self._architecture.n_weights), np.nan, np.float32)
        self._kept_at = np.full(n_stages, -1, np.int32)

    def _streamed(self, split: str, seed: int, **options: Any) -> Batches:
        data = self._regime.data
        fields = (data.inputs, data.classes)
        return batches(self._store, n_threads=0, split=split, splits=data.splits, seed=seed, fields=fields,
                       channels="cells", dtype=self._architecture.dtype, ranks=(0, 1), **options)  # fmt: skip

    def finish(self, checkpoints: Checkpoints | None, row: int, tell: Callable[[int], None]) -> None:
        """Train to the end, from the state that was kept of the network of a row if there is one."""
        if checkpoints is not None and (state := checkpoints.load(row)) is not None:
            self._load(state)
        self.model.train()
        while self.step < self._regime.course.steps and self._nan_step < 0:
            tell(self.step)
            self._advance()
            if self.step in self._times or self._nan_step >= 0:
                self._measure()
                if checkpoints is not None:
                    checkpoints.save(row, self._state())
        tell(self.step)

    def _advance(self) -> None:
        """Make a step; a loss that is not finite ends the training before its step."""
        data = self._regime.data
        if self._stream is None:
            self._stream = self._endless()
        batch = next(self._stream)
        outputs = self._architecture.outputs(self.model, batch[data.inputs])
        loss = self._architecture.loss(outputs, batch[data.classes])
        value = float(loss.detach())
        self._losses[self.step] = value
        if not np.isfinite(value):
            self._nan_step = self.step
            return
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        self._schedule.step()
        self.step += 1

    def _endless(self) -> Iterator[dict[str, torch.Tensor]]:
        while True:
            yield from self._batches

    def _measure(self) -> None:
        """Measure on the first validation rows, and keep the weights of the stages that are reached."""
        if self.step not in self._times:
            return
        course = self._regime.course
        found = self._measured(VALIDATION, course.n_validation, with_forms=True)
        self._metrics[self._times.index(self.step)] = found
        error = float(found[1])
        for stage, most in enumerate(course.stages):
            if self._kept_at[stage] < 0 and error <= most:
                self._keep(stage)

    def _keep(self, stage: int) -> None:
        self._weights[stage], self._kept_at[stage] = flatten(self.model), self.step

    def _measured(self, split: str, n: int | None, *, with_forms: bool) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return loss and error of the network on the first `n` rows of a split, then of its other forms."""
        data, architecture = self._regime.data, self._architecture
        size = _MEASURED if n is None else min(_MEASURED, n)
        sums, n_samples = np.zeros(2 + 2 * len(architecture.form_names) * with_forms), 0
        n_batches = None if n is None else -(-n // size)
        self.model.eval()
        with torch.no_grad():
            for batch in islice(self._streamed(split, 0, batch_size=size), n_batches):
                inputs, classes = batch[data.inputs], batch[data.classes]
                if n is not None:
                    inputs, classes = inputs[: n - n_samples], classes[: n - n_samples]
                outputs = [architecture.outputs(self.model, inputs)]
                if with_forms:
                    others = architecture.forms(self.model, inputs)
                    outputs += [others[name] for name in architecture.form_names]
                found = [
                    (
                        float(architecture.loss(each, classes)),
                        float((architecture.predicted(each) != classes).double().mean()),
                    )
                    for each in outputs
                ]
                sums += len(classes) * np.array(found).ravel()
                n_samples += len(classes)
        self.model.train()
        return sums / n_samples

    def results(self) -> Batch:
        """Return the row of the network."""
        self._keep(len(self._weights) - 1)
        loss, error = self._measured(TEST, None, with_forms=False)
        values = {
            "weights": self._weights,
            "step": self._kept_at,
            "train_loss": self._losses,
            "metrics": self._metrics,
            "metric_step": self._times,
            "test_loss": loss,
            "test_error": error,
            "nan_step": self._nan_step,
            "model_seed": self._model_seed,
        }
        return {name: np.asarray(value) for name, value in values.items()}

    def _state(self) -> dict[str, Any]:
        arrays = {"losses": self._losses, "metrics": self._metrics, "weights": self._weights, "kept_at": self._kept_at}
        return {
            "step": self.step,
            "nan_step": self._nan_step,
            "model": self.model.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "batches": self._batches.state_dict(),
            "arrays": {name: torch.from_numpy(array) for name, array in arrays.items()},
        }

    def _load(self, state: dict[str, Any]) -> None:
        self.step, self._nan_step = state["step"], state["nan_step"]
        self.model.load_state_dict(state["model"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        self._batches.load_state_dict(state["batches"])
        arrays = {name: tensor.numpy().copy() for name, tensor in state["arrays"].items()}
        self._losses, self._metrics = arrays["losses"], arrays["metrics"]
        self._weights, self._kept_at = arrays["weights"], arrays["kept_at"]
