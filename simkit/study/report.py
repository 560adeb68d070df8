"""What a study finds: points for its figure and claims for its table, kept as data sets like any other."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from simkit.errors import StoreError
from simkit.schema import Field, Schema
from simkit.store import Store, open_store, writing
from simkit.store.layout import ROOT
from simkit.study.statistics import Estimate

#: what can be said of a claim
VERDICTS = ("ok", "NOT", "unclear", "short", "frozen", "")

#: standard errors that a measured value may be off by: one right claim in 16,000 is said to be NOT
MOST_SIGMA = 4.0

#: standard errors that a value has to be inside of an interval by
_INSIDE_SIGMA = 1.0


class Point(NamedTuple):
    """A point of a figure; points of one series without errors are joined by a line."""

    panel: str
    series: str
    x: float
    y: float
    error: float = math.nan
    #: whether the state is in no equilibrium, by the disagreement of its thermometers
    is_frozen: bool = False


class Claim(NamedTuple):
    """A measured value beside what it should be."""

    #: the quantity, its unit, and what tells it from others of its kind; the same for every seed
    text: str
    found: Estimate
    #: what it should be, with its own error where that was sampled; nan: nothing is claimed
    exact: float | Estimate = math.nan
    #: what the value has to be between; without it, within MOST_SIGMA standard errors of `exact`
    within: tuple[float, float] | None = None
    #: where it was measured, if that, too, was
    at: str = ""
    is_frozen: bool = False

    @property
    def reference(self) -> Estimate:
        """`exact` as an estimate."""
        return self.exact if isinstance(self.exact, Estimate) else Estimate(self.exact, 0.0)

    @property
    def z(self) -> float:
        """Deviation in standard errors, see `Estimate.z`; nan where there is no error."""
        return self.found.z(self.reference)

    @property
    def verdict(self) -> str:
        """One of VERDICTS.

        A value has to be inside its interval by a standard error, and is NOT if it is outside by MOST_SIGMA: what is
        said depends as little as can be on chance. What is as many of its errors off, and these are known from too few
        values for that to say much, is unclear.
        """
        if self.is_frozen:
            return "frozen"
        if self.within is None:
            if math.isnan(self.reference.mean):
                return ""
            distance = MOST_SIGMA - abs(self.z)
            if self.found.error == self.reference.error == 0:
                distance = math.inf if self.found.mean == self.reference.mean else -math.inf
            gap = abs(self.found.mean - self.reference.mean)
            is_near = gap < MOST_SIGMA * math.hypot(self.found.error, self.reference.error) or gap == 0
            verdict = "NOT" if distance <= 0 else "ok" if distance > 0 and is_near else "unclear"
        else:
            low, high = self.within
            nearest = low if self.found.mean - low < high - self.found.mean else high
            distance = abs(self.found.z(nearest)) if self.found.error > 0 else math.inf
            if math.isnan(self.found.mean) or math.isnan(self.found.error) or math.isnan(distance):
                verdict = "unclear"
            elif low <= self.found.mean <= high:
                verdict = "ok" if distance >= _INSIDE_SIGMA else "unclear"
            else:
                verdict = "NOT" if distance >= MOST_SIGMA else "unclear"
        is_short = self.found.is_short or self.reference.is_short
        return "short" if is_short and verdict != "NOT" else verdict


class Axes(NamedTuple):
    """What is on the axes of a panel, with units.

    Names of Greek letters are drawn as such, `Tc` and `beta_13` with their indices.
    """

    x: str
    y: str
    is_log_x: bool = False
    is_log_y: bool = False
    #: where on the x axis the critical point is; None: nowhere
    critical: float | None = None


class Report(NamedTuple):
    """What one graph of a study finds.

    Parameters
    ----------
    panels : mapping of str to Axes
        The panels of the figure by their names.
    points, claims : list
    notes : list of str
        Sentences that have to be read with the claims.
    """

    panels: Mapping[str, Axes]
    points: list[Point]
    claims: list[Claim]
    notes: list[str]


def line(panel: str, series: str, xs: Iterable[float], ys: Iterable[float]) -> list[Point]:
    """Return the points of a curve."""
    return [Point(panel, series, float(x), float(y)) for x, y in zip(xs, ys, strict=True)]


def measured(panel: str, series: str, x: float, found: Estimate, *, is_frozen: bool = False) -> Point:
    """Return a point with its error."""
    return Point(panel, series, float(x), found.mean, found.error, is_frozen)


def write(report: Report, name: str, title: str, folder: Path, data: Sequence[Store]) -> tuple[Store, Store]:
    """Write points and claims as ``folder/NAME.zarr`` and ``folder/NAME-claims.zarr``, in place of older ones.

    Their recipes name the data sets that they come from: source, version, parameters, seed and digest.

    Raises
    ------
    StoreError
        If something else is there, or cannot be replaced.
    """
    parameters = {
        "title": title,
        "panels": {panel: [value for value in axes if value is not None] for panel, axes in report.panels.items()},
        "notes": report.notes,
        "data": {store.path.name: {**store.recipe, "digest": store.root_digest()} for store in data},
    }
    panels = tuple(report.panels)
    series = tuple(dict.fromkeys(point.series for point in report.points))
    points = Schema(
        panel=Field("int64", "part of the figure", labels=panels),
        series=Field("int64", "what was measured or computed", labels=series),
        x=Field("float64", "as the axis of the panel says"),
        y=Field("float64", "as the axis of the panel says"),
        error=Field("float64", "standard error of y; nan: a point of a line"),
        is_frozen=Field("bool", "whether the thermometers of the state disagree: it is in no equilibrium"),
    )
    rows: list[tuple[Any, ...]] = [
        (panels.index(p.panel), series.index(p.series), p.x, p.y, p.error, p.is_frozen) for p in report.points
    ]
    at = tuple(dict.fromkeys(claim.at for claim in report.claims))
    claims = Schema(
        claim=Field("int64", "what is claimed", labels=tuple(claim.text for claim in report.claims)),
        at=Field("int64", "where it was measured, if that, too, was", labels=at),
        n_runs=Field("int64", "independent runs"),
        value=Field("float64", "measured, mean over runs"),
        error=Field("float64", "standard error of the value"),
        dof=Field("float64", "degrees of freedom that this error is known from; inf: not from data"),
        n_effective=Field("float64", "effectively independent samples in a run; inf: not from a time series"),
        exact=Field("float64", "what it should be; nan: nothing is claimed"),
        exact_error=Field("float64", "standard error of that, where it was sampled"),
        z=Field("float64", "deviation in standard errors, as of a normal variable as probable; nan: there are none"),
        within=Field("float64", "what the value has to be between; nan: nothing", ("bound",), (2,)),
        verdict=Field("int64", "what can be said", labels=VERDICTS),
    )
    lines: list[tuple[Any, ...]] = [
        (
            i,
            at.index(c.at),
            c.found.n_runs,
            c.found.mean,
            c.found.error,
            c.found.dof,
            c.found.n_effective,
            *c.reference[:2],
            c.z,
            c.within or (math.nan, math.nan),
            VERDICTS.index(c.verdict),
        )
        for i, c in enumerate(report.claims)
    ]
    return (
        _put(folder / f"{name}.zarr", points, rows, f"study {name}", parameters),
        _put(folder / f"{name}-claims.zarr", claims, lines, f"study {name}, claims", parameters),
    )


def _put(path: Path, schema: Schema, rows: list[tuple[Any, ...]], source: str, parameters: dict[str, Any]) -> Store:
    if (path / ROOT).is_file():  # what else may be there, the store looks at before it writes
        if not str(open_store(path).recipe["source"]).startswith("study "):
            raise StoreError(f"{path} is a data set and no result of a study; choose another --out")
        old = path.with_name(f".{path.name}.old")  # a half-removed store would be no store of ours
        try:
            shutil.rmtree(old, ignore_errors=True)
            path.rename(old)
            shutil.rmtree(old)
        except OSError as error:
            raise StoreError(f"cannot replace {path}: {error.strerror}; remove it, or choose another --out") from None
    columns = zip(*rows, strict=True)
    batch = {name: np.array(column, schema[name].dtype) for name, column in zip(schema, columns, strict=True)}
    from simkit.run import versions

    recipe = {"source": source, "version": 1, "parameters": parameters, "seed": 0, "n": len(rows)}
    with writing(path, schema, recipe, {"backend": "none", "versions": versions()}) as store:
        for index in range(store.layout.n_shards):
            part = store.layout.rows(index)
            store.commit(index, {name: values[part.start : part.stop] for name, values in batch.items()})
    return store
