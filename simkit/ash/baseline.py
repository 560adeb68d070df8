"""What trivial features give: the error that every network on ash is to be read against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simkit.errors import ParameterError, StoreError, needed_for
from simkit.schema import Array
from simkit.store import Store

#: parts that the rows are cut into; each is predicted by classifiers that saw the others
N_FOLDS = 5


@dataclass(frozen=True)
class Baseline:
    """The error of classifiers that see only some features.

    Parameters
    ----------
    features : str
    n_features : int
    linear, trees : float
        Share of rows given the wrong rule by logistic regression and by gradient-boosted trees, each row predicted by
        a classifier that did not see it (5-fold cross-validation).
    standard_error : float
        Of the better of the two, as of a proportion.
    """

    features: str
    n_features: int
    linear: float
    trees: float
    standard_error: float


def baselines(store: Store, rows: range, *, progress: Callable[[int], None] = lambda n_fits: None) -> list[Baseline]:
    """Tell the rule of `rows` of a data set of ash from its population, its counts of objects, and both.

    Parameters
    ----------
    progress : callable
        Called with 1 after each of the ``3 * 2`` cross-validations.

    Raises
    ------
    StoreError
        If the data set does not count objects (``census="counts"``).
    ParameterError
        If there are fewer than 100 rows, or fewer than two rules among them.
    LibraryError
        If scikit-learn is not installed.
    """
    with needed_for("a baseline"):
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedKFold, cross_val_predict
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from threadpoolctl import threadpool_limits

    missing = {"rule", "population", "counts", "constellations"} - set(store)
    if missing:
        raise StoreError(
            f"{store.path} has no field {', '.join(sorted(missing))}; baselines need ash generated with census=counts"
        )
    here = slice(rows.start, rows.stop)
    rule = store["rule"][here]
    n_each = np.bincount(rule)
    n_each = n_each[n_each > 0]
    if n_each.size < 2 or n_each.min() < 10 * N_FOLDS:
        raise ParameterError(
            f"baselines need at least {10 * N_FOLDS} rows of each of two rules; these have {n_each.tolist()}"
        )
    population = store["population"][here][:, None].astype(float)
    counts = np.hstack([store["counts"][here], store["constellations"][here]]).astype(float)
    sets = {
        "population": population,
        "object counts": counts,
        "population + object counts": np.hstack([population, counts]),
    }

    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)

    def share_wrong(model: object, features: Array) -> float:
        with threadpool_limits(1):  # OpenMP's threads wait by spinning, which on a busy machine takes minutes
            predicted = cross_val_predict(model, features, rule, cv=folds)
        progress(1)
        return float((predicted != rule).mean())

    found = [Baseline("none (the commonest rule)", 0, chance := 1 - n_each.max() / n_each.sum(), chance, 0.0)]
    for name, features in sets.items():
        linear = share_wrong(make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)), features)
        trees = share_wrong(HistGradientBoostingClassifier(early_stopping=False, random_state=0), features)
        best = min(linear, trees)
        found.append(Baseline(name, features.shape[1], linear, trees, (best * (1 - best) / len(rows)) ** 0.5))
    return found
