"""What trivial features give: the error that every network on ash is to be read against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from simkit.errors import ParameterError, StoreError, needed_for
from simkit.schema import Array
from simkit.split import Split
from simkit.store import Store

#: parts of the split whose rows classifiers learn from, and whose rows they are measured on
TRAIN, TEST = "train", "test"

#: rows of each rule that classifiers learn from, at least
_MIN_TRAIN = 40


@dataclass(frozen=True)
class Baseline:
    """The error of classifiers that see only some features.

    Parameters
    ----------
    features : str
    n_features : int
    linear, trees : float
        Share of the rows of the part ``"test"`` that are given the wrong rule by logistic regression and by
        gradient-boosted trees, which learnt from the rows of the part ``"train"``.
    standard_error : float
        Of the better of the two, as of a proportion.
    n_train, n_test : int
        Rows of both parts.
    """

    features: str
    n_features: int
    linear: float
    trees: float
    standard_error: float
    n_train: int
    n_test: int


def baselines(store: Store, rows: range, *, progress: Callable[[int], None] = lambda n_fits: None) -> list[Baseline]:
    """Tell the rule of `rows` of a data set of ash from its population, its counts of objects, and both.

    Rows are for learning or for testing as in `simkit.learn.batches(split=...)`: errors are of the rows that networks
    are tested on. Nothing is chosen by them, and the part ``"validation"`` is not used.

    Parameters
    ----------
    progress : callable
        Called with 1 after each of the ``3 * 2`` fits.

    Raises
    ------
    StoreError
        If the data set does not count objects (``census="counts"``).
    ParameterError
        If there are fewer than two rules among the rows, or too few rows of one.
    LibraryError
        If scikit-learn is not installed.
    """
    with needed_for("a baseline"):
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from threadpoolctl import threadpool_limits

    missing = {"rule", "population", "counts", "constellations"} - set(store)
    if missing:
        raise StoreError(
            f"{store.path} has no field {', '.join(sorted(missing))}; baselines need ash generated with census=counts"
        )
    here = slice(rows.start, rows.stop)
    train, test = (Split(part).mask(rows.start, rows.stop) for part in (TRAIN, TEST))
    rule = store["rule"][here]
    n_each = np.array([[(rule[part] == one).sum() for part in (train, test)] for one in np.unique(rule)])
    if len(n_each) < 2 or n_each[:, 0].min() < _MIN_TRAIN or not n_each[:, 1].all():
        raise ParameterError(
            f"baselines need at least {_MIN_TRAIN} training rows and a test row of each of two rules or more; of these "
            f"rules there are {n_each[:, 0].tolist()} and {n_each[:, 1].tolist()}"
        )
    population = store["population"][here][:, None].astype(float)
    counts = np.hstack([store["counts"][here], store["constellations"][here]]).astype(float)
    sets = {
        "population": population,
        "object counts": counts,
        "population + object counts": np.hstack([population, counts]),
    }

    def line(name: str, features: Array, linear: float, trees: float) -> Baseline:
        best, n_test = min(linear, trees), int(test.sum())
        error = (best * (1 - best) / n_test) ** 0.5
        return Baseline(name, features.shape[1], linear, trees, error, int(train.sum()), n_test)

    def share_wrong(model: Any, features: Array) -> float:
        with threadpool_limits(1):  # OpenMP's threads wait by spinning, which on a busy machine takes minutes
            predicted = model.fit(features[train], rule[train]).predict(features[test])
        progress(1)
        return float((predicted != rule[test]).mean())

    commonest = np.bincount(rule[train]).argmax()
    chance = float((rule[test] != commonest).mean())
    found = [line("none (the commonest rule)", population[:, :0], chance, chance)]
    for name, features in sets.items():
        linear = share_wrong(make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)), features)
        trees = share_wrong(HistGradientBoostingClassifier(early_stopping=False, random_state=0), features)
        found.append(line(name, features, linear, trees))
    return found
