"""How many images of the source `lines` two data sets share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simkit.errors import ParameterError
from simkit.images.lines import MAX_LINES, Lines
from simkit.recipe import Recipe
from simkit.store import Store


class Leak(NamedTuple):
    """What two data sets share among the images with `k` lines.

    Attributes
    ----------
    k : int
        Lines; 0 for all numbers of lines together.
    n_images : int
        How many different images there are.
    n_test, n_leaked : int
        Rows of the test set, and those of them whose image is in the training set.
    expected : float
        The share of further test rows that is expected to be there, for as many training rows drawn alike.
    """

    k: int
    n_images: int
    n_test: int
    n_leaked: int
    expected: float


def leaks(train: Store, test: Store) -> list[Leak]:
    """Return how many rows of a test set show an image of the training set: for 1 to 10 lines, and for all together.

    Raises
    ------
    ParameterError
        If one of the data sets is none of the source `lines`, or if their lines are not as far apart.
    """
    sources = [_source(store) for store in (train, test)]
    if sources[0].gap != sources[1].gap:
        raise ParameterError(f"images with gap={sources[0].gap} are not numbered as those with gap={sources[1].gap}")
    counts = range(1, MAX_LINES + 1)
    seen = [np.zeros(sources[0].images(k).n, bool) for k in counts]
    for batch in train.batches("n_lines", "rank"):
        for k in counts:
            seen[k - 1][batch["rank"][batch["n_lines"] == k]] = True
    n_test, n_leaked = np.zeros((2, MAX_LINES), np.int64)
    for batch in test.batches("n_lines", "rank"):
        for k in counts:
            ranks = batch["rank"][batch["n_lines"] == k]
            n_test[k - 1] += len(ranks)
            n_leaked[k - 1] += np.count_nonzero(seen[k - 1][ranks])
    of_each = [
        Leak(
            k,
            len(seen[k - 1]),
            int(n_test[k - 1]),
            int(n_leaked[k - 1]),
            _expected(sources[0], sources[1], k, train.n_rows_done),
        )
        for k in counts
    ]
    expected = sum(each.expected for each in of_each) / MAX_LINES
    return [*of_each, Leak(0, sum(map(len, seen)), int(n_test.sum()), int(n_leaked.sum()), expected)]


def _expected(train: Lines, test: Lines, k: int, n_rows: int) -> float:
    if train.distinct == test.distinct == "parts" and train.part != test.part:
        return 0.0
    return min(1.0, train.n_images(k) / test.n_images(k)) * train.recurrence(k, n_rows)


def _source(store: Store) -> Lines:
    source = Recipe.parse(store.recipe).source
    if not isinstance(source, Lines):
        raise ParameterError(f"leaks are counted in data sets of the source lines; {store.path} is of {source.name}")
    return source
