"""Errors of the networks as they are trained, and of the same networks with their last two layers swapped."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from simkit.ash.baseline import Baseline, baselines
from simkit.recipe import Recipe
from simkit.schema import Field, Schema
from simkit.store import Store
from simkit.study.conduct import Need
from simkit.study.findings import Axes, Claim, Findings, Plot, Table, table
from simkit.study.model_diversity import Scale, populations
from simkit.study.ranks import median, share
from simkit.study.statistics import Estimate

F64 = npt.NDArray[np.float64]

#: curves: name -> what stands before loss and error, and the share of the networks below it
_CURVES = {
    "as trained, median": ("", 0.5),
    "swapped, lowest tenth": ("swap_", 0.1),
    "swapped, median": ("swap_", 0.5),
    "swapped, highest tenth": ("swap_", 0.9),
}

#: by how much the swap loss is above the loss where the two are said to have parted
_APART = 0.2

#: steps whose mean is the training loss at a measurement
_RECENT = 50

#: errors of the post's networks, in percent
_POST = (1.0, 2.5)


def needs(scale: Scale) -> Mapping[str, Recipe | Need]:
    """Return the data sets of this question."""
    found = populations.needs(scale)
    return {name: found[name] for name in ("boards", "networks")}


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the population says of its training."""
    networks = stores["networks"]
    error = 100 * networks["test_error"][:].astype(np.float64)
    metrics, names = networks["metrics"][:].astype(np.float64), networks.schema["metrics"].columns
    of = {name: metrics[:, :, names.index(name)] for name in names}
    steps = networks["metric_step"][0]
    final_swap = 100 * of["swap_error"][:, -1]
    trivial = baselines(stores["boards"], range(stores["boards"].n_rows))
    best = min(trivial[1:], key=lambda line: min(line.linear, line.trees))
    least = 100 * min(best.linear, best.trees)
    tables = {
        "curves": _curves(of, steps),
        "errors": _errors(networks, error, final_swap),
        "places": _places(error, final_swap),
        "baselines": _baselines(trivial),
    }
    parted = _parted(networks["train_loss"][:].astype(np.float64), of, steps)
    claims = [
        Claim(
            "test error, median over networks (%)",
            median(error, scale.seed),
            within=scale.published(_POST),
            is_theirs=True,
        ),
        Claim("share of networks whose test error is at or below 1 %", share(error <= 1)),
        Claim("share of networks whose loss became infinite or NaN", share(networks["nan_step"][:] >= 0)),
        Claim(
            f"best baseline ({best.features}) - median test error of networks (percentage points)",
            Estimate(least, 100 * best.standard_error).less(median(error, scale.seed)),
        ),
        Claim(
            f"training loss where the swap loss is first {_APART:g} above the loss, median over networks that part",
            median(parted, scale.seed),
            within=(0.2, 0.6),
            is_theirs=True,
        ),
        Claim(
            "share of networks whose swap loss parts from the loss",
            share(np.isfinite(parted)),
            within=(0.25, math.inf),
            is_theirs=True,
        ),
        Claim("share of networks whose swap error is below 20 % at the end", share(final_swap < 20)),
    ]
    lines = {"x": "step", "y": "value", "series": "curve"}
    places = {"x": "error", "y": "swap_error", "z": "networks"}
    plots = [
        Plot("loss", "curves", lines, Axes("steps", "validation loss", is_log_y=True), rows=("measure", "loss")),
        Plot("error", "curves", lines, Axes("steps", "validation error (%)"), rows=("measure", "error")),
        Plot("error and swap error", "places", places, Axes("test error (%)", "swap error (%)"), "heat map"),
        Plot("swap error", "errors", {"x": "swap_error"}, Axes("swap error (%)", "networks"), "histogram"),
    ]
    notes = [
        *populations.sides(scale),
        f"{networks.n_rows} networks; errors are of {round(scale.boards / 10):,} test boards, losses on the way of "
        f"{scale.validation:,} validation boards; the swap is that of the last two layers in the expanded form, with "
        "the maximum over the cells of the strided network",
    ]
    return Findings(tables, plots, claims, notes)


def _curves(of: Mapping[str, F64], steps: npt.NDArray[np.int32]) -> Table:
    """Return quantiles over networks of losses and errors, with the layers as trained and swapped."""
    schema = Schema(
        measure=Field("int64", "what was measured", labels=("loss", "error")),
        curve=Field("int64", "layers, and which of the networks", labels=tuple(_CURVES)),
        step=Field("int64", "steps of training"),
        value=Field("float64", "loss, or error in percent"),
    )
    rows: list[tuple[object, ...]] = []
    for i, measure in enumerate(("loss", "error")):
        for j, (form, quantile) in enumerate(_CURVES.values()):
            values = of[form + measure] * (100 if measure == "error" else 1)
            rows += [(i, j, *at) for at in zip(steps, np.nanquantile(values, quantile, axis=0), strict=True)]
    return table(schema, rows)


def _errors(networks: Store, error: F64, swap_error: F64) -> Table:
    schema = Schema(
        network=Field("int64", "row of the population"),
        error=Field("float64", "on all test boards", unit="%"),
        swap_error=Field("float64", "on the validation boards, with the last two layers swapped", unit="%"),
        early_step=Field("int64", "steps until the early error; -1: not reached"),
        nan_step=Field("int64", "step whose loss was not finite; -1: none"),
    )
    columns = np.arange(len(error)), error, swap_error, networks["step"][:, 0], networks["nan_step"][:]
    return table(schema, list(zip(*columns, strict=True)))


def _places(error: F64, swap_error: F64) -> Table:
    """Return how many networks have an error and a swap error, by places of a grid."""
    both = np.isfinite(error) & np.isfinite(swap_error)
    low, high = (np.floor(error[both].min()), np.ceil(error[both].max())) if both.any() else (0.0, 1.0)
    edges = np.linspace(low, max(high, low + 1), 11), np.arange(0, 61, 5)
    counts, *_ = np.histogram2d(error[both], swap_error[both].clip(max=59.9), edges)
    middles = [(edge[1:] + edge[:-1]) / 2 for edge in edges]
    schema = Schema(
        error=Field("float64", "middle of the range of test errors", unit="%"),
        swap_error=Field("float64", "middle of the range of swap errors", unit="%"),
        networks=Field("int64", "networks in both ranges"),
    )
    x, y = np.meshgrid(*middles, indexing="ij")
    return table(schema, list(zip(x.ravel(), y.ravel(), counts.ravel().astype(int), strict=True)))


def _baselines(lines: list[Baseline]) -> Table:
    schema = Schema(
        features=Field("int64", "what a classifier sees", labels=tuple(line.features for line in lines)),
        linear=Field("float64", "test error of logistic regression", unit="%"),
        trees=Field("float64", "test error of gradient-boosted trees", unit="%"),
        error=Field("float64", "standard error of the better", unit="%"),
    )
    return table(schema, [(i, 100 * b.linear, 100 * b.trees, 100 * b.standard_error) for i, b in enumerate(lines)])


def _parted(train_loss: F64, of: Mapping[str, F64], steps: npt.NDArray[np.int32]) -> F64:
    """Return the training loss of each network where its swap loss is first well above its loss; nan where it never is.

    A measurement counts only if the network does something there: its error is below a quarter, so that what is left
    behind by running statistics of BatchNorm, which lets both be at chance, does not.
    """
    found = np.full(len(train_loss), np.nan)
    apart = (of["swap_loss"] > of["loss"] + _APART) & (of["error"] < 0.25)
    for i, is_apart in enumerate(apart):
        if is_apart.any():
            step = int(steps[np.argmax(is_apart)])
            found[i] = float(np.nanmean(train_loss[i, max(0, step - _RECENT) : step]))
    return found
