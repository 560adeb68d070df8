"""What a study finds: tables of numbers, plots of their columns, and claims about what is right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from simkit.errors import ParameterError, UnknownNameError, show
from simkit.schema import Array, Field, Schema
from simkit.study.statistics import Estimate

#: what can be said of a claim
VERDICTS = ("ok", "NOT", "unclear", "short", "frozen", "reported", "holds", "does not hold", "undecided")

#: verdict on a claim of ours -> on what others observed
_THEIRS = {"ok": "holds", "NOT": "does not hold", "unclear": "undecided", "short": "undecided"}

#: standard errors that a measured value may be off by: one right claim in 16,000 is said to be NOT
MOST_SIGMA = 4.0

#: standard errors that a value has to be inside of an interval by
_INSIDE_SIGMA = 1.0

#: the same where it says that what others observed holds: 2 % of those that do not are said to
_SEEN_SIGMA = 2.0


class Point(NamedTuple):
    """A point of a plot of lines; points of one series without errors are joined by a line."""

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
    #: whether others observed it: then it is no fault of ours if it does not hold
    is_theirs: bool = False

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
        values for that to say much, is unclear. What is beside nothing can be neither: it is reported. What others
        observed holds if it is inside by two standard errors, does not hold, or is undecided.
        """
        verdict = self._verdict()
        return _THEIRS.get(verdict, verdict) if self.is_theirs else verdict

    def _verdict(self) -> str:
        if self.is_frozen:
            return "frozen"
        if self.within is None:
            if math.isnan(self.reference.mean):
                return "reported"
            distance = MOST_SIGMA - abs(self.z)
            if self.found.error == self.reference.error == 0:
                distance = math.inf if self.found.mean == self.reference.mean else -math.inf
            gap = abs(self.found.mean - self.reference.mean)
            error = math.hypot(self.found.error, self.reference.error)
            is_near = math.isfinite(error) and (gap < MOST_SIGMA * error or gap == 0)
            verdict = "NOT" if distance <= 0 else "ok" if distance > 0 and is_near else "unclear"
        else:
            low, high = self.within
            nearest = low if self.found.mean - low < high - self.found.mean else high
            distance = abs(self.found.z(nearest)) if self.found.error > 0 else math.inf
            if math.isnan(self.found.mean) or math.isnan(self.found.error) or math.isnan(distance):
                verdict = "unclear"
            elif low <= self.found.mean <= high:
                verdict = "ok" if distance >= (_SEEN_SIGMA if self.is_theirs else _INSIDE_SIGMA) else "unclear"
            else:
                verdict = "NOT" if distance >= MOST_SIGMA else "unclear"
        is_short = self.found.is_short or self.reference.is_short
        return "short" if is_short and verdict != "NOT" else verdict


class Axes(NamedTuple):
    """What is on the axes of a plot, with units.

    Names of Greek letters are drawn as such, `Tc` and `beta_13` with their indices.
    """

    x: str
    y: str
    is_log_x: bool = False
    is_log_y: bool = False
    #: where on the x axis the critical point is; None: nowhere
    critical: float | None = None


class Table(NamedTuple):
    """Named columns, each with a value for each row."""

    schema: Schema
    columns: Mapping[str, Array]


#: kind of a plot -> columns that it has to have, and columns that it may have
KINDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "lines": (("x", "y"), ("error", "series", "hollow")),
    "bars": (("x", "y"), ("error", "series")),
    "histogram": (("x",), ("series",)),
    "heat map": (("x", "y", "z"), ()),
    "pictures": (("image",), ("caption",)),
}

#: parts that are columns of labels
_LABELLED = ("series", "caption")


class Plot(NamedTuple):
    """Which columns of a table are drawn, and how.

    Attributes
    ----------
    title : str
    table : str
        Its name among the tables of the findings.
    columns : mapping of str to str
        Part in the plot, such as "x", -> name of the column; see `KINDS`.
    axes : Axes
    kind : str
        One of `KINDS`.
    rows : (column, label) or None
        The rows whose value in a column of labels is this one; None: all rows.
    """

    title: str
    table: str
    columns: Mapping[str, str]
    axes: Axes
    kind: str = "lines"
    rows: tuple[str, str] | None = None


class Findings(NamedTuple):
    """What the analysis of a question finds.

    Attributes
    ----------
    tables : mapping of str to Table
        "claims" is the name of the table that the claims become.
    plots : list of Plot
    claims : list of Claim
    notes : list of str
        Sentences that have to be read with the claims.
    """

    tables: Mapping[str, Table]
    plots: list[Plot]
    claims: list[Claim]
    notes: list[str]

    def check(self) -> None:
        """Raise ParameterError if a plot names what its table does not have, or a claim's interval bounds nothing.

        The same for a table without rows, which could not be read again.
        """
        if "claims" in self.tables:
            raise ParameterError("a table of findings is called 'claims', the name of that of the claims; rename it")
        for name, found in self.tables.items():
            if not all(len(values) for values in found.columns.values()):
                raise ParameterError(
                    f"the table {show(name)} of what was found has no rows; give it one, or leave it out"
                )
        for claim in self.claims:
            low, high = claim.within or (0.0, 0.0)
            if not low <= high or (math.isinf(low) and math.isinf(high)):
                raise ParameterError(
                    f"the claim {show(claim.text)} needs a value from {low:g} to {high:g}, which none can miss or none "
                    "can meet; give it bounds in rising order, one of them finite, or none"
                )
        for plot in self.plots:
            UnknownNameError.check("table", plot.table, self.tables, "what was found")
            UnknownNameError.check("kind of plot", plot.kind, KINDS)
            schema, (needed, possible) = self.tables[plot.table].schema, KINDS[plot.kind]
            if missing := [part for part in needed if part not in plot.columns]:
                raise ParameterError(f"the plot {show(plot.title)} needs a column for {', '.join(missing)}; name one")
            for part, column in plot.columns.items():
                UnknownNameError.check("part", part, (*needed, *possible), f"a plot of {plot.kind}")
                UnknownNameError.check("column", column, schema, f"the table {plot.table}")
                field = schema[column]
                if part in _LABELLED and not field.labels:
                    raise ParameterError(f"{part} of the plot {show(plot.title)} needs labels; {column} has none")
                dims = (2, 3) if part == "image" else (0,)
                if len(field.shape) not in dims:
                    raise ParameterError(
                        f"{part} of the plot {show(plot.title)} needs {' or '.join(map(str, dims))} dimensions a row; "
                        f"{column} has {len(field.shape)}"
                    )
            if plot.rows is not None:
                UnknownNameError.check("column", plot.rows[0], schema, f"the table {plot.table}")
                UnknownNameError.check("label", plot.rows[1], schema[plot.rows[0]].labels, f"the column {plot.rows[0]}")
            if plot.kind == "heat map":
                self._check_places(plot)

    def _check_places(self, plot: Plot) -> None:
        schema, columns = self.tables[plot.table]
        rows = slice(None)
        if plot.rows is not None:
            rows = columns[plot.rows[0]] == schema[plot.rows[0]].labels.index(plot.rows[1])
        places = np.stack([columns[plot.columns[part]][rows].astype(np.float64) for part in ("x", "y")])
        if np.unique(places, axis=1).shape[1] < places.shape[1]:
            raise ParameterError(f"the heat map {show(plot.title)} has several rows of one x and y; take their mean")


def of_points(panels: Mapping[str, Axes], points: list[Point], claims: list[Claim], notes: list[str]) -> Findings:
    """Return findings whose plots are panels of one table, "points".

    Parameters
    ----------
    panels : mapping of str to Axes
        Title of a plot, which its points name as their panel, -> its axes.
    points, claims : list
    notes : list of str
    """
    series = tuple(dict.fromkeys(point.series for point in points))
    schema = Schema(
        panel=Field("int64", "the plot", labels=tuple(panels)),
        series=Field("int64", "what was measured or computed", labels=series),
        x=Field("float64", "as the axis of the panel says"),
        y=Field("float64", "as the axis of the panel says"),
        error=Field("float64", "standard error of y; nan: a point of a line"),
        is_frozen=Field("bool", "whether the thermometers of the state disagree: it is in no equilibrium"),
    )
    places = [list(panels).index(point.panel) for point in points], [series.index(point.series) for point in points]
    rows: list[tuple[Any, ...]] = [(i, j, *point[2:]) for i, j, point in zip(*places, points, strict=True)]
    columns = {"x": "x", "y": "y", "error": "error", "series": "series", "hollow": "is_frozen"}
    plots = [Plot(panel, "points", columns, axes, rows=("panel", panel)) for panel, axes in panels.items()]
    return Findings({"points": table(schema, rows)}, plots, claims, notes)


def of_claims(claims: list[Claim]) -> Table:
    """Return claims as a table, with their verdicts."""
    at = tuple(dict.fromkeys(claim.at for claim in claims))
    schema = Schema(
        claim=Field("int64", "what is claimed", labels=tuple(claim.text for claim in claims)),
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
    rows: list[tuple[Any, ...]] = [
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
        for i, c in enumerate(claims)
    ]
    return table(schema, rows)


def table(schema: Schema, rows: list[tuple[Any, ...]]) -> Table:
    """Return rows, in the order of the schema, as a table."""
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return Table(schema, {n: np.array(c, schema[n].dtype) for n, c in zip(schema, columns, strict=True)})


def line(panel: str, series: str, xs: Iterable[float], ys: Iterable[float]) -> list[Point]:
    """Return the points of a curve."""
    return [Point(panel, series, float(x), float(y)) for x, y in zip(xs, ys, strict=True)]


def measured(panel: str, series: str, x: float, found: Estimate, *, is_frozen: bool = False) -> Point:
    """Return a point with its error."""
    return Point(panel, series, float(x), found.mean, found.error, is_frozen)
