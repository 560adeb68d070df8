"""Linear probes: what can be read off the stream of a network, averaged over its cells or at its maximum.

The rule is read by logistic regression, numbers of objects by linear regression. Exploring AI Model Diversity, blog
post, 2026-03-05.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from simkit.analysis.boards import Pairs, Rows
from simkit.analysis.measure import Measure, Sample
from simkit.analysis.stream import points, streams
from simkit.errors import ParameterError, needed_for
from simkit.kernels.census import CONSTELLATIONS, KINDS, name_of
from simkit.learn.models import ResCNN_CAC
from simkit.schema import Field, Schema

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

#: how the vectors of the cells of a board become one
POOLINGS = ("mean", "max")

#: the inverse weight of the penalty of logistic regression, and the weight of that of linear regression, both on
#: features that are scaled to a variance of one
_INVERSE_PENALTY, _PENALTY = 100.0, 1.0


#: kinds of objects whose numbers are read in surveys, beside all constellations that are complete and all objects
_CODES = ("xs4_33", "xp2_7", "xs6_696", "xs7_2596", "xs5_253", "xs4_252", "xs8_6996", "xs6_356", "xq4_153")
_FOURS = tuple(name for name in CONSTELLATIONS if not name.endswith("-3-of-4"))
OBJECTS = (*map(name_of, _CODES), *_FOURS, "all objects")


class Counts(NamedTuple):
    """How many objects there are on the boards that probes learn from, and on those that they are tested on.

    Attributes
    ----------
    names : tuple of str
    learn, test : int (sample, object)
        -1 on a board that is not censused; it is left out.
    """

    names: tuple[str, ...]
    learn: npt.NDArray[np.integer]
    test: npt.NDArray[np.integer]


def schema(model: ResCNN_CAC, objects: Sequence[str] = ()) -> Schema:
    """Return the schema of what `probes` gives, for the objects that are counted."""
    n_outputs = 1 if model.n_classes == 2 else model.n_classes
    axes, shape = ("point", "pooling"), (model.d, len(POOLINGS))
    which = f"points {', '.join(points(model))}; poolings {', '.join(POOLINGS)}"
    fields = {
        "probe_error": Field("float32", f"share of wrong classes of a logistic regression; {which}", axes, shape),
        "probe_direction": Field("float32", "its weights, in the units of the stream", (*axes, "output", "channel"),
                                 (*shape, n_outputs, model.C)),
        "probe_bias": Field("float32", "its intercepts", (*axes, "output"), (*shape, n_outputs)),
    }  # fmt: skip
    if objects:
        fields["probe_r2"] = Field(
            "float32",
            "R2, on other boards than it was fitted to, of a linear regression of the number of objects of a kind on "
            "a board; nan if it does not vary there",
            (*axes, "object"),
            (*shape, len(objects)),
            columns=tuple(objects),
        )
    return Schema(**fields)


def probes(model: ResCNN_CAC, learn: Pairs, test: Pairs, seed: int = 0,
           counts: Counts | None = None) -> dict[str, F32]:  # fmt: skip
    """Fit probes at each point of a network's stream, and test them on other boards.

    Parameters
    ----------
    model : ResCNN_CAC
        In evaluation mode.
    learn, test : iterable of (boards, classes)
    seed : int
        Not used: nothing is drawn.
    counts : Counts, optional
        Of objects, in the order of the boards.

    Returns
    -------
    dict
        ``probe_error`` float32 (point, pooling); ``probe_direction`` (point, pooling, output, C) and ``probe_bias``
        (point, pooling, output), of one output for two classes; with `counts`, ``probe_r2`` (point, pooling, object):
        one minus the squared error of the regression over that of the mean of the test boards. It may be negative.

    Raises
    ------
    ParameterError
        If a class is not among the boards to learn from, or counts are not of as many boards.
    LibraryError
        If scikit-learn is not installed.
    """
    del seed
    features, classes = _pooled(model, learn)
    unseen, truth = _pooled(model, test)
    lacking = set(range(model.n_classes)) - set(classes.tolist())
    if lacking:
        raise ParameterError(
            f"a probe for {model.n_classes} classes needs boards of each to learn from; there is none of class "
            f"{', '.join(map(str, sorted(lacking)))}"
        )
    shape = schema(model, counts.names if counts else ())
    found: dict[str, F32] = {name: np.empty(field.shape, np.float32) for name, field in shape.items()}
    for at in np.ndindex(model.d, len(POOLINGS)):
        weights, bias = _logistic(features[at], classes)
        scores = unseen[at] @ weights.T + bias
        predicted = scores[:, 0] > 0 if model.n_classes == 2 else scores.argmax(1)
        found["probe_error"][at] = (predicted != truth).mean()
        found["probe_direction"][at], found["probe_bias"][at] = weights, bias
        if counts:
            known = _known(counts.learn, len(classes)), _known(counts.test, len(truth))
            given = (features[at][known[0]], counts.learn[known[0]], unseen[at][known[1]], counts.test[known[1]])
            found["probe_r2"][at] = _r2(*given)
    return found


def cosines(directions: npt.NDArray[np.floating]) -> F64:
    """Return the cosines between all pairs of directions (direction, C), of whatever points and networks.

    Between networks they compare bases that training had no reason to align. The cosine with a direction of length 0 is
    nan.
    """
    rows = np.asarray(directions, np.float64)
    if rows.ndim != 2:
        raise ParameterError(f"cosines are of directions (direction, C); these have the shape {rows.shape}")
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        unit = rows / length
    found: F64 = np.clip(unit @ unit.T, -1, 1)
    return found


def _pooled(model: ResCNN_CAC, batches: Pairs) -> tuple[F64, npt.NDArray[np.int64]]:
    """Return mean and maximum over cells, float64 (point, pooling, sample, C), and classes."""
    parts, classes = [], []
    for boards, of in batches:
        pooled = [torch.stack([x.mean((1, 2)), x.amax((1, 2))]) for x in streams(model, boards)]
        parts.append(torch.stack(pooled).double().numpy())
        classes.append(of.numpy())
    if not parts:
        raise ParameterError("there are no boards to probe a network on")
    return np.concatenate(parts, axis=2), np.concatenate(classes)


def _scaled(features: F64) -> tuple[F64, F64]:
    """Return mean and standard deviation of each feature, 1 where it is constant."""
    deviation = features.std(0)
    is_constant = deviation <= 1e-7 * np.abs(features).max(0)
    return features.mean(0), np.where(is_constant, 1.0, deviation)


def _logistic(features: F64, classes: npt.NDArray[np.int64]) -> tuple[F64, F64]:
    """Return weights (output, C) and intercepts of a logistic regression."""
    with needed_for("a linear probe"):
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits

    mean, deviation = _scaled(features)
    with threadpool_limits(1):
        fitted = LogisticRegression(C=_INVERSE_PENALTY, max_iter=10_000).fit((features - mean) / deviation, classes)
    weights: F64 = fitted.coef_ / deviation
    bias: F64 = fitted.intercept_ - weights @ mean
    return weights, bias


def _r2(features: F64, counts: npt.NDArray[np.integer], unseen: F64, truth: npt.NDArray[np.integer]) -> F64:
    """Return R2 on unseen boards of a ridge regression of each column of counts."""
    mean, deviation = _scaled(features)
    x, y = (features - mean) / deviation, counts - counts.mean(0)
    weights = np.linalg.solve(x.T @ x + _PENALTY * np.eye(x.shape[1]), x.T @ y)
    errors = (unseen - mean) / deviation @ weights + counts.mean(0) - truth
    spread = ((truth - truth.mean(0)) ** 2).sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: F64 = np.where(spread > 0, 1 - (errors**2).sum(0) / spread, np.nan)
    return found


def _known(counts: npt.NDArray[np.integer], n: int) -> npt.NDArray[np.bool_]:
    """Return which boards are censused."""
    if len(counts) != n:
        raise ParameterError(
            f"counts of objects are of {len(counts):,} boards, and there are {n:,}; take the same rows"
        )
    is_known: npt.NDArray[np.bool_] = np.all(counts >= 0, axis=1)
    if is_known.sum() < 2:
        raise ParameterError(f"of {n:,} boards {is_known.sum():,} are censused; a regression needs some")
    return is_known


def _counted(rows: Rows) -> npt.NDArray[np.integer]:
    """Return the numbers of `OBJECTS` on boards, (sample, object); -1 on those that are not censused."""
    kinds, fours = rows.field("counts"), rows.field("constellations")
    if kinds.shape[1] != len(KINDS) or fours.shape[1] != len(CONSTELLATIONS):
        raise ParameterError("the counts of objects of this data set have other columns than this version's census")
    total = np.where(kinds[:, :1] < 0, -1, kinds.sum(1, keepdims=True))
    named = [KINDS.index(code) for code in _CODES]
    return np.hstack([kinds[:, named], fours[:, [CONSTELLATIONS.index(name) for name in _FOURS]], total])


def _measured(model: ResCNN_CAC, sample: Sample, seed: int) -> dict[str, F32]:
    counts = Counts(OBJECTS, _counted(sample.train), _counted(sample.test))
    return probes(model, sample.train, sample.test, seed, counts)


MEASURE = Measure(lambda model: schema(model, OBJECTS), _measured)
